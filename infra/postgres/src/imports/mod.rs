//! Imports, their rows, and the keys of rows that became posts.

mod advance;
mod read;
mod receive;
mod row;
mod store;
mod work;

pub use store::PgImportStore;

use publishing::import::ImportError;

use crate::idempotency;

/// The channel that is notified when an import may have become due.
pub const WAKE_CHANNEL: &str = "postern_imports";

/// What ends a transaction early here.
type Stop = crate::stop::Stop<ImportError>;

impl From<ImportError> for Stop {
    fn from(error: ImportError) -> Self {
        Self::Answer(error)
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
