//! Zones by their names, and what their clocks show.
#![expect(clippy::unwrap_used, reason = "what prepares a test may fail like a test")]

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeZone, Utc};
use zone::{Reading, Tz};

fn local(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn east(hours: i32) -> FixedOffset {
    FixedOffset::east_opt(hours * 3_600).unwrap()
}

#[test]
fn a_zone_is_found_by_its_name_in_its_own_spelling_only() {
    assert_eq!("Europe/Berlin".parse::<Tz>().unwrap().name(), "Europe/Berlin");
    for wrong in ["europe/berlin", "Europe/Nowhere", "", "+01:00", "Europe/Berlin\0", "localtime", "Factory"]
    {
        assert!(wrong.parse::<Tz>().is_err(), "{wrong}");
    }
    assert_eq!("UTC".parse::<Tz>().unwrap(), Tz::UTC);
    let json = serde_json::to_string(&Tz::known("Asia/Kathmandu")).unwrap();
    assert_eq!(json, "\"Asia/Kathmandu\"");
    assert_eq!(serde_json::from_str::<Tz>(&json).unwrap(), Tz::known("Asia/Kathmandu"));
    assert!(serde_json::from_str::<Tz>("\"Mars/Olympus\"").is_err());
}

#[test]
fn times_are_shown_once_twice_or_never() {
    let berlin = Tz::known("Europe/Berlin");
    assert_eq!(berlin.read(local("2027-01-01T09:00:00")), Reading::Once(east(1)));
    assert_eq!(berlin.read(local("2027-03-28T02:30:00")), Reading::Skipped(east(1), east(2)));
    assert_eq!(berlin.read(local("2027-10-31T02:30:00")), Reading::Twice(east(2), east(1)));
    assert!(berlin.from_local_datetime(&local("2027-03-28T02:30:00")).earliest().is_none());
    let shown = "2027-07-01T07:00:00Z".parse::<DateTime<Utc>>().unwrap().with_timezone(&berlin);
    assert_eq!(
        (shown.naive_local(), shown.to_string()),
        (local("2027-07-01T09:00:00"), "2027-07-01 09:00:00 +02:00".to_owned())
    );
}

#[test]
fn rules_of_this_year_are_known() {
    // British Columbia stays on one time from 2026 on.
    assert_eq!(Tz::known("America/Vancouver").read(local("2027-01-15T09:00:00")), Reading::Once(east(-7)));
}

#[test]
fn the_ends_of_the_calendar_have_an_offset() {
    for zone in Tz::all() {
        for end in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            assert!(zone.offset_at(end).local_minus_utc().abs() < 86_400);
            assert!(!matches!(zone.read(end), Reading::Skipped(..)));
        }
    }
}
