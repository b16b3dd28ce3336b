//! When: local times and zones, the instants they mean, weekly slots and the queue that fills them, what is too late, and how
//! long to wait before trying again.
//!
//! Pure: the time and random numbers are parameters; nothing here performs I/O.
#![forbid(unsafe_code)]

pub mod backlog;
pub mod backoff;
pub mod best_times;
pub mod calendar;
pub mod local;
pub mod missed;
pub mod posting;
pub mod queue;
mod realign;
pub mod recurrence;
pub mod schedule;
pub mod slots;
pub mod week;

pub use local::LocalSchedule;
pub use missed::{MissedPolicy, Verdict};
pub use posting::{ChannelSchedule, PostingSchedule};
pub use queue::Queue;
pub use schedule::{Schedule, ScheduleError};
pub use zone::{Tz, iana_release};
