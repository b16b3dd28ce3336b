//! The workers over queues and platforms that remember what was asked of them.

#[cfg(test)]
mod backend;
#[cfg(test)]
mod history;
#[cfg(test)]
mod memory_queue;
#[cfg(test)]
mod platform;
#[cfg(test)]
mod pond;
#[cfg(test)]
mod publishing;
#[cfg(test)]
mod recorder;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod timetable;
