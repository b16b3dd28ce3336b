//! Occurrences are times on the wall.

use chrono::{TimeDelta, Timelike};
use scheduling::Tz;

use crate::{local, occurrences, series, times, try_series, utc};

#[test]
fn nine_oclock_stays_nine_oclock_when_the_clocks_change() {
    let weekly = series(Tz::known("Europe/Tallinn"), "2026-03-16T09:00", "FREQ=WEEKLY;COUNT=4");
    let due: Vec<_> = occurrences(&weekly, 9).iter().map(|found| found.due.to_rfc3339()).collect();
    assert_eq!(
        due,
        [
            "2026-03-16T07:00:00+00:00",
            "2026-03-23T07:00:00+00:00",
            "2026-03-30T06:00:00+00:00",
            "2026-04-06T06:00:00+00:00"
        ]
    );
}

#[test]
fn what_falls_into_a_gap_moves_forward_once_and_the_next_day_is_as_ever() {
    let daily = series(Tz::known("America/New_York"), "2026-03-07T02:30", "FREQ=DAILY;COUNT=3");
    let found = occurrences(&daily, 9);
    let due: Vec<_> = found.iter().map(|found| found.due).collect();
    assert_eq!(due, [utc("2026-03-07T07:30:00Z"), utc("2026-03-08T07:30:00Z"), utc("2026-03-09T06:30:00Z")]);
    assert!(found.iter().all(|found| found.local.hour() == 2 && found.local == found.original));
}

#[test]
fn a_gap_at_midnight_does_not_lose_a_post() {
    let daily = series(Tz::known("Africa/Cairo"), "2026-04-22T00:30", "FREQ=DAILY;COUNT=4");
    let due: Vec<_> = occurrences(&daily, 9).iter().map(|found| found.due).collect();
    assert_eq!(due.len(), 4);
    // Friday 24 April begins at 01:00: half past midnight becomes half past one.
    assert_eq!(due[2], utc("2026-04-23T22:30:00Z"));
    assert!(due.is_sorted());
}

#[test]
fn a_time_that_occurs_twice_is_posted_once_at_the_first() {
    let daily = series(Tz::known("America/Havana"), "2027-11-06T00:30", "FREQ=DAILY;COUNT=3");
    let due: Vec<_> = occurrences(&daily, 9).iter().map(|found| found.due).collect();
    assert_eq!(due, [utc("2027-11-06T04:30:00Z"), utc("2027-11-07T04:30:00Z"), utc("2027-11-08T05:30:00Z")]);
}

#[test]
fn a_day_that_a_zone_loses_is_not_posted_twice_on_the_next() {
    // Samoa went from Thursday 29 to Saturday 31 December 2011.
    let daily = series(Tz::known("Pacific/Apia"), "2011-12-28T12:00", "FREQ=DAILY;COUNT=5");
    let found = occurrences(&daily, 9);
    assert_eq!(
        times(&daily, 9),
        ["Wed 2011-12-28 12:00", "Thu 2011-12-29 12:00", "Sat 2011-12-31 12:00", "Sun 2012-01-01 12:00"]
    );
    assert!(found.windows(2).all(|pair| pair[0].due < pair[1].due));
    assert_eq!(found[2].index, 3, "the lost day is counted");
    // Alone, what was to be on the lost day takes place on the next.
    let fridays = series(Tz::known("Pacific/Apia"), "2011-12-23T12:00", "FREQ=WEEKLY;COUNT=3");
    assert_eq!(occurrences(&fridays, 9)[1].due, utc("2011-12-30T22:00:00Z"));
}

#[test]
fn what_a_gap_moves_over_the_edge_of_a_window_belongs_where_it_takes_place() {
    let daily = series(Tz::known("America/New_York"), "2026-03-01T02:30", "FREQ=DAILY");
    let moved = utc("2026-03-08T07:30:00Z");
    let in_window = |from, until| daily.occurrences(from, until).unwrap().count();
    assert_eq!(in_window(moved, moved + TimeDelta::seconds(1)), 1);
    assert_eq!(in_window(moved - TimeDelta::hours(2), moved), 0);
    assert_eq!(in_window(moved, moved), 0);
    assert_eq!(in_window(moved, moved - TimeDelta::days(9)), 0);
}

#[test]
fn a_window_of_a_second_holds_what_takes_place_on_another_day_of_utc() {
    for (zone, time, due) in [
        (Tz::known("Pacific/Kiritimati"), "00:15", "2026-01-06T10:15:00Z"),
        (Tz::known("Pacific/Pago_Pago"), "23:45", "2026-01-07T10:45:00Z"),
    ] {
        let daily = series(zone, &format!("2026-01-01T{time}"), "FREQ=DAILY");
        let found = daily.occurrences(utc(due), utc(due) + TimeDelta::seconds(1)).unwrap();
        assert_eq!(found.map(|found| found.due).collect::<Vec<_>>(), [utc(due)]);
    }
}

#[test]
fn until_an_instant_includes_it() {
    let until = |end: &str| {
        let rule = format!("FREQ=DAILY;UNTIL={end}");
        times(&series(Tz::known("America/New_York"), "2026-03-06T02:30", &rule), 9).len()
    };
    // The gap moves what is meant for 8 March 02:30 to 03:30, which is 07:30 UTC.
    assert_eq!(until("20260308T072959Z"), 2);
    assert_eq!(until("20260308T073000Z"), 3);
    assert_eq!(until("20260308"), 3);
    assert_eq!(until("20260309T062959Z"), 3);
}

#[test]
fn until_an_instant_is_right_where_the_day_of_utc_is_another() {
    let until =
        |zone, start, end: &str| times(&series(zone, start, &format!("FREQ=DAILY;UNTIL={end}")), 9).len();
    // 23:45 of 6, 7 and 8 January in New York is 04:45 UTC of the day after.
    assert_eq!(until(Tz::known("America/New_York"), "2026-01-06T23:45", "20260109T001204Z"), 2);
    assert_eq!(until(Tz::known("America/New_York"), "2026-01-06T23:45", "20260109T044500Z"), 3);
    // 00:15 of 7 January on Kiritimati is 10:15 UTC of the day before.
    assert_eq!(until(Tz::known("Pacific/Kiritimati"), "2026-01-06T00:15", "20260106T101459Z"), 1);
    assert_eq!(until(Tz::known("Pacific/Kiritimati"), "2026-01-06T00:15", "20260106T101500Z"), 2);
}

#[test]
fn until_is_written_for_others_as_an_instant() {
    let weekly = series(Tz::known("Europe/Tallinn"), "2026-06-01T09:00", "FREQ=WEEKLY;UNTIL=20260731");
    assert_eq!(weekly.rule().to_string(), "FREQ=WEEKLY;UNTIL=20260731");
    assert_eq!(weekly.rrule(), "FREQ=WEEKLY;UNTIL=20260731T060000Z");
    let same = series(Tz::known("Europe/Tallinn"), "2026-06-01T09:00", &weekly.rrule());
    assert_eq!(times(&same, 99), times(&weekly, 99));
}

#[test]
fn the_rules_people_use_fall_on_the_days_they_mean() {
    let days = |rule: &str| {
        let found = times(&series(Tz::UTC, "2026-01-30T12:00", rule), 4);
        found.iter().map(|time| time[..14].to_owned()).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        days("FREQ=MONTHLY;BYDAY=2TU"),
        "Tue 2026-02-10, Tue 2026-03-10, Tue 2026-04-14, Tue 2026-05-12"
    );
    assert_eq!(
        days("FREQ=MONTHLY;BYDAY=-1FR"),
        "Fri 2026-01-30, Fri 2026-02-27, Fri 2026-03-27, Fri 2026-04-24"
    );
    assert_eq!(days("FREQ=MONTHLY"), "Fri 2026-01-30, Mon 2026-03-30, Thu 2026-04-30, Sat 2026-05-30");
    assert_eq!(
        days("FREQ=MONTHLY;BYMONTHDAY=-1"),
        "Sat 2026-01-31, Sat 2026-02-28, Tue 2026-03-31, Thu 2026-04-30"
    );
    assert_eq!(
        days("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"),
        "Fri 2026-01-30, Mon 2026-02-09, Fri 2026-02-13, Mon 2026-02-23"
    );
    assert_eq!(
        days("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"),
        "Thu 2026-11-26, Thu 2027-11-25, Thu 2028-11-23, Thu 2029-11-22"
    );
    assert_eq!(
        days("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR"),
        "Fri 2026-02-13, Fri 2026-03-13, Fri 2026-11-13, Fri 2027-08-13"
    );
    assert_eq!(
        days("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR"),
        "Fri 2026-01-30, Mon 2026-02-02, Tue 2026-02-03, Wed 2026-02-04"
    );
    assert_eq!(days("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), "Tue 2028-02-29, Sun 2032-02-29, Fri 2036-02-29");
}

#[test]
fn the_first_day_of_a_week_matters_as_the_standard_shows() {
    // RFC 5545, section 3.8.5.3: "An example where the days generated makes a difference because of WKST".
    let days = |week_start: &str| {
        let rule = format!("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={week_start}");
        times(&series(Tz::known("America/New_York"), "1997-08-05T09:00", &rule), 9)
    };
    assert_eq!(
        days("MO"),
        ["Tue 1997-08-05 09:00", "Sun 1997-08-10 09:00", "Tue 1997-08-19 09:00", "Sun 1997-08-24 09:00"]
    );
    assert_eq!(
        days("SU"),
        ["Tue 1997-08-05 09:00", "Sun 1997-08-17 09:00", "Tue 1997-08-19 09:00", "Sun 1997-08-31 09:00"]
    );
}

#[test]
fn a_series_begins_with_the_first_time_that_fits() {
    let tuesdays = series(Tz::UTC, "2026-01-30T12:00", "FREQ=WEEKLY;BYDAY=TU;COUNT=2");
    assert_eq!(tuesdays.start().local, local("2026-02-03T12:00"));
    assert_eq!(times(&tuesdays, 9), ["Tue 2026-02-03 12:00", "Tue 2026-02-10 12:00"]);
    assert!(try_series(Tz::UTC, "2026-01-30T12:00", "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260202").is_err());
}
