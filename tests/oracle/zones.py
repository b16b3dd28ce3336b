"""What times on the wall mean around every change of clocks from 2026 to 2036, as Python's zoneinfo sees it.

Writes zones.txt, which domain/scheduling/tests/zones.rs compares with what the program makes of the same times:

    python3 -m venv /tmp/oracle
    /tmp/oracle/bin/pip install -r tests/oracle/zones_requirements.txt
    /tmp/oracle/bin/python tests/oracle/zones.py > tests/oracle/zones.txt

With the name of a zone and the instant of a change it prints what the digest of that change stands for:

    /tmp/oracle/bin/python tests/oracle/zones.py Antarctica/Troll 1774746000

Only the database of the tzdata package is read, never that of the machine. The rule under test needs no rule here: for
`fold=0` zoneinfo reads a time that occurs twice as the first, and one that is skipped with the offset before the gap
(PEP 495), which is the rule of RFC 5545, section 3.3.5.
"""

import sys
import zoneinfo
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from importlib import resources

import tzdata

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
DAILY = range(-3, 4)
WEEKLY = range(-14, 15, 7)
DAY, HOUR, MINUTE, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)

zoneinfo.reset_tzpath(to=())


def offset(zone, instant):
    return instant.astimezone(zone).utcoffset()


def changes(zone):
    """Every instant at which the offset of a zone changes, with the offsets on both sides: found by a look at each day
    and bisection within."""
    day = FIRST
    while day < LAST:
        before, after = day, day + DAY
        if offset(zone, before) != offset(zone, after):
            while after - before > SECOND:
                middle = before + (after - before) // 2
                middle -= timedelta(microseconds=middle.microsecond)
                before, after = (middle, after) if offset(zone, middle) == offset(zone, before) else (before, middle)
            yield after, offset(zone, before), offset(zone, after)
        day += DAY


def probes(change, step):
    """Eight times on the wall: around both ends of what is skipped or occurs twice, and inside it."""
    instant, before, after = change
    wall = instant.replace(tzinfo=None)
    low, high = wall + min(before, after), wall + max(before, after)
    middle = low + (high - low) // 2
    return [low - HOUR, low - step, low, middle, high - step, high, high + step, high + HOUR]


def meaning(zone, local):
    return int(local.replace(tzinfo=zone, fold=0).astimezone(UTC).timestamp())


def plans(zone, change):
    """One line for each plan around a change: its kind, its time on the wall, and the seconds since 1970 it means."""
    for probe in probes(change, SECOND):
        yield f"once {probe.isoformat()} {meaning(zone, probe)}\n"
    for kind, days in ("daily", DAILY), ("weekly", WEEKLY):
        for probe in probes(change, MINUTE):
            meanings = " ".join(str(meaning(zone, probe + day * DAY)) for day in days)
            yield f"{kind} {probe.isoformat()} {meanings}\n"


def fnv(text):
    """FNV-1a, 32 bits."""
    digest = 0x811C9DC5
    for byte in text.encode():
        digest = (digest ^ byte) * 0x01000193 & 0xFFFFFFFF
    return digest


def line(zone, change):
    instant, before, after = change
    seconds = [int(instant.timestamp()), *(int(side.total_seconds()) for side in (before, after))]
    return " ".join(map(str, seconds)) + f" {fnv(''.join(plans(zone, change))):08x}"


def write():
    names = resources.files("tzdata").joinpath("zones").read_text().split()
    alike = defaultdict(list)
    for name in sorted(names):
        zone = zoneinfo.ZoneInfo(name)
        alike[tuple(line(zone, change) for change in changes(zone))].append(name)
    count = sum(len(lines) * len(zones) for lines, zones in alike.items())
    print("# Written by zones.py: zones that change alike, then each change: instant, offsets, digest of the plans")
    print(f"tzdata {tzdata.IANA_VERSION} zones {len(names)} changes {count}")
    for lines, zones in sorted(alike.items(), key=lambda group: group[1]):
        print("zones", *zones)
        for text in lines:
            print(text)


def explain(name, seconds):
    zone = zoneinfo.ZoneInfo(name)
    for change in changes(zone):
        if change[0].timestamp() == int(seconds):
            print("".join(plans(zone, change)), end="")


if __name__ == "__main__":
    explain(*sys.argv[1:]) if sys.argv[1:] else write()
