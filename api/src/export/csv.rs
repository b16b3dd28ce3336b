//! Comma-separated values (RFC 4180): UTF-8, a line of names, lines that end with CR LF.

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};
use publishing::{
    import::{Column, TimeCells},
    post::PostView,
};

/// How many columns there are.
const WIDTH: usize = Column::ALL.len();

/// The line of names: every column that an import knows.
pub(crate) fn begin() -> String {
    let mut names = Column::ALL.iter().map(ToString::to_string);
    written(&[std::array::from_fn(|_| names.next().unwrap_or_default())])
}

/// One line for each post.
pub(crate) fn lines(posts: &[PostView]) -> String {
    written(&posts.iter().map(cells).collect::<Vec<_>>())
}

fn cells(view: &PostView) -> [String; WIDTH] {
    let post = &view.post;
    let times = TimeCells::of(view);
    let permalinks = view.publications.iter().filter_map(|publication| publication.permalink.as_ref());
    [
        post.id.to_string(),
        post.content.caption.clone(),
        post.content.link.as_ref().map(ToString::to_string).unwrap_or_default(),
        listed(post.content.media.iter().map(|picture| picture.media)),
        listed(post.targets.iter().map(|target| target.channel)),
        times.local_time,
        times.time_zone,
        times.at,
        times.channel_times,
        if times.schedules { "schedule" } else { "draft" }.to_owned(),
        view.status().to_string(),
        listed(permalinks),
    ]
}

/// Several values in one cell, with a semicolon between them.
fn listed(values: impl Iterator<Item = impl ToString>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(";")
}

fn written(rows: &[[String; WIDTH]]) -> String {
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
    use proptest::prelude::*;
    use publishing::import::file::{FileReader, RawRow};

    use super::*;

    fn names() -> [String; WIDTH] {
        std::array::from_fn(|place| Column::ALL[place].to_string())
    }

    /// The rows that an import reads of a file.
    fn read(file: &str) -> Vec<RawRow> {
        let (mut reader, mut rows) = (FileReader::default(), Vec::new());
        reader.push(file.as_bytes(), |row| rows.push(row)).unwrap();
        reader.finish(|row| rows.push(row)).unwrap();
        rows
    }

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
        let mut row = names();
        row[1] = "Bread, \"butter\"\nand jam".into();
        row[2] = "=cmd".into();
        let (before, after) =
            ("key,\"Bread, \"\"butter\"\"\nand jam\",'=cmd,", "media_ids,channels,local_time,time_zone,at");
        assert_eq!(written(&[row]), format!("{before}{after},channel_times,action,status,permalink\r\n"));
    }

    #[test]
    fn the_first_line_names_the_columns() {
        let names = "key,caption,link,media_ids,channels,local_time,time_zone,at,channel_times,action,status,permalink\r\n";
        assert_eq!(begin(), names);
    }

    #[test]
    fn the_longest_caption_reads_back() {
        let mut row = names();
        row[1] = "🎺".repeat(publishing::post::validate::MAX_CAPTION);
        let rows = read(&(begin() + &written(&[row.clone()])));
        assert!(rows[0].cells.caption == row[1]);
    }

    proptest! {
        #[test]
        fn every_text_that_is_written_reads_back_and_moves_no_other(
            texts in prop::collection::vec("[^\0]*|[\"',;=\r\n\t a]{0,9}", 1..5),
        ) {
            let row = |(n, text): (usize, &String)| {
                let mut row = names();
                (row[0], row[1]) = (format!("row-{n}"), text.clone());
                row
            };
            let file = begin() + &written(&texts.iter().enumerate().map(row).collect::<Vec<_>>());
            let back = read(&file);
            prop_assert_eq!(back.len(), texts.len());
            for (n, (back, text)) in back.iter().zip(&texts).enumerate() {
                prop_assert_eq!(&back.cells.key, &format!("row-{n}"));
                prop_assert_eq!(&back.cells.caption, text);
            }
        }
    }
}
