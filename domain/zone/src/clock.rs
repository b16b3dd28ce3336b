//! What the clocks of a zone show, and when.

use chrono::{Datelike, FixedOffset, NaiveDateTime, Timelike};
use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, Offset},
};

use crate::Tz;

/// What a time on the wall means in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The clocks show it once, at this offset.
    Once(FixedOffset),
    /// They show it twice, first at the one offset and then at the other.
    Twice(FixedOffset, FixedOffset),
    /// They skip it: before they do, the one offset applies, and then the other.
    Skipped(FixedOffset, FixedOffset),
}

/// Ahead of UTC, in whole seconds. The database has none of a day or more.
fn fixed(offset: Offset) -> FixedOffset {
    FixedOffset::east_opt(offset.seconds()).unwrap_or(NO_OFFSET)
}

const NO_OFFSET: FixedOffset = match FixedOffset::east_opt(0) {
    Some(offset) => offset,
    None => unreachable!(),
};

/// The same time in jiff's words, which end with the year 9999; what lies behind is read as if it were the last.
fn civil(local: NaiveDateTime) -> DateTime {
    let whole = || {
        let year = i16::try_from(local.year()).ok()?;
        let part = |number: u32| i8::try_from(number).ok();
        let (month, day) = (part(local.month())?, part(local.day())?);
        let (hour, minute, second) = (part(local.hour())?, part(local.minute())?, part(local.second())?);
        // A leap second has more nanoseconds than a second; offsets do not depend on either.
        DateTime::new(year, month, day, hour, minute, second, 0).ok()
    };
    whole().unwrap_or(if local.year() < 0 { DateTime::MIN } else { DateTime::MAX })
}

impl Tz {
    /// What a time on the wall means.
    #[must_use]
    pub fn read(self, local: NaiveDateTime) -> Reading {
        match self.0.rules().to_ambiguous_timestamp(civil(local)).offset() {
            AmbiguousOffset::Unambiguous { offset } => Reading::Once(fixed(offset)),
            AmbiguousOffset::Fold { before, after } => Reading::Twice(fixed(before), fixed(after)),
            AmbiguousOffset::Gap { before, after } => Reading::Skipped(fixed(before), fixed(after)),
        }
    }

    /// By how much the clocks are ahead of UTC at an instant, which is given in UTC.
    #[must_use]
    pub fn offset_at(self, utc: NaiveDateTime) -> FixedOffset {
        let seconds = utc.and_utc().timestamp();
        let nearest = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
        fixed(self.0.rules().to_offset(Timestamp::from_second(seconds).unwrap_or(nearest)))
    }
}
