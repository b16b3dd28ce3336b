//! The arithmetic of a rule: which days it has, without walking to them.
//!
//! From a rule and its first day a sequence of *spans* follows: a day for daily rules, a week for weekly ones, a month for monthly and
//! yearly ones. Each is computed from its number alone. Spans between two intervals are not numbered.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::{
    days::{Months, Weekdays, bits},
    rule::{Frequency, Rule},
};

/// The last day that a series can have.
pub const LAST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(2199, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Consecutive days, with those that belong to the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: NaiveDate,
    /// Bit `n` is the day `n` days after the first.
    days: u32,
}

impl Span {
    pub(super) fn len(self) -> u32 {
        self.days.count_ones()
    }

    /// Without the days before `day`.
    pub(super) fn since(self, day: NaiveDate) -> Self {
        let before = (day - self.first).num_days().max(0);
        let kept = u32::try_from(before).ok().and_then(|before| u32::MAX.checked_shl(before)).unwrap_or(0);
        Self { days: self.days & kept, ..self }
    }

    pub(super) fn contains(self, day: NaiveDate) -> bool {
        self.since(day).days().next() == Some(day)
    }

    /// Without its first day that belongs to the rule.
    pub(super) fn rest(self) -> Self {
        Self { days: self.days & self.days.saturating_sub(1), ..self }
    }

    pub(super) fn days(self) -> impl Iterator<Item = NaiveDate> {
        bits(self.days).filter_map(move |after| self.first.checked_add_days(Days::new(after.into())))
    }
}

/// A rule and its first day, in a form that answers which days a span has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    start: NaiveDate,
    interval: u32,
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Days(Weekdays),
    Weeks { begin: Weekday, days: u32 },
    Months(MonthTable),
    Years(MonthTable),
}

/// The days of each kind of month: by its length from 28, and by the weekday of its first day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MonthTable {
    months: Months,
    days: [[u32; 7]; 4],
}

impl Pattern {
    /// What the rule leaves open is taken from the first day: weekday, day of the month, month (RFC 5545, section 3.3.10).
    pub(super) fn new(rule: &Rule, start: NaiveDate) -> Self {
        let weekday = Weekdays::only(start.weekday());
        let every = rule.by_day.every;
        let shape = match rule.frequency {
            Frequency::Daily => Shape::Days(if every.is_empty() { Weekdays::ALL } else { every }),
            Frequency::Weekly => {
                let days = if every.is_empty() { weekday } else { every };
                Shape::Weeks { begin: rule.week_start, days: week_days(days, rule.week_start) }
            }
            Frequency::Monthly => Shape::Months(MonthTable::new(rule, start)),
            Frequency::Yearly => Shape::Years(MonthTable::new(rule, start)),
        };
        Self { start, interval: rule.interval, shape }
    }

    pub(super) fn start(&self) -> NaiveDate {
        self.start
    }

    /// The span of this number; the first contains the first day, and maybe days before it. None after [`LAST_DAY`].
    pub(super) fn span(&self, number: u32) -> Option<Span> {
        let (start, interval) = (self.start, self.interval);
        let span = match &self.shape {
            Shape::Days(weekdays) => {
                let first = days_after(start, number.checked_mul(interval)?)?;
                Span { first, days: weekdays.contains(first.weekday()).into() }
            }
            Shape::Weeks { begin, days } => {
                let first = start.week(*begin).checked_first_day()?;
                Span { first: days_after(first, number.checked_mul(interval)?.checked_mul(7)?)?, days: *days }
            }
            Shape::Months(table) => {
                table.span(month_number(start).checked_add(number.checked_mul(interval)?)?)?
            }
            Shape::Years(table) => {
                let months = start.month0() + number;
                let years = (months / 12).checked_mul(interval)?;
                let january = month_number(start) - start.month0();
                table.span(january.checked_add(years.checked_mul(12)?)?.checked_add(months % 12)?)?
            }
        };
        (span.first <= LAST_DAY).then_some(span)
    }

    /// The number of the span that contains `day`, or else of the next one. Days before the start count as the start, and days
    /// after [`LAST_DAY`] as that day.
    pub(super) fn number_at(&self, day: NaiveDate) -> u32 {
        let (day, start) = (day.min(LAST_DAY).max(self.start), self.start);
        match &self.shape {
            Shape::Days(_) => days_between(start, day).div_ceil(self.interval),
            Shape::Weeks { begin, .. } => {
                let week = |day: NaiveDate| day.week(*begin).checked_first_day().unwrap_or(day);
                (days_between(week(start), week(day)) / 7).div_ceil(self.interval)
            }
            Shape::Months(_) => (month_number(day) - month_number(start)).div_ceil(self.interval),
            Shape::Years(_) => {
                let years = month_number(day) / 12 - month_number(start) / 12;
                let month = if years.is_multiple_of(self.interval) { day.month0() } else { 0 };
                years.div_ceil(self.interval) * 12 + month - start.month0()
            }
        }
    }

    /// After how many spans the number of days in each repeats, where that is soon. Months repeat only after 400 years.
    pub(super) fn cycle(&self) -> Option<u32> {
        match self.shape {
            // Weekdays repeat after seven intervals at most.
            Shape::Days(_) => Some(7),
            Shape::Weeks { .. } => Some(1),
            Shape::Months(_) | Shape::Years(_) => None,
        }
    }
}

impl MonthTable {
    fn new(rule: &Rule, start: NaiveDate) -> Self {
        let mut rule = *rule;
        if rule.month_days.is_empty() && rule.by_day.is_empty() {
            rule.month_days = super::days::MonthDays::only(start.day());
        }
        if rule.frequency == Frequency::Yearly && rule.months.is_empty() {
            rule.months = Months::only(start.month());
        }
        let mut days = [[0; 7]; 4];
        for (length, by_weekday) in (28..).zip(&mut days) {
            for (first, (weekday, _)) in by_weekday.iter_mut().zip(super::days::NAMES) {
                *first = days_of_month(&rule, length, weekday);
            }
        }
        Self { months: rule.months, days }
    }

    fn span(&self, month_number: u32) -> Option<Span> {
        let (year, month) = (i32::try_from(month_number / 12).ok()?, month_number % 12 + 1);
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        let length = usize::from(first.num_days_in_month());
        let weekday = first.weekday().num_days_from_monday() as usize;
        let days = if self.months.admits(month) { self.days[length - 28][weekday] } else { 0 };
        Some(Span { first, days })
    }
}

/// The days of a month of `length` days that begins with `weekday`.
fn days_of_month(rule: &Rule, length: u32, mut weekday: Weekday) -> u32 {
    let mut days = 0;
    for day in 1..=length {
        if rule.month_days.admits(day, length) && rule.by_day.admits(weekday, day, length) {
            days |= 1 << (day - 1);
        }
        weekday = weekday.succ();
    }
    days
}

/// The weekdays as days of a week that begins with `begin`.
fn week_days(weekdays: Weekdays, begin: Weekday) -> u32 {
    let mut days = 0;
    for (weekday, _) in super::days::NAMES {
        if weekdays.contains(weekday) {
            days |= 1 << weekday.days_since(begin);
        }
    }
    days
}

/// Months since the year 0. Series do not begin before 1970, so it is never negative.
fn month_number(day: NaiveDate) -> u32 {
    u32::try_from(day.year()).unwrap_or(0) * 12 + day.month0()
}

fn days_after(day: NaiveDate, days: u32) -> Option<NaiveDate> {
    day.checked_add_days(Days::new(days.into()))
}

fn days_between(earlier: NaiveDate, later: NaiveDate) -> u32 {
    u32::try_from((later - earlier).num_days()).unwrap_or(0)
}
