//! Every change of clocks from 2026 to 2036 in every zone: what the times around it mean, for one-off, daily and weekly plans, equals
//! what Python's zoneinfo says (tests/oracle/zones.py, which also says how to look into a difference).
#![expect(clippy::unwrap_used, reason = "what reads the oracle for the tests may fail like a test")]

use std::fmt::Write;

use chrono::{DateTime, Datelike, Days, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc, Weekday};
use scheduling::{LocalSchedule, PostingSchedule, posting::Blackouts, posting::Spacing, week::Week};
use zone::{Tz, iana_release};

const ORACLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/oracle/zones.txt"));

/// A change of clocks, and the digest of the plans around it.
struct Change {
    at: i64,
    before: i32,
    after: i32,
    digest: u32,
}

/// The zones that change alike, and their changes.
fn groups() -> Vec<(Vec<Tz>, Vec<Change>)> {
    let mut groups: Vec<(Vec<Tz>, Vec<Change>)> = Vec::new();
    for line in ORACLE.lines().skip(2) {
        if let Some(names) = line.strip_prefix("zones ") {
            // The one name that stands for no place.
            let names = names.split(' ').filter(|name| *name != "Factory");
            groups.push((names.map(|name| name.parse().unwrap()).collect(), Vec::new()));
        } else {
            let [at, before, after, digest] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let (before, after) = (before.parse().unwrap(), after.parse().unwrap());
            let digest = u32::from_str_radix(digest, 16).unwrap();
            groups.last_mut().unwrap().1.push(Change { at: at.parse().unwrap(), before, after, digest });
        }
    }
    groups
}

fn offset(zone: Tz, at: DateTime<Utc>) -> i32 {
    zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
}

/// Around both ends of what is skipped or occurs twice, and inside it.
fn probes(change: &Change, step: TimeDelta) -> [NaiveDateTime; 8] {
    let wall = |offset: i32| DateTime::from_timestamp(change.at + i64::from(offset), 0).unwrap().naive_utc();
    let (low, high) = (wall(change.before.min(change.after)), wall(change.before.max(change.after)));
    let (hour, middle) = (TimeDelta::hours(1), low + (high - low) / 2);
    [low - hour, low - step, low, middle, high - step, high, high + step, high + hour]
}

/// As ISO 8601 has it; `Debug` is the formatter of chrono that is quick without optimisation.
fn written(local: NaiveDateTime) -> String {
    format!("{local:?}")
}

/// The plans around a change as the oracle writes them.
fn plans(zone: Tz, change: &Change) -> String {
    let meaning = |local| LocalSchedule { local, zone }.resolve();
    let mut text = String::new();
    for local in probes(change, TimeDelta::seconds(1)) {
        writeln!(text, "once {} {}", written(local), meaning(local).timestamp()).unwrap();
    }
    let week: Vec<_> = (0..7_u8).map(|day| Weekday::try_from(day).unwrap()).collect();
    for (kind, every, times) in [("daily", 1, 7), ("weekly", 7, 5)] {
        for local in probes(change, TimeDelta::minutes(1)) {
            let first = local - Days::new(every * (times / 2));
            let on = |day: &&Weekday| every == 1 || **day == local.weekday();
            let slot = local.time().try_into().unwrap();
            let schedule = PostingSchedule {
                zone,
                week: Week::new(week.iter().filter(on).map(|day| (*day, slot))).unwrap(),
                blackouts: Blackouts::default(),
                spacing: Spacing::default(),
            };
            write!(text, "{kind} {}", written(local)).unwrap();
            for at in schedule.slots(meaning(first)).take(usize::try_from(times).unwrap()) {
                write!(text, " {}", at.timestamp()).unwrap();
            }
            text.push('\n');
        }
    }
    text
}

/// FNV-1a, 32 bits.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811C_9DC5, |digest, byte| (digest ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[test]
fn the_oracle_read_the_same_release_of_the_zone_database() {
    let release = iana_release();
    let expected = format!("tzdata {release} ");
    let head = ORACLE.lines().nth(1).unwrap();
    assert!(head.starts_with(&expected), "the program holds {release}, the oracle {head}: run zones.py anew");
}

#[test]
fn every_zone_is_compared_and_the_clocks_change_as_often_as_the_oracle_says() {
    let mut compared = 0;
    let mut changes_in_all = 0;
    for (zones, changes) in groups() {
        for zone in zones {
            let days = (0..4_018).map(|day| {
                let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
                offset(zone, start + Days::new(day)) != offset(zone, start + Days::new(day + 1))
            });
            assert_eq!(days.filter(|changed| *changed).count(), changes.len(), "{zone}");
            compared += 1;
            changes_in_all += changes.len();
        }
    }
    assert_eq!(compared, Tz::all().len());
    assert!(changes_in_all > 4_000, "{changes_in_all}");
}

#[test]
fn one_off_daily_and_weekly_plans_around_every_change_mean_what_the_oracle_says() {
    let mut kinds = [0, 0];
    for (zones, changes) in groups() {
        for (zone, change) in zones.iter().flat_map(|zone| changes.iter().map(move |change| (*zone, change)))
        {
            let at = DateTime::from_timestamp(change.at, 0).unwrap();
            let sides = [offset(zone, at - TimeDelta::seconds(1)), offset(zone, at)];
            assert_eq!(sides, [change.before, change.after], "{zone} {at}");
            let text = plans(zone, change);
            assert_eq!(fnv(&text), change.digest, "zones.py {zone} {} differs from:\n{text}", change.at);
            kinds[usize::from(change.after > change.before)] += 1;
        }
    }
    // Overlaps and gaps.
    assert!(kinds.iter().all(|count| *count > 2_000), "{kinds:?}");
}
