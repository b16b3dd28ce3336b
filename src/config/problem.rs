//! What is wrong with a configuration: all of it at once.

use std::fmt;

use super::setting::variable;

/// One thing that is wrong, and what to do about it. It never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where: a setting's name in the environment, or a file.
    pub(crate) place: String,
    /// What is wrong, and what to set.
    pub(crate) message: String,
}

impl Problem {
    /// Of a setting.
    pub(super) fn of(name: &str, message: impl Into<String>) -> Self {
        Self { place: variable(name), message: message.into() }
    }

    /// Of something else.
    pub(super) fn at(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// A configuration that nothing can start with.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) Vec<Problem>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration cannot be used:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}
