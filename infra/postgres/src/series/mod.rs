//! Series, and which of their occurrences became posts.

mod change;
pub(crate) mod disconnected;
mod instructor;
mod make;
mod read;
pub(crate) mod row;
mod store;

pub use store::PgSeriesStore;
