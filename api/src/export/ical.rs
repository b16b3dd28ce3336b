//! iCalendar (RFC 5545). Written here in one pass over the text: what there is for it reads a line from its beginning for every
//! fold of it, which takes a caption of 100,000 characters seconds.

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use publishing::calendar::{Entry, EntryStatus};

/// What a file ends with.
pub(crate) const END: &str = "END:VCALENDAR\r\n";

/// The longest line in octets, without its end (§3.1).
const WIDTH: usize = 75;

/// How long an event is shown, in minutes. Nothing takes that long; programs hide what has no length.
const LENGTH: TimeDelta = TimeDelta::minutes(15);

/// How often a program that follows a calendar may ask (RFC 7986, §5.7).
const PACE: &str = "PT15M";

/// What a file begins with.
pub(crate) fn begin(name: &str) -> String {
    let mut out = String::new();
    for (property, value) in [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", "-//Postern//Postern//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
        ("REFRESH-INTERVAL;VALUE=DURATION", PACE),
        ("X-PUBLISHED-TTL", PACE),
    ] {
        line(&mut out, property, value);
    }
    // The second is what programs read before there was the first.
    text(&mut out, "NAME", name);
    text(&mut out, "X-WR-CALNAME", name);
    out
}

/// One event for each entry.
pub(crate) fn events(entries: &[Entry]) -> String {
    let mut out = String::new();
    for entry in entries {
        event(&mut out, entry);
    }
    out
}

fn event(out: &mut String, entry: &Entry) {
    line(out, "BEGIN", "VEVENT");
    line(out, "UID", &uid(entry));
    line(out, "DTSTAMP", &instant(entry.updated_at));
    line(out, "LAST-MODIFIED", &instant(entry.updated_at));
    line(out, "SEQUENCE", &entry.revision.clamp(0, i32::MAX.into()).to_string());
    line(out, "DTSTART", &instant(entry.at));
    line(out, "DTEND", &instant(entry.at.checked_add_signed(LENGTH).unwrap_or(entry.at)));
    line(out, "STATUS", state(entry.status));
    line(out, "TRANSP", "TRANSPARENT");
    text(out, "SUMMARY", &entry.excerpt());
    text(out, "DESCRIPTION", &entry.caption);
    text(out, "CATEGORIES", entry.status.as_str());
    if let Some(channel) = &entry.channel_name {
        text(out, "LOCATION", channel);
    }
    if let Some(permalink) = &entry.permalink {
        line(out, "URL", permalink.as_str());
    }
    if let Some(post) = entry.post {
        line(out, "X-POSTERN-POST", &post.to_string());
    }
    if let Some(occurrence) = entry.occurrence {
        line(out, "X-POSTERN-SERIES", &occurrence.series.to_string());
    }
    line(out, "END", "VEVENT");
}

/// The name of the event: of an occurrence that has no post yet, its series, the time it is known by, and the channel.
fn uid(entry: &Entry) -> String {
    if let Some(publication) = entry.publication {
        return publication.to_string();
    }
    let occurrence = entry.occurrence.map(|known| {
        let channel = entry.channel.map(|channel| channel.to_string()).unwrap_or_default();
        format!("{}-{}-{channel}", known.series, known.original.format("%Y%m%dT%H%M%S"))
    });
    occurrence.or_else(|| entry.post.map(|post| post.to_string())).unwrap_or_default()
}

/// Whether it will be, may be, or will not be (§3.8.1.11).
const fn state(status: EntryStatus) -> &'static str {
    match status {
        EntryStatus::Planned
        | EntryStatus::Scheduled
        | EntryStatus::Publishing
        | EntryStatus::Published
        | EntryStatus::PartiallyPublished => "CONFIRMED",
        EntryStatus::Draft | EntryStatus::NeedsAttention => "TENTATIVE",
        EntryStatus::Cancelled | EntryStatus::Failed | EntryStatus::Missed => "CANCELLED",
    }
}

/// An instant in UTC (§3.3.5); the year has four digits.
fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A line of text: what has a meaning is escaped (§3.3.11), control characters are left out.
fn text(out: &mut String, name: &str, value: &str) {
    let mut escaped = String::with_capacity(value.len() + value.len() / 16);
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' | '\n' => escaped.push_str("\\n"),
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\t' => escaped.push('\t'),
            _ if character.is_control() => {}
            _ => escaped.push(character),
        }
    }
    line(out, name, &escaped);
}

/// A content line, folded between characters and never within one (§3.1).
fn line(out: &mut String, name: &str, value: &str) {
    let mut width = 0;
    for character in name.chars().chain([':']).chain(value.chars()) {
        if width + character.len_utf8() > WIDTH {
            out.push_str("\r\n ");
            width = 1;
        }
        width += character.len_utf8();
        out.push(character);
    }
    // Writing to a string cannot fail.
    let _ = out.write_str("\r\n");
}

#[cfg(test)]
mod tests {
    use publishing::{
        id::{ChannelId, PostId, PublicationId, SeriesId},
        post::OccurrenceKey,
    };
    use scheduling::LocalSchedule;
    use uuid::Uuid;

    use super::*;

    fn entry() -> Entry {
        Entry {
            at: "2027-03-01T09:30:00Z".parse().unwrap(),
            post: Some(PostId::from_uuid(Uuid::from_u128(1))),
            publication: Some(PublicationId::from_uuid(Uuid::from_u128(2))),
            occurrence: None,
            channel: Some(ChannelId::from_uuid(Uuid::from_u128(3))),
            channel_name: Some("Harbour; Coffee".into()),
            local: Some(LocalSchedule {
                local: "2027-03-01T10:30:00".parse().unwrap(),
                zone: zone::Tz::known("Europe/Berlin"),
            }),
            status: EntryStatus::Published,
            caption: "Bread, butter\r\nand \\jam\\".into(),
            media: None,
            permalink: Some("https://example.org/1?a=b,c;d".parse().unwrap()),
            revision: 4,
            updated_at: "2027-02-28T08:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn an_event_says_what_is_due_when_and_where_it_is_seen() {
        let lines = [
            "BEGIN:VEVENT",
            "UID:pub_00000000000000000000000002",
            "DTSTAMP:20270228T080000Z",
            "LAST-MODIFIED:20270228T080000Z",
            "SEQUENCE:4",
            "DTSTART:20270301T093000Z",
            "DTEND:20270301T094500Z",
            "STATUS:CONFIRMED",
            "TRANSP:TRANSPARENT",
            r"SUMMARY:Bread\, butter and \\jam\\",
            r"DESCRIPTION:Bread\, butter\nand \\jam\\",
            "CATEGORIES:published",
            r"LOCATION:Harbour\; Coffee",
            "URL:https://example.org/1?a=b,c;d",
            "X-POSTERN-POST:post_00000000000000000000000001",
            "END:VEVENT",
        ];
        assert_eq!(events(&[entry()]), lines.map(|line| format!("{line}\r\n")).concat());
    }

    #[test]
    fn no_line_is_longer_than_75_octets_and_unfolding_gives_the_text_back() {
        for caption in ["x".repeat(500), "🎺".repeat(200), "ß 老虎 ".repeat(77), " ".repeat(300)] {
            let mut out = String::new();
            line(&mut out, "DESCRIPTION", &caption);
            assert!(out.split("\r\n").all(|line| line.len() <= WIDTH), "{out}");
            assert_eq!(out.replace("\r\n ", ""), format!("DESCRIPTION:{caption}\r\n"));
        }
    }

    #[test]
    fn nothing_of_a_caption_becomes_a_line_of_its_own() {
        let hostile = "a\r\nEND:VEVENT\rBEGIN:VEVENT\nATTACH:x\u{0}\u{b}\u{85}\u{7f}\tb";
        let mut out = String::new();
        text(&mut out, "DESCRIPTION", hostile);
        assert_eq!(out, "DESCRIPTION:a\\nEND:VEVENT\\nBEGIN:VEVENT\\nATTACH:x\tb\r\n");
    }

    #[test]
    fn what_did_not_take_place_is_shown_as_cancelled_and_what_may_not_as_tentative() {
        let of = |status| {
            let event = events(&[Entry { status, ..entry() }]);
            event.lines().find_map(|line| line.strip_prefix("STATUS:").map(str::to_owned)).unwrap()
        };
        assert_eq!(of(EntryStatus::Scheduled), "CONFIRMED");
        for status in [EntryStatus::Cancelled, EntryStatus::Missed, EntryStatus::Failed] {
            assert_eq!(of(status), "CANCELLED");
        }
        assert_eq!(of(EntryStatus::Draft), "TENTATIVE");
    }

    #[test]
    fn a_post_that_is_not_planned_is_known_by_its_own_id() {
        let draft = Entry { publication: None, channel: None, channel_name: None, ..entry() };
        assert!(events(&[draft]).contains("UID:post_00000000000000000000000001\r\n"));
    }

    #[test]
    fn an_occurrence_without_a_post_is_known_by_its_series_its_original_time_and_its_channel() {
        let occurrence = Some(OccurrenceKey {
            series: SeriesId::from_uuid(Uuid::from_u128(5)),
            original: "2027-03-01T10:30:00".parse().unwrap(),
        });
        let status = EntryStatus::Planned;
        let event = events(&[Entry { post: None, publication: None, occurrence, status, ..entry() }]);
        let event = event.replace("\r\n ", "");
        let (series, channel) = ("series_00000000000000000000000005", "chan_00000000000000000000000003");
        assert!(event.contains(&format!("UID:{series}-20270301T103000-{channel}\r\n")), "{event}");
        assert!(event.contains(&format!("X-POSTERN-SERIES:{series}\r\n")), "{event}");
        assert!(event.contains("STATUS:CONFIRMED\r\n") && event.contains("CATEGORIES:planned\r\n"));
        assert!(!event.contains("X-POSTERN-POST"));
    }
}
