//! Posting schedules, and the queue of each channel.
//!
//! Whoever changes queues locks, in this order: channels (`FOR KEY SHARE`, where something is planned onto them), the workspace
//! (shared to take slots, alone to change its schedule), the queues by channel, publications by id, posts by id. Each of those who
//! lock publications elsewhere begins at the channels or at the publications and holds none of the others.

pub(crate) mod clocks;
mod insights;
pub(crate) mod line;
mod planned;
mod schedules;
pub(crate) mod seat;
mod store;
pub(crate) mod taken;

pub use insights::NoInsights;
pub use store::PgPostingStore;
