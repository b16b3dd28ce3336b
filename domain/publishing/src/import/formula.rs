//! Cells that a spreadsheet would take for formulas.

/// What a cell says without the apostrophe that keeps spreadsheets from taking it for a formula, as exports write it.
pub(super) fn said(text: &str) -> &str {
    let is_guarded =
        |rest: &&str| rest.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    text.strip_prefix('\'').filter(is_guarded).unwrap_or(text)
}
