//! Jobs: the workers, run by apalis over rows that say when their next step is due, and the timetable of sweeps.
//!
//! There is no table of jobs. A [`source::DueRows`] claims rows that are due; [`backend::DueBackend`] hands them to an apalis
//! worker; what came of them is written by the [`recorder::Recorder`], many at once.
#![forbid(unsafe_code)]

pub mod backend;
mod batch;
pub mod crash;
mod fetcher;
mod hold;
pub mod importing;
pub mod publishing;
pub mod recorder;
pub mod source;
pub mod timetable;
pub mod wake;
