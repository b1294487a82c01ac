//! The sheet that the sections write on: lines, wrapped fields and tables.

use crate::escape::printable;
use crate::format::counted;

/// Where the value of a labelled field begins.
const VALUE_COLUMN: usize = 14;

/// A wrapped line keeps at least this many characters, however narrow the page is.
const LEAST_LINE: usize = 20;

/// The report as far as it is written.
///
/// Every text that reaches the page passes through [`printable`] here, so no section can let a
/// control character through by forgetting it. The one exception is [`Page::raw`], which takes only
/// the program's own text.
pub(super) struct Page {
    text: String,
    width: usize,
}

impl Page {
    pub(super) fn new(width: usize) -> Page {
        Page { text: String::new(), width }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A line that may hold the colour codes of this program, and nothing that was read.
    pub(super) fn raw(&mut self, line: &'static str) {
        self.text.push_str(line);
    }

    /// One line, however long it is.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(printable(line).trim_end());
        self.text.push('\n');
    }

    /// The heading of a section, apart from what stands before it.
    pub(super) fn heading(&mut self, title: &str) {
        self.text.push('\n');
        self.wrap("", 2, title);
    }

    /// A labelled value, wrapped in its own column. An empty label goes on with the one before.
    pub(super) fn field(&mut self, label: &str, value: &str) {
        self.hanging(&format!("  {label:<0$}", VALUE_COLUMN - 2), value);
    }

    /// One point of a list, wrapped.
    pub(super) fn point(&mut self, text: &str) {
        self.hanging("  - ", text);
    }

    /// What the page leaves out of a list. Nothing is said if nothing is.
    pub(super) fn more(&mut self, hidden: usize, one: &str, many: &str) {
        if hidden > 0 {
            self.field("", &format!("and {}", more(hidden, one, many)));
        }
    }

    /// Text after a lead, its further lines set in below the first.
    pub(super) fn hanging(&mut self, lead: &str, text: &str) {
        self.wrap(lead, lead.chars().count(), text);
    }

    /// Text after a lead, its further lines set in by `indent`. What was read never begins a line,
    /// so it cannot pass for a heading.
    fn wrap(&mut self, lead: &str, indent: usize, text: &str) {
        let room = self.width.saturating_sub(indent).max(LEAST_LINE);
        let mut lead = lead.to_owned();
        for line in wrapped(&printable(text), room) {
            self.line(&format!("{lead}{line}"));
            lead = " ".repeat(indent);
        }
    }
}

/// How many of a list are not shown: `3 more gaps`.
pub(super) fn more(hidden: usize, one: &str, many: &str) -> String {
    counted(hidden as u64, &format!("more {one}"), &format!("more {many}"))
}

/// The text in lines of at most `width` characters, broken at blanks only: an id or an address that
/// is longer than a line stays whole, so that it can be copied.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word_length = word.chars().count();
        if length > 0 && length + 1 + word_length > width {
            lines.push(String::new());
            length = 0;
        }
        let Some(line) = lines.last_mut() else { break };
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word_length;
    }
    lines
}

/// How a column's cells stand in it.
#[derive(Clone, Copy)]
pub(super) enum Align {
    Left,
    Right,
}

/// Columns as wide as their widest cell, without rules or boxes.
pub(super) struct Table {
    columns: Vec<Align>,
    rows: Vec<Row>,
}

struct Row {
    cells: Vec<String>,
    notes: Vec<String>,
}

impl Table {
    /// A table that begins with a row of titles.
    pub(super) fn new(columns: &[(&str, Align)]) -> Table {
        let cells = columns.iter().map(|(title, _)| (*title).to_owned()).collect();
        let titles = Row { cells, notes: Vec::new() };
        Table { columns: columns.iter().map(|(_, align)| *align).collect(), rows: vec![titles] }
    }

    /// Adds a row, and lines that stand below it.
    pub(super) fn push(&mut self, cells: Vec<String>, notes: Vec<String>) {
        let cells = cells.iter().map(|cell| printable(cell).into_owned()).collect();
        self.rows.push(Row { cells, notes });
    }

    pub(super) fn write(&self, page: &mut Page) {
        let widths: Vec<usize> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, align), width) in row.cells.iter().zip(&self.columns).zip(&widths) {
                line.push_str("  ");
                line.push_str(&match align {
                    Align::Left => format!("{cell:<width$}"),
                    Align::Right => format!("{cell:>width$}"),
                });
            }
            page.line(&line);
            for note in &row.notes {
                page.hanging("      ", note);
            }
        }
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_blanks_and_words_stay_whole() {
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a averyveryverylongword b", 5), ["a", "averyveryverylongword", "b"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn a_long_value_hangs_in_its_own_column() {
        let mut page = Page::new(34);
        page.field("reason", "one two three four five six");
        assert_eq!(page.into_text(), "  reason      one two three four\n              five six\n");
    }

    #[test]
    fn nothing_written_on_the_page_acts_on_a_terminal() {
        let mut page = Page::new(80);
        page.line("a\u{1b}[2Jb");
        page.field("x\n", "y\u{9b}z");
        let mut table = Table::new(&[("t", Align::Left)]);
        table.push(vec!["\r".into()], vec!["\u{202e}".into()]);
        table.write(&mut page);
        let text = page.into_text();
        assert!(!text.chars().any(|c| c != '\n' && crate::escape::is_unsafe(c)), "{text:?}");
        assert_eq!(text.lines().count(), 5);
    }
}
