//! Stored rows checked and counted as lines are, and brought to the schema that records have.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, RecordBatch, RecordBatchOptions,
    StringViewArray,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{FilterBuilder, nullif};
use arrow::datatypes::{DataType, Field, FieldRef, Int32Type, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result};
use flowproof_record::{
    FieldId, Keep, Kind, MarkedTimes, Predicate, RejectKind, Tally, TimeMarks, explain_value,
    schema_of,
};

use super::cell::Cells;
use super::coded::{Coded, LastTexts, parts, row_by_row};
use super::columns::Column;
use super::filter::{fields_of, passing};
use super::layout::{Layout, TRANSIT_FIELDS, Transit};
use super::reading::damaged;
use super::settled::{Faults, Settled};
use super::sheet::{Checked, Sheet, Statuses, Values};
use crate::held::{Manifest, SOURCE};
use crate::scan::ScanPlan;

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
    /// The bounds of the windows for which records with traffic are counted.
    pub(super) marks: Option<Arc<TimeMarks>>,
}

/// Reads the rows of one file.
#[derive(Debug)]
pub(super) struct RowReader {
    layout: Layout,
    wanted: Wanted,
    /// The fields that are looked at, in the order of the file.
    fields: Vec<FieldId>,
    /// By field: the texts that were read last, if they are stored once each.
    texts: Vec<LastTexts>,
    /// The columns of the records that are handed out.
    schema: SchemaRef,
    tally: Tally,
    marked: Option<MarkedTimes>,
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
        let (schema, texts) =
            (schema_of(&wanted.fields), fields.iter().map(|_| LastTexts::default()).collect());
        let marked = wanted.marks.clone().map(MarkedTimes::new);
        RowReader { schema, texts, layout, wanted, fields, tally, marked, held: None }
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

    /// All records with traffic that were read, by time, if marks were given.
    pub(super) fn marked(&self) -> Option<&MarkedTimes> {
        self.marked.as_ref()
    }

    pub(super) fn tally_mut(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// Checks and counts stored rows, and says which of them are wanted. `number` is what a row is
    /// called, counted from 1.
    pub(super) fn check(
        &mut self,
        stored: &RecordBatch,
        number: impl Fn(usize) -> u64,
    ) -> Result<Checked> {
        let mut sheet = self.sheet(stored)?;
        let keep = self.count(&mut sheet);
        if self.is_held() && !sheet.faults.is_empty() {
            return Err(damaged("a row that is no record"));
        }
        for (row, (kind, reason)) in std::mem::take(&mut sheet.faults) {
            self.tally.reject(kind, number(row), || reason);
        }
        let keep = self.keep_passing(&mut sheet, keep)?;
        let kept = keep.count_set_bits();
        self.tally.counts.selected += kept as u64;
        Ok(Checked { sheet, keep, kept })
    }

    fn sheet(&mut self, stored: &RecordBatch) -> Result<Sheet> {
        let rows = stored.num_rows();
        let mut columns = Vec::with_capacity(self.fields.len());
        let mut bad: Vec<(FieldId, ArrayRef, Vec<usize>)> = Vec::new();
        for (place, id) in self.fields.clone().iter().enumerate() {
            let Some(stored) = self.layout.stored(stored, *id)? else {
                columns.push(Values::missing(*id, rows));
                continue;
            };
            let (column, rows) = self.values(place, &stored)?;
            columns.push(column);
            if !rows.is_empty() {
                bad.push((*id, stored, rows));
            }
        }
        let sources = self.sources(stored)?;
        let (statuses, faults) = (Statuses::default(), Faults::new());
        let mut sheet = Sheet { rows, columns, statuses, faults, sources };
        self.note_statuses(&mut sheet, stored)?;
        for (id, stored, rows) in bad {
            let cells = Cells::of(&stored)?;
            for row in rows {
                // What is not OK is only asked for its times: the rest of it is leftovers.
                if sheet.statuses.is_ok(row) {
                    let reason = || (RejectKind::Malformed, explain_value(id, &cells.shown(row)));
                    sheet.faults.entry(row).or_insert_with(reason);
                }
            }
        }
        Ok(sheet)
    }

    /// The column of a field, and the rows that are not what it holds.
    fn values(&mut self, place: usize, stored: &ArrayRef) -> Result<(Values, Vec<usize>)> {
        let id = self.fields[place];
        let mut one_by_one = None;
        if let Some((keys, texts)) = parts(stored) {
            if let Some(dictionary) = self.texts[place].look(id, keys, texts) {
                let (coded, bad) = Coded::of(keys, dictionary);
                return Ok((Values::Coded(coded), bad));
            }
            one_by_one = Some(row_by_row(keys, texts)?);
        }
        let column = match self.is_held() {
            true => Column::as_written(id, stored)?,
            false => Column::of(id, one_by_one.as_ref().unwrap_or(stored))?,
        };
        Ok((Values::Array(column.values), column.bad))
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

    pub(super) fn column<'s>(&self, sheet: &'s Sheet, id: FieldId) -> Option<&'s Values> {
        let place = self.fields.iter().position(|other| *other == id)?;
        sheet.columns.get(place)
    }

    /// A file without the column has records that are OK; a row without a status is malformed.
    fn note_statuses(&self, sheet: &mut Sheet, stored: &RecordBatch) -> Result<()> {
        let Some(raw) = self.layout.stored(stored, FieldId::LOG_STATUS)? else { return Ok(()) };
        let Some(column) = self.column(sheet, FieldId::LOG_STATUS) else { return Ok(()) };
        if let Some(statuses) = Statuses::of(column) {
            sheet.statuses = statuses;
            return Ok(());
        }
        let statuses = Statuses::of_told(column);
        // A source without the field has records that are OK.
        if let Some(nulls) = column.nulls().filter(|_| !self.is_held()) {
            let cells = Cells::of(&raw)?;
            for row in (!nulls.inner()).set_indices() {
                let reason = explain_value(FieldId::LOG_STATUS, &cells.shown(row));
                sheet.faults.insert(row, (RejectKind::Malformed, reason));
            }
        }
        sheet.statuses = statuses;
        Ok(())
    }

    /// Settles times, counts, and says which rows are kept but for the predicate.
    fn count(&mut self, sheet: &mut Sheet) -> BooleanBuffer {
        let times = [FieldId::START, FieldId::END];
        let columns = times.map(|id| self.column(sheet, id).and_then(Values::array).cloned());
        let [starts, ends] = &columns;
        let settled = Settled::of([starts.as_ref(), ends.as_ref()], sheet.rows, &mut sheet.faults);
        for (id, column) in times.into_iter().zip(settled.columns()) {
            self.put(sheet, id, column);
        }
        let sound = rows_without(&sheet.faults, sheet.rows);
        let transit = self.transit_rows(sheet).map(|rows| &rows & &sound);
        let ok = sheet.statuses.ok().map_or_else(|| sound.clone(), |ok| &ok & &sound);
        let traffic = transit.as_ref().map_or_else(|| ok.clone(), |transit| &ok & &!transit);
        let in_range = self.wanted.in_range(&settled);
        self.count_rows(sheet, &sound, &ok, &traffic, in_range.as_ref());
        if let Some(marked) = &mut self.marked {
            traffic.set_indices().for_each(|row| marked.add(settled.span(row), 1));
        }
        let counts = &mut self.tally.counts;
        counts.milliseconds += settled.milliseconds;
        counts.time_missing += settled.told().map_or(0, |told| among(&traffic, &!&told));
        if let Some((start, end)) = settled.whole_span() {
            self.tally.widen_span(start, end);
        }
        let keep = match (self.wanted.keep, transit) {
            (Keep::All, _) | (Keep::TrafficAndIdle, None) => sound,
            (Keep::Traffic, _) => traffic,
            (Keep::TrafficAndIdle, Some(transit)) => &sound & &!&(&ok & &transit),
        };
        in_range.map_or_else(|| keep.clone(), |in_range| &keep & &in_range)
    }

    /// Counts rows that are sound: of them, those that are OK, and those that have traffic.
    fn count_rows(
        &mut self,
        sheet: &Sheet,
        sound: &BooleanBuffer,
        ok: &BooleanBuffer,
        traffic: &BooleanBuffer,
        in_range: Option<&BooleanBuffer>,
    ) {
        let [bytes_missing, action_missing] =
            [FieldId::BYTES, FieldId::ACTION].map(|id| self.missing_among(sheet, id, traffic));
        let counts = &mut self.tally.counts;
        if let Some([nodata, skipdata]) = sheet.statuses.idle() {
            counts.nodata += among(nodata, sound);
            counts.skipdata += among(skipdata, sound);
        }
        let with_traffic = traffic.count_set_bits() as u64;
        counts.transit_gateway += ok.count_set_bits() as u64 - with_traffic;
        counts.ok += with_traffic;
        counts.bytes_missing += bytes_missing;
        counts.action_missing += action_missing;
        let in_range = in_range.map_or_else(|| traffic.clone(), |in_range| traffic & in_range);
        counts.in_range += in_range.count_set_bits() as u64;
        if let (Some(held), Some(sources)) = (&mut self.held, &sheet.sources) {
            for row in in_range.set_indices() {
                held.in_range[sources.value(row) as usize] += 1;
            }
        }
    }

    /// How many of these rows have no value in a field. A column that is not read is not counted.
    fn missing_among(&self, sheet: &Sheet, id: FieldId, rows: &BooleanBuffer) -> u64 {
        if !self.layout.has(id) {
            return rows.count_set_bits() as u64;
        }
        let nulls = self.column(sheet, id).and_then(Values::nulls);
        nulls.map_or(0, |nulls| among(rows, &!nulls.inner()))
    }

    fn put(&self, sheet: &mut Sheet, id: FieldId, column: ArrayRef) {
        if let Some(place) = self.fields.iter().position(|other| *other == id) {
            sheet.columns[place] = Values::Array(column);
        }
    }

    /// The rows that are a transit gateway's; `None` if none is.
    fn transit_rows(&self, sheet: &Sheet) -> Option<BooleanBuffer> {
        match self.layout.transit() {
            Transit::None => None,
            Transit::All => Some(BooleanBuffer::new_set(sheet.rows)),
            Transit::Some => {
                let [one, other] = TRANSIT_FIELDS.map(|id| {
                    self.column(sheet, id).map(|column| column.nulls().map(|n| n.into_inner()))
                });
                let has = |column: &Option<Option<BooleanBuffer>>, row| {
                    column.as_ref().is_some_and(|c| c.as_ref().is_none_or(|c| c.value(row)))
                };
                let by_value = |row| has(&one, row) || has(&other, row);
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

    /// Those of the rows that pass the predicate.
    fn keep_passing(&self, sheet: &mut Sheet, keep: BooleanBuffer) -> Result<BooleanBuffer> {
        if self.wanted.keep != Keep::Traffic {
            self.clear_idle_counters(sheet)?;
        }
        let Some(predicate) = &self.wanted.predicate else { return Ok(keep) };
        let column = |id: FieldId| {
            self.column(sheet, id).ok_or_else(|| {
                DataFusionError::Internal(format!("the scan does not read {}", id.field().column))
            })
        };
        let passing = passing(predicate, sheet.rows, &column)?;
        Ok(match (self.wanted.keep, sheet.statuses.ok()) {
            (Keep::TrafficAndIdle, Some(ok)) => &keep & &(&passing | &!&ok),
            _ => &keep & &passing,
        })
    }

    /// The records that are wanted.
    pub(super) fn records(&self, checked: Checked) -> Result<RecordBatch> {
        let Checked { sheet, keep, kept } = checked;
        let all = kept == sheet.rows;
        let filter = FilterBuilder::new(&BooleanArray::new(keep, None)).optimize().build();
        let hand_out = |values: &Values| match all {
            true => values.to_array(),
            false => values.filter(&filter)?.to_array(),
        };
        let columns = self.wanted.fields.iter().map(|id| match self.column(&sheet, *id) {
            Some(values) => hand_out(values),
            None => Err(DataFusionError::Internal(format!("no {}", id.field().column))),
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(kept));
        let schema = Arc::clone(&self.schema);
        let mut records = RecordBatch::try_new_with_options(schema, columns, &options)?;
        if let Some(sources) = sheet.sources {
            records = with_sources(&records, hand_out(&Values::Array(Arc::new(sources)))?)?;
        }
        let sparse = kept * SPARSE < sheet.rows;
        if sparse { compact(records) } else { Ok(records) }
    }

    /// A record that is not OK carries no traffic, whatever stands in its counters.
    fn clear_idle_counters(&self, sheet: &mut Sheet) -> Result<()> {
        let Some(ok) = sheet.statuses.ok() else { return Ok(()) };
        let idle = BooleanArray::new(!&ok, None);
        for (id, column) in self.fields.iter().zip(&mut sheet.columns) {
            if let (Kind::Counter, Values::Array(counters)) = (id.field().kind, &mut *column) {
                *counters = nullif(counters, &idle)?;
            }
        }
        Ok(())
    }
}

/// The rows without a fault.
fn rows_without(faults: &Faults, rows: usize) -> BooleanBuffer {
    match faults.is_empty() {
        true => BooleanBuffer::new_set(rows),
        false => BooleanBuffer::collect_bool(rows, |row| !faults.contains_key(&row)),
    }
}

/// How many rows are in both.
fn among(one: &BooleanBuffer, other: &BooleanBuffer) -> u64 {
    (one & other).count_set_bits() as u64
}

impl Wanted {
    /// What a plan wants.
    pub(super) fn of(plan: &ScanPlan, thorough: bool) -> Wanted {
        Wanted {
            fields: plan.fields(),
            keep: plan.keep(),
            from: plan.context.from,
            to: plan.context.to,
            predicate: plan.predicate.clone(),
            thorough,
            marks: plan.marks(),
        }
    }

    /// The rows that are in range, if there is one. As for lines: a record without times is in no
    /// bounded range.
    fn in_range(&self, settled: &Settled) -> Option<BooleanBuffer> {
        let (from, to) = (self.from, self.to);
        (from.is_some() || to.is_some()).then(|| {
            settled.passing(|start, end| {
                from.is_none_or(|from| end >= from) && to.is_none_or(|to| start < to)
            })
        })
    }
}

/// Records with the numbers of their sources as the last column.
fn with_sources(records: &RecordBatch, sources: ArrayRef) -> Result<RecordBatch> {
    let number = Field::new(SOURCE, DataType::Int32, false);
    let fields = records.schema_ref().fields().iter().cloned().chain([FieldRef::new(number)]);
    let mut columns = records.columns().to_vec();
    columns.push(sources);
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok(RecordBatch::try_new(schema, columns)?)
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
