"""When 10,000 random recurrence rules occur, as python-dateutil and Python's zoneinfo see it.

Writes recurrence.txt.gz, which domain/scheduling/tests/recurrence compares with what the program makes of the same rules. It
takes some minutes:

    python3 -m venv /tmp/oracle
    /tmp/oracle/bin/pip install -r tests/oracle/recurrence_requirements.txt
    /tmp/oracle/bin/python tests/oracle/recurrence.py > tests/oracle/recurrence.txt.gz

The first line is the release of the IANA database. Each other one is a start, a zone, a rule and a digest (CRC-32) of
when it occurs: the first 100 times within nine years, each as the local time and the instant. Every tenth has a second
digest, of one year that begins sixty years after the start: the number of occurrences before each, and its local time. With a
start, a zone and a rule it prints what the digests stand for:

    /tmp/oracle/bin/python tests/oracle/recurrence.py 2026-03-01T02:30 Europe/Tallinn 'FREQ=WEEKLY;BYDAY=SU,MO'

Only the database of the tzdata package is read, never that of the machine. For `fold=0` zoneinfo reads a time that occurs
twice as the first, and one that is skipped with the offset before the gap (PEP 495), which is the rule under test. BYDAY is never
given both with and without ordinals: RFC 5545 wants both kinds, dateutil only those that are of both kinds.
"""

import gzip
import random
import struct
import sys
import warnings
import zlib
import zoneinfo
from datetime import UTC, datetime, timedelta
from itertools import islice

import tzdata
from dateutil.rrule import rrulestr

RULES, TIMES = 10_000, 100
NEAR, FAR, FAR_LENGTH = timedelta(days=9 * 365), timedelta(days=60 * 365), timedelta(days=365)
EPOCH, EPOCH_UTC = datetime(1970, 1, 1), datetime(1970, 1, 1, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
# Every hemisphere and kind of change: by an hour at night, at midnight, by half an hour, by two, around Ramadan, not at all.
ZONES = """Africa/Cairo Africa/Casablanca America/Havana America/New_York America/Nuuk America/Santiago America/St_Johns
    Antarctica/Troll Asia/Beirut Asia/Gaza Asia/Kathmandu Asia/Tokyo Australia/Lord_Howe Europe/Dublin Europe/Tallinn
    Pacific/Chatham""".split()

zoneinfo.reset_tzpath(to=())
# UNTIL besides COUNT bounds the search here; it is not part of the rule.
warnings.simplefilter("ignore", DeprecationWarning)


def sample(items, most):
    return random.sample(items, random.randint(1, most))


def weekdays():
    return "BYDAY=" + ",".join(sample(WEEKDAYS, random.choice([1, 2, 3, 7])))


def nth_weekdays():
    ordinals = [f"{ordinal}{day}" for ordinal in (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5) for day in WEEKDAYS]
    return "BYDAY=" + ",".join(sample(ordinals, 3))


def month_days():
    days = [*range(1, 32), *range(-31, 0)]
    return "BYMONTHDAY=" + ",".join(map(str, sample(days, random.choice([1, 2, 14]))))


def days_of_months():
    kinds = random.choice([[weekdays], [nth_weekdays], [month_days], [month_days, weekdays], [month_days, nth_weekdays]])
    return [kind() for kind in kinds]


def rule(start):
    frequency = random.choice(["DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY"])
    parts = [f"FREQ={frequency}"]
    if random.random() < 0.6:
        parts.append(f"INTERVAL={random.choice([2, 2, 3, 4, 5, 6, 7, 12, random.randint(1, 60)])}")
    if frequency in ("MONTHLY", "YEARLY") and random.random() < (0.2 if frequency == "MONTHLY" else 0.8):
        parts.append("BYMONTH=" + ",".join(map(str, sample(range(1, 13), 4))))
    if frequency in ("DAILY", "WEEKLY"):
        parts += [weekdays()] if random.random() < 0.7 else []
    elif frequency == "MONTHLY" or len(parts) > 1 and parts[-1].startswith("BYMONTH="):
        parts += days_of_months() if random.random() < 0.85 else []
    if random.random() < 0.3:
        parts.append(f"WKST={random.choice(WEEKDAYS)}")
    end = random.random()
    if end < 0.2:
        parts.append(f"COUNT={random.randint(1, 120)}")
    elif end < 0.35:
        parts.append(f"UNTIL={start + DAY * random.randint(0, 2000):%Y%m%d}")
    elif end < 0.45:
        parts.append(f"UNTIL={start + DAY * random.randint(0, 2000) + SECOND * random.randint(-7200, 7200):%Y%m%dT%H%M%S}Z")
    parts[1:] = random.sample(parts[1:], len(parts) - 1)
    return ";".join(parts)


def instant(local, zone):
    return local.replace(tzinfo=zone).astimezone(UTC)


def occurrences(start, zone, text, before):
    """Local times and instants of a rule from its start on, up to a local time."""
    parts = dict(part.split("=") for part in text.split(";"))
    until = parts.pop("UNTIL", None)
    last = before - SECOND
    if until and not until.endswith("Z"):
        last = min(last, datetime.strptime(until, "%Y%m%d") + DAY - SECOND)
    rules = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=start)
    for local in rules.replace(until=last):
        due = instant(local, zone)
        if until and until.endswith("Z") and due > datetime.strptime(until, "%Y%m%dT%H%M%S%z"):
            return
        yield local, due


def near(start, zone, text):
    found = islice(occurrences(start, zone, text, start + NEAR), TIMES)
    return [((local - EPOCH) // SECOND, (due - EPOCH_UTC) // SECOND) for local, due in found]


def far(start, zone, text):
    found = enumerate(occurrences(start, zone, text, start + FAR + FAR_LENGTH))
    return [(index, (local - EPOCH) // SECOND) for index, (local, _) in found if local >= start + FAR]


def digest(pairs):
    return f"{zlib.crc32(b''.join(struct.pack('<qq', *pair) for pair in pairs)):08x}"


def expected(number):
    start = datetime(2024, 1, 1) + DAY * random.randrange(4 * 365) + timedelta(minutes=15) * random.randrange(96)
    zone, text = random.choice(ZONES), rule(start)
    given = (start, zoneinfo.ZoneInfo(zone), text)
    digests = [digest(near(*given))] + ([digest(far(*given))] if number % 10 == 0 else [])
    return " ".join([f"{start:%Y-%m-%dT%H:%M}", zone, text, *digests])


def main():
    if len(sys.argv) == 4:
        given = (datetime.fromisoformat(sys.argv[1]), zoneinfo.ZoneInfo(sys.argv[2]), sys.argv[3])
        for local, due in near(*given):
            print(EPOCH + SECOND * local, "is", EPOCH_UTC + SECOND * due)
        for index, local in far(*given):
            print(index, "before", EPOCH + SECOND * local)
        return
    random.seed(5545)
    lines = [f"tzdata {tzdata.IANA_VERSION}", *map(expected, range(RULES))]
    text = "".join(line + "\n" for line in lines)
    sys.stdout.buffer.write(gzip.compress(text.encode(), compresslevel=9, mtime=0))


main()
