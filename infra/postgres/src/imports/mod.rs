//! Imports, their rows, and the keys of rows that became posts.

mod advance;
mod read;
mod receive;
mod row;
mod store;
mod work;

pub use store::PgImportStore;

use publishing::import::ImportError;

use crate::{error::StoreError, idempotency};

/// The channel that is notified when an import may have become due.
pub const WAKE_CHANNEL: &str = "postern_imports";

/// What ends a transaction early: an answer, or the database.
enum Stop {
    Answer(ImportError),
    Store(StoreError),
}

impl From<diesel::result::Error> for Stop {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ImportError> for Stop {
    fn from(error: ImportError) -> Self {
        Self::Answer(error)
    }
}

impl From<diesel_async::pooled_connection::deadpool::PoolError> for Stop {
    fn from(error: diesel_async::pooled_connection::deadpool::PoolError) -> Self {
        Self::Store(error.into())
    }
}

impl From<Stop> for ImportError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Answer(error) => error,
            Stop::Store(error) if error.is_conflict_on(idempotency::LOST) => Self::Superseded,
            Stop::Store(error) if error.is_conflict_on("import_keys_pkey") => Self::Changed,
            Stop::Store(error) => {
                tracing::error!(%error, "the import store failed");
                Self::Unavailable
            }
        }
    }
}
