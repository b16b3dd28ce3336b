//! Why a use case of this topic did not do what was asked.

pub use crate::post::Violation;
use tenancy::{Denied, StoreError, sealing::SealError};

/// Why a one-time code of a login opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// Nobody drew it, or its login is gone: replaced by a newer one, disconnected, or over for a day.
    #[error("the code is unknown")]
    Unknown,
    /// It was used before.
    #[error("the code was used")]
    Used,
    /// Nobody used it in time.
    #[error("the code ran out of time")]
    Expired,
}

/// Why a use case of this topic did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The caller lacks a scope.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It does not exist for this caller.
    #[error("not found")]
    NotFound,
    /// What the browser brought opens no login.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// The request's fields are wrong.
    #[error("{} fields are not acceptable", .0.len())]
    Invalid(Vec<Violation>),
    /// The connection is in another state than this needs.
    #[error("the connection is not waiting for this")]
    WrongState,
    /// Somebody else changed the same at the same time; asking again may work.
    #[error("somebody else changed this at the same time")]
    Conflict,
    /// A secret could not be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ConnectionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::Conflict,
            other => Self::Store(other),
        }
    }
}

impl From<Violation> for ConnectionError {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}
