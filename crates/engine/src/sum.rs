//! `sum` that never wraps.
//!
//! DataFusion's own sum of 64-bit integers wraps around. A wrapped byte total looks like any other
//! number, so this aggregate takes its place under the same name: it adds in 128 bits and fails if
//! the total does not fit in 64. Other types go to DataFusion's.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Int64Type, UInt64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::functions_aggregate::sum::Sum;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF,
    Signature, utils::AggregateOrderSensitivity,
};

/// The state between the stages of an aggregation: 38 digits hold any sum of 2^63 counters.
const STATE: DataType = DataType::Decimal128(38, 0);

/// The aggregate that takes the place of `sum`.
pub(crate) fn checked_sum() -> AggregateUDF {
    AggregateUDF::from(CheckedSum { other_types: Sum::new() })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CheckedSum {
    other_types: Sum,
}

/// Whether a sum with this result is ours to do.
fn is_ours(result: &DataType) -> bool {
    matches!(result, DataType::Int64 | DataType::UInt64)
}

impl AggregateUDFImpl for CheckedSum {
    fn name(&self) -> &str {
        "sum"
    }

    fn signature(&self) -> &Signature {
        self.other_types.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.other_types.return_type(arg_types)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if is_ours(args.return_field.data_type()) && args.is_distinct {
            return Ok(Box::new(DistinctTotal::new(args.return_field.data_type().clone())));
        }
        if is_ours(args.return_field.data_type()) {
            return Ok(Box::new(Total::new(args.return_field.data_type().clone())));
        }
        self.other_types.accumulator(args)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        if is_ours(args.return_field.data_type()) {
            let state = if args.is_distinct { DataType::new_list(STATE, true) } else { STATE };
            return Ok(vec![Arc::new(Field::new(format!("{}[sum]", args.name), state, true))]);
        }
        self.other_types.state_fields(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.other_types.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        if is_ours(args.return_field.data_type()) {
            return Ok(Box::new(GroupTotals::new(args.return_field.data_type().clone())));
        }
        self.other_types.create_groups_accumulator(args)
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        if is_ours(args.return_field.data_type()) && !args.is_distinct {
            return Ok(Box::new(Total::new(args.return_field.data_type().clone())));
        }
        self.other_types.create_sliding_accumulator(args)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// Adds the numbers of an array, or hands each to `f` with its row. NULL rows are passed over.
fn for_each(array: &ArrayRef, mut f: impl FnMut(usize, i128)) -> Result<()> {
    macro_rules! each {
        ($ty:ty) => {{
            let array = array.as_primitive::<$ty>();
            if array.null_count() == 0 {
                array.values().iter().enumerate().for_each(|(row, n)| f(row, (*n).into()));
            } else {
                array.iter().enumerate().for_each(|(row, n)| {
                    if let Some(n) = n {
                        f(row, n.into());
                    }
                });
            }
        }};
    }
    match array.data_type() {
        DataType::UInt64 => each!(UInt64Type),
        DataType::Int64 => each!(Int64Type),
        DataType::Decimal128(_, 0) => each!(Decimal128Type),
        other => return exec_err!("sum was planned for 64-bit integers and met {other}"),
    }
    Ok(())
}

/// What it came to so far would depend on the order of additions, and is not told.
#[cold]
pub(crate) fn overflow<T>() -> Result<T> {
    exec_err!("a total does not fit in 64 bits; it is not shown wrapped")
}

/// The total as the result type has it.
fn to_scalar(total: Option<i128>, result: &DataType) -> Result<ScalarValue> {
    let Some(total) = total else { return ScalarValue::try_from(result) };
    match result {
        DataType::UInt64 => match u64::try_from(total) {
            Ok(fits) => Ok(ScalarValue::UInt64(Some(fits))),
            Err(_) => overflow(),
        },
        _ => match i64::try_from(total) {
            Ok(fits) => Ok(ScalarValue::Int64(Some(fits))),
            Err(_) => overflow(),
        },
    }
}

/// One total.
struct Total {
    result: DataType,
    total: i128,
    /// Values in the total; a window frame takes some out again.
    values: u64,
}

impl Total {
    fn new(result: DataType) -> Total {
        Total { result, total: 0, values: 0 }
    }

    fn get(&self) -> Option<i128> {
        (self.values > 0).then_some(self.total)
    }
}

impl fmt::Debug for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Total({})", self.total)
    }
}

impl Accumulator for Total {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for_each(&values[0], |_, number| {
            self.total += number; // 2^63 values of 2^64 fit in 128 bits.
            self.values += 1;
        })
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for_each(&values[0], |_, number| {
            self.total -= number;
            self.values -= 1;
        })
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        to_scalar(self.get(), &self.result)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Decimal128(self.get(), 38, 0)])
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// A total of distinct values.
#[derive(Debug)]
struct DistinctTotal {
    result: DataType,
    values: BTreeSet<i128>,
}

impl DistinctTotal {
    fn new(result: DataType) -> DistinctTotal {
        DistinctTotal { result, values: BTreeSet::new() }
    }
}

impl Accumulator for DistinctTotal {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for_each(&values[0], |_, number| {
            self.values.insert(number);
        })
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for values in states[0].as_list::<i32>().iter().flatten() {
            self.update_batch(&[values])?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let total = (!self.values.is_empty()).then(|| self.values.iter().sum());
        to_scalar(total, &self.result)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values = self.values.iter().map(|value| ScalarValue::Decimal128(Some(*value), 38, 0));
        let values: Vec<ScalarValue> = values.collect();
        Ok(vec![ScalarValue::List(ScalarValue::new_list_nullable(&values, &STATE))])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.len() * size_of::<i128>()
    }
}

/// A total for each group.
struct GroupTotals {
    result: DataType,
    totals: Vec<i128>,
    /// Whether a group has met a value; a group without one sums to NULL.
    met: Vec<bool>,
}

impl GroupTotals {
    fn new(result: DataType) -> GroupTotals {
        GroupTotals { result, totals: Vec::new(), met: Vec::new() }
    }

    fn take(&mut self, emit_to: EmitTo) -> (Vec<i128>, NullBuffer) {
        let totals = emit_to.take_needed(&mut self.totals);
        let met = emit_to.take_needed(&mut self.met);
        (totals, NullBuffer::from(met))
    }
}

/// Whether the row counts: the filter says yes, not no and not NULL.
pub(crate) fn passes(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

impl GroupsAccumulator for GroupTotals {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.totals.resize(total_num_groups, 0);
        self.met.resize(total_num_groups, false);
        for_each(&values[0], |row, number| {
            if passes(filter, row) {
                let group = group_indices[row];
                self.totals[group] += number;
                self.met[group] = true;
            }
        })
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.update_batch(values, group_indices, None, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (totals, met) = self.take(emit_to);
        let values = totals.iter().zip(met.iter());
        let values = values.map(|(total, met)| to_scalar(met.then_some(*total), &self.result));
        let values = values.collect::<Result<Vec<_>>>()?;
        if values.is_empty() {
            return Ok(arrow::array::new_empty_array(&self.result));
        }
        ScalarValue::iter_to_array(values)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (totals, met) = self.take(emit_to);
        let state = Decimal128Array::new(totals.into(), Some(met)).with_data_type(STATE);
        Ok(vec![Arc::new(state)])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut totals = vec![0i128; rows];
        let mut met = vec![false; rows];
        for_each(&values[0], |row, number| {
            if passes(filter, row) {
                totals[row] = number;
                met[row] = true;
            }
        })?;
        let state = Decimal128Array::new(totals.into(), Some(NullBuffer::from(met)));
        Ok(vec![Arc::new(state.with_data_type(STATE))])
    }

    fn size(&self) -> usize {
        self.totals.capacity() * size_of::<i128>() + self.met.capacity()
    }
}
