//! Days of a calendar: which instants belong to which date, where the people are who look at it.
//!
//! A day is the unbroken stretch from the first instant at which the clocks of a zone show its date to that of the next date. So
//! it has 23 or 25 hours where the clocks change, 23.5 or 24.5 on Lord Howe Island, and none at all where a date is left out.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use zone::Tz;

use crate::LocalSchedule;

/// The most days that one view may span: two of the longest months.
pub const MOST_DAYS: u16 = 62;

/// Dates that make no calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DaysError {
    /// The last day lies before the first.
    #[error("the last day lies before the first")]
    Backwards,
    /// There are more days than [`MOST_DAYS`].
    #[error("there are more than {MOST_DAYS} days")]
    TooMany,
}

/// One day, where somebody looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The date that the clocks show.
    pub date: NaiveDate,
    /// Its first instant.
    pub begins_at: DateTime<Utc>,
    /// The first instant after it.
    pub ends_at: DateTime<Utc>,
}

/// Consecutive days in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    zone: Tz,
    first: NaiveDate,
    /// The first instant of each day, and of the day after the last.
    starts: Vec<DateTime<Utc>>,
}

/// The first instant of a date. A midnight that the clocks skip is the instant at which they skip it; of one that they show
/// twice the first counts.
pub fn start_of(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    LocalSchedule { local: date.and_time(NaiveTime::MIN), zone }.resolve()
}

/// The first instant after a date.
pub fn end_of(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    start_of(date.succ_opt().unwrap_or(date), zone).max(start_of(date, zone))
}

fn after(first: NaiveDate, days: i64) -> Option<NaiveDate> {
    first.checked_add_signed(TimeDelta::days(days))
}

impl Days {
    /// The days from one date to another, both included.
    pub fn new(first: NaiveDate, last: NaiveDate, zone: Tz) -> Result<Self, DaysError> {
        let count = (last - first).num_days() + 1;
        if count < 1 {
            return Err(DaysError::Backwards);
        }
        if count > i64::from(MOST_DAYS) {
            return Err(DaysError::TooMany);
        }
        let dates = (0..count).filter_map(|number| after(first, number));
        let starts = dates.map(|date| start_of(date, zone)).chain([end_of(last, zone)]).collect();
        Ok(Self { zone, first, starts })
    }

    /// The zone.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The first instant of each day in order, and that of the day after the last. Two neighbours are equal where a date is left
    /// out.
    pub fn starts(&self) -> &[DateTime<Utc>] {
        &self.starts
    }

    /// The day with this number, from zero.
    pub fn day(&self, index: usize) -> Option<Day> {
        let (begins_at, ends_at) = (*self.starts.get(index)?, *self.starts.get(index + 1)?);
        let date = after(self.first, i64::try_from(index).ok()?)?;
        Some(Day { date, begins_at, ends_at })
    }

    /// The number of the day that an instant belongs to, from zero.
    pub fn index_of(&self, instant: DateTime<Utc>) -> Option<usize> {
        let begun = self.starts.partition_point(|start| *start <= instant);
        begun.checked_sub(1).filter(|index| index + 1 < self.starts.len())
    }
}

#[cfg(test)]
mod tests {
    use zone::Tz;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn days(first: &str, last: &str, zone: Tz) -> Days {
        Days::new(date(first), date(last), zone).unwrap()
    }

    fn minutes(zone: Tz, day: &str) -> i64 {
        let day = days(day, day, zone).day(0).unwrap();
        (day.ends_at - day.begins_at).num_minutes()
    }

    #[test]
    fn a_day_has_the_hours_that_the_clocks_give_it() {
        assert_eq!(minutes(Tz::known("Europe/Berlin"), "2027-03-27"), 24 * 60);
        assert_eq!(minutes(Tz::known("Europe/Berlin"), "2027-03-28"), 23 * 60);
        assert_eq!(minutes(Tz::known("Europe/Berlin"), "2027-10-31"), 25 * 60);
        assert_eq!(minutes(Tz::known("Australia/Lord_Howe"), "2027-10-03"), 23 * 60 + 30);
        assert_eq!(minutes(Tz::known("Australia/Lord_Howe"), "2027-04-04"), 24 * 60 + 30);
    }

    #[test]
    fn a_zone_of_half_or_quarter_hours_begins_its_days_there() {
        assert_eq!(
            days("2027-06-01", "2027-06-01", Tz::known("Asia/Kolkata")).starts()[0],
            utc("2027-05-31T18:30:00Z")
        );
        assert_eq!(
            days("2027-06-01", "2027-06-01", Tz::known("Asia/Kathmandu")).starts()[0],
            utc("2027-05-31T18:15:00Z")
        );
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_with_the_skip() {
        // Cairo: 00:00 becomes 01:00 on the last Friday of April.
        let day = days("2027-04-30", "2027-04-30", Tz::known("Africa/Cairo")).day(0).unwrap();
        assert_eq!(day.begins_at, utc("2027-04-29T22:00:00Z"));
        assert_eq!((day.ends_at - day.begins_at).num_hours(), 23);
    }

    #[test]
    fn a_day_whose_midnight_comes_twice_begins_with_the_first() {
        // Havana: 01:00 becomes 00:00 on the first Sunday of November.
        let day = days("2027-11-07", "2027-11-07", Tz::known("America/Havana")).day(0).unwrap();
        assert_eq!(day.begins_at, utc("2027-11-07T04:00:00Z"));
        assert_eq!((day.ends_at - day.begins_at).num_hours(), 25);
    }

    #[test]
    fn a_date_that_was_left_out_is_empty_and_the_next_one_is_whole() {
        // Samoa had no 30 December 2011.
        let days = days("2011-12-29", "2011-12-31", Tz::known("Pacific/Apia"));
        let (left_out, next) = (days.day(1).unwrap(), days.day(2).unwrap());
        assert_eq!(left_out.begins_at, left_out.ends_at);
        assert_eq!(days.index_of(left_out.begins_at), Some(2));
        assert_eq!((next.ends_at - next.begins_at).num_hours(), 24);
    }

    #[test]
    fn an_instant_belongs_to_the_day_that_has_begun_and_not_ended() {
        let days = days("2027-03-27", "2027-03-29", Tz::known("Europe/Berlin"));
        assert_eq!(days.index_of(utc("2027-03-26T22:59:59.999Z")), None);
        assert_eq!(days.index_of(utc("2027-03-26T23:00:00Z")), Some(0));
        assert_eq!(days.index_of(utc("2027-03-28T21:59:59Z")), Some(1));
        assert_eq!(days.index_of(utc("2027-03-28T22:00:00Z")), Some(2));
        assert_eq!(days.index_of(utc("2027-03-29T22:00:00Z")), None);
        assert_eq!(days.day(2).unwrap().date, date("2027-03-29"));
        assert_eq!(days.day(3), None);
    }

    #[test]
    fn as_many_days_as_two_long_months_have_can_be_seen_and_no_more() {
        let of = |last: &str| Days::new(date("2027-07-01"), date(last), Tz::UTC);
        assert_eq!(of("2027-08-31").unwrap().starts().len(), 63);
        assert_eq!(of("2027-09-01"), Err(DaysError::TooMany));
        assert_eq!(of("2027-06-30"), Err(DaysError::Backwards));
    }

    #[test]
    fn the_ends_of_the_calendar_make_days_without_a_panic() {
        for zone in [Tz::known("Pacific/Apia"), Tz::known("America/New_York")] {
            for end in [NaiveDate::MIN, NaiveDate::MAX] {
                assert_eq!(Days::new(end, end, zone).unwrap().starts().len(), 2);
            }
            assert_eq!(Days::new(NaiveDate::MIN, NaiveDate::MAX, zone), Err(DaysError::TooMany));
        }
    }

    #[test]
    fn in_every_zone_a_day_begins_when_the_clocks_first_show_its_date() {
        let shown = |instant: DateTime<Utc>, zone: Tz| instant.with_timezone(&zone).date_naive();
        for zone in Tz::all().iter().copied() {
            for day in date("2026-01-01").iter_days().take(2 * 365) {
                let start = start_of(day, zone);
                assert_eq!(shown(start, zone), day, "{zone}");
                assert!(shown(start - TimeDelta::seconds(1), zone) < day, "{zone} {day}");
            }
        }
    }
}
