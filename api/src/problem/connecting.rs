//! What the use cases of connections refuse, as problems.

use publishing::connection::{ConnectionError, Stale};

use super::{Code, Problem};

impl From<ConnectionError> for Problem {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::Denied(denied) => Self::new(Code::ScopeMissing, format!("{denied}.")),
            ConnectionError::NotFound => Self::not_found(),
            ConnectionError::Stale(stale) => stale.into(),
            ConnectionError::Invalid(wrong) => Self::invalid(wrong.into_iter().map(Into::into).collect()),
            ConnectionError::WrongState => {
                let detail = "The connection does not wait for this: its login has another step before it, or is over.";
                Self::new(Code::Conflict, detail)
            }
            ConnectionError::Conflict => Self::of(Code::Conflict),
            ConnectionError::Seal(_) => Self::internal("something sealed does not open"),
            ConnectionError::Store(error) => error.into(),
        }
    }
}

impl From<Stale> for Problem {
    fn from(stale: Stale) -> Self {
        Self::of(match stale {
            Stale::Unknown => Code::LoginUnknown,
            Stale::Used => Code::LoginUsed,
            Stale::Expired => Code::LoginExpired,
        })
    }
}
