//! Posting schedules and the queues of channels.

mod clocks;
mod crowd;
mod flow;
mod leave;
mod line;
mod long;
mod planned;
mod schedules;
mod times;
