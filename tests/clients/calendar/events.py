"""Exports, reads them with `icalendar` and Python's own `csv`, and compares every event and line with the API's answers."""

import csv
import io
import re
import sys
import time
from datetime import datetime, timedelta, timezone
from importlib.metadata import version

from icalendar import Calendar

import server

CAPTIONS = [
    "Plain words",
    "Commas, semicolons; colons: and \\ backslashes \\n that are none",
    "Two\nlines\r\nand a third",
    "🎺 A trumpet " + "🎺" * 70,
    "ß" * 200,
    "老虎 " * 60,
    "a" * 74 + "é" + "b" * 74,
    "x" * 200 + "\n" + "y" * 200,
    '=HYPERLINK("https://evil.example")',
    "+1", "-1", "@home", "'=quoted already", "'an apostrophe'",
    "BEGIN:VEVENT\nEND:VCALENDAR",
    "tab\tand trailing blank ",
    "👩‍👩‍👧‍👦 a family, and e\u0301 of two characters",
    '"quotes", and more "quotes"',
    "long " * 2_000,
]
STATUS = {"draft": "TENTATIVE", "needs_attention": "TENTATIVE", "cancelled": "CANCELLED", "failed": "CANCELLED", "missed": "CANCELLED"}
failed = False


def check(what, seen, wanted):
    global failed
    if seen == wanted:
        print(f"ok    {what}")
    else:
        failed = True
        print(f"FAIL  {what}\n    wanted {wanted!r:.400}\n    seen   {seen!r:.400}")


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def schedule(post, at):
    return server.call("POST", f"/v1/posts/{post}/schedule", {"at": at.isoformat()})


def write(caption, number):
    """Half of the posts are scheduled by an instant, the others by a wall-clock time."""
    new = {"workspace_id": workspace, "caption": caption, "targets": [{"channel_id": channel}]}
    post = server.call("POST", "/v1/posts", new)["id"]
    at = start + timedelta(hours=number * 7, minutes=number)
    if number % 2:
        wall = {"local_time": at.strftime("%Y-%m-%dT%H:%M:%S"), "time_zone": "Australia/Lord_Howe"}
        server.call("POST", f"/v1/posts/{post}/schedule", wall)
    else:
        schedule(post, at)
    return post


def publish():
    """A post that is public, with its permalink."""
    new = {"workspace_id": workspace, "caption": "Out now", "targets": [{"channel_id": channel}]}
    post = server.call("POST", "/v1/posts", new)["id"]
    server.call("POST", f"/v1/posts/{post}/publish")
    for _ in range(300):
        view = server.call("GET", f"/v1/posts/{post}")
        if view["publications"][0].get("permalink"):
            return post
        time.sleep(0.2)
    sys.exit("a post does not get its permalink")


def entries():
    """Every entry of the calendar that the API shows."""
    found, first = {}, start.date() - timedelta(days=3)
    path = f"/v1/workspaces/{workspace}/calendar?from={first}&to={first + timedelta(days=61)}&time_zone=Asia/Kathmandu&limit=7"
    after = ""
    while True:
        page = server.call("GET", path + after)
        for day in page["data"]:
            for column in day["channels"]:
                found.update({entry["publication_id"]: entry for entry in column["entries"]})
        if "next_cursor" not in page:
            return found
        after = f"&after={page['next_cursor']}"


def well_formed(what, body):
    lines = body.split(b"\r\n")
    check(f"{what}: lines end with CR LF", any(b"\n" in line or b"\r" in line for line in lines), False)
    check(f"{what}: no line is longer than 75 octets", max(map(len, lines)) <= 75, True)
    check(f"{what}: no character is split", [line.decode() is None for line in lines].count(True), 0)
    calendar = Calendar.from_ical(body)
    check(f"{what}: nothing is reported as wrong", calendar.errors, [])
    return {str(event["UID"]): event for event in calendar.walk("VEVENT")}


def same(what, event, entry):
    """Compares an event with the entry of the calendar and with the post."""
    post = server.call("GET", f"/v1/posts/{entry['post_id']}")
    publication = post["publications"][0]
    seen = {
        "start": event.decoded("DTSTART"),
        "summary": str(event["SUMMARY"]),
        "description": str(event["DESCRIPTION"]),
        "status": str(event["STATUS"]),
        "category": event["CATEGORIES"].to_ical().decode(),
        "url": str(event["URL"]) if "URL" in event else None,
        "changed": event.decoded("LAST-MODIFIED"),
        "post": str(event["X-POSTERN-POST"]),
    }
    wanted = {
        "start": instant(entry["at"]).replace(microsecond=0),
        "summary": entry["excerpt"],
        "description": post["caption"].replace("\r\n", "\n").replace("\r", "\n"),
        "status": STATUS.get(entry["status"], "CONFIRMED"),
        "category": entry["status"],
        "url": publication.get("permalink"),
        "changed": instant(publication["updated_at"]).replace(microsecond=0),
        "post": post["id"],
    }
    check(what, seen, wanted)


def export():
    events = well_formed("export", server.fetch(f"/v1/workspaces/{workspace}/posts.ics"))
    shown = entries()
    check("export: it has what the calendar has", sorted(events), sorted(shown))
    for uid in sorted(events):
        same(f"export: event {uid}", events[uid], shown[uid])


def revision(address, tag=None):
    headers = {"If-None-Match": tag} if tag else {}
    return server.raw("GET", address, headers=headers)


def feed(moved):
    name = "Team, all; everywhere\\ 🎺"
    made = server.call("POST", f"/v1/workspaces/{workspace}/feeds", {"name": name})
    status, headers, body = revision(made["url"])
    check("feed: it is read without credentials", status, 200)
    # It is text (RFC 7986, section 5.1), which this library does not know: it leaves the escapes to whoever asks.
    check("feed: its name is read back", re.sub(r"\\(.)", r"\1", str(Calendar.from_ical(body)["NAME"])), name)
    before = well_formed("feed", body)
    shown = entries()
    check("feed: it has what the calendar has", sorted(before), sorted(shown))
    for uid in sorted(before):
        same(f"feed: event {uid}", before[uid], shown[uid])
    check("feed: nothing is sent again that did not change", revision(made["url"], headers["ETag"])[0], 304)
    later = start + timedelta(days=20)
    uid = schedule(moved, later)["publications"][0]["id"]
    status, headers, body = revision(made["url"], headers["ETag"])
    after = well_formed("feed, moved", body)
    check("feed: what was moved is at its new time", after[uid].decoded("DTSTART"), later.replace(microsecond=0))
    check("feed: it has a later revision", after[uid]["SEQUENCE"] > before[uid]["SEQUENCE"], True)
    server.call("POST", f"/v1/posts/{moved}/cancel")
    cancelled = well_formed("feed, cancelled", revision(made["url"], headers["ETag"])[2])
    check("feed: what was cancelled says so", str(cancelled[uid]["STATUS"]), "CANCELLED")
    check("feed: with a later revision still", cancelled[uid]["SEQUENCE"] > after[uid]["SEQUENCE"], True)
    server.call("DELETE", f"/v1/feeds/{made['feed']['id']}")
    check("feed: it ends when it is revoked", revision(made["url"])[0], 404)


def plain(cell):
    """A cell without the apostrophe that keeps spreadsheets from taking it for a formula."""
    rest = cell.lstrip("'")
    return cell[1:] if cell.startswith("'") and rest.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


def lines(posts):
    body = server.fetch(f"/v1/workspaces/{workspace}/posts.csv").decode()
    rows = list(csv.DictReader(io.StringIO(body, newline="")))
    check("lines: one for each post", sorted(row["key"] for row in rows), sorted(posts))
    formulas = [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    check("lines: no cell begins as a formula", formulas, [])
    for row in rows:
        post = server.call("GET", f"/v1/posts/{row['key']}")
        when = post["schedule"]
        seen = {name: plain(cell) for name, cell in row.items()}
        at = "" if "local_time" in when else when["at"]
        # The file has all that is kept of an instant, so that it reads back; the API shows milliseconds.
        seen["at"] = re.sub(r"(\.\d{3})\d+Z$", r"\1Z", seen["at"])
        wanted = {
            "key": post["id"], "caption": post["caption"], "link": "", "media_ids": "", "channels": channel,
            "local_time": when.get("local_time", ""), "time_zone": when.get("time_zone", ""), "at": at,
            "channel_times": "", "action": "schedule" if post["status"] == "scheduled" else "draft",
            "status": post["status"], "permalink": post["publications"][0].get("permalink", ""),
        }
        check(f"lines: {post['id']}", seen, wanted)


print(f"icalendar {version('icalendar')}")
workspace, channel = server.sign_up()
start = (datetime.now(timezone.utc) + timedelta(days=2)).replace(microsecond=0)
posts = [write(caption, number) for number, caption in enumerate(CAPTIONS)]
server.call("POST", f"/v1/posts/{posts[3]}/cancel")
posts.append(publish())
export()
lines(posts)
feed(posts[0])
sys.exit(failed)
