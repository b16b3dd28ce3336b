//! The table of settings: what `config settings` prints and docs/operations.md holds.

use super::{
    setting::{Fallback, Setting},
    table::SETTINGS,
};

/// The line before the table.
#[cfg(test)]
const BEGIN: &str = "<!-- settings: generated from src/config/table.rs by `just settings-doc` -->\n";

/// The line after it.
#[cfg(test)]
const END: &str = "<!-- end of settings -->\n";

/// All settings as a table in Markdown.
pub(crate) fn table() -> String {
    let rows: String = SETTINGS.iter().map(row).collect();
    format!("| variable | value | default | meaning |\n|---|---|---|---|\n{rows}")
}

/// A page with its table of settings written anew; `None` where the page has no place for it.
#[cfg(test)]
pub(crate) fn rewrite(page: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}{END}{after}", table()))
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
