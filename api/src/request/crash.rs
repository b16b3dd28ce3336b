//! Dying on purpose: in builds for testing a process ends itself, without a word and without cleaning up, at a named moment of
//! an operation. Release builds look away.

use std::{fmt, sync::OnceLock};

/// Where to die: `moment:operation`, such as `carried_out:createPost`.
pub const CRASH_AT: &str = "POSTERN_TEST_CRASH_AT";

/// A point between two things that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The idempotency key is held; nothing was done yet.
    Held,
    /// What was asked is done and committed; nobody was answered, and no answer is kept.
    CarriedOut,
    /// The answer is kept; nobody was answered.
    Kept,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held => "held",
            Self::CarriedOut => "carried_out",
            Self::Kept => "kept",
        })
    }
}

/// Passes a moment of an operation.
pub(super) fn pass(moment: Moment, operation: &str) {
    static SPEC: OnceLock<Option<String>> = OnceLock::new();
    if cfg!(debug_assertions)
        && let Some(spec) = SPEC.get_or_init(|| std::env::var(CRASH_AT).ok())
        && *spec == format!("{moment}:{operation}")
    {
        std::process::abort();
    }
}
