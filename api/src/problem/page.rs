//! The page of all codes for people: docs/errors.md.

use publishing::refusal::Reason;

use super::{Code, VIOLATION_CODES};

const HEAD: &str = "# Errors

This page is generated from the code; `just errors-doc` writes it anew, and a test compares. Every code is stable: a program may branch on it.

Every error of the API is `application/problem+json` (RFC 9457), on every path:

```json
{\"type\": \"/problems/validation_failed\", \"title\": \"The request is not valid\", \"status\": 422, \"code\": \"validation_failed\",
 \"detail\": \"The workspace has no such channel.\", \"request_id\": \"01m81fmz…\",
 \"violations\": [{\"in\": \"body\", \"pointer\": \"/targets/0/channel_id\", \"code\": \"channel_unknown\",
                 \"detail\": \"The workspace has no such channel.\"}]}
```

`type` leads to a page that explains the code. `detail` is for people and may change; quote `request_id` when you ask for help.
";

/// The whole page, in Markdown.
pub fn page() -> String {
    [HEAD.to_owned(), problems(), violations(), refusals()].join("\n")
}

fn problems() -> String {
    let words = "`code` of the problem itself.";
    let row = |code: &Code| [code.status().to_string(), quoted(code.as_str()), code.meaning().to_owned()];
    table("Problems", words, ["status", "code", "meaning"], Code::ALL.iter().map(row))
}

fn violations() -> String {
    let words = "`code` of each of its `violations`: what is wrong with the part that `in` and `pointer` name. Validating a post answers \
                 with the same codes.";
    let row = |(code, meaning): &(&str, &str)| [quoted(code), (*meaning).to_owned()];
    table("Violations", words, ["code", "meaning"], VIOLATION_CODES.iter().map(row))
}

fn refusals() -> String {
    let words = "`code` of the `trouble` of a publication, with who can put it right and how. The platform's own numbers are in its \
                 attempts.";
    let row = |reason: &Reason| {
        [quoted(reason.as_str()), reason.fixer().as_str().to_owned(), reason.fix().to_owned()]
    };
    table("Refusals of platforms", words, ["code", "who", "what to do"], Reason::ALL.iter().map(row))
}

fn quoted(code: &str) -> String {
    format!("`{code}`")
}

fn table<const N: usize>(
    title: &str,
    words: &str,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rows: String = rows.map(|cells| line(&cells.map(|cell| in_a_cell(&cell)))).collect();
    format!("## {title}\n\n{words}\n\n{}|{}\n{rows}", line(&head.map(str::to_owned)), "---|".repeat(N))
}

/// A bar would end the cell.
fn in_a_cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_errors_says_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == page(), "docs/errors.md is out of date; `just errors-doc` writes it anew");
    }
}
