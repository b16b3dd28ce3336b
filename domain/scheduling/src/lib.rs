//! When: local times and zones, the instants they mean, what is too late, and how long to wait before trying again.
//!
//! Pure: the time and random numbers are parameters; nothing here performs I/O.
#![forbid(unsafe_code)]

pub mod backoff;
pub mod local;
pub mod missed;
pub mod schedule;

pub use chrono_tz::Tz;
pub use local::LocalSchedule;
pub use missed::{MissedPolicy, Verdict};
pub use schedule::{Schedule, ScheduleError};
