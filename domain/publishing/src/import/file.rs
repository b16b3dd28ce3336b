//! Reading a file while it arrives: RFC 4180 (commas, quotes, CRLF or LF), UTF-8 with or without a byte order mark. Never more
//! than one row is held.

pub use super::record::MAX_ROW;
use super::{
    COLUMNS, Cells, Column, MAX_ROWS,
    record::{Fault, Records},
};
use crate::post::Violation;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A row as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    /// Its number; the header is row 1.
    pub number: u32,
    /// What stands in it.
    pub cells: Cells,
}

/// Takes a file in, piece by piece.
pub struct FileReader {
    records: Records,
    /// The first bytes, until there are enough to tell a byte order mark.
    head: Option<Vec<u8>>,
    header: Option<Vec<Column>>,
    number: u32,
}

impl Default for FileReader {
    fn default() -> Self {
        Self { records: Records::default(), head: Some(Vec::new()), header: None, number: 0 }
    }
}

fn wrong(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Violation {
    Violation::new(pointer, code, detail)
}

impl FileReader {
    /// Takes the next piece, and gives the rows that end in it to `take`.
    pub fn push(&mut self, piece: &[u8], mut take: impl FnMut(RawRow)) -> Result<(), Violation> {
        let Some(head) = &mut self.head else { return self.feed(piece, &mut take) };
        head.extend_from_slice(piece);
        if head.len() < BYTE_ORDER_MARK.len() {
            return Ok(());
        }
        let head = self.head.take().unwrap_or_default();
        self.feed(head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&head), &mut take)
    }

    /// The file is at its end. Gives the last row to `take`.
    pub fn finish(&mut self, mut take: impl FnMut(RawRow)) -> Result<(), Violation> {
        if let Some(head) = self.head.take() {
            self.feed(&head, &mut take)?;
        }
        if self.records.finish().map_err(|fault| self.refused(fault))? {
            self.row(&mut take)?;
        }
        if self.header.is_none() {
            return Err(wrong("/file", "csv_header_missing", "The first row must name the columns."));
        }
        if self.number < 2 {
            return Err(wrong("/file", "csv_rows_missing", "There is no row below the header."));
        }
        Ok(())
    }

    /// The number of the last row that was read; the header is row 1.
    pub const fn number(&self) -> u32 {
        self.number
    }

    fn feed(&mut self, mut piece: &[u8], take: &mut impl FnMut(RawRow)) -> Result<(), Violation> {
        while !piece.is_empty() {
            let (read, is_complete) = self.records.read(piece).map_err(|fault| self.refused(fault))?;
            piece = &piece[read..];
            if is_complete {
                self.row(take)?;
            }
        }
        Ok(())
    }

    /// Where the row stands that is being read.
    fn place(&self) -> String {
        format!("/rows/{}", self.number + 1)
    }

    fn refused(&self, fault: Fault) -> Violation {
        let row = self.number + 1;
        let (code, detail) = match fault {
            Fault::TooLong { in_quotes } => {
                let open = if in_quotes { " Is a quotation mark in it never closed?" } else { "" };
                ("csv_row_too_long", format!("A row has at most {MAX_ROW} bytes; row {row} has more.{open}"))
            }
            Fault::TooManyCells => {
                let most = COLUMNS.len();
                ("csv_cells_too_many", format!("A row has one cell for each column, {most} at most."))
            }
            Fault::QuoteOpen => {
                let hint = "double those that belong to the text";
                let detail = format!("A quotation mark is opened in row {row} and never closed; {hint}.");
                ("csv_quote_open", detail)
            }
            Fault::QuoteFollowed => {
                let rule = "only a comma or the end of the line may follow it";
                let hint = "Double those that belong to the text, and see that the cell before is closed";
                let detail = format!("In row {row} a quotation mark closes a cell, and {rule}. {hint}.");
                ("csv_quote_misplaced", detail)
            }
        };
        wrong(self.place(), code, detail)
    }

    fn row(&mut self, take: &mut impl FnMut(RawRow)) -> Result<(), Violation> {
        let place = self.place();
        let text = std::str::from_utf8(self.records.bytes()).map_err(|_| {
            wrong(&place, "csv_encoding_wrong", "The row is not UTF-8; save the file as UTF-8.")
        })?;
        if text.contains('\0') {
            return Err(wrong(&place, "nul_character", "The row holds U+0000, which no text has."));
        }
        let ends = self.records.ends();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        // An end within a character is not one of UTF-8: cells are cut at commas, quotation marks and line ends only.
        let cells: Vec<&str> =
            starts.zip(ends).map(|(from, to)| text.get(from..*to).unwrap_or_default()).collect();
        self.number += 1;
        match &self.header {
            None => self.header = Some(header(&cells)?),
            Some(_) if self.number > MAX_ROWS + 1 => {
                let detail = format!("A file has at most {MAX_ROWS} rows below its header; split it.");
                return Err(wrong("/file", "csv_rows_too_many", detail));
            }
            Some(columns) => take(RawRow { number: self.number, cells: Cells::of(columns, &cells) }),
        }
        self.records.clear();
        Ok(())
    }
}

/// The columns that the first row names, whatever their case and the spaces around them.
fn header(cells: &[&str]) -> Result<Vec<Column>, Violation> {
    let mut columns = Vec::with_capacity(cells.len());
    for (place, cell) in cells.iter().enumerate() {
        let pointer = format!("/rows/1/{place}");
        let Ok(column) = cell.trim().to_ascii_lowercase().parse::<Column>() else {
            return Err(wrong(pointer, "csv_column_unknown", unknown(cell)));
        };
        if columns.contains(&column) {
            return Err(wrong(pointer, "csv_column_repeated", "The column stands there twice."));
        }
        columns.push(column);
    }
    if columns.contains(&Column::Key) {
        return Ok(columns);
    }
    let detail = "The column `key` is missing: it tells rows that were imported before from new ones.";
    Err(wrong("/rows/1", "csv_column_missing", detail))
}

/// What to say of a cell that names no column. Other programs have other marks between cells and at the ends of lines.
fn unknown(cell: &str) -> String {
    let apart =
        |mark: &str| format!("The cells are apart by {mark}; save the file with commas between them.");
    if cell.contains(';') {
        return apart("semicolons");
    }
    if cell.contains('\t') {
        return apart("tabs");
    }
    if cell.trim_end().contains('\r') {
        return "The lines end in CR alone; save the file with lines that end in LF or CRLF.".to_owned();
    }
    let names: Vec<_> = COLUMNS.iter().map(|column| column.as_str()).collect();
    format!("The columns are {}, apart by commas.", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a file in pieces of a length.
    fn read(file: &[u8], piece: usize) -> Result<Vec<RawRow>, &'static str> {
        let (mut reader, mut rows) = (FileReader::default(), Vec::new());
        for piece in file.chunks(piece) {
            reader.push(piece, |row| rows.push(row)).map_err(|wrong| wrong.code)?;
        }
        reader.finish(|row| rows.push(row)).map_err(|wrong| wrong.code)?;
        Ok(rows)
    }

    fn captions(file: &[u8]) -> Vec<(u32, String)> {
        let rows = read(file, 1_000).unwrap();
        rows.into_iter().map(|row| (row.number, row.cells.caption)).collect()
    }

    #[test]
    fn quotes_commas_and_line_ends_within_quotes_belong_to_the_text() {
        let file = b"key,caption\r\na,\"One, two\r\nand \"\"three\"\"\"\r\nb,Four\r\n";
        assert_eq!(captions(file), [(2, "One, two\r\nand \"three\"".to_owned()), (3, "Four".to_owned())]);
    }

    #[test]
    fn a_byte_order_mark_and_a_missing_last_line_end_change_nothing() {
        let plain = b"key,caption\na,\xc3\x84pfel";
        let marked = [BYTE_ORDER_MARK, plain].concat();
        assert_eq!(captions(plain), [(2, "Äpfel".to_owned())]);
        assert_eq!(captions(&marked), captions(plain));
    }

    #[test]
    fn a_file_reads_the_same_however_it_is_cut() {
        let file = "\u{feff}caption,key\r\n\"Zeile\r\n\"\"eins\"\"\",ä\r\n,b\r\nÖl,\"c,d\"".as_bytes();
        let whole = read(file, file.len()).unwrap();
        assert_eq!(whole.len(), 3);
        for piece in 1..file.len() {
            assert_eq!(read(file, piece).unwrap(), whole, "in pieces of {piece}");
        }
    }

    #[test]
    fn a_header_names_known_columns_once_and_the_key_among_them() {
        assert_eq!(read(b"key,text\na,b", 9), Err("csv_column_unknown"));
        assert_eq!(read(b"key,key\na,b", 9), Err("csv_column_repeated"));
        assert_eq!(read(b"caption\na", 9), Err("csv_column_missing"));
        assert_eq!(read(b"", 9), Err("csv_header_missing"));
        assert_eq!(read(b"key,caption\n", 9), Err("csv_rows_missing"));
        assert_eq!(read(b"key;caption\na;b", 9), Err("csv_column_unknown"));
    }

    #[test]
    fn names_of_columns_are_read_whatever_their_case_and_the_spaces_around_them() {
        assert_eq!(captions(b" Key , CAPTION\na,b\n"), [(2, "b".to_owned())]);
        assert_eq!(read(b"Key,key\na,b", 9), Err("csv_column_repeated"));
    }

    #[test]
    fn a_header_without_commas_is_told_what_is_wanted() {
        let says = |file: &[u8]| FileReader::default().push(file, |_| {}).unwrap_err().detail;
        assert!(says(b"key;caption\n").contains("semicolons"));
        assert!(says(b"key\tcaption\n").contains("tabs"));
        assert!(says(b"key\ra\rb\n").contains("CR alone"));
        assert!(says(b"colour\n").contains("key, caption"));
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_is_told_with_the_row_that_opens_it() {
        let merged = b"key,caption\nk1,\"first row text\nk2,\"second row text\nk3,third\n";
        let mut reader = FileReader::default();
        let wrong = reader.push(merged, |row| panic!("{row:?}")).unwrap_err();
        assert_eq!((wrong.pointer.as_str(), wrong.code), ("/rows/2", "csv_quote_misplaced"));
        let mut reader = FileReader::default();
        reader.push(b"key,caption\nk1,one\nk2,\"two\nk3,three\n", |_| {}).unwrap();
        let wrong = reader.finish(|row| panic!("{row:?}")).unwrap_err();
        assert_eq!((wrong.pointer.as_str(), wrong.code), ("/rows/3", "csv_quote_open"));
        assert!(wrong.detail.contains("row 3"));
    }

    #[test]
    fn what_is_no_text_is_refused_as_a_whole() {
        assert_eq!(read(b"key\na\0b", 9), Err("nul_character"));
        assert_eq!(read(b"key\n\xff", 9), Err("csv_encoding_wrong"));
        assert_eq!(read(b"key,caption\na,\"open\nb,c\n", 9), Err("csv_quote_open"));
        assert_eq!(read(&[b"key\na", ",".repeat(100).as_bytes()].concat(), 9), Err("csv_cells_too_many"));
    }

    #[test]
    fn a_row_may_be_as_long_as_the_limit_and_no_longer() {
        let with = |length: usize| format!("key,caption\n{},x\n", "k".repeat(length));
        assert!(read(with(MAX_ROW - 1).as_bytes(), 64 * 1024).is_ok());
        assert_eq!(read(with(MAX_ROW).as_bytes(), 64 * 1024), Err("csv_row_too_long"));
    }

    #[test]
    fn a_file_may_have_as_many_rows_as_the_limit_and_no_more() {
        let with = |rows: u32| {
            let mut reader = FileReader::default();
            let mut count = 0;
            reader.push(b"key\n", |_| {})?;
            (0..rows).try_for_each(|_| reader.push(b"k\n", |_| count += 1))?;
            reader.finish(|_| {})?;
            Ok::<_, Violation>(count)
        };
        assert_eq!(with(MAX_ROWS).unwrap(), MAX_ROWS);
        assert_eq!(with(MAX_ROWS + 1).unwrap_err().code, "csv_rows_too_many");
    }
}
