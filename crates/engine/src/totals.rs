//! `traffic_totals`: all totals of a group of records in one aggregate.
//!
//! Twelve aggregates over twelve CASE expressions would look at each record twelve times. This one
//! looks once: at what kind of flow the record is, and adds its counters there. Like `sum`, it fails
//! rather than wrap.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, PrimitiveArray, RecordBatch, StructArray,
    TimestampNanosecondArray, UInt8Array, UInt64Array,
};
use arrow::datatypes::{
    DataType, Field, FieldRef, Fields, Int64Type, Schema, TimeUnit, TimestampNanosecondType,
    UInt8Type, UInt64Type,
};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF,
    Signature, Volatility,
};

use crate::sum::{overflow, passes};

/// What kind of flow a record is: whether it was accepted, and which way it went. A record without an
/// action counts as accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FlowKind {
    In = 0,
    Out = 1,
    Unoriented = 2,
    Rejected = 3,
}

impl FlowKind {
    /// The kind of this number.
    pub(crate) fn of_number(number: u8) -> FlowKind {
        match number {
            0 => FlowKind::In,
            1 => FlowKind::Out,
            2 => FlowKind::Unoriented,
            _ => FlowKind::Rejected,
        }
    }
}

/// How many kinds there are.
const KINDS: usize = 4;

/// The SQL of the aggregate, over the table `traffic`. [`flatten`] makes columns of its result.
pub(crate) const TOTALS: &str =
    r#"traffic_totals(flow_kind, bytes, packets, "start", "end") AS totals"#;

/// The totals in the order of the interface. Counts are signed, as SQL's are.
pub(crate) const COLUMNS: [&str; 12] = [
    "bytes_in",
    "bytes_out",
    "bytes_unoriented",
    "packets_in",
    "packets_out",
    "packets_unoriented",
    "flows",
    "rejected_bytes",
    "rejected_packets",
    "rejected_flows",
    "first_seen",
    "last_seen",
];

fn time() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()))
}

pub(crate) fn result_fields() -> Fields {
    let field = |name: &&str| match *name {
        "flows" | "rejected_flows" => Field::new(*name, DataType::Int64, false),
        "first_seen" | "last_seen" => Field::new(*name, time(), true),
        name => Field::new(name, DataType::UInt64, false),
    };
    COLUMNS.iter().map(field).collect()
}

/// The aggregate.
pub(crate) fn traffic_totals() -> AggregateUDF {
    AggregateUDF::from(TrafficTotals {
        signature: Signature::exact(
            vec![DataType::UInt8, DataType::UInt64, DataType::UInt64, time(), time()],
            Volatility::Immutable,
        ),
    })
}

/// The batch with the columns of the totals in place of the aggregate's one.
pub(crate) fn flatten(batch: &RecordBatch) -> Result<RecordBatch> {
    let schema = batch.schema();
    let mut fields: Vec<FieldRef> = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        match column.as_struct_opt().filter(|_| field.name() == "totals") {
            Some(totals) => {
                fields.extend(result_fields().iter().cloned());
                columns.extend(totals.columns().iter().cloned());
            }
            None => {
                fields.push(Arc::clone(field));
                columns.push(Arc::clone(column));
            }
        }
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// The totals of one group. What most records move lies in one line of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub(crate) struct Totals {
    /// Nanoseconds since 1970.
    first: i64,
    last: i64,
    kinds: [Counts; KINDS],
}

/// The totals of one kind of flow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    bytes: u64,
    packets: u64,
    flows: u64,
}

impl Default for Totals {
    fn default() -> Totals {
        Totals { first: i64::MAX, last: i64::MIN, kinds: [Counts::default(); KINDS] }
    }
}

#[inline(always)]
fn add(total: &mut u64, more: u64) -> Result<()> {
    match total.checked_add(more) {
        Some(sum) => {
            *total = sum;
            Ok(())
        }
        None => overflow(),
    }
}

impl Totals {
    /// Adds a record of which nothing is missing, from its first to its last nanosecond; `None`, and
    /// nothing added, if a total would not fit.
    #[inline(always)]
    pub(crate) fn take_in(
        &mut self,
        kind: FlowKind,
        [bytes, packets]: [u64; 2],
        [start, end]: [i64; 2],
    ) -> Option<()> {
        let counts = &mut self.kinds[kind as usize];
        let bytes = counts.bytes.checked_add(bytes)?;
        counts.packets = counts.packets.checked_add(packets)?;
        counts.bytes = bytes;
        counts.flows += 1; // No machine counts 2^64 records.
        self.first = self.first.min(start);
        self.last = self.last.max(end);
        Some(())
    }

    /// What lies at the beginning.
    #[inline(always)]
    pub(crate) fn begin(&self) -> i64 {
        self.first
    }

    /// One column for each of [`COLUMNS`], and a row for each of the totals.
    pub(crate) fn columns(totals: &[Totals]) -> Result<Vec<ArrayRef>> {
        let counter = |of: fn(&Totals) -> u64| -> ArrayRef {
            Arc::new(totals.iter().map(|totals| Some(of(totals))).collect::<UInt64Array>())
        };
        let count = |of: fn(&Totals) -> u64| -> Result<ArrayRef> {
            let counts = totals.iter().map(|totals| i64::try_from(of(totals)));
            let counts = counts.collect::<std::result::Result<Vec<i64>, _>>();
            let counts = counts.map_err(|error| DataFusionError::External(Box::new(error)))?;
            Ok(Arc::new(Int64Array::from(counts)))
        };
        let time = |of: fn(&Totals) -> i64| -> ArrayRef {
            let met = |totals: &Totals| (totals.first <= totals.last).then(|| of(totals));
            let times: PrimitiveArray<TimestampNanosecondType> = totals.iter().map(met).collect();
            Arc::new(times.with_data_type(time()))
        };
        Ok(vec![
            counter(|t| t.kinds[FlowKind::In as usize].bytes),
            counter(|t| t.kinds[FlowKind::Out as usize].bytes),
            counter(|t| t.kinds[FlowKind::Unoriented as usize].bytes),
            counter(|t| t.kinds[FlowKind::In as usize].packets),
            counter(|t| t.kinds[FlowKind::Out as usize].packets),
            counter(|t| t.kinds[FlowKind::Unoriented as usize].packets),
            count(|t| t.kinds[..FlowKind::Rejected as usize].iter().map(|kind| kind.flows).sum())?,
            counter(|t| t.kinds[FlowKind::Rejected as usize].bytes),
            counter(|t| t.kinds[FlowKind::Rejected as usize].packets),
            count(|t| t.kinds[FlowKind::Rejected as usize].flows)?,
            time(|t| t.first),
            time(|t| t.last),
        ])
    }

    fn merge(&mut self, other: &Totals) -> Result<()> {
        for kind in 0..KINDS {
            add(&mut self.kinds[kind].bytes, other.kinds[kind].bytes)?;
            add(&mut self.kinds[kind].packets, other.kinds[kind].packets)?;
            add(&mut self.kinds[kind].flows, other.kinds[kind].flows)?;
        }
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        Ok(())
    }
}

/// The arguments of the aggregate.
struct Records<'a> {
    kinds: &'a UInt8Array,
    bytes: &'a UInt64Array,
    packets: &'a UInt64Array,
    starts: &'a TimestampNanosecondArray,
    ends: &'a TimestampNanosecondArray,
}

impl<'a> Records<'a> {
    fn new(values: &'a [ArrayRef]) -> Result<Records<'a>> {
        let wrong = || DataFusionError::Internal("traffic_totals: wrong arguments".to_owned());
        let [kinds, bytes, packets, starts, ends] = values else { return Err(wrong()) };
        Ok(Records {
            kinds: kinds.as_primitive_opt::<UInt8Type>().ok_or_else(wrong)?,
            bytes: bytes.as_primitive_opt::<UInt64Type>().ok_or_else(wrong)?,
            packets: packets.as_primitive_opt::<UInt64Type>().ok_or_else(wrong)?,
            starts: starts.as_primitive_opt::<TimestampNanosecondType>().ok_or_else(wrong)?,
            ends: ends.as_primitive_opt::<TimestampNanosecondType>().ok_or_else(wrong)?,
        })
    }

    /// Whether no value is NULL, as in most batches.
    fn miss_nothing(&self) -> bool {
        let nulls = [self.bytes.null_count(), self.packets.null_count(), self.kinds.null_count()];
        let times = [self.starts.null_count(), self.ends.null_count()];
        nulls.iter().chain(&times).all(|nulls| *nulls == 0)
    }

    /// Adds every record to its group; no value may be NULL.
    fn add_all(&self, totals: &mut [Totals], groups: &[usize]) -> Result<()> {
        let counters =
            self.kinds.values().iter().zip(self.bytes.values()).zip(self.packets.values());
        let times = self.starts.values().iter().zip(self.ends.values());
        for ((group, ((kind, bytes), packets)), (start, end)) in
            groups.iter().zip(counters).zip(times)
        {
            let totals = &mut totals[*group];
            let kind = usize::from(*kind) % KINDS;
            add(&mut totals.kinds[kind].bytes, *bytes)?;
            add(&mut totals.kinds[kind].packets, *packets)?;
            totals.kinds[kind].flows += 1; // No machine counts 2^64 records.
            totals.first = totals.first.min(*start);
            totals.last = totals.last.max(*end);
        }
        Ok(())
    }

    fn add_to(&self, totals: &mut Totals, row: usize) -> Result<()> {
        let kind = usize::from(self.kinds.value(row)) % KINDS;
        if self.bytes.is_valid(row) {
            add(&mut totals.kinds[kind].bytes, self.bytes.value(row))?;
        }
        if self.packets.is_valid(row) {
            add(&mut totals.kinds[kind].packets, self.packets.value(row))?;
        }
        totals.kinds[kind].flows += 1; // No machine counts 2^64 records.
        let time = |array: &TimestampNanosecondArray| array.is_valid(row).then(|| array.value(row));
        let (start, end) = (time(self.starts), time(self.ends));
        if let Some(first) = start.or(end) {
            totals.first = totals.first.min(first);
        }
        if let Some(last) = end.or(start) {
            totals.last = totals.last.max(last);
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TrafficTotals {
    signature: Signature,
}

/// The state between the stages of an aggregation: the numbers of [`Totals`], one after the other.
const STATE_COUNTERS: usize = 3 * KINDS;

impl AggregateUDFImpl for TrafficTotals {
    fn name(&self) -> &str {
        "traffic_totals"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(result_fields()))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let counters = (0..STATE_COUNTERS).map(|n| (n, DataType::UInt64));
        let times = (STATE_COUNTERS..STATE_COUNTERS + 2).map(|n| (n, DataType::Int64));
        let field =
            |(n, data_type)| Arc::new(Field::new(format!("{}[{n}]", args.name), data_type, false));
        Ok(counters.chain(times).map(field).collect())
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One { groups: Groups { totals: vec![Totals::default()] } }))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        _: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups { totals: Vec::new() }))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// The totals of all groups.
#[derive(Debug)]
struct Groups {
    totals: Vec<Totals>,
}

impl Groups {
    fn result(totals: &[Totals]) -> Result<ArrayRef> {
        let columns = Totals::columns(totals)?;
        Ok(Arc::new(StructArray::try_new(result_fields(), columns, None)?))
    }

    fn states(totals: &[Totals]) -> Vec<ArrayRef> {
        let counter = |of: &dyn Fn(&Totals) -> u64| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(totals.iter().map(of)))
        };
        let mut states = Vec::with_capacity(STATE_COUNTERS + 2);
        for kind in 0..KINDS {
            states.push(counter(&|totals| totals.kinds[kind].bytes));
            states.push(counter(&|totals| totals.kinds[kind].packets));
            states.push(counter(&|totals| totals.kinds[kind].flows));
        }
        for of in [(|totals| totals.first) as fn(&Totals) -> i64, |totals| totals.last] {
            states.push(Arc::new(Int64Array::from_iter_values(totals.iter().map(of))));
        }
        states
    }

    /// The totals of a row of states.
    fn of_states(states: &[ArrayRef], row: usize) -> Totals {
        let counter = |n: usize| states[n].as_primitive::<UInt64Type>().value(row);
        let time = |n: usize| states[n].as_primitive::<Int64Type>().value(row);
        let mut totals = Totals::default();
        for kind in 0..KINDS {
            totals.kinds[kind].bytes = counter(3 * kind);
            totals.kinds[kind].packets = counter(3 * kind + 1);
            totals.kinds[kind].flows = counter(3 * kind + 2);
        }
        totals.first = time(STATE_COUNTERS);
        totals.last = time(STATE_COUNTERS + 1);
        totals
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.totals.resize(total_num_groups, Totals::default());
        let records = Records::new(values)?;
        if filter.is_none() && records.miss_nothing() {
            return records.add_all(&mut self.totals, group_indices);
        }
        for (row, group) in group_indices.iter().enumerate() {
            if passes(filter, row) {
                records.add_to(&mut self.totals[*group], row)?;
            }
        }
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.totals.resize(total_num_groups, Totals::default());
        for (row, group) in group_indices.iter().enumerate() {
            self.totals[*group].merge(&Groups::of_states(values, row))?;
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Groups::result(&emit_to.take_needed(&mut self.totals))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(Groups::states(&emit_to.take_needed(&mut self.totals)))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let records = Records::new(values)?;
        let mut totals = vec![Totals::default(); records.kinds.len()];
        for (row, totals) in totals.iter_mut().enumerate() {
            if passes(filter, row) {
                records.add_to(totals, row)?;
            }
        }
        Ok(Groups::states(&totals))
    }

    fn size(&self) -> usize {
        self.totals.capacity() * size_of::<Totals>()
    }
}

/// The totals of a query without groups.
#[derive(Debug)]
struct One {
    groups: Groups,
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let records = Records::new(values)?;
        let totals = &mut self.groups.totals[0];
        (0..records.kinds.len()).try_for_each(|row| records.add_to(totals, row))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let totals = &mut self.groups.totals[0];
        (0..states[0].len()).try_for_each(|row| totals.merge(&Groups::of_states(states, row)))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&Groups::result(&self.groups.totals)?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let states = Groups::states(&self.groups.totals);
        states.iter().map(|state| ScalarValue::try_from_array(state, 0)).collect()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.groups.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A record: kind, bytes, packets, start, end.
    type Record = (u8, Option<u64>, Option<u64>, Option<i64>, Option<i64>);

    fn record() -> impl Strategy<Value = Record> {
        let counter = || prop::option::weighted(0.9, 0u64..1_000_000);
        let time = || prop::option::weighted(0.9, 0i64..1000);
        (0u8..4, counter(), counter(), time(), time())
    }

    fn arrays(records: &[Record]) -> Vec<ArrayRef> {
        vec![
            Arc::new(records.iter().map(|r| Some(r.0)).collect::<UInt8Array>()),
            Arc::new(records.iter().map(|r| r.1).collect::<UInt64Array>()),
            Arc::new(records.iter().map(|r| r.2).collect::<UInt64Array>()),
            Arc::new(records.iter().map(|r| r.3).collect::<TimestampNanosecondArray>()),
            Arc::new(records.iter().map(|r| r.4).collect::<TimestampNanosecondArray>()),
        ]
    }

    fn column(result: &ArrayRef, name: &str) -> Vec<u64> {
        let column = result.as_struct().column_by_name(name).unwrap();
        match column.as_primitive_opt::<UInt64Type>() {
            Some(sums) => sums.values().to_vec(),
            None => {
                let counts = column.as_primitive::<Int64Type>().values();
                counts.iter().map(|count| u64::try_from(*count).unwrap()).collect()
            }
        }
    }

    proptest! {
        #[test]
        fn groups_in_any_number_of_parts_add_up_to_the_naive_totals(
            parts in prop::collection::vec(prop::collection::vec((record(), 0usize..3), 0..20), 1..4),
            converted in any::<bool>(),
        ) {
            let mut merged = Groups { totals: Vec::new() };
            for part in &parts {
                let records: Vec<Record> = part.iter().map(|(record, _)| *record).collect();
                let groups: Vec<usize> = part.iter().map(|(_, group)| *group).collect();
                let mut partial = Groups { totals: Vec::new() };
                if converted {
                    let states = partial.convert_to_state(&arrays(&records), None).unwrap();
                    merged.merge_batch(&states, &groups, 3).unwrap();
                } else {
                    partial.update_batch(&arrays(&records), &groups, None, 3).unwrap();
                    let states = partial.state(EmitTo::All).unwrap();
                    merged.merge_batch(&states, &[0, 1, 2], 3).unwrap();
                }
            }
            let result = merged.evaluate(EmitTo::All).unwrap();
            let all: Vec<(Record, usize)> = parts.concat();
            for group in 0..3 {
                let of = |kinds: &[u8]| {
                    let of_kinds = all.iter().filter(|(r, g)| *g == group && kinds.contains(&r.0));
                    of_kinds.map(|(record, _)| *record).collect::<Vec<_>>()
                };
                let bytes = |kind: u8| of(&[kind]).iter().filter_map(|r| r.1).sum::<u64>();
                let packets = |kind: u8| of(&[kind]).iter().filter_map(|r| r.2).sum::<u64>();
                let got = |name: &str| column(&result, name)[group];
                prop_assert_eq!([got("bytes_in"), got("bytes_out")], [bytes(0), bytes(1)]);
                prop_assert_eq!([got("bytes_unoriented"), got("rejected_bytes")], [bytes(2), bytes(3)]);
                prop_assert_eq!([got("packets_in"), got("packets_out")], [packets(0), packets(1)]);
                prop_assert_eq!(
                    [got("packets_unoriented"), got("rejected_packets")], [packets(2), packets(3)]);
                prop_assert_eq!(got("flows"), of(&[0, 1, 2]).len() as u64);
                prop_assert_eq!(got("rejected_flows"), of(&[3]).len() as u64);
                let every = of(&[0, 1, 2, 3]);
                let time = |name: &str| {
                    let column = result.as_struct().column_by_name(name).unwrap();
                    let column = column.as_primitive::<TimestampNanosecondType>();
                    column.is_valid(group).then(|| column.value(group))
                };
                let (first, last) =
                    (every.iter().filter_map(|r| r.3.or(r.4)).min(), every.iter().filter_map(|r| r.4.or(r.3)).max());
                // Records of this strategy may end before they start; real ones do not.
                if first <= last {
                    prop_assert_eq!((time("first_seen"), time("last_seen")), (first, last));
                }
            }
        }
    }

    #[test]
    fn a_total_that_does_not_fit_is_an_error() {
        let records = [(0, Some(u64::MAX), None, None, None), (0, Some(1), None, None, None)];
        let mut groups = Groups { totals: Vec::new() };
        let error = groups.update_batch(&arrays(&records), &[0, 0], None, 1).unwrap_err();
        assert!(error.to_string().contains("a total does not fit"), "{error}");
        let mut one = One { groups: Groups { totals: vec![Totals::default()] } };
        assert!(one.update_batch(&arrays(&records)).is_err());
    }
}
