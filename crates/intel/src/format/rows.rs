//! Rows of columns, as in CSV.
//!
//! `csv-core` reads them, a line at a time, and says whether a row goes on in the next line because a
//! quote is open. So a row is known by the line it begins in, comments and blank lines between rows
//! are no rows, and a quote that is opened by mistake costs its own line only:
//!
//! ```text
//!   192.0.2.1,"two            one row of two lines
//!   lines"
//!   192.0.2.2,"never closed   refused
//!   192.0.2.3,x               a row
//! ```

use std::borrow::Cow;
use std::io::{self, BufRead};
use std::mem;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::lines::each_line;

#[cfg(test)]
mod tests;

/// The most bytes that a row of several lines may have. What is longer has lost a quote.
const LONGEST_ROW: usize = 1 << 20;

/// What stands in a text of rows.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Row(&'a Row),
    /// A line between rows that begins with `#`.
    Comment(&'a str),
    /// A line that opens a quote which is not closed, or not closed where a column ends.
    Unclosed(u64, &'a str),
}

/// One row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// The line it begins in.
    pub(crate) line: u64,
    /// False if the text ends within its last line: there may have been more.
    pub(crate) whole: bool,
    bytes: Vec<u8>,
    /// Where each column ends in `bytes`.
    ends: Vec<usize>,
}

impl Row {
    /// How many columns it has.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The column at `index` without blanks around it; empty if there is none.
    pub(crate) fn get(&self, index: usize) -> &str {
        self.text_of(index).trim()
    }

    fn text_of(&self, index: usize) -> &str {
        let Some(end) = self.ends.get(index) else { return "" };
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        // The lines were text, and only ASCII signs are taken out of text between columns.
        std::str::from_utf8(&self.bytes[start..*end]).unwrap_or_default()
    }

    /// All columns.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The row for people.
    pub(crate) fn text(&self) -> String {
        self.cells().collect::<Vec<_>>().join(",")
    }

    fn is_blank(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }
}

/// Tells `each` all rows, comments and unclosed lines, in the order of the text.
pub(crate) fn each_row(
    text: &mut dyn BufRead,
    delimiter: u8,
    each: impl FnMut(Found<'_>),
) -> io::Result<()> {
    let mut rows = Rows {
        delimiter,
        parser: parser(delimiter),
        row: Row::default(),
        last: None,
        open: Vec::new(),
        open_bytes: 0,
        each,
    };
    let ended = each_line(text, |number, line| rows.line(number, line))?;
    rows.finish(ended);
    Ok(())
}

fn parser(delimiter: u8) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).build()
}

/// A line and its number.
type Line = (u64, String);

struct Rows<F> {
    delimiter: u8,
    parser: Reader,
    /// The row that is being read.
    row: Row,
    /// The row before it, which is told once it is known whether it is the last of the text.
    last: Option<Row>,
    /// The lines of a row that goes on, to begin again with the second if it does not end well.
    open: Vec<Line>,
    open_bytes: usize,
    each: F,
}

impl<F: FnMut(Found<'_>)> Rows<F> {
    fn line(&mut self, number: u64, line: &str) {
        let again = self.read_line(number, line);
        self.read_again(again);
    }

    fn finish(&mut self, ended: bool) {
        while !self.open.is_empty() {
            let again = self.give_up();
            self.read_again(again);
        }
        self.tell_last(ended);
    }

    /// Each line that is given back leaves one refused before it, so this comes to an end.
    fn read_again(&mut self, lines: Vec<Line>) {
        let mut lines = lines.into_iter();
        while let Some((number, line)) = lines.next() {
            let again = self.read_line(number, &line);
            if !again.is_empty() {
                lines = again.into_iter().chain(lines).collect::<Vec<_>>().into_iter();
            }
        }
    }

    /// Returns lines that are to be read again, as nothing is left of the row they were taken for.
    fn read_line(&mut self, number: u64, line: &str) -> Vec<Line> {
        if self.open.is_empty() {
            let text = line.trim_start();
            if text.is_empty() {
                return Vec::new();
            }
            if text.starts_with('#') {
                self.tell_last(true);
                (self.each)(Found::Comment(text));
                return Vec::new();
            }
            self.row.line = number;
            self.row.bytes.clear();
            self.row.ends.clear();
        }
        let is_row = self.feed(line);
        if is_row && self.open.is_empty() {
            self.tell_row();
            return Vec::new();
        }
        self.open_bytes += line.len();
        self.open.push((number, line.to_owned()));
        if is_row && self.is_well_quoted() {
            self.tell_row();
            self.close();
        } else if is_row || self.open_bytes > LONGEST_ROW {
            return self.give_up();
        }
        Vec::new()
    }

    /// Whether the row of several lines is what its columns are when they are written by the rules.
    ///
    /// Where a quote is missing, the lines after it were taken for text up to the next quote, and
    /// that one seldom stands where a column ends.
    fn is_well_quoted(&self) -> bool {
        let delimiter = char::from(self.delimiter);
        let lines = self.open.iter().map(|(_, line)| without_blanks_before_quotes(line, delimiter));
        let text = lines.collect::<Vec<_>>().join("\n");
        let mut rest = &*text;
        for index in 0..self.row.len() {
            let cell = self.row.text_of(index);
            let Some(after) = without_column(rest, cell) else { return false };
            rest = after.strip_prefix(delimiter).unwrap_or(after);
        }
        rest.is_empty()
    }

    /// Refuses the first line of the open row and returns the others.
    fn give_up(&mut self) -> Vec<Line> {
        let mut lines = self.close();
        self.parser = parser(self.delimiter);
        self.tell_last(true);
        if !lines.is_empty() {
            let (number, line) = lines.remove(0);
            (self.each)(Found::Unclosed(number, line.trim()));
        }
        lines
    }

    fn close(&mut self) -> Vec<Line> {
        self.open_bytes = 0;
        mem::take(&mut self.open)
    }

    fn tell_row(&mut self) {
        if !self.row.is_blank() {
            let spare = self.tell_last(true).unwrap_or_default();
            self.last = Some(mem::replace(&mut self.row, spare));
        }
    }

    /// Returns the row that was told, for its memory.
    fn tell_last(&mut self, whole: bool) -> Option<Row> {
        let mut row = self.last.take()?;
        row.whole = whole;
        (self.each)(Found::Row(&row));
        Some(row)
    }

    /// Whether the row ends with this line.
    fn feed(&mut self, line: &str) -> bool {
        let line = without_blanks_before_quotes(line, char::from(self.delimiter));
        self.read(line.as_bytes()) || self.read(b"\n")
    }

    fn read(&mut self, input: &[u8]) -> bool {
        if input.is_empty() {
            return false; // To the parser it would be the end of the text.
        }
        let Row { bytes, ends, .. } = &mut self.row;
        let (written, ended) = (bytes.len(), ends.len());
        // With room for all of the input, the parser never stops for lack of it.
        bytes.resize(written + input.len() + 1, 0);
        ends.resize(ended + input.len() + 1, 0);
        let (result, _, n_bytes, n_ends) =
            self.parser.read_record(input, &mut bytes[written..], &mut ends[ended..]);
        bytes.truncate(written + n_bytes);
        ends.truncate(ended + n_ends);
        result == ReadRecordResult::Record
    }
}

/// What comes after the column `cell` in `text`, which begins with it, quoted or not.
fn without_column<'a>(text: &'a str, cell: &str) -> Option<&'a str> {
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    // Blanks behind the closing quote were read as part of the column.
    let trimmed = || text.strip_prefix(&*quoted(cell.trim_end())).map(str::trim_start);
    text.strip_prefix(&*quoted(cell)).or_else(|| text.strip_prefix(cell)).or_else(trimmed)
}

/// `"a", "b"` to `"a","b"`: to the parser, a quote behind a blank is a sign like any other. Within
/// a quoted column this can only take blanks out of its text.
fn without_blanks_before_quotes(line: &str, delimiter: char) -> Cow<'_, str> {
    if !line.contains(" \"") {
        return Cow::Borrowed(line);
    }
    let mut pieces: Vec<&str> = line.split('"').collect();
    let before_quotes = pieces.len() - 1;
    for (index, piece) in pieces[..before_quotes].iter_mut().enumerate() {
        let short = piece.trim_end_matches(' ');
        if short.ends_with(delimiter) || (index == 0 && short.is_empty()) {
            *piece = short;
        }
    }
    Cow::Owned(pieces.join("\""))
}
