//! The beginning of a text of columns: which sign parts them, and what they are called.

use crate::content::Content;
use crate::format::rows::{Found, Row, each_row};
use crate::format::table::Header;
use crate::format::{columns, plain};
use crate::list::ListOptions;
use crate::token::{self, Token};

/// Signs between columns. Of two that explain a text equally well, the later one does.
const DELIMITERS: [u8; 3] = [b';', b'\t', b','];

/// Rows that are looked at.
const MOST_ROWS: usize = 500;

/// A beginning that is longer than this is not the whole text, and its last line not a whole line.
const LONG: usize = 1 << 15;

pub(super) struct Sample {
    pub(super) delimiter: u8,
    /// The names of the columns.
    pub(super) header: Option<Header>,
    /// Whether the header is a comment, and no row.
    is_commented: bool,
    /// Rows below the header.
    pub(super) rows: Vec<Row>,
    /// How many columns a row should have.
    pub(super) width: usize,
    first_line: u64,
}

impl Sample {
    /// `named` is a column that there should be.
    pub(super) fn of(head: &str, named: Option<&str>) -> Self {
        let head = whole_lines(head);
        let mut best = Self::with_delimiter(head, DELIMITERS[0], named);
        for delimiter in &DELIMITERS[1..] {
            let other = Self::with_delimiter(head, *delimiter, named);
            if other.fitness() >= best.fitness() {
                best = other;
            }
        }
        best
    }

    fn with_delimiter(head: &str, delimiter: u8, named: Option<&str>) -> Self {
        let (comments, mut rows) = read(head, delimiter);
        let first_line = rows.first().map_or(1, |row| row.line);
        let width = rows.first().map_or(0, Row::len);
        let mut header = rows.first().and_then(|first| first_row_header(first, named));
        let is_commented = header.is_none();
        if header.is_some() {
            rows.remove(0);
        } else {
            header = comments.iter().rev().find_map(|text| commented(text, delimiter, width));
        }
        Self { delimiter, header, is_commented, rows, width, first_line }
    }

    /// The header, if it is a row.
    pub(super) fn first_row(&self) -> Option<&Header> {
        self.header.as_ref().filter(|_| !self.is_commented)
    }

    /// The line of the first row.
    pub(super) fn first_line(&self) -> u64 {
        self.first_line
    }

    /// How well the delimiter explains the text.
    fn fitness(&self) -> (bool, usize, usize) {
        (self.header.is_some() && self.width > 1, self.rows_with_addresses(), self.width)
    }

    /// Rows that have an address in a column of its own, and as many columns as the first one.
    fn rows_with_addresses(&self) -> usize {
        self.rows.iter().filter(|row| row.len() == self.width && has_address(row)).count()
    }

    /// Whether the text is one of columns, and not of lines that begin with an entry, which is plain
    /// text whatever signs are in its labels.
    pub(super) fn is_table(&self, head: &str) -> bool {
        let most = |count: usize| count * 2 > self.rows.len();
        let has_columns = most(self.rows.iter().filter(|row| row.len() > 1).count());
        let has_names = self.header.is_some() && self.width > 1;
        if has_names && !self.is_commented {
            return has_columns || self.rows.is_empty();
        }
        let is_like_columns = (has_names && has_columns) || most(self.rows_with_addresses());
        is_like_columns && !is_plain(whole_lines(head))
    }
}

/// Whether most lines begin with an entry.
fn is_plain(head: &str) -> bool {
    let options = ListOptions { allow_wide: true, ..ListOptions::default() };
    let Content { entries, rejects, .. } =
        plain::parse(&mut head.as_bytes(), &options).unwrap_or_default();
    entries.len() as u64 >= rejects.total && !entries.is_empty()
}

fn whole_lines(head: &str) -> &str {
    match head.rfind('\n') {
        Some(end) if head.len() > LONG => &head[..=end],
        _ => head,
    }
}

/// The comments before the first row, and the first rows.
fn read(text: &str, delimiter: u8) -> (Vec<String>, Vec<Row>) {
    let (mut comments, mut rows) = (Vec::new(), Vec::new());
    let each = |found: Found<'_>| match found {
        Found::Row(row) if rows.len() < MOST_ROWS => rows.push(row.clone()),
        Found::Comment(text) if rows.is_empty() => comments.push(text.to_owned()),
        _ => {}
    };
    // Memory is read without errors.
    let _ = each_row(&mut text.as_bytes(), delimiter, each);
    (comments, rows)
}

/// The first row as a header, if it can be one: it has names that are known, and nothing else.
fn first_row_header(row: &Row, named: Option<&str>) -> Option<Header> {
    let header = Header::new(row.cells());
    let named = named.map(columns::normal);
    let is_known = |name: &String| columns::is_known(name) || Some(name) == named.as_ref();
    let is_header = header.names().iter().any(is_known)
        && header.names().iter().all(|name| name.is_empty() || is_known(name) || is_word(name));
    is_header.then_some(header)
}

/// A header in a comment: `# "first_seen_utc","ioc_id",...` or `#ip,ioc`.
fn commented(text: &str, delimiter: u8, width: usize) -> Option<Header> {
    let (_, rows) = read(text.trim_start_matches('#'), delimiter);
    let row = rows.first().filter(|row| row.len() == width && width > 1)?;
    let header = Header::new(row.cells());
    header.names().iter().any(|name| columns::is_known(name)).then_some(header)
}

/// What may be the name of a column, known or not.
pub(super) fn is_word(cell: &str) -> bool {
    cell.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && !cell.contains(['.', ':', '/', '\\', '@', '\n'])
        && address(cell).is_none()
}

/// What a cell means if it is an address, a prefix or a range.
pub(super) fn address(cell: &str) -> Option<Token> {
    let options = ListOptions { allow_wide: true, ..ListOptions::default() };
    token::parse(cell, &options).ok()
}

fn has_address(row: &Row) -> bool {
    row.cells().any(|cell| address(cell).is_some())
}
