//! Series, and which of their occurrences became posts.

mod change;
mod instructor;
mod make;
mod read;
mod row;
mod store;

pub use store::PgSeriesStore;
