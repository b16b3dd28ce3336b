//! What the use cases of media refuse, as problems.

use std::time::Duration;

use publishing::media::{MediaError, MediaRefusal};

use super::{Code, Pointer, Problem, Violation};

impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Denied(denied) => Self::new(Code::ScopeMissing, format!("{denied}.")),
            MediaError::NotFound => Self::not_found(),
            MediaError::InUse => {
                Self::new(Code::Conflict, "A post that is still to be published uses this asset.")
            }
            MediaError::Refused(refusal) => refused(&refusal),
            MediaError::Interrupted => Self::new(Code::MalformedRequest, "The upload broke off."),
            MediaError::Unavailable(reason) => unavailable(&reason),
            MediaError::Storage(error) => unavailable(&error.to_string()),
            MediaError::Seal(_) => Self::internal("something sealed does not open"),
            MediaError::Store(error) => error.into(),
        }
    }
}

fn refused(refusal: &MediaRefusal) -> Problem {
    let detail = refusal.to_string();
    if let MediaRefusal::TooLarge { .. } = refusal {
        return Problem::new(Code::BodyTooLarge, detail);
    }
    let pointer = Pointer::to(refusal.pointer().trim_start_matches('/'));
    Problem::invalid(vec![Violation::body(pointer, refusal.code(), detail)])
}

fn unavailable(reason: &str) -> Problem {
    tracing::error!(reason, "media cannot be kept or read");
    Problem::of(Code::Unavailable).retry_after(Duration::from_secs(2))
}
