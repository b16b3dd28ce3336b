//! What the use cases of tenancy refuse, as problems.

use std::time::Duration;

use tenancy::{Refusal, StoreError, refusal};

use super::{Code, Pointer, Problem, Violation};

impl From<refusal::Violation> for Violation {
    fn from(wrong: refusal::Violation) -> Self {
        Self::body(Pointer::to(wrong.field), wrong.code, wrong.detail)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let one = |field, code, detail: String| {
            Self::invalid(vec![Violation::body(Pointer::to(field), code, detail)])
        };
        match refusal {
            Refusal::Invalid(violations) => Self::invalid(violations.into_iter().map(Into::into).collect()),
            Refusal::UnderAge { min_age } => {
                one("is_of_age", "under_age", format!("Registering needs an age of {min_age} years."))
            }
            Refusal::NoticeRequired { version } => {
                let detail = format!("The privacy notice {version} must be acknowledged.");
                one("acknowledged_notice", "notice_required", detail)
            }
            Refusal::WrongCredentials => Self::of(Code::InvalidCredentials),
            Refusal::Unauthenticated => Self::of(Code::InvalidToken),
            Refusal::Denied(scope) => {
                Self::new(Code::ScopeMissing, format!("This needs the scope `{scope}`."))
            }
            Refusal::NotFound => Self::not_found(),
            Refusal::Changed => Self::of(Code::PreconditionFailed),
            Refusal::Throttled { retry_after } => Self::of(Code::TooManyAttempts)
                .retry_after(retry_after.to_std().unwrap_or(Duration::from_secs(1))),
            Refusal::Busy => Self::of(Code::Unavailable).retry_after(Duration::from_secs(2)),
            Refusal::Store(error) => error.into(),
            Refusal::Seal(_) => Self::internal("something sealed does not open"),
            Refusal::Sign(_) => Self::internal("no access token could be signed"),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::of(Code::Unavailable).retry_after(Duration::from_secs(2)),
            StoreError::Conflict(_) => Self::of(Code::Conflict),
            StoreError::Corrupt(column) => {
                tracing::error!(column, "the store holds something unexpected");
                Self::of(Code::Internal)
            }
        }
    }
}
