//! Posts with their targets, approvals and planned publications.

mod approvals;
mod batch;
pub(crate) mod channels;
mod clocks;
pub(crate) mod decide;
mod facts;
pub(crate) mod insert;
mod many;
pub(crate) mod preflight;
pub(crate) mod read;
mod row;
pub(crate) mod save;
pub(crate) mod seats;
mod store;
mod targets;
mod within;

pub(crate) use batch::batch;
pub use clocks::PgClockStore;
pub use preflight::PgPreflightStore;
pub(crate) use read::reach;
pub use store::PgPostStore;

use publishing::post::PostError;

use crate::{error::StoreError, idempotency};

/// Logs what the database said; the caller learns that it could not be asked.
fn unavailable(error: &StoreError) -> PostError {
    tracing::error!(%error, "the post store failed");
    PostError::Unavailable
}

/// What ends a transaction early here.
pub(crate) type Stop = crate::stop::Stop<PostError>;

impl From<PostError> for Stop {
    fn from(error: PostError) -> Self {
        Self::Answer(error)
    }
}

impl From<Stop> for PostError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Answer(error) => error,
            Stop::Store(error) if error.is_conflict_on(idempotency::LOST) => Self::Superseded,
            Stop::Store(error) => unavailable(&error),
        }
    }
}
