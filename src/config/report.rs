//! What `config check` prints: every setting, its value and where it came from. Never a secret.

use std::fmt::Write;

use super::{
    setting::{Fallback, Setting},
    source::{Origin, Written},
    table::SETTINGS,
};

/// One line for every setting.
pub(crate) fn render(written: &Written) -> String {
    let width = SETTINGS.iter().map(|setting| setting.variable().len()).max().unwrap_or_default();
    let mut page = String::new();
    for setting in SETTINGS {
        let name = setting.variable();
        // Writing to a string cannot fail.
        let _ = writeln!(page, "{name:width$}  {}", value(setting, written));
    }
    page
}

fn value(setting: &Setting, written: &Written) -> String {
    let Some((origin, text)) = written.get(setting.name) else {
        return match setting.fallback {
            Fallback::Value(text) => format!("{text} (default)"),
            Fallback::From(words) => format!("(from {})", words.replace('`', "")),
            Fallback::Generated => "(missing)".to_owned(),
            Fallback::Nothing => "(not set)".to_owned(),
        };
    };
    let origin = match origin {
        Origin::Environment => "environment",
        Origin::File => "file",
        Origin::Generated => "generated for development",
    };
    if setting.kind.is_secret() {
        format!("(secret, {origin})")
    } else {
        format!("{} ({origin})", text.trim())
    }
}
