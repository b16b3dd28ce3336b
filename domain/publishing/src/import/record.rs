//! Records of comma-separated values (RFC 4180), read strictly: what a quotation mark opens it closes, or the file is refused. A
//! reader that guesses would put the rows below a forgotten mark into the text above it.

/// The longest record, in bytes of what its cells hold: more than the longest caption takes, each of whose characters may have four.
pub const MAX_ROW: usize = 512 * 1024;
/// The most cells. A row with more of them is not one of ours.
const MAX_CELLS: usize = 64;

/// Where in a record the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte of a cell.
    Start,
    /// In a cell without quotation marks around it; any that it holds are text.
    Plain,
    /// Behind a CR in such a cell: the end of the line if LF follows, text if not.
    PlainCr,
    /// In a cell with quotation marks around it.
    Quoted,
    /// Behind the mark that closes such a cell, or is the first of a doubled one.
    Closed,
    /// Behind a CR behind that.
    ClosedCr,
}

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is longer than [`MAX_ROW`]; says whether a quotation mark is open.
    TooLong {
        /// Whether one is.
        in_quotes: bool,
    },
    /// It has more cells than any of ours.
    TooManyCells,
    /// The file ends within quotation marks.
    QuoteOpen,
    /// Behind a closing quotation mark stands something else than a comma or the end of the line.
    QuoteFollowed,
}

/// Takes bytes in and holds the record that they are of, never more than one.
pub(super) struct Records {
    state: State,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Default for Records {
    fn default() -> Self {
        Self { state: State::Start, bytes: Vec::new(), ends: Vec::new() }
    }
}

impl Records {
    /// Reads up to the end of a record or of the piece. Says how many bytes that were, and whether a record is complete: then it is
    /// in [`Self::bytes`] until [`Self::clear`].
    pub(super) fn read(&mut self, piece: &[u8]) -> Result<(usize, bool), Fault> {
        let mut at = 0;
        while at < piece.len() {
            at += self.run(&piece[at..])?;
            let Some(byte) = piece.get(at) else { break };
            at += 1;
            if self.byte(*byte)? {
                return Ok((at, true));
            }
        }
        Ok((at, false))
    }

    /// The file is at its end. Whether that completes a record.
    pub(super) fn finish(&mut self) -> Result<bool, Fault> {
        if self.state == State::Quoted { Err(Fault::QuoteOpen) } else { self.end_record() }
    }

    /// What the cells of the record hold, one behind the other.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where each cell ends.
    pub(super) fn ends(&self) -> &[usize] {
        &self.ends
    }

    /// Makes room for the next record.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.state = State::Start;
    }

    /// Takes the bytes that can only be text.
    fn run(&mut self, piece: &[u8]) -> Result<usize, Fault> {
        let end = match self.state {
            State::Plain => piece.iter().position(|byte| matches!(byte, b',' | b'\n' | b'\r')),
            State::Quoted => piece.iter().position(|byte| *byte == b'"'),
            _ => Some(0),
        };
        let length = end.unwrap_or(piece.len());
        self.text(&piece[..length])?;
        Ok(length)
    }

    /// Takes a byte. Whether it completes a record.
    fn byte(&mut self, byte: u8) -> Result<bool, Fault> {
        self.state = match (self.state, byte) {
            (State::Start, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::Closed,
            (State::Closed, b'"') => {
                self.text(b"\"")?;
                State::Quoted
            }
            (State::Start | State::Plain | State::Closed, b',') => {
                self.end_cell()?;
                State::Start
            }
            (State::Quoted, _) => {
                self.text(&[byte])?;
                State::Quoted
            }
            (_, b'\n') => return self.end_record(),
            (State::Start | State::Plain, b'\r') => State::PlainCr,
            (State::Closed, b'\r') => State::ClosedCr,
            (State::Closed | State::ClosedCr, _) => return Err(Fault::QuoteFollowed),
            (State::PlainCr, _) => {
                self.text(b"\r")?;
                self.state = State::Plain;
                return self.byte(byte);
            }
            (State::Start | State::Plain, _) => {
                self.text(&[byte])?;
                State::Plain
            }
        };
        Ok(false)
    }

    fn text(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.bytes.len() + bytes.len() > MAX_ROW {
            return Err(Fault::TooLong { in_quotes: self.state == State::Quoted });
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn end_cell(&mut self) -> Result<(), Fault> {
        if self.ends.len() == MAX_CELLS {
            return Err(Fault::TooManyCells);
        }
        self.ends.push(self.bytes.len());
        Ok(())
    }

    /// A line that holds nothing at all is no record.
    fn end_record(&mut self) -> Result<bool, Fault> {
        let is_quoted = matches!(self.state, State::Closed | State::ClosedCr);
        self.state = State::Start;
        if self.ends.is_empty() && self.bytes.is_empty() && !is_quoted {
            return Ok(false);
        }
        self.end_cell()?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of a file, read in pieces of a length.
    fn cut(file: &[u8], piece: usize) -> Result<Vec<Vec<String>>, Fault> {
        let (mut records, mut all) = (Records::default(), Vec::new());
        let mut keep = |records: &mut Records| {
            let starts = std::iter::once(0).chain(records.ends().iter().copied());
            let cell = |(from, to): (usize, &usize)| {
                String::from_utf8_lossy(&records.bytes()[from..*to]).into_owned()
            };
            all.push(starts.zip(records.ends()).map(cell).collect());
            records.clear();
        };
        for mut piece in file.chunks(piece) {
            while !piece.is_empty() {
                let (read, is_complete) = records.read(piece)?;
                piece = &piece[read..];
                if is_complete {
                    keep(&mut records);
                }
            }
        }
        if records.finish()? {
            keep(&mut records);
        }
        Ok(all)
    }

    fn records(file: &str) -> Result<Vec<Vec<String>>, Fault> {
        let whole = cut(file.as_bytes(), usize::MAX);
        for piece in 1..file.len() {
            assert_eq!(cut(file.as_bytes(), piece), whole, "{file:?} in pieces of {piece}");
        }
        whole
    }

    #[test]
    fn behind_a_closing_quotation_mark_stands_a_comma_or_the_end_of_the_line() {
        for file in ["a,\"b\"c", "a,\"b\" ,c", "\"a\"\r,b", "\"a\"\rb", "k,\"one\nm,\"two\nn,three\n"] {
            assert_eq!(records(file), Err(Fault::QuoteFollowed), "{file:?}");
        }
        for file in ["a,\"b\"", "a,\"b\"\n", "\"a\",b\r\n", "\"a\",\"b\"\r\n", "a,\"b\"\r"] {
            assert_eq!(records(file).unwrap(), [["a", "b"]], "{file:?}");
        }
    }

    #[test]
    fn a_quotation_mark_within_a_cell_that_has_none_around_it_is_text_and_opens_nothing() {
        let file = "a,19\" monitor\nb,\" c\n";
        assert_eq!(records(file), Err(Fault::QuoteOpen));
        let file = "a,19\" monitor\nb,say \"hi, you\"\nc, \"d\"\n";
        let all = [vec!["a", "19\" monitor"], vec!["b", "say \"hi", " you\""], vec!["c", " \"d\""]];
        assert_eq!(records(file).unwrap(), all);
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_is_told() {
        for file in ["a,\"b", "\"", "a,\"b\nc,d\n", "a,\"b\"\"", "\"\"\""] {
            assert_eq!(records(file), Err(Fault::QuoteOpen), "{file:?}");
        }
    }

    #[test]
    fn a_cr_alone_ends_no_line() {
        assert_eq!(records("a,b\rc\nd,\"e\rf\"\r\n").unwrap(), [["a", "b\rc"], ["d", "e\rf"]]);
        assert_eq!(records("a,\r\"b\n").unwrap(), [["a", "\r\"b"]]);
        assert_eq!(records("a\r\r\nb").unwrap(), [["a\r"], ["b"]]);
    }

    #[test]
    fn lines_that_hold_nothing_are_passed_over_and_empty_cells_are_not() {
        assert_eq!(records("\n\r\na\n\n\r\nb\n\n").unwrap(), [["a"], ["b"]]);
        assert_eq!(records("\"\"\n,\n").unwrap(), [vec![""], vec!["", ""]]);
        assert_eq!(records("").unwrap(), [[""; 0]; 0]);
    }

    #[test]
    fn a_record_is_as_long_as_it_may_be_and_no_longer() {
        let long = |length: usize| cut(format!("a,{}\n", "x".repeat(length)).as_bytes(), 1_000);
        assert!(long(MAX_ROW - 1).is_ok());
        assert_eq!(long(MAX_ROW), Err(Fault::TooLong { in_quotes: false }));
        let open = format!("a,\"{}", "x\n".repeat(MAX_ROW));
        assert_eq!(cut(open.as_bytes(), 1_000), Err(Fault::TooLong { in_quotes: true }));
        assert!(cut(",".repeat(MAX_CELLS - 1).as_bytes(), 9).is_ok());
        assert_eq!(cut(",".repeat(MAX_CELLS).as_bytes(), 9), Err(Fault::TooManyCells));
    }
}
