//! Why a rule is refused.

use std::fmt;

/// A part of a rule that is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// How often: `FREQ`.
    Frequency,
    /// Every how many days, weeks, months or years: `INTERVAL`.
    Interval,
    /// After how many occurrences it ends: `COUNT`.
    Count,
    /// The last day, or the last instant: `UNTIL`.
    Until,
    /// The day on which a week begins: `WKST`.
    WeekStart,
    /// On which weekdays: `BYDAY`.
    ByDay,
    /// On which days of the month: `BYMONTHDAY`.
    ByMonthDay,
    /// In which months: `BYMONTH`.
    ByMonth,
}

impl Part {
    pub(super) const ALL: [Self; 8] = [
        Self::Frequency,
        Self::Interval,
        Self::Count,
        Self::Until,
        Self::WeekStart,
        Self::ByDay,
        Self::ByMonthDay,
        Self::ByMonth,
    ];

    /// The name that RFC 5545 gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Frequency => "FREQ",
            Self::Interval => "INTERVAL",
            Self::Count => "COUNT",
            Self::Until => "UNTIL",
            Self::WeekStart => "WKST",
            Self::ByDay => "BYDAY",
            Self::ByMonthDay => "BYMONTHDAY",
            Self::ByMonth => "BYMONTH",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why the text of a rule is refused.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum RuleError {
    /// It is longer than [`LONGEST_TEXT`](super::LONGEST_TEXT).
    #[error("a rule has at most {} bytes, not {length}", super::LONGEST_TEXT)]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A part is not a name and a value.
    #[error("`{text}` is not of the form NAME=value")]
    NotAPair {
        /// The part.
        text: String,
    },
    /// RFC 5545 has no part of this name.
    #[error("there is no part {name}")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The part exists and is not supported.
    #[error("{name} is not supported: {reason}")]
    Unsupported {
        /// The part, with its value where only that is not supported.
        name: &'static str,
        /// Why, or what to write instead.
        reason: &'static str,
    },
    /// A part stands twice.
    #[error("{0} stands twice")]
    Twice(Part),
    /// `FREQ` is missing.
    #[error("FREQ is missing")]
    NoFrequency,
    /// A part has a value that it cannot have.
    #[error("{part} cannot be `{value}`: {expected}")]
    Value {
        /// The part.
        part: Part,
        /// The value, or the item of a list.
        value: String,
        /// What it can be.
        expected: &'static str,
    },
    /// Parts that do not go together.
    #[error("{part} does not go here: {reason}")]
    Conflict {
        /// The part that is too much.
        part: Part,
        /// Why.
        reason: &'static str,
    },
}
