//! Posting schedules and the queues of channels.

mod crowd;
mod flow;
mod leave;
mod line;
mod planned;
mod schedules;
mod times;
