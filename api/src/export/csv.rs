//! Comma-separated values (RFC 4180): UTF-8, a line of names, lines that end with CR LF.

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};
use publishing::post::PostView;
use scheduling::Schedule;

/// The names of the columns.
const COLUMNS: [&str; 11] = [
    "key",
    "caption",
    "link",
    "media_ids",
    "channels",
    "local_time",
    "time_zone",
    "at",
    "action",
    "status",
    "permalink",
];

/// The line of names.
pub(crate) fn begin() -> String {
    written(&[COLUMNS.map(str::to_owned)])
}

/// One line for each post.
pub(crate) fn lines(posts: &[PostView]) -> String {
    written(&posts.iter().map(cells).collect::<Vec<_>>())
}

fn cells(view: &PostView) -> [String; 11] {
    let post = &view.post;
    let (local, zone, at) = match post.schedule {
        None => Default::default(),
        Some(Schedule::At(at)) => {
            (String::new(), String::new(), at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
        }
        Some(Schedule::Local(wall)) => {
            let local = wall.local.format("%Y-%m-%dT%H:%M:%S").to_string();
            (local, wall.zone.name().to_owned(), String::new())
        }
    };
    let permalinks = view.publications.iter().filter_map(|publication| publication.permalink.as_ref());
    [
        post.id.to_string(),
        post.content.caption.clone(),
        post.content.link.as_ref().map(ToString::to_string).unwrap_or_default(),
        listed(post.content.media.iter().map(|picture| picture.media)),
        listed(post.targets.iter().map(|target| target.channel)),
        local,
        zone,
        at,
        if post.scheduled { "schedule" } else { "draft" }.to_owned(),
        view.status().to_string(),
        listed(permalinks),
    ]
}

/// Several values in one cell, with a semicolon between them.
fn listed(values: impl Iterator<Item = impl ToString>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(";")
}

fn written(rows: &[[String; 11]]) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        // Writing to memory cannot fail, and every row has as many cells as the first.
        let _ = writer.write_record(row.iter().map(|cell| neutral(cell).into_owned()));
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A cell that no spreadsheet takes for a formula: one that begins as they do gets an apostrophe before it. One that begins with
/// apostrophes and then as a formula gets another, so that taking one away gives every cell back as it was.
fn neutral(cell: &str) -> Cow<'_, str> {
    if cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_begins_as_a_formula_is_text_and_reads_back() {
        for formula in ["=1+1", "+49 30 1", "-5 %", "@home", "\tx", "\rx", "\nx", "'=1", "''@x"] {
            let cell = neutral(formula);
            assert_eq!(cell, format!("'{formula}"));
            assert_eq!(&cell[1..], formula);
        }
        for plain in ["", "Fresh bread", "'quoted'", "1-1", "'", "a=b", "🎺"] {
            assert_eq!(neutral(plain), plain);
        }
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be_and_lines_end_with_crlf() {
        let mut row = COLUMNS.map(str::to_owned);
        row[1] = "Bread, \"butter\"\nand jam".into();
        row[2] = "=cmd".into();
        assert_eq!(
            written(&[row]),
            "key,\"Bread, \"\"butter\"\"\nand jam\",'=cmd,media_ids,channels,local_time,time_zone,at,action,status,permalink\r\n"
        );
    }

    #[test]
    fn the_first_line_names_the_columns() {
        let names = "key,caption,link,media_ids,channels,local_time,time_zone,at,action,status,permalink\r\n";
        assert_eq!(begin(), names);
    }
}
