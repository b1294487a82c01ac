//! Tables with a header: CSV, and the same with tabs or semicolons.

use std::io::{self, BufRead};
use std::sync::Arc;

use super::rows::{Builder, Fields, is_key};
use super::value::unique;
use super::{Broken, names};
use crate::format::rows::{Found, Row, each_row};
use crate::format::table::{Filing, UNCLOSED};
use crate::note::RejectReason;

/// Signs between columns. Of two that explain a table equally well, the later one does.
const DELIMITERS: [u8; 3] = [b';', b'\t', b','];

/// Rows that are looked at to find out what the columns are.
const MOST_ROWS: usize = 200;

const TOO_WIDE: RejectReason = RejectReason::Malformed("it has more columns than the header");

/// Reads all rows. `named` is the name or the number of the column of addresses.
pub(super) fn read(text: &mut dyn BufRead, named: Option<&str>) -> Result<Builder, Broken> {
    let head = String::from_utf8_lossy(text.fill_buf()?).into_owned();
    let sample = Sample::of(&head);
    let layout = sample.layout(named)?;
    let mut builder = Builder::default();
    let mut is_begun = sample.is_commented;
    each_row(text, sample.delimiter, |found| match found {
        Found::Row(row) if std::mem::replace(&mut is_begun, true) => layout.take(row, &mut builder),
        Found::Unclosed(line, text) => builder.reject(line, text, UNCLOSED),
        Found::Row(_) | Found::Comment(_) => {}
    })?;
    Ok(builder)
}

/// The beginning of a table.
struct Sample {
    delimiter: u8,
    /// The names as they stand there.
    header: Vec<String>,
    /// The line of the header; the first one if it is a comment.
    line: u64,
    /// Whether the header is a comment.
    is_commented: bool,
    /// Columns of the first row.
    width: usize,
    rows: Vec<Row>,
}

/// Where the addresses are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    One(usize),
    /// The first and the last address of a range.
    Ends(usize, usize),
}

impl Sample {
    fn of(head: &str) -> Self {
        let samples = DELIMITERS.map(|delimiter| Self::with_delimiter(head, delimiter));
        let best = samples.into_iter().max_by_key(Self::fitness);
        best.unwrap_or_else(|| Self::with_delimiter(head, b','))
    }

    fn with_delimiter(head: &str, delimiter: u8) -> Self {
        let (comments, mut rows) = first_rows(head, delimiter);
        let width = rows.first().map_or(0, Row::len);
        let cells = |row: &Row| row.cells().map(str::to_owned).collect::<Vec<_>>();
        // A row of addresses has its header in a comment before it, or none.
        if rows.first().is_some_and(has_key) {
            let parsed = comments.iter().rev().filter_map(|text| {
                first_rows(text.trim_start_matches('#'), delimiter).1.into_iter().next()
            });
            let mut headers = parsed.filter(|row| row.len() == width && width > 1);
            let header = headers.next().map(|row| cells(&row)).unwrap_or_default();
            return Self { delimiter, header, line: 1, is_commented: true, width, rows };
        }
        let (line, header) = rows.first().map_or((1, Vec::new()), |row| (row.line, cells(row)));
        rows.drain(..rows.len().min(1));
        Self { delimiter, header, line, is_commented: false, width, rows }
    }

    /// How well the delimiter explains the table.
    fn fitness(&self) -> (bool, usize, usize) {
        let fits = self.rows.iter().filter(|row| row.len() == self.width && has_key(row));
        (self.width > 1, fits.count(), self.width)
    }

    fn layout(&self, named: Option<&str>) -> Result<Layout, Broken> {
        // A number is no name: it is the first row of a table without a header.
        let is_number = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
        if self.header.iter().filter(|name| !name.is_empty()).any(is_number)
            || self.header.is_empty()
        {
            return Err(self.no_header());
        }
        let normal: Vec<String> = self.header.iter().map(|name| names::normal(name)).collect();
        let key = match named {
            Some(named) => Key::One(self.named(&normal, named)?),
            None => self.guessed(&normal)?,
        };
        let titles = (1..).zip(&self.header).map(|(number, name)| match name.as_str() {
            "" => format!("column_{number}"),
            name => name.to_owned(),
        });
        let titles = unique(titles).into_iter().map(Arc::from).collect();
        Ok(Layout { key, titles })
    }

    fn named(&self, normal: &[String], named: &str) -> Result<usize, Broken> {
        let name = names::normal(named);
        let by_number = || named.trim().parse::<usize>().ok()?.checked_sub(1);
        let by_name = normal.iter().position(|other| *other == name);
        let found = by_name.or_else(by_number).filter(|at| *at < normal.len());
        found.ok_or_else(|| {
            self.broken(format!(
                "no column {named:?} in the header, but {}",
                self.header.join(", ")
            ))
        })
    }

    /// The column whose name says that it holds addresses, or that does hold them.
    fn guessed(&self, normal: &[String]) -> Result<Key, Broken> {
        let holds = |at: &usize| self.rows.iter().any(|row| is_key(row.get(*at)));
        let mut ranked: Vec<(u8, usize)> =
            (0..).zip(normal).filter_map(|(at, name)| Some((names::rank(name)?, at))).collect();
        ranked.sort_unstable();
        if let Some((rank, first)) = ranked.iter().copied().find(|(_, at)| holds(at)) {
            let same = ranked.iter().filter(|(other, at)| *other == rank && holds(at));
            let same: Vec<usize> = same.map(|(_, at)| *at).collect();
            return if same.len() == 1 { Ok(Key::One(first)) } else { Err(self.ambiguous(&same)) };
        }
        if let Some((first, last)) = names::range(normal).filter(|(first, _)| holds(first)) {
            return Ok(Key::Ends(first, last));
        }
        let columns: Vec<usize> = (0..normal.len()).filter(holds).collect();
        match (&columns[..], ranked.first()) {
            ([only], _) if is_value(&self.header[*only]) => Err(self.no_header()),
            ([only], _) => Ok(Key::One(*only)),
            ([], Some((_, first))) => Ok(Key::One(*first)),
            ([], None) => {
                Err(self.broken(format!("no column of addresses, but {}", self.header.join(", "))))
            }
            _ => Err(self.ambiguous(&columns)),
        }
    }

    fn no_header(&self) -> Broken {
        self.broken("there is no header that names the columns".to_owned())
    }

    fn ambiguous(&self, columns: &[usize]) -> Broken {
        let told: Vec<&str> = columns.iter().map(|at| self.header[*at].as_str()).collect();
        let told = told.join(", ");
        self.broken(format!("addresses in several columns ({told}), name the one to read"))
    }

    fn broken(&self, message: String) -> Broken {
        Broken::Syntax { line: self.line, message }
    }
}

/// Whether it is a domain, a URL or the like, as stands among addresses, and not the name of a column.
fn is_value(name: &str) -> bool {
    name.contains(['.', ':', '/', '\\', '@'])
}

fn has_key(row: &Row) -> bool {
    row.cells().any(is_key)
}

/// Comments before the first row, and the first rows.
fn first_rows(text: &str, delimiter: u8) -> (Vec<String>, Vec<Row>) {
    let (mut comments, mut rows) = (Vec::new(), Vec::new());
    let each = |found: Found<'_>| match found {
        Found::Row(row) if rows.len() < MOST_ROWS => rows.push(row.clone()),
        Found::Comment(text) if rows.is_empty() => comments.push(text.to_owned()),
        _ => {}
    };
    // Memory is read without errors.
    let _: io::Result<()> = each_row(&mut text.as_bytes(), delimiter, each);
    (comments, rows)
}

/// What the columns are.
struct Layout {
    key: Key,
    titles: Vec<Arc<str>>,
}

impl Layout {
    /// Takes in a row, or counts why not.
    fn take(&self, row: &Row, builder: &mut Builder) {
        // A name with a comma that is not quoted moves all that comes after it into other columns.
        if (self.titles.len()..row.len()).any(|at| !row.get(at).is_empty()) {
            return builder.reject(row.line, &row.text(), TOO_WIDE);
        }
        match self.key_text(row) {
            Ok(text) => builder.add(row.line, &text, &self.fields(row)),
            Err(reason) => builder.reject(row.line, &row.text(), reason),
        }
    }

    fn key_text(&self, row: &Row) -> Result<String, RejectReason> {
        let filing = Filing { row, width: self.titles.len() };
        match self.key {
            Key::One(at) => filing.value(at).map(str::to_owned),
            Key::Ends(first, last) => {
                Ok(format!("{} - {}", filing.value(first)?, filing.value(last)?))
            }
        }
    }

    fn fields(&self, row: &Row) -> Fields {
        let is_key = |at: usize| match self.key {
            Key::One(key) => at == key,
            Key::Ends(first, last) => at == first || at == last,
        };
        let cells = self.titles.iter().enumerate().filter(|(at, _)| !is_key(*at));
        let cells = cells.map(|(at, title)| (Arc::clone(title), Box::from(row.get(at))));
        cells.filter(|(_, text): &(_, Box<str>)| !text.is_empty()).collect()
    }
}
