//! Whose login a person goes through.

use std::{fmt, str::FromStr};

use crate::platform::Platform;

/// A login that grants access to channels of one or more platforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Facebook Login: reaches Facebook Pages and the Instagram professional accounts linked to them.
    Meta,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Self; 1] = [Self::Meta];

    /// The wire form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Meta => "meta",
        }
    }

    /// The platforms a grant can reach.
    pub const fn platforms(self) -> &'static [Platform] {
        match self {
            Self::Meta => &[Platform::Facebook, Platform::Instagram],
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no provider.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown provider")]
pub struct UnknownProvider;

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|p| p.as_str() == text).ok_or(UnknownProvider)
    }
}
