//! Random rules as plain lists, with their text, and what RFC 5545 says about each day, spelled out without arithmetic.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use proptest::prelude::*;

pub(crate) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Mon),
    ("TU", Weekday::Tue),
    ("WE", Weekday::Wed),
    ("TH", Weekday::Thu),
    ("FR", Weekday::Fri),
    ("SA", Weekday::Sat),
    ("SU", Weekday::Sun),
];

/// A rule in parts. An ordinal of 0 means every such weekday, a weekday is an index of [`WEEKDAYS`].
#[derive(Debug, Clone)]
pub(crate) struct Plain {
    pub(crate) frequency: &'static str,
    pub(crate) interval: u32,
    pub(crate) week_start: usize,
    pub(crate) months: Vec<u32>,
    pub(crate) month_days: Vec<i32>,
    pub(crate) days: Vec<(i32, usize)>,
    pub(crate) count: Option<u32>,
}

impl Plain {
    pub(crate) fn text(&self) -> String {
        let mut text = format!("FREQ={};INTERVAL={}", self.frequency, self.interval);
        let mut list = |name: &str, items: Vec<String>| {
            if !items.is_empty() {
                text.extend([";", name, "=", &items.join(",")]);
            }
        };
        list("BYMONTH", self.months.iter().map(ToString::to_string).collect());
        list("BYMONTHDAY", self.month_days.iter().map(ToString::to_string).collect());
        let day = |(ordinal, day): &(i32, usize)| match ordinal {
            0 => WEEKDAYS[*day].0.to_owned(),
            _ => format!("{ordinal}{}", WEEKDAYS[*day].0),
        };
        list("BYDAY", self.days.iter().map(day).collect());
        list("COUNT", self.count.iter().map(ToString::to_string).collect());
        list("WKST", vec![WEEKDAYS[self.week_start].0.to_owned()]);
        text
    }

    /// The days of the rule from its start up to another day: every day between is looked at.
    pub(crate) fn days_between(&self, start: NaiveDate, last: NaiveDate) -> Vec<NaiveDate> {
        let mut periods = 0;
        let mut found = Vec::new();
        for day in start.iter_days().take_while(|day| *day <= last) {
            if day > start && self.begins_period(day) {
                periods += 1;
            }
            if periods % self.interval == 0 && self.admits(day, start) {
                found.push(day);
            }
        }
        found.truncate(self.count.map_or(usize::MAX, |count| count as usize));
        found
    }

    fn begins_period(&self, day: NaiveDate) -> bool {
        match self.frequency {
            "DAILY" => true,
            "WEEKLY" => day.weekday() == WEEKDAYS[self.week_start].1,
            "MONTHLY" => day.day() == 1,
            _ => day.ordinal() == 1,
        }
    }

    fn admits(&self, day: NaiveDate, start: NaiveDate) -> bool {
        let (monthly, yearly) = (self.frequency == "MONTHLY", self.frequency == "YEARLY");
        let open = self.days.is_empty() && self.month_days.is_empty();
        if open && self.frequency == "WEEKLY" && day.weekday() != start.weekday() {
            return false;
        }
        if open && (monthly || yearly) && day.day() != start.day() {
            return false;
        }
        if yearly && self.months.is_empty() && day.month() != start.month() {
            return false;
        }
        (self.months.is_empty() || self.months.contains(&day.month()))
            && (self.month_days.is_empty() || self.month_days.iter().any(|nth| is_month_day(day, *nth)))
            && (self.days.is_empty() || self.days.iter().any(|nth| is_weekday(day, *nth)))
    }
}

fn month_of(day: NaiveDate) -> Vec<NaiveDate> {
    let first = day.with_day(1).unwrap();
    first.iter_days().take_while(|other| other.month() == first.month()).collect()
}

fn is_month_day(day: NaiveDate, nth: i32) -> bool {
    nth_of(&month_of(day), nth) == Some(day)
}

fn is_weekday(day: NaiveDate, (ordinal, weekday): (i32, usize)) -> bool {
    let weekday = WEEKDAYS[weekday].1;
    let alike: Vec<_> = month_of(day).into_iter().filter(|other| other.weekday() == weekday).collect();
    if ordinal == 0 { alike.contains(&day) } else { nth_of(&alike, ordinal) == Some(day) }
}

fn nth_of(days: &[NaiveDate], nth: i32) -> Option<NaiveDate> {
    let index = nth.unsigned_abs() as usize - 1;
    if nth > 0 { days.get(index).copied() } else { days.iter().rev().nth(index).copied() }
}

pub(crate) fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0..3_000_u64).prop_map(|days| NaiveDate::from_ymd_opt(2023, 1, 1).unwrap() + Days::new(days))
}

fn by_day(ordinals: bool) -> impl Strategy<Value = Vec<(i32, usize)>> {
    let ordinal = if ordinals { -5..=5 } else { 0..=0 };
    prop::collection::vec((ordinal, 0..7_usize), 0..4)
}

fn month_day() -> impl Strategy<Value = i32> {
    prop_oneof![1..=31, -31..=-1]
}

prop_compose! {
    fn parts_of_months()(
        yearly in any::<bool>(),
        months in prop::collection::vec(1..=12_u32, 0..4),
        month_days in prop::collection::vec(month_day(), 0..6),
        days in by_day(true),
    ) -> (&'static str, Vec<u32>, Vec<i32>, Vec<(i32, usize)>) {
        match yearly {
            true if months.is_empty() => ("YEARLY", months, Vec::new(), Vec::new()),
            true => ("YEARLY", months, month_days, days),
            false => ("MONTHLY", months, month_days, days),
        }
    }
}

prop_compose! {
    fn parts_of_weeks()(daily in any::<bool>(), days in by_day(false))
        -> (&'static str, Vec<u32>, Vec<i32>, Vec<(i32, usize)>) {
        (if daily { "DAILY" } else { "WEEKLY" }, Vec::new(), Vec::new(), days)
    }
}

prop_compose! {
    pub(crate) fn any_rule()(
        parts in prop_oneof![parts_of_weeks(), parts_of_months()],
        interval in 1..15_u32,
        week_start in 0..7_usize,
        count in prop::option::of(1..60_u32),
    ) -> Plain {
        let (frequency, months, month_days, days) = parts;
        Plain { frequency, interval, week_start, months, month_days, days, count }
    }
}
