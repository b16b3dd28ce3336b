//! Tables in Markdown, as docs/performance.md has them.

/// The heading of a table.
pub(crate) fn heading(columns: &[&str]) -> String {
    format!("| {} |\n|{}", columns.join(" | "), "---|".repeat(columns.len()))
}

/// A line of a table.
pub(crate) fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}
