//! Posting schedules and the queues of channels.

mod crowd;
mod flow;
mod leave;
mod line;
mod schedules;
mod times;
