"""What the document's own formats look like."""

import schemathesis
from hypothesis import strategies

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "UTC"]
schemathesis.openapi.format("iana-time-zone", strategies.sampled_from(ZONES))

# Files of rows: some that are taken, some whose rows break rules, some that are no such file.
COLUMNS = [
    "key", "caption", "link", "media_ids", "channels", "local_time", "time_zone", "at", "channel_times", "action",
]
CELLS = strategies.one_of(
    strategies.text(max_size=12),
    strategies.sampled_from([
        "2027-03-01 09:30", "2027-03-01T09:30:00Z", "Europe/Riga", "a=unplanned;b", "schedule", "draft", '"', ",", "\n",
    ]),
)


def lines(rows):
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in rows).encode()


@strategies.composite
def files(draw):
    columns = ["key", *draw(strategies.lists(strategies.sampled_from(COLUMNS[1:]), unique=True))]
    row = strategies.lists(CELLS, min_size=len(columns), max_size=len(columns))
    return lines([columns, *draw(strategies.lists(row, min_size=1, max_size=5))])


schemathesis.openapi.media_type("text/csv", strategies.one_of(files(), strategies.binary(max_size=200)))
schemathesis.serializer.alias("text/csv", "application/octet-stream")
