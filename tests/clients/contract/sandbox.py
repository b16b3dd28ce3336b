"""What the checks in Python share: the sandbox's seed and ledger, the pictures, and a list of checks."""

import hashlib
import json
import os
import sys
import time
import urllib.request
from pathlib import Path

URL = os.environ["SANDBOX_URL"]
PICTURES = Path(os.environ["PICTURES"])
PICTURES_URL = os.environ["PICTURES_URL"]
# Two runs against one sandbox must not publish the same text twice in a row: the platform refuses that.
RUN = format(time.time_ns(), "x")


def admin(path):
    with urllib.request.urlopen(f"{URL}/_sandbox/{path}") as answer:
        return json.load(answer)


def entries(account, since):
    return admin(f"ledger?account={account}&since={since}")["entries"]


def newest():
    """The number of the newest entry of the whole ledger."""
    return admin("ledger?limit=0")["total"]


def digest(name):
    return hashlib.sha256((PICTURES / name).read_bytes()).hexdigest()


class Checks:
    """Prints one line for each check; `done` ends the program with 1 if one failed."""

    def __init__(self, client):
        self.client = client
        self.failed = 0

    def equal(self, what, found, wanted):
        good = found == wanted
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {self.client}: {what}" + ("" if good else f": {found!r} is not {wanted!r}"))

    def published(self, what, account, since, wanted):
        """Exactly one entry of an account since a number, and it says what was sent."""
        found = entries(account, since)
        self.equal(f"{what} became visible exactly once", len(found), 1)
        for entry in found:
            media = [piece.get("sha256") for piece in entry["media"]]
            told = {"kind": entry["kind"], "object": entry["object_id"], "text": entry.get("text"), "media": media}
            self.equal(f"{what} is what was sent, byte by byte", told, wanted)

    def done(self):
        sys.exit(1 if self.failed else 0)
