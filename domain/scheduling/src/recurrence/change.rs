//! Changes to a series: of one occurrence, of this and the following ones, of all. Each takes a series and returns another.

use chrono::NaiveDateTime;

use super::{
    pattern::LAST_DAY,
    reader::Reader,
    rule::{End, Rule},
    series::{Exception, FIRST_YEAR, Series, SeriesError, is_possible},
};
use crate::LocalSchedule;

/// The most exceptions of a series. Whoever has more wants another rule.
pub const MOST_EXCEPTIONS: usize = 500;

/// Why a series cannot be changed so.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum ChangeError {
    /// The rule has no occurrence at this original local time.
    #[error("the series has no occurrence at {original}")]
    NotAnOccurrence {
        /// The time.
        original: NaiveDateTime,
    },
    /// It would have more than [`MOST_EXCEPTIONS`].
    #[error("a series has at most {MOST_EXCEPTIONS} exceptions")]
    TooMany,
    /// An occurrence cannot be moved to this time.
    #[error("an occurrence has whole seconds and lies between {FIRST_YEAR} and {LAST_DAY}; {local} does not")]
    Time {
        /// The time.
        local: NaiveDateTime,
    },
}

/// A series in two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// What comes before; none if the split is at the first occurrence.
    pub before: Option<Series>,
    /// The occurrence of the split and what follows. Its indices go on.
    pub following: Series,
}

/// A series that was planned anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replanned {
    /// The new series.
    pub series: Series,
    /// The exceptions, by their old original times, that have no counterpart in it and are gone.
    pub dropped: Vec<NaiveDateTime>,
}

impl Series {
    /// Without one occurrence. Those after it keep their index.
    pub fn skip(self, original: NaiveDateTime) -> Result<Self, ChangeError> {
        self.except(original, Exception::Skipped)
    }

    /// With one occurrence at another local time. It is still known by its original one, and keeps its index.
    pub fn move_one(self, original: NaiveDateTime, to: NaiveDateTime) -> Result<Self, ChangeError> {
        self.except(original, Exception::MovedTo(to))
    }

    /// With one occurrence again as the rule has it, whether it was skipped, moved or neither.
    pub fn restore(mut self, original: NaiveDateTime) -> Result<Self, ChangeError> {
        if !self.has(original) {
            return Err(ChangeError::NotAnOccurrence { original });
        }
        self.exceptions.remove(&original);
        Ok(self)
    }

    /// The series in two, for changes to "this and following": the second begins with this occurrence. Together they have the
    /// same occurrences, exceptions and indices as before.
    pub fn split(mut self, original: NaiveDateTime) -> Result<Split, ChangeError> {
        if !self.has(original) {
            return Err(ChangeError::NotAnOccurrence { original });
        }
        let mut reader = Reader::new(&self.pattern);
        let rank = reader.rank(original.date());
        let Some(last_before) = rank.checked_sub(1).and_then(|last| reader.nth(last)) else {
            return Ok(Split { before: None, following: self });
        };
        let (before, following) = match self.rule.end {
            End::Count(count) => (End::Count(rank), End::Count(count.saturating_sub(rank))),
            end => (End::Day(last_before), end),
        };
        let start = LocalSchedule { local: original, zone: self.start.zone };
        let mut following = Self::beginning(start, self.rule.ending(following));
        following.first_index = self.first_index.saturating_add(rank);
        following.exceptions = self.exceptions.split_off(&original);
        let mut head = Self::beginning(self.start, self.rule.ending(before));
        head.first_index = self.first_index;
        head.exceptions = self.exceptions;
        Ok(Split { before: Some(head), following })
    }

    /// All of the series by another rule, at another time of day, or in another zone; begins as [`Series::new`] does. An
    /// exception goes with its day: it stays where the new series has an occurrence on that day.
    pub fn replan(self, start: LocalSchedule, rule: Rule) -> Result<Replanned, SeriesError> {
        let mut series = Self::new(start, rule)?;
        series.first_index = self.first_index;
        let mut dropped = Vec::new();
        for (original, exception) in self.exceptions {
            let counterpart = series.at(original.date()).local;
            if series.has(counterpart) {
                series.exceptions.insert(counterpart, exception);
            } else {
                dropped.push(original);
            }
        }
        Ok(Replanned { series, dropped })
    }

    pub(super) fn except(
        mut self,
        original: NaiveDateTime,
        exception: Exception,
    ) -> Result<Self, ChangeError> {
        if !self.has(original) {
            return Err(ChangeError::NotAnOccurrence { original });
        }
        if let Exception::MovedTo(local) = exception
            && !is_possible(local)
        {
            return Err(ChangeError::Time { local });
        }
        self.exceptions.insert(original, exception);
        if self.exceptions.len() > MOST_EXCEPTIONS { Err(ChangeError::TooMany) } else { Ok(self) }
    }
}
