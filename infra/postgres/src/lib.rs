//! The stores, in a relational database. One store method is one transaction; a row is private to its file.
#![forbid(unsafe_code)]

pub mod calendar;
pub mod connections;
mod durable;
pub mod error;
pub mod events;
pub mod feeds;
pub mod idempotency;
pub mod imports;
pub mod listen;
pub mod media;
pub mod migrate;
pub mod pool;
pub mod posting;
pub mod posts;
mod prepared;
pub mod publications;
pub mod retention;
pub mod schema;
pub mod series;
mod stop;
pub mod tenancy;
mod tls;

pub use durable::unsafe_settings;
pub use error::StoreError;
pub use listen::{Wake, listen};
pub use migrate::migrate;
pub use pool::{Connection, Pool, connect, connect_for_queue};
