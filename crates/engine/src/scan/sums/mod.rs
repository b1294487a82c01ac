//! Totals added up while records are read, without a column of them.
//!
//! A row of the table `summed_traffic` is the totals of records that have the same values in the columns
//! that are asked for. There may be several such rows: whoever asks adds them up. So a record of the
//! usual kind costs a few additions where it stands in the text, and DataFusion adds up rows that are
//! fewer by far.

mod fields;
mod groups;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, RecordBatch, UInt8Array,
};
use arrow::datatypes::{
    DataType, SchemaRef, TimestampNanosecondType, UInt8Type, UInt32Type, UInt64Type,
};
use datafusion::common::{DataFusionError, Result};
use flowproof_record::{FieldId, RecordGroup, RecordSink};

use super::names::Names;
use super::plan::ScanPlan;
use super::{Interner, Sides};
use crate::inspect::LoggedInterfaces;
use crate::orient::{Desk, Glance, Learner, Seen, Side};
use crate::table::TableColumn;
use crate::totals::{FlowKind, Totals};
use fields::{Run, TextFields, find_runs, widen};
use groups::{Group, Groups, Slots};

pub(crate) use fields::RecordFields;
pub(crate) use groups::Record;

/// Groups that are held at most, but for those of one step more.
const MOST: usize = 1 << 16;
/// Nanoseconds in a second.
pub(super) const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// The columns from which rows of batches are added up.
pub(crate) const ADDED_UP: [TableColumn; 7] = [
    TableColumn::FlowKind,
    TableColumn::Pending,
    TableColumn::InterfaceCode,
    TableColumn::Field(FieldId::BYTES),
    TableColumn::Field(FieldId::PACKETS),
    TableColumn::Field(FieldId::START),
    TableColumn::Field(FieldId::END),
];

/// The totals of one partition so far.
#[derive(Debug)]
pub(crate) struct Sums {
    columns: Vec<TableColumn>,
    schema: SchemaRef,
    by: Keys,
    desk: Desk,
    interner: Arc<Interner>,
    names: Names,
    /// By place at the desk.
    interfaces: Vec<Interface>,
    groups: Groups,
    /// These two are kept for their allocations.
    runs: Vec<Run>,
    added: Vec<(usize, FlowKind)>,
    /// Of the object that is being read.
    summed: Summed,
    /// By place at the desk, the first start and the last end of those records; if anybody asks.
    spans: Option<BTreeMap<usize, [i64; 2]>>,
    error: Option<DataFusionError>,
}

/// What is to be told of an object's records that were added up where they stood.
#[derive(Debug, Default)]
pub(super) struct Summed {
    pub(super) rows: u64,
    pub(super) sides: Sides,
}

/// What the totals are told by.
#[derive(Debug, Clone, Copy)]
struct Keys {
    interface: bool,
    /// Seconds of the hour or the day; `None` if not by time.
    unit: Option<i64>,
}

/// An interface whose records are added up: a line of the cache for what is found of a record at a
/// glance, and one for where it is added.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Interface {
    glance: Glance,
    /// Whether nothing is known that could speak against what a record tells.
    is_trusted: bool,
    number: Option<u32>,
    slots: Slots,
}

impl Interface {
    /// What is found of a record at a glance.
    #[inline(always)]
    fn look(&self, fields: &impl RecordFields, at: usize) -> Option<Seen> {
        if !fields.tell_direction() {
            return self.glance.look(fields.numbers(at));
        }
        let told = Seen::of_side(Side::of_direction(fields.direction(at))?);
        let is_so = self.is_trusted || self.glance.look(fields.numbers(at)) == Some(told);
        is_so.then_some(told)
    }
}

impl Keys {
    fn of(columns: &[TableColumn]) -> Keys {
        let unit = match (columns.contains(&TableColumn::Hour), columns.contains(&TableColumn::Day))
        {
            (true, _) => Some(HOUR),
            (false, true) => Some(DAY),
            _ => None,
        };
        Keys { interface: columns.contains(&TableColumn::InterfaceCode), unit }
    }

    /// The number of the hour or day since 1970.
    #[inline(always)]
    fn time_of(self, seconds: i64) -> Option<i64> {
        match self.unit? {
            HOUR => Some(seconds.div_euclid(HOUR)),
            _ => Some(seconds.div_euclid(DAY)),
        }
    }
}

impl RecordSink for Sums {
    fn take(&mut self, records: &RecordGroup<'_>) -> bool {
        let Some(fields) = TextFields::of(records) else { return false };
        self.add_records(&fields, records.lines());
        true
    }
}

/// Reads values for nothing but to have them at hand.
#[inline(always)]
fn touch(values: impl Iterator<Item = Option<u32>>) {
    std::hint::black_box(values.fold(0, |all, value| all ^ value.unwrap_or(0)));
}

impl Sums {
    pub(super) fn new(plan: &ScanPlan, columns: Vec<TableColumn>) -> Sums {
        Sums {
            schema: TableColumn::schema(&columns),
            by: Keys::of(&columns),
            columns,
            desk: Desk::new(&plan.context.orientation),
            interner: Arc::clone(&plan.context.interner),
            names: Names::default(),
            interfaces: Vec::new(),
            groups: Groups::default(),
            runs: Vec::new(),
            added: Vec::new(),
            summed: Summed::default(),
            spans: plan.context.catalog.may_have_several_flow_logs().then(BTreeMap::new),
            error: None,
        }
    }

    /// Adds up the records with these numbers.
    ///
    /// Where a run of one interface begins, memory must be waited for three times: for the interface's
    /// place, for what is known of it, and for its totals. So each of them is asked for all runs at
    /// once, before it is needed.
    pub(super) fn add_records(&mut self, fields: &impl RecordFields, records: &[usize]) {
        let mut runs = std::mem::take(&mut self.runs);
        find_runs(fields, records, &mut runs);
        for run in &mut runs {
            run.interface = self.place(fields.interface(records[run.places.start]));
        }
        touch(runs.iter().map(|run| self.interfaces[run.interface].number));
        let mut added = std::mem::take(&mut self.added);
        added.clear();
        for run in &runs {
            for &record in &records[run.places.clone()] {
                added.push(self.group_of(fields, record, run.interface));
            }
        }
        self.groups.touch(added.iter().map(|(group, _)| *group));
        for (&record, (group, kind)) in records.iter().zip(&added) {
            self.groups.add(*group, fields.record(record, *kind));
        }
        self.summed.rows += added.len() as u64;
        if let Some(spans) = &mut self.spans {
            runs.iter().for_each(|run| widen(fields, records, run, spans));
        }
        (self.runs, self.added) = (runs, added);
    }

    /// The place of an interface at the desk.
    #[inline(always)]
    fn place(&mut self, text: &[u8]) -> usize {
        self.names.get(text).unwrap_or_else(|| self.new_place(text))
    }

    #[inline(never)]
    fn new_place(&mut self, text: &[u8]) -> usize {
        // Records that are added up where they stand are UTF-8.
        let interface = std::str::from_utf8(text).ok().filter(|text| *text != "-");
        let place = self.desk.place(interface);
        if place == self.interfaces.len() {
            let number =
                interface.filter(|_| self.by.interface).map(|text| self.interner.code(text));
            let number = number.transpose().unwrap_or_else(|error| {
                self.error = Some(error);
                None
            });
            self.interfaces.push(Interface {
                glance: self.desk.glance(place),
                is_trusted: !self.desk.has_entry(place),
                number,
                slots: Slots::default(),
            });
            self.names.put(text, place);
        }
        place
    }

    /// The place of a record's group, and which of its totals the record is added to.
    #[inline(always)]
    fn group_of(
        &mut self,
        fields: &impl RecordFields,
        at: usize,
        place: usize,
    ) -> (usize, FlowKind) {
        let interface = &mut self.interfaces[place];
        let Some(seen) = interface.look(fields, at) else {
            return self.group_of_strange(fields, at, place);
        };
        self.summed.sides.unoriented += u64::from(seen.relation != Seen::SIDE);
        let time = fields.second(at).and_then(|second| self.by.time_of(second));
        let place = match interface.slots.of(seen.relation).get(time) {
            Some(place) => place,
            None => self.group_in_slot(place, seen.relation, time),
        };
        (place, if fields.is_rejected(at) { FlowKind::Rejected } else { seen.kind })
    }

    /// The place of a group that is not where it was looked for.
    #[inline(never)]
    fn group_in_slot(&mut self, interface: usize, relation: u8, time: Option<i64>) -> usize {
        let interface = &mut self.interfaces[interface];
        let code = interface.glance.code(relation).filter(|_| relation != Seen::SIDE);
        let place = self.groups.place(Group { interface: interface.number, time, code });
        interface.slots.of(relation).set(time, place);
        place
    }

    /// The same of a record of which nothing is found at a glance.
    #[inline(never)]
    fn group_of_strange(
        &mut self,
        fields: &impl RecordFields,
        at: usize,
        place: usize,
    ) -> (usize, FlowKind) {
        let logged = Side::of_direction(fields.direction(at));
        let found = self.desk.look(place, &fields.ends(at), logged);
        self.summed.sides.unoriented += u64::from(found.side.is_none());
        self.summed.sides.conflicts += u64::from(found.conflict);
        self.summed.sides.assumed += u64::from(found.assumed);
        self.summed.sides.left_open |= found.left_open;
        let interface = &mut self.interfaces[place];
        if interface.glance.is_blind() {
            interface.glance = self.desk.glance(place);
        }
        let kind = match found.side {
            _ if fields.is_rejected(at) => FlowKind::Rejected,
            Some(Side::Destination) => FlowKind::In,
            Some(Side::Source) => FlowKind::Out,
            None => FlowKind::Unoriented,
        };
        let time = fields.second(at).and_then(|second| self.by.time_of(second));
        let code = found.code;
        let known = interface.slots.of(Seen::SIDE).get(time).filter(|_| code.is_none());
        let place = match (known, code) {
            (Some(known), _) => known,
            (None, None) => self.group_in_slot(place, Seen::SIDE, time),
            _ => self.groups.place(Group { interface: interface.number, time, code }),
        };
        (place, kind)
    }

    /// Adds up rows with the columns [`ADDED_UP`].
    pub(super) fn add_rows(&mut self, rows: &RecordBatch) -> Result<()> {
        let wrong = || DataFusionError::Internal("summed_traffic: wrong columns".to_owned());
        let [kinds, codes, interfaces, counters @ .., _, _] = rows.columns() else {
            return Err(wrong());
        };
        let kinds: &UInt8Array = kinds.as_primitive_opt::<UInt8Type>().ok_or_else(wrong)?;
        let codes = values::<UInt32Type>(codes)?;
        let interfaces = values::<UInt32Type>(interfaces)?;
        let [bytes, packets] = counters else { return Err(wrong()) };
        let (bytes, packets) = (values::<UInt64Type>(bytes)?, values::<UInt64Type>(packets)?);
        let times = |n: usize| values::<TimestampNanosecondType>(rows.column(n));
        let (starts, ends) = (times(5)?, times(6)?);
        for row in 0..rows.num_rows() {
            let (start, end) = (starts(row).or(ends(row)), ends(row).or(starts(row)));
            let group = Group {
                interface: interfaces(row).filter(|_| self.by.interface),
                time: start.and_then(|start| self.by.time_of(start.div_euclid(SECOND))),
                code: codes(row),
            };
            let record = Record {
                kind: FlowKind::of_number(kinds.value(row)),
                counters: [bytes(row).unwrap_or(0), packets(row).unwrap_or(0)],
                // A record without any time moves neither end.
                times: [start.unwrap_or(i64::MAX), end.unwrap_or(i64::MIN)],
            };
            let place = self.groups.place(group);
            self.groups.add(place, record);
        }
        Ok(())
    }

    /// What is to be told of the object of this flow log, which is done.
    pub(super) fn take_summed(&mut self, flow_log: &str, logged: &mut LoggedInterfaces) -> Summed {
        for (place, span) in self.spans.iter_mut().flat_map(std::mem::take) {
            if let Some(interface) = self.desk.interface(place) {
                let [start, end] = span.map(|seconds| seconds * SECOND);
                logged.widen(interface, flow_log, (start, end));
            }
        }
        std::mem::take(&mut self.summed)
    }

    /// The rows so far, if they are many.
    pub(super) fn drain_many(&mut self) -> Result<Option<RecordBatch>> {
        if self.groups.len() < MOST { Ok(None) } else { self.drain() }
    }

    /// The rows so far, if there are any.
    pub(super) fn drain(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.groups.len() == 0 {
            return Ok(None);
        }
        self.interfaces.iter_mut().for_each(|interface| interface.slots = Slots::default());
        let (groups, totals) = self.groups.take();
        let totals = Totals::columns(&totals)?;
        let column = |column: &TableColumn| self.column(*column, &groups, &totals);
        let columns = self.columns.iter().map(column).collect::<Result<_>>()?;
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.schema), columns)?))
    }

    fn column(
        &self,
        column: TableColumn,
        groups: &[Group],
        totals: &[ArrayRef],
    ) -> Result<ArrayRef> {
        let numbers = |of: fn(&Group) -> Option<u32>| -> ArrayRef {
            Arc::new(groups.iter().map(of).collect::<PrimitiveArray<UInt32Type>>())
        };
        let times = |unit: i64| -> ArrayRef {
            let begin = |group: &Group| {
                let begin = group.time? * self.by.unit?;
                Some(begin.div_euclid(unit) * unit * SECOND)
            };
            let begins = groups.iter().map(begin);
            let times: PrimitiveArray<TimestampNanosecondType> = begins.collect();
            Arc::new(times.with_timezone("+00:00"))
        };
        match column {
            TableColumn::InterfaceCode => Ok(numbers(|group| group.interface)),
            TableColumn::Pending => Ok(numbers(|group| group.code)),
            TableColumn::Hour => Ok(times(HOUR)),
            TableColumn::Day => Ok(times(DAY)),
            TableColumn::Total(n) if n < totals.len() => Ok(Arc::clone(&totals[n])),
            other => Err(DataFusionError::Internal(format!("summed_traffic has no {other:?}"))),
        }
    }

    /// What the records taught.
    pub(super) fn take_learner(&mut self) -> Learner {
        self.interfaces.clear();
        self.names = Names::default();
        self.desk.take_learner()
    }
}

/// The values of a column, by row.
fn values<T: ArrowPrimitiveType>(
    column: &ArrayRef,
) -> Result<impl Fn(usize) -> Option<T::Native> + '_> {
    let wrong = || DataFusionError::Internal(format!("{} was not expected", column.data_type()));
    let column = match column.data_type() {
        DataType::Null => return Err(wrong()),
        _ => column.as_primitive_opt::<T>().ok_or_else(wrong)?,
    };
    Ok(|row| column.is_valid(row).then(|| column.value(row)))
}
