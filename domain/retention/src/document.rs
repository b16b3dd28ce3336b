//! The table as a page for people.

use std::{fmt::Write, time::Duration};

use crate::{Keep, Rule, rules};

const HEAD: &str = "# What is kept, how long, and why

This page is generated from the table in `domain/retention/src/table/`; `just retention-doc` writes it anew, and a test compares.
The workers carry the table out; each sweep takes small batches, so that it never blocks publishing.

- *Class* is the most sensitive part: internal, platform, content, personal, secret.
- *delete* removes rows or files, *clear* empties columns, *shred* removes rows together with the key that opens them, so that a copy
  of the sealed bytes that stayed somewhere cannot be opened any more. A backup of the whole database holds both until it is thrown away.
- *At once* means in the transaction that ends the purpose; the sweep then only proves that nothing was left, and what it finds is an alarm.

| what | where | class | kept | counted from | then | why |
|---|---|---|---|---|---|---|
";

/// The whole page, in Markdown.
pub fn render() -> String {
    let rows: String = rules().map(row).collect();
    format!("{HEAD}{rows}")
}

fn row(rule: &Rule) -> String {
    let places: Vec<_> = rule.places.iter().map(|place| format!("`{place}`")).collect();
    let places = if places.is_empty() { "files".to_owned() } else { places.join(", ") };
    let mut line = String::new();
    let cells = [
        rule.what,
        &places,
        rule.class.as_str(),
        &kept(rule.keep),
        rule.from,
        rule.action.as_str(),
        rule.why,
    ];
    for cell in cells {
        // Writing to a string cannot fail.
        let _ = write!(line, "| {cell} ");
    }
    line + "|\n"
}

fn kept(keep: Keep) -> String {
    match keep {
        Keep::With(parent) => format!("as long as {parent}"),
        Keep::For(Duration::ZERO) => "not at all: at once".to_owned(),
        Keep::For(period) => period_in_words(period),
    }
}

fn period_in_words(period: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let seconds = period.as_secs();
    let (size, name) =
        UNITS.into_iter().find(|(size, _)| seconds.is_multiple_of(*size)).unwrap_or((1, "second"));
    let count = seconds / size;
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {name}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_written_in_the_largest_unit_that_fits() {
        let words = |seconds| period_in_words(Duration::from_secs(seconds));
        assert_eq!(words(86_400), "1 day");
        assert_eq!(words(90 * 86_400), "90 days");
        assert_eq!(words(90_000), "25 hours");
        assert_eq!(words(900), "15 minutes");
        assert_eq!(words(61), "61 seconds");
    }

    #[test]
    fn no_cell_breaks_the_table() {
        for rule in rules() {
            assert_eq!(row(rule).matches('|').count(), 8, "{:?}", rule.topic);
        }
    }
}
