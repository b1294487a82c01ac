//! The push decoder: bytes in, record batches out, cut anywhere.

mod block;
mod search;

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use memchr::memchr;

use crate::columns::{ColumnBuilder, schema_of};
use crate::field::FieldId;
use crate::format::Format;
use crate::line::{LogStatus, Row, RowValues, text_of};
use crate::literal::Literals;
use crate::marks::{MarkedTimes, TimeMarks};
use crate::predicate::Predicate;
use crate::reader::{MAX_LINE, Reader, Seen, split};
use crate::refusal::Refusal;
use crate::scan::{Index, Kernel};
use crate::sheet::Sheet;
use crate::sieve::Sieve;
use crate::sink::{NoSink, RecordSink};
use crate::tally::Tally;
use search::begins_strangely;

/// How much is scanned for separators at a time: block and offsets stay in the first-level cache.
const BLOCK: usize = 32 * 1024;

/// Which records a decoder hands out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Keep {
    /// Every record of good form, whatever its status, that passes the predicate.
    #[default]
    All,
    /// Records that are traffic: OK, and not of a transit gateway, that pass the predicate.
    Traffic,
    /// As `Traffic`, and also every NODATA and SKIPDATA record, without asking the predicate: in many
    /// formats these lack the fields that it looks at.
    TrafficAndIdle,
}

/// What a decoder does.
#[derive(Debug, Clone)]
pub struct DecoderOptions {
    /// The columns of the batches, in order. Default: all fields.
    pub columns: Vec<FieldId>,
    /// Most rows of a batch. Default: 8,192.
    pub batch_rows: usize,
    /// The format of objects without a header. Without it, the default format is assumed where the
    /// first line fits it.
    pub format: Option<Format>,
    /// Only records whose `[start, end]` overlaps `[from, to)`, seconds since 1970. Default: no bounds.
    pub from: Option<i64>,
    /// See `from`.
    pub to: Option<i64>,
    /// Which records are handed out. Default: all.
    pub keep: Keep,
    /// Only records that pass. Default: all do.
    pub predicate: Option<Arc<Predicate>>,
    /// Whether lines may be passed over that do not hold the one text (an interface's id, an address)
    /// without which no line can pass the predicate. They are counted as
    /// [`Counts::passed_over`](crate::Counts::passed_over): how many tokens a line has is still
    /// checked, but not what they are. Without effect where the predicate asks for no such text, and
    /// with [`Keep::TrafficAndIdle`].
    pub pass_over: bool,
    /// Whether records whose lines are read one by one are handed out without asking the predicate. A
    /// sink that notices all records is not shown these: its caller must look at the rows, and ask.
    pub alone_unasked: bool,
    /// Bounds of windows for which records with traffic are to be counted
    /// ([`Decoder::marked`]), wherever in time they lie.
    pub marks: Option<Arc<TimeMarks>>,
    /// Whether every line is read the careful way, one by one: the twin that tests compare with.
    #[doc(hidden)]
    pub careful: bool,
}

impl Default for DecoderOptions {
    fn default() -> Self {
        DecoderOptions {
            columns: FieldId::all().collect(),
            batch_rows: 8192,
            format: None,
            from: None,
            to: None,
            keep: Keep::All,
            predicate: None,
            pass_over: false,
            alone_unasked: false,
            marks: None,
            careful: false,
        }
    }
}

/// Turns the bytes of one object into record batches.
///
/// `decode` takes bytes in any cut and stops when a batch is full; `flush` hands the batch out;
/// `finish` ends the object. What was not handed out is in the [`Tally`].
#[derive(Debug)]
pub struct Decoder {
    options: DecoderOptions,
    schema: SchemaRef,
    builders: Vec<ColumnBuilder>,
    rows: usize,
    reader: Reader,
    /// The beginning of a line whose end has not come yet.
    carry: Vec<u8>,
    /// Whether the rest of an over-long line is being passed over.
    skipping: bool,
    kernel: Kernel,
    index: Index,
    sheet: Sheet,
    /// The predicate, made ready for sheets.
    sieve: Option<Sieve>,
    /// The texts without which no line can pass, if lines may be passed over.
    literals: Option<Arc<Literals>>,
    /// Whether the lines at hand hold none of the literals.
    passing_over: bool,
    /// Lines of a sheet that are asked for, and those of them that are being handed out.
    selected: Vec<usize>,
    handed: Vec<usize>,
    tokens: Vec<(u32, u32)>,
    values: RowValues,
    marked: Option<MarkedTimes>,
}

impl Decoder {
    /// A decoder for one object.
    #[must_use]
    pub fn new(options: DecoderOptions) -> Decoder {
        let rows = options.batch_rows.max(1);
        let literals = match (&options.predicate, options.keep) {
            (Some(predicate), Keep::All | Keep::Traffic) if options.pass_over => {
                Literals::of(predicate).map(Arc::new)
            }
            _ => None,
        };
        let builders = options.columns.iter().map(|id| ColumnBuilder::new(*id, rows)).collect();
        Decoder {
            schema: schema_of(&options.columns),
            builders,
            rows: 0,
            reader: Reader::new(options.format.clone(), options.wanted()),
            carry: Vec::new(),
            skipping: false,
            kernel: if options.careful { Kernel::Scalar } else { Kernel::best() },
            index: Index::default(),
            sheet: Sheet::default(),
            sieve: options.predicate.as_deref().map(Sieve::new),
            literals,
            passing_over: false,
            selected: Vec::new(),
            handed: Vec::new(),
            tokens: Vec::new(),
            values: RowValues::default(),
            marked: options.marks.clone().map(MarkedTimes::new),
            options: DecoderOptions { batch_rows: rows, ..options },
        }
    }

    /// The schema of the batches.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// What was met so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.reader.tally
    }

    /// The records with traffic by time, if marks were given: those that [`Counts::ok`](crate::Counts::ok)
    /// counts.
    #[must_use]
    pub fn marked(&self) -> Option<&MarkedTimes> {
        self.marked.as_ref()
    }

    /// Why the object is no flow log, if it is not. The rest of it is passed over.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.reader.refusal.as_ref()
    }

    /// Lines met so far, blank ones included.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.reader.line_number
    }

    /// Rows that wait for [`Decoder::flush`].
    #[must_use]
    pub fn buffered_rows(&self) -> usize {
        self.rows
    }

    /// Whether a batch is full and must be flushed before more can be decoded.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows >= self.options.batch_rows
    }

    /// Takes bytes of the object and returns how many: all of them, unless a batch is full. They may
    /// begin and end anywhere, within a line too. What was not taken is pushed again after
    /// [`Decoder::flush`], or it is lost.
    #[must_use = "a full batch takes no more: flush, and push the rest"]
    pub fn decode(&mut self, bytes: &[u8]) -> usize {
        self.decode_to(bytes, &mut NoSink)
    }

    /// As [`Decoder::decode`], and hands records to `sink` before they become rows.
    #[must_use = "a full batch takes no more: flush, and push the rest"]
    pub fn decode_to(&mut self, bytes: &[u8], sink: &mut dyn RecordSink) -> usize {
        let mut used = 0;
        while used < bytes.len() && !self.is_full() {
            if self.reader.refusal.is_some() {
                return bytes.len();
            }
            let rest = &bytes[used..];
            used += if !self.carry.is_empty() || self.skipping {
                self.decode_carried(rest)
            } else if let Some(literals) = self.searched_literals() {
                self.decode_searched(rest, &literals, sink)
            } else {
                self.decode_block(rest, sink)
            };
        }
        used
    }

    /// Ends the object: what was carried is its last line.
    pub fn finish(&mut self) {
        if self.skipping || !self.carry.is_empty() {
            self.end_carried_line();
        }
        self.reader.finish();
    }

    /// Ends an object that was cut off: the last line is not whole, and is not used.
    pub fn finish_cut(&mut self) {
        self.carry.clear();
        self.skipping = false;
        self.finish();
    }

    /// The rows so far as a batch; `None` if there are none.
    pub fn flush(&mut self) -> Option<RecordBatch> {
        if self.rows == 0 {
            return None;
        }
        let columns = self.builders.iter_mut().map(ColumnBuilder::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows = 0;
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        Some(batch.expect("the builders follow the schema, and every row is pushed to each"))
    }

    /// Decodes up to the end of the line that is being carried.
    fn decode_carried(&mut self, bytes: &[u8]) -> usize {
        match memchr(b'\n', bytes) {
            None => {
                self.carry_on(bytes);
                bytes.len()
            }
            Some(end) => {
                self.carry_on(&bytes[..end]);
                self.end_carried_line();
                end + 1
            }
        }
    }

    fn carry_on(&mut self, part: &[u8]) {
        if self.skipping {
            return;
        }
        if self.carry.len() + part.len() > MAX_LINE {
            self.skipping = true;
            self.carry.clear();
        } else {
            self.carry.extend_from_slice(part);
        }
    }

    fn end_carried_line(&mut self) {
        if std::mem::take(&mut self.skipping) {
            self.reader.over_long();
            return;
        }
        let line = std::mem::take(&mut self.carry);
        let passing_over = self.passing_over;
        self.passing_over |= self.is_passed_over(&line);
        split(self.kernel, &line, &mut self.index, &mut self.tokens);
        self.end_line(&line);
        self.passing_over = passing_over;
        self.carry = line;
        self.carry.clear();
    }

    /// A line is whole; its tokens are in `self.tokens`.
    fn end_line(&mut self, line: &[u8]) {
        let mut tokens = std::mem::take(&mut self.tokens);
        if self.passing_over && self.looks_regular(line, &tokens) {
            self.count_passed(1);
        } else if let Seen::Record = self.reader.read(line, &mut tokens, &mut self.values) {
            self.take_record(line, &tokens);
        }
        tokens.clear();
        self.tokens = tokens;
    }

    /// Whether a line has as many tokens as a record, and cannot be a header.
    fn looks_regular(&self, line: &[u8], tokens: &[(u32, u32)]) -> bool {
        let (Some(layout), Some(first)) = (&self.reader.layout, tokens.first()) else {
            return false;
        };
        line.len() <= MAX_LINE
            && tokens.len() == layout.width()
            && !begins_strangely(text_of(line, *first))
    }

    /// A record of good form: count it, and hand it out if it is asked for.
    fn take_record(&mut self, line: &[u8], tokens: &[(u32, u32)]) {
        let Some(layout) = self.reader.layout.clone() else { return };
        if self.passing_over {
            self.reader.tally.counts.passed_over += 1;
            return;
        }
        let row = Row::new(&layout, &self.values, line, tokens);
        let in_range = self.options.is_in_range(row.values.span());
        self.reader.count(&row, in_range);
        if let Some(marked) = self.marked.as_mut().filter(|_| row.is_traffic()) {
            marked.add(row.values.span(), 1);
        }
        if in_range && self.options.keeps(&row) {
            self.reader.tally.counts.selected += 1;
            self.rows += 1;
            for builder in &mut self.builders {
                builder.push(&row);
            }
        }
    }
}

impl DecoderOptions {
    /// The fields whose numbers are wanted.
    fn wanted(&self) -> Vec<FieldId> {
        let asked = |id: &FieldId| self.predicate.as_ref().is_some_and(|asks| asks.looks_at(*id));
        FieldId::all().filter(|id| self.columns.contains(id) || asked(id)).collect()
    }

    /// Whether the record's time overlaps the range. One without times is in no bounded range.
    fn is_in_range(&self, span: Option<(i64, i64)>) -> bool {
        let Some((start, end)) = span else {
            return self.from.is_none() && self.to.is_none();
        };
        self.from.is_none_or(|from| end >= from) && self.to.is_none_or(|to| start < to)
    }

    /// Whether every record of good form with traffic is handed out.
    fn takes_all(&self) -> bool {
        self.predicate.is_none() && self.from.is_none() && self.to.is_none()
    }

    fn keeps(&self, row: &Row<'_>) -> bool {
        let passes = || {
            let predicate = self.predicate.as_ref().filter(|_| !self.alone_unasked);
            predicate.is_none_or(|predicate| predicate.passes(row))
        };
        let traffic = row.is_traffic();
        match self.keep {
            Keep::All => passes(),
            Keep::Traffic => traffic && passes(),
            Keep::TrafficAndIdle if row.values.status != LogStatus::Ok => true,
            Keep::TrafficAndIdle => traffic && passes(),
        }
    }
}
