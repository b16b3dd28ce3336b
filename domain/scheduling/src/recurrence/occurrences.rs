//! The occurrences of a series within a window of time.

use std::{ops::Range, vec};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::{
    reader::{Reader, Walk},
    series::{Exception, Series},
};
use crate::LocalSchedule;

/// The longest window in which occurrences are listed, in days: ten years.
pub const LONGEST_WINDOW_DAYS: i64 = 3_660;

/// No list looks at more days, weeks or months than this, whatever the rule: one look at each day of the window, or month and
/// month from [`FIRST_YEAR`](super::FIRST_YEAR) to [`LAST_DAY`](super::LAST_DAY), and a handful for each occurrence that
/// was moved.
pub const MOST_STEPS: u32 = 12_000;

/// One occurrence of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Occurrence {
    /// By what it is known: the local time that the rule gives it (RECURRENCE-ID), wherever it was moved to.
    pub original: NaiveDateTime,
    /// The local time at which it takes place.
    pub local: NaiveDateTime,
    /// The instant this means.
    pub due: DateTime<Utc>,
    /// How many occurrences the rule has before it, those that were skipped among them.
    pub index: u32,
}

/// A window in which occurrences cannot be listed.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("occurrences are listed for {LONGEST_WINDOW_DAYS} days at most, not {days}")]
pub struct WindowTooLong {
    /// The days of the window.
    pub days: i64,
}

/// The occurrences within a window, in the order of their instants.
#[derive(Debug, Clone)]
pub struct Occurrences<'a> {
    regular: Regular<'a>,
    /// The next regular one, once it was found.
    ahead: Option<Occurrence>,
    moved: vec::IntoIter<Occurrence>,
    /// What it took to find those that were moved.
    steps_to_moved: u32,
}

/// The occurrences that take place when the rule says.
#[derive(Debug, Clone)]
struct Regular<'a> {
    series: &'a Series,
    window: Range<DateTime<Utc>>,
    walk: Walk<'a>,
}

impl Series {
    /// The occurrences that take place from one instant on and before another, at most [`LONGEST_WINDOW_DAYS`] apart. Found
    /// lazily, and without walking there from the start.
    pub fn occurrences(
        &self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Occurrences<'_>, WindowTooLong> {
        let length = until - from;
        if length > TimeDelta::days(LONGEST_WINDOW_DAYS) {
            return Err(WindowTooLong { days: length.num_days() });
        }
        let window = from..until;
        let (moved, steps_to_moved) = self.moved_into(&window);
        // A clock differs from UTC by less than a day.
        let day_before = from.date_naive().pred_opt().unwrap_or(NaiveDate::MIN);
        let day_after = until.date_naive().checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        let walk = Reader::new(&self.pattern).walk(day_before, day_after.min(self.last));
        let regular = Regular { series: self, window, walk };
        Ok(Occurrences { regular, ahead: None, moved: moved.into_iter(), steps_to_moved })
    }

    /// The occurrence that is known by this original local time, unless it is skipped.
    pub fn occurrence(&self, original: NaiveDateTime) -> Option<Occurrence> {
        let rank = self.has(original).then(|| Reader::new(&self.pattern).rank(original.date()))?;
        match self.exceptions.get(&original) {
            None => self.regular(original.date(), rank),
            Some(Exception::Skipped) => None,
            Some(Exception::MovedTo(local)) => Some(self.moved(original, *local, rank)),
        }
    }

    fn regular(&self, day: NaiveDate, rank: u32) -> Option<Occurrence> {
        let original = self.at(day).local;
        let index = self.first_index.saturating_add(rank);
        Some(Occurrence { original, local: original, due: self.due(day)?, index })
    }

    fn moved(&self, original: NaiveDateTime, local: NaiveDateTime, rank: u32) -> Occurrence {
        let due = LocalSchedule { local, zone: self.start.zone }.resolve();
        Occurrence { original, local, due, index: self.first_index.saturating_add(rank) }
    }

    fn moved_into(&self, window: &Range<DateTime<Utc>>) -> (Vec<Occurrence>, u32) {
        let mut reader = Reader::new(&self.pattern);
        let moved = self.exceptions.iter().filter_map(|(original, exception)| match exception {
            Exception::Skipped => None,
            Exception::MovedTo(local) => Some((*original, *local)),
        });
        let mut moved: Vec<_> = moved
            .map(|(original, local)| self.moved(original, local, reader.rank(original.date())))
            .filter(|occurrence| window.contains(&occurrence.due))
            .collect();
        moved.sort_by_key(|occurrence| (occurrence.due, occurrence.original));
        (moved, reader.steps())
    }
}

impl Iterator for Regular<'_> {
    type Item = Occurrence;

    fn next(&mut self) -> Option<Occurrence> {
        loop {
            let (day, rank) = self.walk.next()?;
            if self.series.exceptions.contains_key(&self.series.at(day).local) {
                continue;
            }
            let occurrence = self.series.regular(day, rank);
            if let Some(occurrence) = occurrence.filter(|found| self.window.contains(&found.due)) {
                return Some(occurrence);
            }
        }
    }
}

impl Occurrences<'_> {
    /// How many days, weeks and months it looked at so far; never more than [`MOST_STEPS`].
    pub fn steps(&self) -> u32 {
        self.regular.walk.steps() + self.steps_to_moved
    }
}

impl Iterator for Occurrences<'_> {
    type Item = Occurrence;

    fn next(&mut self) -> Option<Occurrence> {
        if self.ahead.is_none() {
            self.ahead = self.regular.next();
        }
        let moved_first = match (&self.ahead, self.moved.as_slice().first()) {
            (Some(regular), Some(moved)) => moved.due < regular.due,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if moved_first { self.moved.next() } else { self.ahead.take() }
    }
}
