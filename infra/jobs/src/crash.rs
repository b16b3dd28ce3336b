//! Dying on purpose: in builds for testing a process ends itself, without a word and without cleaning up, at a named moment of
//! the protocol. Release builds look away.

use std::sync::OnceLock;

use publishing::{
    platform::{Format, Platform},
    step::{Moment, Witness, nobody},
};

/// Where to die: `moment:platform:format`, such as `sent:instagram:photos`.
pub const CRASH_AT: &str = "POSTERN_TEST_CRASH_AT";

/// The witness of this build.
pub fn witness() -> Witness {
    if cfg!(debug_assertions) && spec().is_some() { die_there } else { nobody }
}

fn spec() -> Option<&'static str> {
    static SPEC: OnceLock<Option<String>> = OnceLock::new();
    SPEC.get_or_init(|| std::env::var(CRASH_AT).ok()).as_deref()
}

fn die_there(moment: Moment, platform: Platform, format: Format) {
    let here = format!("{moment}:{platform}:{}", format.as_str());
    if spec() == Some(here.as_str()) {
        std::process::abort();
    }
}
