//! Rows below a header, in formats that give each column a name.

use std::borrow::Cow;
use std::io::BufRead;

use super::rows::{Found, Row, each_row};
use super::{Broken, columns};
use crate::content::{Candidate, Content};
use crate::entry::Details;
use crate::list::ListOptions;
use crate::note::RejectReason;

#[cfg(test)]
mod tests;

/// Why a row is refused where a quote is missing.
pub(crate) const UNCLOSED: RejectReason = RejectReason::Malformed("a quote is not closed");
pub(super) const TOO_MANY: RejectReason =
    RejectReason::Malformed("it has more columns than the header");
pub(super) const CUT_OFF: RejectReason = RejectReason::Malformed("the list ends within it");
const NO_VALUE: RejectReason = RejectReason::Malformed("nothing stands in its column of addresses");

/// The first row of a list.
#[derive(Debug, Clone, Default)]
pub(super) struct Header(Vec<String>);

impl Header {
    pub(super) fn new<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        Self(cells.map(columns::normal).collect())
    }

    /// The names of the columns, as they are compared.
    pub(super) fn names(&self) -> &[String] {
        &self.0
    }

    /// Where the first column with one of these names is.
    pub(super) fn find(&self, is_meant: impl Fn(&str) -> bool) -> Option<usize> {
        self.0.iter().position(|name| is_meant(name))
    }

    /// Where the column is, or what to say if there is none.
    pub(super) fn demand(&self, name: &str) -> Result<usize, String> {
        self.find(|other| other == name)
            .ok_or_else(|| format!("no column {name:?}, there are {}", self.0.join(", ")))
    }

    /// Whether `row` is this header, again where files were joined.
    pub(super) fn is(&self, row: &Row) -> bool {
        self.0.len() == row.len()
            && row.cells().zip(&self.0).all(|(cell, name)| columns::normal(cell) == *name)
    }
}

/// Reads comma-separated rows. `columns` finds in the header what `row` needs.
pub(super) fn parse<C>(
    text: &mut dyn BufRead,
    columns: impl Fn(&Header) -> Result<C, String>,
    mut row: impl FnMut(&C, &Filing<'_>, &mut Content),
) -> Result<Content, Broken> {
    let mut content = Content::default();
    let mut begun: Option<Result<(Header, C), Broken>> = None;
    each_row(text, b',', |found| match (found, &begun) {
        (Found::Row(first), None) => {
            let header = Header::new(first.cells());
            let found = columns(&header);
            let broken = |message| Broken::Column { line: first.line, message };
            begun = Some(found.map(|columns| (header, columns)).map_err(broken));
        }
        (Found::Row(next), Some(Ok((header, columns)))) if !header.is(next) => {
            let filing = Filing { row: next, width: header.names().len() };
            match filing.is_too_wide() {
                true => filing.refuse(&mut content),
                false => row(columns, &filing, &mut content),
            }
        }
        (Found::Unclosed(line, text), _) => unclosed(line, text, &mut content),
        _ => {}
    })?;
    match begun {
        Some(Err(broken)) => Err(broken),
        _ => Ok(content),
    }
}

/// Counts a line that opens a quote which is not closed.
pub(super) fn unclosed(line: u64, text: &str, content: &mut Content) {
    content.lines += 1;
    content.reject(line, text, UNCLOSED);
}

/// A row whose indicators are taken in.
pub(crate) struct Filing<'a> {
    pub(crate) row: &'a Row,
    /// How many columns a whole row has.
    pub(crate) width: usize,
}

impl Filing<'_> {
    /// Whether the text ends within the row.
    pub(super) fn is_cut_off(&self) -> bool {
        !self.row.whole && self.row.len() < self.width
    }

    /// Whether it has more columns than the header names: none of them can be told by its place.
    pub(super) fn is_too_wide(&self) -> bool {
        (self.width..self.row.len()).any(|index| !self.row.get(index).is_empty())
    }

    /// Counts the refusal of a row that is too wide.
    pub(super) fn refuse(&self, content: &mut Content) {
        content.lines += 1;
        content.reject(self.row.line, &self.row.text(), TOO_MANY);
    }

    /// What stands in the column at `index`, or why that cannot be an entry.
    pub(crate) fn value(&self, index: usize) -> Result<&str, RejectReason> {
        let row = self.row;
        let value = row.get(index);
        if value.is_empty() {
            return Err(if self.is_cut_off() { CUT_OFF } else { NO_VALUE });
        }
        // Of an address that the text ends with, a part may be missing.
        if self.is_cut_off() && row.len() == index + 1 {
            return Err(CUT_OFF);
        }
        if value.contains(['\n', '\r']) {
            return Err(RejectReason::NotAnAddress);
        }
        Ok(value)
    }

    /// Takes in what stands in the column at `index`, or counts its refusal.
    pub(super) fn take(
        &self,
        index: usize,
        label: &str,
        details: Details,
        options: &ListOptions,
        content: &mut Content,
    ) {
        match self.value(index) {
            Ok(text) => {
                content.take(Candidate { line: self.row.line, text, label, details }, options)
            }
            Err(reason) => self.reject(index, reason, content),
        }
    }

    /// Counts a refusal of what stands in the column at `index`, or of the row if nothing does.
    pub(super) fn reject(&self, index: usize, reason: RejectReason, content: &mut Content) {
        let value = self.row.get(index);
        let text = if value.is_empty() { Cow::Owned(self.row.text()) } else { value.into() };
        content.reject(self.row.line, &text, reason);
    }
}

/// What several columns say, told once each and on one line.
pub(super) fn label<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let mut said: Vec<Cow<'_, str>> = Vec::new();
    for cell in cells.filter(|cell| says_something(cell)) {
        let cell = on_one_line(cell);
        if !said.contains(&cell) {
            said.push(cell);
        }
    }
    said.join(", ")
}

/// Exports write words where there is nothing to say.
fn says_something(cell: &str) -> bool {
    const NOTHING: [&str; 6] = ["", "-", "none", "null", "n/a", "nan"];
    !NOTHING.iter().any(|word| cell.eq_ignore_ascii_case(word))
}

fn on_one_line(cell: &str) -> Cow<'_, str> {
    if cell.contains(['\n', '\r']) {
        Cow::Owned(cell.split_whitespace().collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(cell)
    }
}

/// A whole number, perhaps written `95.0` or `95%`.
pub(super) fn confidence(cell: &str) -> Option<u32> {
    let cell = cell.strip_suffix('%').unwrap_or(cell);
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, "0"));
    let is_number = fraction.bytes().all(|byte| byte.is_ascii_digit());
    whole.parse().ok().filter(|_| is_number)
}
