//! A rule: how something recurs, apart from where it starts.

use chrono::{DateTime, NaiveDate, Utc, Weekday};
use serde::{Deserialize, Serialize};

use super::{
    days::{ByDay, MonthDays, Months},
    error::RuleError,
};

/// The largest `INTERVAL`.
pub const MOST_INTERVAL: u32 = 1_000;

/// The largest `COUNT`: somewhat more than a post a day for 27 years.
pub const MOST_COUNT: u32 = 10_000;

/// What an interval counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Frequency {
    /// Days.
    Daily,
    /// Weeks, from the day on which they begin.
    Weekly,
    /// Months.
    Monthly,
    /// Years.
    Yearly,
}

impl Frequency {
    /// Each with the name that RFC 5545 gives it.
    pub(super) const NAMES: [(&str, Self); 4] = [
        ("DAILY", Self::Daily),
        ("WEEKLY", Self::Weekly),
        ("MONTHLY", Self::Monthly),
        ("YEARLY", Self::Yearly),
    ];

    /// The name that RFC 5545 gives it.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }
}

/// When a rule ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Not by itself.
    Never,
    /// After this many occurrences, the skipped ones among them; from 1 to [`MOST_COUNT`].
    Count(u32),
    /// After this day, by the clocks of the series. RFC 5545 has this form only for events of whole days; it is what
    /// people mean, and unlike an instant it holds when the rules of a zone change.
    Day(NaiveDate),
    /// After this instant.
    Instant(DateTime<Utc>),
}

/// How something recurs. It is read from the text of RFC 5545 (`FREQ=WEEKLY;BYDAY=MO,FR`), strictly, and written as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rule {
    pub(super) frequency: Frequency,
    pub(super) interval: u32,
    pub(super) end: End,
    pub(super) week_start: Weekday,
    pub(super) months: Months,
    pub(super) month_days: MonthDays,
    pub(super) by_day: ByDay,
}

impl Rule {
    /// What the interval counts.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// Every how many days, weeks, months or years it recurs; from 1 to [`MOST_INTERVAL`].
    pub fn interval(&self) -> u32 {
        self.interval
    }

    /// When it ends.
    pub fn end(&self) -> End {
        self.end
    }

    /// The same with another end.
    #[must_use]
    pub(super) fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }
}

impl TryFrom<String> for Rule {
    type Error = RuleError;

    fn try_from(text: String) -> Result<Self, RuleError> {
        text.parse()
    }
}

impl From<Rule> for String {
    fn from(rule: Rule) -> Self {
        rule.to_string()
    }
}
