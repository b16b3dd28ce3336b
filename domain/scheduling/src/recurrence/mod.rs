//! Recurrence: the part of RFC 5545 that people use, as plain values.
//!
//! A [`Series`] is a first time on the wall, a zone, a [`Rule`] and exceptions. The rules:
//!
//! - **An occurrence is a time on the wall.** A weekly post at 09:00 stays at 09:00 when the clocks change. Its instant
//!   follows from the zone as for any [`LocalSchedule`](crate::LocalSchedule): a time that the clocks skip moves forward by the
//!   gap, one that occurs twice means the first. RFC 5545 (section 3.3.10) would leave out what falls into a gap; a post that
//!   was promised is not left out.
//! - **An occurrence is known by its original local time** (RECURRENCE-ID), wherever it was moved to. What is special about its
//!   content is kept under that time too, by whoever keeps content.
//! - **Nothing drifts.** Each occurrence is computed from the start, none from the one before it.
//! - **At most one occurrence a day.** `FREQ` is `DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY`; the time of day is that of the
//!   start. A day that a month does not have (the 31st of April) is passed over, as RFC 5545 says.
//! - **The work is bounded.** A rule is read from at most [`LONGEST_TEXT`] bytes; occurrences are listed for at most
//!   [`LONGEST_WINDOW_DAYS`] at a time, beginning anywhere at the price of at most one look at each month since the start;
//!   a rule that never occurs is refused.
//! - **A series ends by [`LAST_DAY`]** even if its rule does not.
//!
//! One occurrence is skipped, moved and restored on the series; "this and following" splits it in two; "all" plans it anew. All of
//! these take a series and return another.

mod change;
mod days;
mod error;
mod occurrences;
mod pattern;
mod read;
mod reader;
mod rule;
mod series;
mod variation;
mod write;

pub use self::{
    change::{ChangeError, MOST_EXCEPTIONS, Replanned, Split},
    error::{Part, RuleError},
    occurrences::{LONGEST_WINDOW_DAYS, MOST_STEPS, Occurrence, Occurrences, WindowTooLong},
    pattern::LAST_DAY,
    read::LONGEST_TEXT,
    rule::{End, Frequency, MOST_COUNT, MOST_INTERVAL, Rule},
    series::{Exception, FIRST_YEAR, Series, SeriesError},
    variation::{TooClose, captions_needed, first_repeated_too_soon, variation},
};
