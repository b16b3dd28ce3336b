//! What the use cases of imports refuse, as problems.

use std::time::Duration;

use publishing::import::ImportError;

use super::{Code, Problem};

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Denied(denied) => Self::new(Code::ScopeMissing, format!("{denied}.")),
            ImportError::NotFound => Self::not_found(),
            ImportError::Invalid(wrong) => Self::invalid(wrong.into_iter().map(Into::into).collect()),
            ImportError::Interrupted => Self::new(Code::MalformedRequest, "The upload broke off."),
            ImportError::WrongState => Self::new(Code::Conflict, "The import is over."),
            ImportError::Superseded | ImportError::Changed | ImportError::Lost => Self::of(Code::Conflict),
            ImportError::Unavailable => Self::of(Code::Unavailable).retry_after(Duration::from_secs(2)),
        }
    }
}
