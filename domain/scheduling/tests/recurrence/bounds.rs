//! No rule makes work without end: counted in steps, not in time.

use chrono::TimeDelta;
use scheduling::{
    LocalSchedule, Tz,
    recurrence::{
        FIRST_YEAR, LAST_DAY, LONGEST_TEXT, LONGEST_WINDOW_DAYS, MOST_EXCEPTIONS, MOST_STEPS, Part, Rule,
        RuleError, Series, SeriesError, WindowTooLong,
    },
};

use crate::{local, series, try_series, utc};

const START: &str = "1970-01-01T12:00";

/// Rules that are common, rare or awkward, from the first year on.
const RULES: [&str; 12] = [
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=1000",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TH",
    "FREQ=DAILY;INTERVAL=6;BYDAY=MO",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU",
    "FREQ=WEEKLY;INTERVAL=1000",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYMONTHDAY=29;BYMONTH=2;BYDAY=5SU",
    "FREQ=MONTHLY;INTERVAL=11;BYDAY=5FR,-5MO",
    "FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=MO",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;INTERVAL=3",
    "FREQ=YEARLY;INTERVAL=1000",
];

#[test]
fn listing_takes_few_steps_wherever_it_begins() {
    for rule in RULES {
        let series = series(Tz::known("Europe/Tallinn"), START, rule);
        for year in [1_970, 2_026, 2_100, 2_195, 2_300, 200_000] {
            let from = utc("1970-01-01T00:00:00Z") + TimeDelta::days((year - 1_970) * 366);
            let mut found = series.occurrences(from, from + TimeDelta::days(LONGEST_WINDOW_DAYS)).unwrap();
            let first_took = found.next().map(|_| found.steps());
            assert!(first_took.is_none_or(|steps| steps <= 3_000), "{rule} in {year}: {first_took:?}");
            found.by_ref().for_each(drop);
            assert!(found.steps() <= MOST_STEPS, "{rule} in {year}: {}", found.steps());
        }
    }
}

#[test]
fn days_and_weeks_are_reached_without_walking() {
    for rule in &RULES[..6] {
        let series = series(Tz::known("Europe/Tallinn"), START, rule);
        let from = utc("2190-01-01T00:00:00Z");
        let mut found = series.occurrences(from, from + TimeDelta::days(LONGEST_WINDOW_DAYS)).unwrap();
        assert!(found.next().is_some());
        assert!(found.steps() <= 40, "{rule}: {}", found.steps());
    }
}

#[test]
fn many_moved_occurrences_take_few_steps() {
    for rule in ["FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "FREQ=MONTHLY;BYMONTHDAY=1,15"] {
        let mut series = series(Tz::UTC, START, rule);
        let from = utc("2180-01-01T00:00:00Z");
        let known: Vec<_> = series.occurrences(from, from + TimeDelta::days(3_000)).unwrap().collect();
        for found in known.iter().rev().take(MOST_EXCEPTIONS) {
            series = series.move_one(found.original, found.original + TimeDelta::hours(1)).unwrap();
        }
        let mut found = series.occurrences(from, from + TimeDelta::days(3_000)).unwrap();
        assert_eq!(found.by_ref().count(), known.len());
        assert!(found.steps() <= MOST_STEPS, "{rule}: {}", found.steps());
    }
}

#[test]
fn a_window_has_a_longest_length() {
    let daily = series(Tz::UTC, START, "FREQ=DAILY");
    let (from, longest) = (utc("2026-01-01T00:00:00Z"), TimeDelta::days(LONGEST_WINDOW_DAYS));
    assert!(daily.occurrences(from, from + longest).is_ok());
    let longer = daily.occurrences(from, from + longest + TimeDelta::seconds(1));
    assert_eq!(longer.err(), Some(WindowTooLong { days: LONGEST_WINDOW_DAYS }));
    assert!(
        daily
            .occurrences(chrono::DateTime::<chrono::Utc>::MIN_UTC, chrono::DateTime::<chrono::Utc>::MAX_UTC)
            .is_err()
    );
    for edge in [chrono::DateTime::<chrono::Utc>::MIN_UTC, chrono::DateTime::<chrono::Utc>::MAX_UTC] {
        assert_eq!(daily.occurrences(edge, edge).unwrap().count(), 0);
    }
}

#[test]
fn bombs_are_refused_when_they_are_read() {
    for frequency in ["SECONDLY", "MINUTELY", "HOURLY"] {
        let refused = format!("FREQ={frequency};UNTIL=21261231").parse::<Rule>();
        assert!(matches!(refused, Err(RuleError::Unsupported { name, .. }) if name.ends_with(frequency)));
    }
    let long = format!("FREQ=DAILY;BYDAY={}MO", "MO,".repeat(LONGEST_TEXT));
    assert_eq!(long.parse::<Rule>(), Err(RuleError::TooLong { length: long.len() }));
    let refused = "FREQ=DAILY;COUNT=4294967296".parse::<Rule>();
    assert!(matches!(refused, Err(RuleError::Value { part: Part::Count, .. })));
}

#[test]
fn a_rule_that_never_occurs_is_refused() {
    for rule in [
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31,-31",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=2MO",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;INTERVAL=4",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=-31,30,31;BYMONTH=2",
    ] {
        assert_eq!(try_series(Tz::UTC, "2026-02-01T12:00", rule), Err(SeriesError::NeverOccurs), "{rule}");
    }
}

#[test]
fn a_series_ends_with_the_calendar_of_this_program() {
    let daily = series(Tz::UTC, "2199-12-30T12:00", "FREQ=DAILY;COUNT=10");
    let from = utc("2199-01-01T00:00:00Z");
    let found = daily.occurrences(from, from + TimeDelta::days(900)).unwrap();
    assert_eq!(
        found.map(|found| found.local.date()).collect::<Vec<_>>(),
        [LAST_DAY.pred_opt().unwrap(), LAST_DAY]
    );
    assert!(!daily.has(local("2200-01-01T12:00")));
}

#[test]
fn a_start_that_no_series_can_have_is_refused() {
    let rule: Rule = "FREQ=DAILY".parse().unwrap();
    for local in
        ["1969-12-31T23:59:59", "2200-01-01T00:00:00", "2026-01-01T00:00:00.5", "+200000-01-01T00:00:00"]
    {
        let local = local.parse().unwrap();
        let refused = Series::new(LocalSchedule { local, zone: Tz::UTC }, rule);
        assert_eq!(refused, Err(SeriesError::Time { local }));
    }
    assert_eq!(FIRST_YEAR, 1970);
}
