//! How long: the one table of what is kept, until when, and why. The sweeps, the documentation and the tests read the same table.
//!
//! Pure but for one port, [`Sweep`]: the time is a parameter.
#![forbid(unsafe_code)]

pub mod document;
pub mod rule;
pub mod sweep;
mod table;

pub use rule::{Action, Class, Keep, Rule, Topic};
pub use sweep::{Sweep, SweepError};
pub use table::{rule, rules, rules_of_table};
