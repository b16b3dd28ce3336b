//! Why a use case of this context says no: one closed list.

use chrono::TimeDelta;

use crate::{Denied, Scope, StoreError, account::HashError, sealing::SealError, session::SignError};

/// One thing that is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's name in the request, such as `password`.
    pub field: &'static str,
    /// A stable word for programs, such as `too_short`.
    pub code: &'static str,
    /// A sentence for people; it never repeats the value.
    pub detail: String,
}

impl Violation {
    /// Says what is wrong.
    pub fn new(field: &'static str, code: &'static str, detail: impl Into<String>) -> Self {
        Self { field, code, detail: detail.into() }
    }
}

/// Why a use case did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// Fields are wrong; every violation found, at least one.
    #[error("the request has {} violation(s)", .0.len())]
    Invalid(Vec<Violation>),
    /// The person does not assert to be old enough. Nothing was stored.
    #[error("registering needs an age of {min_age} years")]
    UnderAge {
        /// The deployment's minimum, in years.
        min_age: u8,
    },
    /// The privacy notice in force was not acknowledged.
    #[error("the privacy notice {version} must be acknowledged")]
    NoticeRequired {
        /// The version in force.
        version: String,
    },
    /// The mail address or the password is wrong; which one is not said.
    #[error("the mail address or the password is wrong")]
    WrongCredentials,
    /// The bearer token, key or refresh token is none of ours, expired, revoked or was changed; which one is not said.
    #[error("the credential is not valid")]
    Unauthenticated,
    /// The caller lacks a scope.
    #[error("this needs the scope `{0}`")]
    Denied(Scope),
    /// No such thing in the caller's organization and workspaces.
    #[error("there is no such thing")]
    NotFound,
    /// It was changed since the caller read it.
    #[error("it was changed in the meantime")]
    Changed,
    /// Too many attempts.
    #[error("too many attempts; try again in {} s", .retry_after.num_seconds())]
    Throttled {
        /// When another attempt is looked at; more than zero.
        retry_after: TimeDelta,
    },
    /// Too many passwords wait to be hashed.
    #[error("too busy to hash passwords")]
    Busy,
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something sealed does not open, or the key ring is incomplete.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No access token could be made.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl Refusal {
    /// The one violation.
    pub fn violation(field: &'static str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, code, detail)])
    }
}

impl From<Denied> for Refusal {
    fn from(Denied(scope): Denied) -> Self {
        Self::Denied(scope)
    }
}

impl From<HashError> for Refusal {
    fn from(HashError::Busy: HashError) -> Self {
        Self::Busy
    }
}

/// Checks several fields and collects every violation.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<Violation>);

impl Violations {
    /// The value, or `None` with the violation noted.
    pub(crate) fn note<T>(&mut self, checked: Result<T, Violation>) -> Option<T> {
        checked.map_err(|violation| self.0.push(violation)).ok()
    }

    /// The refusal for what was noted.
    pub(crate) fn into_refusal(self) -> Refusal {
        Refusal::Invalid(self.0)
    }
}
