//! The table of settings in docs/operations.md.

use super::{
    setting::{Fallback, Setting},
    table::SETTINGS,
};

/// The line before the table.
const BEGIN: &str = "<!-- settings: generated from src/config/table.rs by `just settings-doc` -->\n";

/// The line after it.
const END: &str = "<!-- end of settings -->\n";

/// A page with its table of settings written anew; `None` where the page has no place for it.
pub(crate) fn rewrite(page: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    let rows: String = SETTINGS.iter().map(row).collect();
    Some(format!(
        "{before}{BEGIN}| variable | value | default | meaning |\n|---|---|---|---|\n{rows}{END}{after}"
    ))
}

fn row(setting: &Setting) -> String {
    let fallback = match setting.fallback {
        Fallback::Value(text) => format!("`{text}`"),
        Fallback::From(words) => words.to_owned(),
        Fallback::Generated => "generated in development; must be written in production".to_owned(),
        Fallback::Nothing => "-".to_owned(),
    };
    format!("| `{}` | {} | {fallback} | {} |\n", setting.variable(), setting.kind.in_words(), setting.meaning)
}
