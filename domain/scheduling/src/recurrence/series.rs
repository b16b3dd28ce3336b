//! A series: what recurs, from its first time to its last, with its exceptions.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike, Utc};
use serde::{Deserialize, Serialize};

use super::{
    change::{ChangeError, MOST_EXCEPTIONS},
    pattern::{LAST_DAY, Pattern},
    reader::Reader,
    rule::{End, Rule},
};
use crate::LocalSchedule;

/// The first year in which a series can begin.
pub const FIRST_YEAR: i32 = 1970;

/// What recurs: a first time on the wall of a zone, a rule, and exceptions to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Series {
    pub(super) start: LocalSchedule,
    pub(super) rule: Rule,
    pub(super) exceptions: BTreeMap<NaiveDateTime, Exception>,
    pub(super) first_index: u32,
    pub(super) pattern: Pattern,
    /// The last day of the rule, or [`LAST_DAY`]; it need not belong to the pattern.
    pub(super) last: NaiveDate,
}

/// What became of one occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exception {
    /// It does not take place (EXDATE).
    Skipped,
    /// It takes place at another local time.
    MovedTo(NaiveDateTime),
}

/// Why something is not a series.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum SeriesError {
    /// The start is not a time that a series can have.
    #[error("a series has whole seconds and lies between {FIRST_YEAR} and {LAST_DAY}; {local} does not")]
    Time {
        /// The time.
        local: NaiveDateTime,
    },
    /// No day fits the rule, such as the 30th of February.
    #[error("the rule never occurs")]
    NeverOccurs,
    /// The rule ends before its first occurrence.
    #[error("the rule ends before {first}, its first occurrence")]
    EndsBefore {
        /// The first occurrence that the rule would have.
        first: NaiveDateTime,
    },
    /// An exception is to something that is no occurrence, or there are too many.
    #[error(transparent)]
    Exception(#[from] ChangeError),
}

impl Series {
    /// What recurs by the rule, beginning with the first time on or after `start` that fits it, so that "every Tuesday" may
    /// be said on a Friday. What the rule leaves open (weekday, day, month) is that of `start`.
    pub fn new(start: LocalSchedule, rule: Rule) -> Result<Self, SeriesError> {
        let LocalSchedule { local, zone } = start;
        if !is_possible(local) {
            return Err(SeriesError::Time { local });
        }
        let pattern = Pattern::new(&rule, local.date());
        let first = Reader::new(&pattern).nth(0).filter(|day| *day <= LAST_DAY);
        let first = first.ok_or(SeriesError::NeverOccurs)?.and_time(local.time());
        let series = Self::beginning(LocalSchedule { local: first, zone }, rule);
        if first.date() <= series.last { Ok(series) } else { Err(SeriesError::EndsBefore { first }) }
    }

    /// The series whose first occurrence is `start`.
    pub(super) fn beginning(start: LocalSchedule, rule: Rule) -> Self {
        let pattern = Pattern::new(&rule, start.local.date());
        let last = last_day(&pattern, start, rule.end).min(LAST_DAY);
        Self { start, rule, exceptions: BTreeMap::new(), first_index: 0, pattern, last }
    }

    /// The first occurrence of the rule.
    pub fn start(&self) -> LocalSchedule {
        self.start
    }

    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// The exceptions, by the original local time of what they change.
    pub fn exceptions(&self) -> &BTreeMap<NaiveDateTime, Exception> {
        &self.exceptions
    }

    /// The index of the first occurrence: how many others came before it in the series that this one was split from.
    pub fn first_index(&self) -> u32 {
        self.first_index
    }

    /// The rule as other programs read it: RFC 5545 wants an instant in `UNTIL` where the start has a zone.
    pub fn rrule(&self) -> String {
        match self.rule.end {
            End::Day(day) => self.rule.ending(End::Instant(self.at(day).resolve())).to_string(),
            _ => self.rule.to_string(),
        }
    }

    /// Whether the rule has an occurrence at this original local time, an exception to it or not.
    pub fn has(&self, original: NaiveDateTime) -> bool {
        original.time() == self.start.local.time()
            && original.date() <= self.last
            && Reader::new(&self.pattern).contains(original.date())
    }

    /// The time of the series on a day.
    pub(super) fn at(&self, day: NaiveDate) -> LocalSchedule {
        LocalSchedule { local: day.and_time(self.start.local.time()), zone: self.start.zone }
    }

    /// The instant of the occurrence on a day of the pattern. None where the clocks skip so much that it would fall on another
    /// occurrence: a zone that moves across the date line loses a day, and what would be posted on that day.
    pub(super) fn due(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let meant = self.at(day);
        let due = meant.resolve();
        let shown = due.with_timezone(&meant.zone).naive_local();
        (shown == meant.local || !self.has(shown)).then_some(due)
    }
}

/// Whether a series can have this local time.
pub(super) fn is_possible(local: NaiveDateTime) -> bool {
    local.nanosecond() == 0 && local.year() >= FIRST_YEAR && local.date() <= LAST_DAY
}

fn last_day(pattern: &Pattern, start: LocalSchedule, end: End) -> NaiveDate {
    match end {
        End::Never => LAST_DAY,
        End::Count(count) => Reader::new(pattern).nth(count.saturating_sub(1)).unwrap_or(LAST_DAY),
        End::Day(day) => day,
        End::Instant(instant) => {
            // A clock differs from UTC by less than a day, and the time of day may be later than that of the instant.
            let latest = instant.date_naive().succ_opt().unwrap_or(NaiveDate::MAX);
            let mut days = std::iter::successors(Some(latest), NaiveDate::pred_opt).take(4);
            let fits = |day: &NaiveDate| {
                LocalSchedule { local: day.and_time(start.local.time()), ..start }.resolve() <= instant
            };
            days.find(fits).unwrap_or(NaiveDate::MIN)
        }
    }
}

/// A series as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    start: LocalSchedule,
    rule: Rule,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    exceptions: BTreeMap<NaiveDateTime, Exception>,
    #[serde(default, skip_serializing_if = "is_zero")]
    first_index: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(index: &u32) -> bool {
    *index == 0
}

impl TryFrom<Written> for Series {
    type Error = SeriesError;

    fn try_from(written: Written) -> Result<Self, SeriesError> {
        if written.exceptions.len() > MOST_EXCEPTIONS {
            return Err(ChangeError::TooMany.into());
        }
        let mut series = Self::new(written.start, written.rule)?;
        series.first_index = written.first_index;
        for (original, exception) in written.exceptions {
            series = series.except(original, exception)?;
        }
        Ok(series)
    }
}

impl From<Series> for Written {
    fn from(series: Series) -> Self {
        let Series { start, rule, exceptions, first_index, .. } = series;
        Self { start, rule, exceptions, first_index }
    }
}
