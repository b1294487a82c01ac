//! Stored rows checked and counted as lines are, and brought to the schema that records have.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, NullArray, RecordBatch, RecordBatchOptions,
    StringViewArray, TimestampNanosecondArray, UInt64Array, new_null_array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::{filter_record_batch, nullif};
use arrow::datatypes::{Field, Int32Type, Schema, SchemaRef, UInt64Type};
use datafusion::common::Result;
use flowproof_record::{
    BAD_ORDER, FieldId, Keep, Kind, Predicate, RejectKind, Tally, explain_value, schema_of,
    settle_seconds,
};

use super::cell::Cells;
use super::columns::Column;
use super::filter::{fields_of, passing};
use super::layout::{Layout, TRANSIT_FIELDS, Transit};
use super::reading::damaged;
use super::views::view_of;
use crate::held::{Manifest, SOURCE};

/// A batch in which fewer than one row in this many are kept is copied, so that they do not keep the
/// pages that they were read from.
const SPARSE: usize = 4;

/// What is wanted of the rows.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The fields of the records that are handed out, in order.
    pub(super) fields: Vec<FieldId>,
    pub(super) keep: Keep,
    /// The window `[from, to)` in seconds since 1970.
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
    pub(super) predicate: Option<Arc<Predicate>>,
    /// Whether all fields are looked at, and not those alone that are needed.
    pub(super) thorough: bool,
}

/// Reads the rows of one file.
#[derive(Debug)]
pub(super) struct RowReader {
    layout: Layout,
    wanted: Wanted,
    /// The fields that are looked at, in the order of the file.
    fields: Vec<FieldId>,
    schema: SchemaRef,
    tally: Tally,
    held: Option<HeldRows>,
}

/// What is known of the rows of a holder.
#[derive(Debug)]
struct HeldRows {
    /// By a source's number: which of its records are a transit gateway's.
    transit: Vec<Transit>,
    /// By a source's number: its records with traffic inside the window.
    in_range: Vec<u64>,
}

/// What `log-status` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Ok,
    NoData,
    SkipData,
}

/// The columns of a batch, and what is wrong with rows.
#[derive(Debug)]
struct Sheet {
    rows: usize,
    /// By the place in [`RowReader::fields`].
    columns: Vec<ArrayRef>,
    statuses: Vec<Status>,
    /// By row: what is wrong, the first thing of each row.
    faults: BTreeMap<usize, (RejectKind, String)>,
    /// The numbers of the rows' sources, in a holder.
    sources: Option<Int32Array>,
}

impl RowReader {
    pub(super) fn new(layout: Layout, wanted: Wanted) -> RowReader {
        let mut fields = wanted.fields.clone();
        if let Some(predicate) = &wanted.predicate {
            fields_of(predicate, &mut fields);
        }
        let always = [FieldId::LOG_STATUS, FieldId::START, FieldId::END];
        let transit = TRANSIT_FIELDS.into_iter().filter(|_| layout.transit() == Transit::Some);
        let rest = FieldId::all().filter(|id| wanted.thorough && layout.has(*id));
        for id in always.into_iter().chain(transit).chain(rest) {
            if !fields.contains(&id) {
                fields.push(id);
            }
        }
        fields.sort_by_key(|id| layout.place(*id));
        let tally = Tally { formats: layout.format().into_iter().collect(), ..Tally::default() };
        RowReader { schema: schema_of(&fields), layout, wanted, fields, tally, held: None }
    }

    /// A reader of rows that `collect` wrote: they are taken as they are, and handed out with the
    /// numbers of their sources as the last column.
    pub(super) fn of_holder(layout: Layout, wanted: Wanted, manifest: &Manifest) -> RowReader {
        let sources = 0..manifest.sources.len();
        let transit: Vec<Transit> = sources.map(|number| manifest.transit(number)).collect();
        let none = transit.iter().all(|transit| *transit == Transit::None);
        let layout = layout.with_transit(if none { Transit::None } else { Transit::Some });
        let in_range = vec![0; transit.len()];
        let held = Some(HeldRows { transit, in_range });
        RowReader { held, ..RowReader::new(layout, wanted) }
    }

    /// Whether these are rows that `collect` wrote.
    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// By a source's number: records with traffic inside the window, of those that were read.
    pub(super) fn take_in_range(&mut self) -> Vec<u64> {
        self.held.take().map(|held| held.in_range).unwrap_or_default()
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// The columns of the file that must be read.
    pub(super) fn file_columns(&self) -> SchemaRef {
        let columns = self.layout.columns(&self.fields);
        match self.layout.source_column().filter(|_| self.is_held()) {
            None => columns,
            Some(source) => {
                let columns = columns.fields().iter().chain([source]).map(Arc::clone);
                Arc::new(Schema::new(columns.collect::<Vec<_>>()))
            }
        }
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) fn tally_mut(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// Checks and counts stored rows, and gives the records that are wanted. `number` is what a row
    /// is called, counted from 1.
    pub(super) fn read(
        &mut self,
        stored: &RecordBatch,
        number: impl Fn(usize) -> u64,
    ) -> Result<RecordBatch> {
        let mut sheet = self.sheet(stored)?;
        let keep = self.count(&mut sheet)?;
        if self.is_held() && !sheet.faults.is_empty() {
            return Err(damaged("a row that is no record"));
        }
        for (row, (kind, reason)) in std::mem::take(&mut sheet.faults) {
            self.tally.reject(kind, number(row), || reason);
        }
        self.hand_out(sheet, keep)
    }

    fn sheet(&self, stored: &RecordBatch) -> Result<Sheet> {
        let rows = stored.num_rows();
        let mut columns = Vec::with_capacity(self.fields.len());
        let mut bad: Vec<(FieldId, ArrayRef, Vec<usize>)> = Vec::new();
        for id in &self.fields {
            columns.push(match self.layout.stored(stored, *id)? {
                None => missing_column(*id, rows),
                Some(stored) => {
                    let column = match self.is_held() {
                        true => Column::as_written(*id, &stored)?,
                        false => Column::of(*id, &stored)?,
                    };
                    if !column.bad.is_empty() {
                        bad.push((*id, stored, column.bad));
                    }
                    column.values
                }
            });
        }
        let sources = self.sources(stored)?;
        let (statuses, faults) = (Vec::new(), BTreeMap::new());
        let mut sheet = Sheet { rows, columns, statuses, faults, sources };
        self.note_statuses(&mut sheet, stored)?;
        for (id, stored, rows) in bad {
            let cells = Cells::of(&stored)?;
            for row in rows {
                // What is not OK is only asked for its times: the rest of it is leftovers.
                if sheet.statuses[row] == Status::Ok {
                    let reason = || (RejectKind::Malformed, explain_value(id, &cells.shown(row)));
                    sheet.faults.entry(row).or_insert_with(reason);
                }
            }
        }
        Ok(sheet)
    }

    /// The numbers of the rows' sources, which the manifest has.
    fn sources(&self, stored: &RecordBatch) -> Result<Option<Int32Array>> {
        let Some(held) = &self.held else { return Ok(None) };
        let column = stored.column_by_name(SOURCE);
        let sources = column.and_then(|column| column.as_primitive_opt::<Int32Type>());
        // A negative number is beyond all sources when it is read without its sign.
        let is_known = |number: &i32| (*number as u32 as usize) < held.transit.len();
        match sources {
            Some(sources) if sources.null_count() == 0 && sources.values().iter().all(is_known) => {
                Ok(Some(sources.clone()))
            }
            _ => Err(damaged("rows whose source is not told")),
        }
    }

    fn column<'s>(&self, sheet: &'s Sheet, id: FieldId) -> Option<&'s ArrayRef> {
        let place = self.fields.iter().position(|other| *other == id)?;
        sheet.columns.get(place)
    }

    /// A file without the column has records that are OK; a row without a status is malformed.
    fn note_statuses(&self, sheet: &mut Sheet, stored: &RecordBatch) -> Result<()> {
        let Some(raw) = self.layout.stored(stored, FieldId::LOG_STATUS)? else {
            sheet.statuses = vec![Status::Ok; sheet.rows];
            return Ok(());
        };
        let Some(column) = self.column(sheet, FieldId::LOG_STATUS) else { return Ok(()) };
        let texts = column.as_string_view();
        const OK: u128 = view_of(b"OK");
        if texts.null_count() == 0 && texts.views().iter().all(|view| *view == OK) {
            sheet.statuses = vec![Status::Ok; sheet.rows];
            return Ok(());
        }
        let mut statuses = Vec::with_capacity(sheet.rows);
        let mut faults = BTreeMap::new();
        for (row, text) in texts.iter().enumerate() {
            statuses.push(match text {
                Some("NODATA") => Status::NoData,
                Some("SKIPDATA") => Status::SkipData,
                Some(_) => Status::Ok,
                // A source without the field has records that are OK.
                None if self.is_held() => Status::Ok,
                None => {
                    let got = Cells::of(&raw)?.shown(row);
                    let reason = explain_value(FieldId::LOG_STATUS, &got);
                    faults.insert(row, (RejectKind::Malformed, reason));
                    Status::Ok
                }
            });
        }
        sheet.statuses = statuses;
        sheet.faults = faults;
        Ok(())
    }

    /// Settles times, counts, and says which rows are kept but for the predicate.
    fn count(&mut self, sheet: &mut Sheet) -> Result<BooleanBuffer> {
        let starts = Times::of(self.column(sheet, FieldId::START));
        let ends = Times::of(self.column(sheet, FieldId::END));
        let transit = self.transit_rows(sheet);
        let lacks = |id| {
            let column = self.column(sheet, id);
            let column = column.map(|column| column.nulls().cloned());
            match (self.layout.has(id), column) {
                (false, _) => Lacks::All,
                // A column that is not read is not counted.
                (true, None) => Lacks::Unknown,
                (true, Some(nulls)) => Lacks::Some(nulls),
            }
        };
        let (bytes, action) = (lacks(FieldId::BYTES), lacks(FieldId::ACTION));
        let mut settled = [Settled::new(sheet.rows), Settled::new(sheet.rows)];
        let mut keep = vec![false; sheet.rows];
        for (row, keep) in keep.iter_mut().enumerate() {
            if sheet.faults.contains_key(&row) {
                settled.iter_mut().for_each(|times| times.push(None));
                continue;
            }
            let times = match settle(starts.get(row), ends.get(row)) {
                Ok(times) => times,
                Err(why) => {
                    settled.iter_mut().for_each(|times| times.push(None));
                    let reason = format!("{why}: {} to {}", starts.shown(row), ends.shown(row));
                    sheet.faults.insert(row, (RejectKind::BadTime, reason));
                    continue;
                }
            };
            settled[0].push(times.start);
            settled[1].push(times.end);
            let in_range = self.wanted.is_in_range(times.span());
            let counts = &mut self.tally.counts;
            counts.milliseconds += u64::from(times.milliseconds);
            let status = sheet.statuses[row];
            let is_transit = transit.as_ref().is_some_and(|transit| transit.value(row));
            match status {
                Status::NoData => counts.nodata += 1,
                Status::SkipData => counts.skipdata += 1,
                Status::Ok if is_transit => counts.transit_gateway += 1,
                Status::Ok => {
                    counts.ok += 1;
                    counts.in_range += u64::from(in_range);
                    if let (Some(held), Some(sources)) = (&mut self.held, &sheet.sources) {
                        held.in_range[sources.value(row) as usize] += u64::from(in_range);
                    }
                    counts.bytes_missing += u64::from(bytes.is_missing(row));
                    counts.action_missing += u64::from(action.is_missing(row));
                    counts.time_missing += u64::from(times.span().is_none());
                }
            }
            if let Some((start, end)) = times.span() {
                self.tally.widen_span(start, end);
            }
            *keep = in_range
                && match self.wanted.keep {
                    Keep::All => true,
                    Keep::Traffic => status == Status::Ok && !is_transit,
                    Keep::TrafficAndIdle => status != Status::Ok || !is_transit,
                };
        }
        let [starts, ends] = settled.map(Settled::finish);
        self.put(sheet, FieldId::START, starts);
        self.put(sheet, FieldId::END, ends);
        Ok(BooleanBuffer::from(keep))
    }

    fn put(&self, sheet: &mut Sheet, id: FieldId, column: ArrayRef) {
        if let Some(place) = self.fields.iter().position(|other| *other == id) {
            sheet.columns[place] = column;
        }
    }

    /// The rows that are a transit gateway's; `None` if none is.
    fn transit_rows(&self, sheet: &Sheet) -> Option<BooleanBuffer> {
        match self.layout.transit() {
            Transit::None => None,
            Transit::All => Some(BooleanBuffer::new_set(sheet.rows)),
            Transit::Some => {
                let [one, other] = TRANSIT_FIELDS.map(|id| self.column(sheet, id));
                let has = |column: Option<&ArrayRef>, row| column.is_some_and(|c| c.is_valid(row));
                let by_value = |row| has(one, row) || has(other, row);
                let is_transit = |row: usize| match (&self.held, &sheet.sources) {
                    (Some(held), Some(sources)) => {
                        match held.transit[sources.value(row) as usize] {
                            Transit::None => false,
                            Transit::All => true,
                            Transit::Some => by_value(row),
                        }
                    }
                    _ => by_value(row),
                };
                Some(BooleanBuffer::collect_bool(sheet.rows, is_transit))
            }
        }
    }

    fn hand_out(&mut self, mut sheet: Sheet, keep: BooleanBuffer) -> Result<RecordBatch> {
        self.clear_idle_counters(&mut sheet)?;
        let idle = BooleanBuffer::collect_bool(sheet.rows, |row| sheet.statuses[row] != Status::Ok);
        let options = RecordBatchOptions::new().with_row_count(Some(sheet.rows));
        let schema = Arc::clone(&self.schema);
        let records = RecordBatch::try_new_with_options(schema, sheet.columns, &options)?;
        let keep = match &self.wanted.predicate {
            None => keep,
            Some(predicate) => {
                let passing = passing(predicate, &records)?;
                match self.wanted.keep {
                    Keep::TrafficAndIdle => &keep & &(&passing | &idle),
                    Keep::All | Keep::Traffic => &keep & &passing,
                }
            }
        };
        let kept = keep.count_set_bits();
        self.tally.counts.selected += kept as u64;
        let places =
            self.wanted.fields.iter().map(|id| records.schema_ref().index_of(id.field().column));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        let mut records = records.project(&places)?;
        if let Some(sources) = sheet.sources {
            records = with_sources(&records, sources)?;
        }
        if kept == records.num_rows() {
            return Ok(records);
        }
        let sparse = kept * SPARSE < records.num_rows();
        let records = filter_record_batch(&records, &BooleanArray::new(keep, None))?;
        if sparse { compact(records) } else { Ok(records) }
    }

    /// A record that is not OK carries no traffic, whatever stands in its counters.
    fn clear_idle_counters(&self, sheet: &mut Sheet) -> Result<()> {
        if sheet.statuses.iter().all(|status| *status == Status::Ok) {
            return Ok(());
        }
        let idle = sheet.statuses.iter().map(|status| Some(*status != Status::Ok));
        let idle: BooleanArray = idle.collect();
        for (id, column) in self.fields.iter().zip(&mut sheet.columns) {
            if id.field().kind == Kind::Counter {
                *column = nullif(column, &idle)?;
            }
        }
        Ok(())
    }
}

impl Wanted {
    /// As for lines: a record without times is in no bounded range.
    fn is_in_range(&self, span: Option<(i64, i64)>) -> bool {
        let Some((start, end)) = span else { return self.from.is_none() && self.to.is_none() };
        self.from.is_none_or(|from| end >= from) && self.to.is_none_or(|to| start < to)
    }
}

/// Records with the numbers of their sources as the last column.
fn with_sources(records: &RecordBatch, sources: Int32Array) -> Result<RecordBatch> {
    let number = Field::new(SOURCE, sources.data_type().clone(), false);
    let fields = records.schema_ref().fields().iter().cloned().chain([Arc::new(number)]);
    let mut columns = records.columns().to_vec();
    columns.push(Arc::new(sources));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// The column of a field that the file lacks. Times are numbers here, as in [`Column`].
fn missing_column(id: FieldId, rows: usize) -> ArrayRef {
    match id.field().kind {
        Kind::Time => Arc::new(NullArray::new(rows)),
        kind => new_null_array(&kind.data_type(), rows),
    }
}

/// Texts copied out of the pages that they were read from.
fn compact(records: RecordBatch) -> Result<RecordBatch> {
    let rows = records.num_rows();
    let columns = records.columns().iter().map(|column| match column.as_string_view_opt() {
        Some(texts) => Arc::new(StringViewArray::gc(texts)) as ArrayRef,
        None => Arc::clone(column),
    });
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let columns = columns.collect();
    Ok(RecordBatch::try_new_with_options(records.schema(), columns, &options)?)
}

/// In which rows a column has no value.
enum Lacks {
    All,
    Unknown,
    Some(Option<NullBuffer>),
}

impl Lacks {
    fn is_missing(&self, row: usize) -> bool {
        match self {
            Lacks::All => true,
            Lacks::Unknown => false,
            Lacks::Some(nulls) => nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)),
        }
    }
}

/// A column of times as they are stored.
struct Times(Option<UInt64Array>);

impl Times {
    fn of(column: Option<&ArrayRef>) -> Times {
        Times(column.and_then(|column| column.as_primitive_opt::<UInt64Type>()).cloned())
    }

    fn get(&self, row: usize) -> Option<u64> {
        self.0.as_ref().filter(|times| times.is_valid(row)).map(|times| times.value(row))
    }

    fn shown(&self, row: usize) -> String {
        self.get(row).map_or_else(|| "-".to_owned(), |time| time.to_string())
    }
}

/// The times of a record, in seconds since 1970.
struct Span {
    start: Option<i64>,
    end: Option<i64>,
    milliseconds: bool,
}

impl Span {
    /// From the first to the last packet; one of the two alone stands for both.
    fn span(&self) -> Option<(i64, i64)> {
        let start = self.start.or(self.end)?;
        Some((start, self.end.unwrap_or(start)))
    }
}

fn settle(start: Option<u64>, end: Option<u64>) -> Result<Span, &'static str> {
    let mut span = Span { start: None, end: None, milliseconds: false };
    for (stored, settled) in [(start, &mut span.start), (end, &mut span.end)] {
        if let Some(stored) = stored {
            let (seconds, milliseconds) = settle_seconds(stored)?;
            *settled = Some(seconds);
            span.milliseconds |= milliseconds;
        }
    }
    match (span.start, span.end) {
        (Some(start), Some(end)) if end < start => Err(BAD_ORDER),
        _ => Ok(span),
    }
}

/// A column of settled times under construction.
struct Settled {
    nanoseconds: Vec<i64>,
    valid: Vec<bool>,
    nulls: usize,
}

impl Settled {
    fn new(rows: usize) -> Settled {
        Settled { nanoseconds: Vec::with_capacity(rows), valid: Vec::with_capacity(rows), nulls: 0 }
    }

    fn push(&mut self, seconds: Option<i64>) {
        // Seconds are settled to at most 32 bits, so their nanoseconds fit in 63.
        self.nanoseconds.push(seconds.unwrap_or(0) * 1_000_000_000);
        self.valid.push(seconds.is_some());
        self.nulls += usize::from(seconds.is_none());
    }

    fn finish(self) -> ArrayRef {
        let nulls = (self.nulls > 0).then(|| NullBuffer::from(self.valid));
        let times = TimestampNanosecondArray::new(self.nanoseconds.into(), nulls);
        Arc::new(times.with_data_type(Kind::Time.data_type()))
    }
}
