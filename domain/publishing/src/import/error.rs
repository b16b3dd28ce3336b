//! What can be wrong with a request about imports.

use tenancy::Denied;

use crate::post::Violation;

/// Why a request about imports was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The caller lacks a scope.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such import or workspace within the caller's reach.
    #[error("not found")]
    NotFound,
    /// The file cannot be taken as a whole; nothing was kept.
    #[error("{} problem(s) with the file", .0.len())]
    Invalid(Vec<Violation>),
    /// The upload broke off; nothing was kept.
    #[error("the upload broke off")]
    Interrupted,
    /// The import is over.
    #[error("the import is over")]
    WrongState,
    /// Another request has the idempotency key; nothing was kept.
    #[error("another request has the idempotency key")]
    Superseded,
    /// A channel was disconnected, or a key was taken, while rows were being judged. Nothing was written; judge them again.
    #[error("something changed while rows were being judged")]
    Changed,
    /// Another worker has the import, or it was cancelled. Nothing was written.
    #[error("another worker has the import")]
    Lost,
    /// The database did not answer.
    #[error("the database did not answer")]
    Unavailable,
}

impl From<crate::post::PostError> for ImportError {
    fn from(error: crate::post::PostError) -> Self {
        use crate::post::PostError;
        match error {
            PostError::Denied(denied) => Self::Denied(denied),
            PostError::NotFound => Self::NotFound,
            PostError::Invalid(violations) => Self::Invalid(violations),
            PostError::Superseded => Self::Superseded,
            _ => Self::Unavailable,
        }
    }
}
