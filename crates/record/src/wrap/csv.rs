//! Comma-separated text into record lines: what the CloudWatch console downloads, with the record in
//! its column `message`, and tables with a column for each field.

use csv_core::{ReadRecordResult, Reader};

use super::Wrapper;
use super::notes::{CONTROL, Notes};
use super::row::{Row, RowWriter, field_named};
use crate::address::is_address;
use crate::field::FieldId;
use crate::line::excerpt;

/// Longer records are not held.
const MAX_RECORD: usize = 1024 * 1024;
/// The names of the column that holds the record.
const LINE_COLUMNS: [&str; 2] = ["message", "@message"];
/// Least columns of a table without a header, with an address in it, for it to be one of records.
const LEAST_COLUMNS: usize = 8;

/// What the first record says about the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Columns {
    /// The record's line is in this column.
    Line(usize),
    /// Each column is a field, or none.
    Fields(Vec<Option<FieldId>>),
    /// There is no header: the columns are those of the format that the decoder knows.
    Bare,
}

impl Columns {
    fn wrapper(&self) -> Wrapper {
        match self {
            Columns::Line(_) => Wrapper::ConsoleCsv,
            Columns::Fields(_) | Columns::Bare => Wrapper::Csv,
        }
    }

    /// Reads a record as a header.
    fn of_header(record: &Record) -> Option<Columns> {
        let names: Vec<&str> = record.fields().collect();
        let is_line = |name: &&str| LINE_COLUMNS.iter().any(|ours| name.eq_ignore_ascii_case(ours));
        if let Some(column) = names.iter().position(is_line) {
            return Some(Columns::Line(column));
        }
        let mut fields: Vec<Option<FieldId>> = Vec::new();
        for name in &names {
            // A column named twice keeps its first place, as in a header of text.
            fields.push(field_named(name).filter(|id| !fields.contains(&Some(*id))));
        }
        let has = |id| fields.contains(&Some(id));
        let known = fields.iter().flatten().count();
        let is_header = (has(FieldId::SRCADDR) && has(FieldId::DSTADDR))
            || (known > 1 && known * 2 >= names.len());
        is_header.then_some(Columns::Fields(fields))
    }

    fn of_first(record: &Record) -> Option<Columns> {
        let telling =
            |field: &str| is_address(field.as_bytes()) || matches!(field, "NODATA" | "SKIPDATA");
        let bare = || record.count >= LEAST_COLUMNS && record.fields().any(telling);
        Columns::of_header(record).or_else(|| bare().then_some(Columns::Bare))
    }
}

/// One record, put together from any cuts.
#[derive(Debug)]
struct Record {
    /// The fields' texts, one after another.
    text: Vec<u8>,
    length: usize,
    /// Where each field ends in the text.
    ends: Vec<usize>,
    count: usize,
    too_long: bool,
}

impl Record {
    fn new() -> Record {
        Record { text: vec![0; 4096], length: 0, ends: vec![0; 64], count: 0, too_long: false }
    }

    fn clear(&mut self) {
        self.length = 0;
        self.count = 0;
        self.too_long = false;
    }

    /// Makes room for more of the text, or gives the record up.
    fn grow_text(&mut self) {
        if self.text.len() >= MAX_RECORD {
            self.too_long = true;
        } else {
            self.text.resize(self.text.len() * 2, 0);
        }
    }

    fn grow_ends(&mut self) {
        if self.ends.len() >= MAX_RECORD / 8 {
            self.too_long = true;
        } else {
            self.ends.resize(self.ends.len() * 2, 0);
        }
    }

    /// The fields; those that are not UTF-8 are empty.
    fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.count).map(|idx| self.field(idx).unwrap_or_default())
    }

    /// The text of a field; none if there is no such field, or it is not UTF-8.
    fn field(&self, idx: usize) -> Option<&str> {
        if idx >= self.count {
            // What stands there is an earlier record's.
            return None;
        }
        let start = if idx == 0 { 0 } else { self.ends[idx - 1] };
        std::str::from_utf8(&self.text[start..self.ends[idx]]).ok().map(str::trim)
    }

    fn all(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

/// Unwraps comma-separated text.
#[derive(Debug)]
pub(super) struct CsvReader {
    reader: Box<Reader>,
    record: Record,
    columns: Option<Columns>,
    row: Row,
    writer: RowWriter,
    line: String,
}

impl CsvReader {
    pub(super) fn new() -> CsvReader {
        CsvReader {
            reader: Box::new(Reader::new()),
            record: Record::new(),
            columns: None,
            row: Row::default(),
            writer: RowWriter::default(),
            line: String::new(),
        }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], notes: &mut Notes, lines: &mut Vec<u8>) {
        while !bytes.is_empty() && notes.refusal.is_none() {
            let (ended, used) = self.read(bytes);
            if ended {
                // A record that ends with CR LF is handed out before the LF.
                let after = u64::from(bytes[used - 1] == b'\n');
                self.end_record(self.reader.line() - after, notes, lines);
            }
            bytes = &bytes[used..];
        }
    }

    /// Ends the input. The last record of one that was cut off is not used.
    pub(super) fn finish(&mut self, cut: bool, notes: &mut Notes, lines: &mut Vec<u8>) {
        // What is empty ends the input for the reader.
        while !cut && notes.refusal.is_none() && self.read(&[]).0 {
            self.end_record(self.reader.line(), notes, lines);
        }
    }

    /// Reads up to the end of a record; tells whether it was reached and how much was read.
    fn read(&mut self, bytes: &[u8]) -> (bool, usize) {
        let mut used = 0;
        loop {
            let record = &mut self.record;
            if record.too_long {
                (record.length, record.count) = (0, 0);
            }
            let (result, read, written, ended) = self.reader.read_record(
                &bytes[used..],
                &mut record.text[record.length..],
                &mut record.ends[record.count..],
            );
            used += read;
            record.length += written;
            record.count += ended;
            match result {
                ReadRecordResult::Record => return (true, used),
                ReadRecordResult::End => return (false, used),
                ReadRecordResult::InputEmpty if bytes.len() == used && !bytes.is_empty() => {
                    return (false, used);
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => record.grow_text(),
                ReadRecordResult::OutputEndsFull => record.grow_ends(),
            }
        }
    }

    /// A record is whole; `last_line` is the line that it ends on.
    fn end_record(&mut self, last_line: u64, notes: &mut Notes, lines: &mut Vec<u8>) {
        let within = self.record.all().iter().filter(|byte| **byte == b'\n').count() as u64;
        let line = last_line.saturating_sub(within).max(1);
        if self.record.too_long {
            notes.malformed(line, || format!("a record of more than {MAX_RECORD} bytes"));
        } else if self.record.count > 1 || !self.record.all().trim_ascii().is_empty() {
            self.take(line, notes, lines);
        }
        self.record.clear();
    }

    fn take(&mut self, line: u64, notes: &mut Notes, lines: &mut Vec<u8>) {
        if self.columns.is_none() || self.may_be_header() {
            let columns = match self.columns {
                None => Columns::of_first(&self.record),
                Some(_) => Columns::of_header(&self.record),
            };
            if let Some(columns) = columns {
                notes.recognise(columns.wrapper());
                let is_header = columns != Columns::Bare;
                self.columns = Some(columns);
                if is_header {
                    notes.own_headers += 1;
                    return self.tell_unknown(notes);
                }
            }
        }
        if std::str::from_utf8(self.record.all()).is_err() {
            let got = excerpt(self.record.all());
            return notes.malformed(line, || format!("not UTF-8: `{got}`"));
        }
        match &self.columns {
            Some(Columns::Line(column)) => match self.record.field(*column) {
                Some(text) if text.starts_with(CONTROL) => notes.control_messages += 1,
                Some(text) => notes.give_out(text, line, lines),
                None => self.wrong_count(*column + 1, line, notes),
            },
            Some(Columns::Fields(fields)) if fields.len() != self.record.count => {
                self.wrong_count(fields.len(), line, notes);
            }
            Some(Columns::Fields(fields)) => {
                self.row.clear();
                for (idx, id) in fields.iter().enumerate() {
                    if let Some(id) = id {
                        self.row.put(*id, self.record.field(idx).unwrap_or_default());
                    }
                }
                self.writer.write(&self.row, line, notes, lines);
            }
            Some(Columns::Bare) | None => self.take_bare(line, notes, lines),
        }
    }

    /// Whether a record may be a header met again, where files were put one after another.
    fn may_be_header(&self) -> bool {
        match &self.columns {
            Some(Columns::Line(column)) => {
                self.record.field(*column).is_none_or(|text| !text.contains(' '))
            }
            _ => self.record.field(0).is_some_and(|text| field_named(text).is_some()),
        }
    }

    fn tell_unknown(&self, notes: &mut Notes) {
        if let Some(Columns::Fields(fields)) = &self.columns {
            let named = self.record.fields().zip(fields);
            named.filter(|(_, id)| id.is_none()).for_each(|(name, _)| notes.unknown(name));
        }
    }

    fn wrong_count(&self, expected: usize, line: u64, notes: &mut Notes) {
        let got = self.record.count;
        notes.malformed(line, || {
            format!("expected {expected} columns, got {got}: `{}`", excerpt(self.record.all()))
        });
    }

    /// A record whose columns are not named: the decoder knows them, or says that it does not.
    fn take_bare(&mut self, line: u64, notes: &mut Notes, lines: &mut Vec<u8>) {
        self.line.clear();
        for text in self.record.fields() {
            if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
                let got = excerpt(text.as_bytes());
                return notes.malformed(line, || format!("a value with blanks in it: `{got}`"));
            }
            if !self.line.is_empty() {
                self.line.push(' ');
            }
            self.line.push_str(if text.is_empty() { "-" } else { text });
        }
        notes.give_out(&self.line, line, lines);
    }
}

/// Whether the first line of a text is comma-separated records of flow logs, or a header of them.
pub(super) fn is_csv(first_line: &[u8]) -> bool {
    let mut reader = CsvReader::new();
    let (ended, _) = reader.read(first_line);
    (ended || reader.read(&[]).0) && Columns::of_first(&reader.record).is_some()
}
