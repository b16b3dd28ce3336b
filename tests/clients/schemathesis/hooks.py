"""What the document's own formats look like."""

import schemathesis
from hypothesis import strategies

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "UTC"]
schemathesis.openapi.format("iana-time-zone", strategies.sampled_from(ZONES))
