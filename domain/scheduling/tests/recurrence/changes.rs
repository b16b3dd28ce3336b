//! One occurrence, this and the following, all.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use proptest::prelude::*;
use scheduling::{
    LocalSchedule, Tz,
    recurrence::{ChangeError, End, MOST_EXCEPTIONS, Occurrence, Series},
};
use serde_json::json;

use crate::{
    local, occurrences,
    plain::{Plain, any_day, any_rule},
    series, times, utc,
};

fn mondays(end: &str) -> Series {
    series(Tz::known("Europe/Tallinn"), "2026-03-16T09:00", &format!("FREQ=WEEKLY{end}"))
}

#[test]
fn a_skipped_occurrence_is_gone_and_the_others_keep_their_index() {
    let skipped = mondays(";COUNT=3").skip(local("2026-03-23T09:00")).unwrap();
    let found = occurrences(&skipped, 9);
    assert_eq!(found.iter().map(|found| found.index).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(skipped.occurrence(local("2026-03-23T09:00")), None);
    assert!(skipped.has(local("2026-03-23T09:00")));
    assert_eq!(skipped.restore(local("2026-03-23T09:00")), Ok(mondays(";COUNT=3")));
}

#[test]
fn a_moved_occurrence_takes_place_where_it_was_moved_and_is_known_by_its_original_time() {
    let original = local("2026-03-23T09:00");
    let moved = mondays(";COUNT=3").move_one(original, local("2026-04-02T18:30")).unwrap();
    assert_eq!(times(&moved, 9), ["Mon 2026-03-16 09:00", "Mon 2026-03-30 09:00", "Thu 2026-04-02 18:30"]);
    let found = moved.occurrence(original).unwrap();
    let expected =
        Occurrence { original, local: local("2026-04-02T18:30"), due: utc("2026-04-02T15:30:00Z"), index: 1 };
    assert_eq!(found, expected);
    let window = |from, until| moved.occurrences(utc(from), utc(until)).unwrap().collect::<Vec<_>>();
    assert_eq!(window("2026-04-02T00:00:00Z", "2026-04-03T00:00:00Z"), [expected]);
    assert_eq!(window("2026-03-23T00:00:00Z", "2026-03-24T00:00:00Z"), []);
}

#[test]
fn moving_twice_leaves_the_last_and_skipping_takes_it_away() {
    let original = local("2026-03-23T09:00");
    let moved = mondays(";COUNT=2").move_one(original, local("2026-03-20T10:00")).unwrap();
    let moved = moved.move_one(original, local("2026-03-10T10:00")).unwrap();
    let all = moved.occurrences(utc("2026-03-01T00:00:00Z"), utc("2026-05-01T00:00:00Z")).unwrap();
    assert_eq!(all.map(|found| found.index).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(times(&moved.skip(original).unwrap(), 9), ["Mon 2026-03-16 09:00"]);
}

#[test]
fn what_is_no_occurrence_cannot_be_changed() {
    for text in ["2026-03-24T09:00", "2026-03-23T09:01", "2026-03-09T09:00", "2026-04-06T09:00"] {
        let original = local(text);
        let refused = Some(ChangeError::NotAnOccurrence { original });
        let weekly = || mondays(";COUNT=3");
        assert_eq!(weekly().skip(original).err(), refused);
        assert_eq!(weekly().move_one(original, local("2026-03-25T09:00")).err(), refused);
        assert_eq!(weekly().restore(original).err(), refused);
        assert_eq!(weekly().split(original).err(), refused);
        assert_eq!(weekly().occurrence(original), None);
    }
    let to = local("2200-01-01T00:00");
    let refused = mondays("").move_one(local("2026-03-23T09:00"), to).err();
    assert_eq!(refused, Some(ChangeError::Time { local: to }));
}

#[test]
fn a_series_has_no_more_exceptions_than_allowed() {
    let mut daily = series(Tz::UTC, "2026-01-01T12:00", "FREQ=DAILY");
    let day = |number: usize| local("2026-01-01T12:00") + TimeDelta::days(number.try_into().unwrap());
    for number in 0..MOST_EXCEPTIONS {
        daily = daily.skip(day(number)).unwrap();
    }
    assert!(daily.clone().skip(day(3)).is_ok(), "the same once more");
    assert_eq!(daily.skip(day(MOST_EXCEPTIONS)).err(), Some(ChangeError::TooMany));
}

#[test]
fn this_and_following_splits_a_series_in_two() {
    let split = mondays(";COUNT=5").split(local("2026-03-30T09:00")).unwrap();
    let before = split.before.unwrap();
    assert_eq!(before.rule().end(), End::Count(2));
    assert_eq!(split.following.rule().end(), End::Count(3));
    assert_eq!(split.following.first_index(), 2);
    assert_eq!(times(&before, 9), ["Mon 2026-03-16 09:00", "Mon 2026-03-23 09:00"]);
    let split = mondays("").split(local("2026-03-30T09:00")).unwrap();
    assert_eq!(split.before.unwrap().rule().to_string(), "FREQ=WEEKLY;UNTIL=20260323");
    assert_eq!(split.following.rule().to_string(), "FREQ=WEEKLY");
}

#[test]
fn indices_go_on_when_a_part_is_split_and_planned_again() {
    let following = mondays("").split(local("2026-03-30T09:00")).unwrap().following;
    let again = following.split(local("2026-04-13T09:00")).unwrap();
    assert_eq!((again.before.unwrap().first_index(), again.following.first_index()), (2, 4));
    let rule = again.following.rule();
    let start = LocalSchedule { local: local("2026-04-14T18:00"), zone: Tz::known("Europe/Tallinn") };
    let replanned = again.following.replan(start, rule).unwrap().series;
    assert_eq!(occurrences(&replanned, 1)[0].index, 4);
}

#[test]
fn a_split_at_the_first_occurrence_leaves_nothing_before() {
    let split = mondays("").split(local("2026-03-16T09:00")).unwrap();
    assert_eq!((split.before, split.following), (None, mondays("")));
}

#[test]
fn all_at_another_time_keeps_exceptions_with_their_days() {
    let weekly = mondays(";COUNT=4").skip(local("2026-03-23T09:00")).unwrap();
    let weekly = weekly.move_one(local("2026-03-30T09:00"), local("2026-03-31T08:00")).unwrap();
    let start = LocalSchedule { local: local("2026-03-16T10:15"), zone: Tz::known("Europe/Tallinn") };
    let replanned = weekly.clone().replan(start, weekly.rule()).unwrap();
    assert!(replanned.dropped.is_empty());
    assert_eq!(
        times(&replanned.series, 9),
        ["Mon 2026-03-16 10:15", "Tue 2026-03-31 08:00", "Mon 2026-04-06 10:15"]
    );
    let fortnightly = weekly.replan(start, "FREQ=WEEKLY;INTERVAL=2".parse().unwrap()).unwrap();
    assert_eq!(fortnightly.dropped, [local("2026-03-23T09:00")]);
    assert_eq!(fortnightly.series.exceptions().len(), 1);
}

#[test]
fn the_written_form_is_read_back_strictly() {
    let weekly = mondays(";COUNT=4").skip(local("2026-03-23T09:00")).unwrap();
    let weekly = weekly.move_one(local("2026-03-30T09:00"), local("2026-03-31T08:00")).unwrap();
    let written = serde_json::to_value(&weekly).unwrap();
    assert_eq!(
        written,
        json!({
            "start": {"local": "2026-03-16T09:00:00", "zone": "Europe/Tallinn"},
            "rule": "FREQ=WEEKLY;COUNT=4",
            "exceptions": {
                "2026-03-23T09:00:00": "skipped",
                "2026-03-30T09:00:00": {"moved_to": "2026-03-31T08:00:00"},
            },
        })
    );
    assert_eq!(serde_json::from_value::<Series>(written.clone()).unwrap(), weekly);
    let tail = weekly.split(local("2026-03-30T09:00")).unwrap().following;
    assert_eq!(serde_json::from_value::<Series>(serde_json::to_value(&tail).unwrap()).unwrap(), tail);
    for (name, value) in [
        ("rule", json!("FREQ=HOURLY")),
        ("exceptions", json!({"2026-03-24T09:00:00": "skipped"})),
        ("color", json!("red")),
    ] {
        let mut wrong = written.clone();
        wrong[name] = value;
        assert!(serde_json::from_value::<Series>(wrong).is_err(), "{name}");
    }
}

fn any_series(plain: &Plain, start: NaiveDate) -> Option<Series> {
    let local = start.and_time(NaiveTime::from_hms_opt(2, 30, 0).unwrap());
    Series::new(LocalSchedule { local, zone: Tz::known("America/New_York") }, plain.text().parse().unwrap())
        .ok()
}

proptest! {
    #[test]
    fn the_two_halves_of_a_split_have_what_the_whole_had(
        plain in any_rule(), start in any_day(), at in 0..30_usize, skip in 0..30_usize, shift in 0..30_usize, by in -40..40_i64,
    ) {
        let Some(whole) = any_series(&plain, start) else { return Ok(()) };
        let known = occurrences(&whole, 30);
        prop_assume!(!known.is_empty());
        let original = |number: usize| known[number % known.len()].original;
        let whole = whole.skip(original(skip)).unwrap();
        let whole = whole.move_one(original(shift), original(shift) + TimeDelta::hours(by)).unwrap();
        let split = whole.clone().split(original(at)).unwrap();
        let from = whole.start().resolve() - TimeDelta::days(10);
        let listed = |series: &Series| -> Vec<Occurrence> {
            series.occurrences(from, from + TimeDelta::days(3_600)).unwrap().collect()
        };
        let mut halves = split.before.as_ref().map(listed).unwrap_or_default();
        halves.extend(listed(&split.following));
        halves.sort_by_key(|found| (found.due, found.original));
        let mut expected = listed(&whole);
        expected.sort_by_key(|found| (found.due, found.original));
        prop_assert_eq!(halves, expected);
    }

    #[test]
    fn occurrences_come_in_order_and_each_only_once(
        plain in any_rule(), start in any_day(), shifts in prop::collection::vec((0..50_usize, -900..900_i64), 0..6),
    ) {
        let Some(mut series) = any_series(&plain, start) else { return Ok(()) };
        let known = occurrences(&series, 50);
        prop_assume!(!known.is_empty());
        for (number, by) in shifts {
            let original = known[number % known.len()].original;
            series = series.move_one(original, original + TimeDelta::hours(by)).unwrap();
        }
        let from = series.start().resolve() - TimeDelta::days(100);
        let found: Vec<_> = series.occurrences(from, from + TimeDelta::days(3_600)).unwrap().collect();
        prop_assert!(found.is_sorted_by_key(|found| found.due));
        let mut originals: Vec<_> = found.iter().map(|found| found.original).collect();
        originals.sort_unstable();
        prop_assert!(originals.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(known.iter().all(|known| originals.contains(&known.original)));
    }
}
