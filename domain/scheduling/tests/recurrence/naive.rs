//! What is computed by arithmetic equals what is found by looking at every day.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta};
use proptest::prelude::*;
use scheduling::{
    LocalSchedule, Tz,
    recurrence::{Occurrence, Rule, Series, SeriesError},
};

use crate::plain::{Plain, any_day, any_rule};

const NINE: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).unwrap();

fn expand(plain: &Plain, start: NaiveDate) -> Result<Series, SeriesError> {
    let start = LocalSchedule { local: start.and_time(NINE), zone: Tz::known("Europe/Tallinn") };
    Series::new(start, plain.text().parse().unwrap())
}

fn between(series: &Series, first: NaiveDate, last: NaiveDate) -> Vec<Occurrence> {
    let at = |day: NaiveDate| LocalSchedule { local: day.and_time(NINE), ..series.start() }.resolve();
    series.occurrences(at(first), at(last) + TimeDelta::seconds(1)).unwrap().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_rule_has_the_days_that_a_look_at_every_day_finds(plain in any_rule(), start in any_day(), skipped in 0..3_000_u64) {
        let (first, last) = (start + Days::new(skipped), start + Days::new(skipped + 1_000));
        let expected = plain.days_between(start, last);
        let before = expected.iter().filter(|day| **day < first).count();
        match expand(&plain, start) {
            Ok(series) => {
                let found = between(&series, first, last);
                let days: Vec<_> = found.iter().map(|found| found.local.date()).collect();
                prop_assert_eq!(&days, &expected[before..]);
                for (index, found) in (before..).zip(&found) {
                    prop_assert_eq!(found.index as usize, index);
                    prop_assert_eq!(series.occurrence(found.original), Some(*found));
                }
                prop_assert!(expected.first().is_none_or(|day| series.start().local.date() == *day));
            }
            Err(error) => {
                prop_assert_eq!(error, SeriesError::NeverOccurs);
                prop_assert!(expected.is_empty());
            }
        }
    }

    #[test]
    fn a_window_holds_what_a_longer_one_holds_there(
        plain in any_rule(), start in any_day(), cut in 0..1_000_u64, length in 0..1_000_u64,
    ) {
        if let Ok(series) = expand(&plain, start) {
            let (first, last) = (start + Days::new(cut), start + Days::new(cut + length));
            let all = between(&series, start, start + Days::new(3_000)).into_iter();
            let within: Vec<_> = all.filter(|found| (first..=last).contains(&found.local.date())).collect();
            prop_assert_eq!(between(&series, first, last), within);
        }
    }

    #[test]
    fn a_rule_reads_back_from_what_is_written(plain in any_rule(), until in prop::option::of(any_day())) {
        let mut text = plain.text();
        if let (None, Some(day)) = (plain.count, until) {
            text.push_str(&day.format(";UNTIL=%Y%m%d").to_string());
        }
        let rule: Rule = text.parse().unwrap();
        let written = rule.to_string();
        prop_assert_eq!(written.parse::<Rule>().unwrap(), rule);
        prop_assert_eq!(rule, text.to_ascii_lowercase().parse::<Rule>().unwrap());
    }

    #[test]
    fn no_text_panics(text in "(FREQ=|[A-Z]{2,8}=|BYDAY=|UNTIL=|BYMONTHDAY=|[;,+-]|[0-9]{1,9}|MO|WEEKLY|\\PC){0,12}") {
        if let Ok(rule) = text.parse::<Rule>() {
            prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
        }
    }

    #[test]
    fn no_start_panics(plain in any_rule(), seconds in any::<i32>(), scale in 1..300_i64) {
        let local = DateTime::UNIX_EPOCH.naive_utc() + TimeDelta::seconds(i64::from(seconds) * scale);
        let start = LocalSchedule { local, zone: Tz::known("Pacific/Apia") };
        if let Ok(series) = Series::new(start, plain.text().parse().unwrap()) {
            let from = series.start().resolve() - TimeDelta::days(400);
            for found in series.occurrences(from, from + TimeDelta::days(800)).unwrap() {
                prop_assert!(series.has(found.original));
            }
        }
    }
}
