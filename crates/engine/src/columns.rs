//! Results of queries as values.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampNanosecondType, UInt64Type};
use datafusion::common::DataFusionError;
use flowproof_evidence::Traffic;
use jiff::Timestamp;

use crate::error::EngineError;

/// The type that columns of texts, or of numbers that fit, are brought to.
fn one_type(stored: &DataType) -> Option<DataType> {
    match stored {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Dictionary(..) => Some(DataType::Utf8View),
        DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16 => {
            Some(DataType::Int32)
        }
        _ => None,
    }
}

fn wrong_type(name: &str, column: &ArrayRef) -> DataFusionError {
    DataFusionError::Internal(format!("column {name} came as {}", column.data_type()))
}

/// A batch of a result, read by the names of its columns.
pub(crate) struct Columns {
    columns: HashMap<String, ArrayRef>,
}

impl Columns {
    /// The columns, however their texts and small numbers are stored.
    pub(crate) fn of(batch: &RecordBatch) -> Result<Columns, EngineError> {
        let mut columns = HashMap::new();
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let column = match one_type(column.data_type()) {
                Some(one_type) => cast(column, &one_type)?,
                None => Arc::clone(column),
            };
            columns.insert(field.name().clone(), column);
        }
        Ok(Columns { columns })
    }

    pub(crate) fn column(&self, name: &str) -> Result<&ArrayRef, DataFusionError> {
        let column = self.columns.get(name);
        column.ok_or_else(|| DataFusionError::Internal(format!("no column {name}")))
    }

    fn shown(&self, name: &str, row: usize) -> Result<Option<&str>, EngineError> {
        let column = self.column(name)?;
        let texts = column.as_string_view_opt().ok_or_else(|| wrong_type(name, column))?;
        Ok(texts.is_valid(row).then(|| texts.value(row)))
    }

    pub(crate) fn text(&self, name: &str, row: usize) -> Result<Option<String>, EngineError> {
        Ok(self.shown(name, row)?.map(str::to_owned))
    }

    pub(crate) fn address(&self, name: &str, row: usize) -> Result<Option<IpAddr>, EngineError> {
        Ok(self.shown(name, row)?.and_then(|text| text.parse().ok()))
    }

    pub(crate) fn number(&self, name: &str, row: usize) -> Result<Option<i32>, EngineError> {
        let column = self.column(name)?;
        let numbers = column.as_primitive_opt::<Int32Type>();
        let numbers = numbers.ok_or_else(|| wrong_type(name, column))?;
        Ok(numbers.is_valid(row).then(|| numbers.value(row)))
    }

    /// The IANA number. The decoder lets none above 255 pass.
    pub(crate) fn protocol(&self, row: usize) -> Result<Option<u8>, EngineError> {
        Ok(self.number("protocol", row)?.and_then(|protocol| u8::try_from(protocol).ok()))
    }

    /// A duration; none if it is not known or ends before it begins.
    pub(crate) fn seconds(&self, name: &str, row: usize) -> Result<Option<u64>, EngineError> {
        let column = self.column(name)?;
        let seconds = column.as_primitive_opt::<Int64Type>();
        let seconds = seconds.ok_or_else(|| wrong_type(name, column))?;
        let seconds = seconds.is_valid(row).then(|| seconds.value(row));
        Ok(seconds.and_then(|seconds| u64::try_from(seconds).ok()))
    }

    pub(crate) fn flag(&self, name: &str, row: usize) -> Result<Option<bool>, EngineError> {
        let column = self.column(name)?.as_boolean();
        Ok(column.is_valid(row).then(|| column.value(row)))
    }

    /// Sums are unsigned, counts signed, and neither is ever NULL or negative.
    pub(crate) fn counter(&self, name: &str, row: usize) -> Result<u64, EngineError> {
        let column = self.column(name)?;
        if let Some(sums) = column.as_primitive_opt::<UInt64Type>() {
            return Ok(sums.value(row));
        }
        let counts = column.as_primitive_opt::<Int64Type>();
        let counts = counts.ok_or_else(|| wrong_type(name, column))?;
        Ok(counts.value(row).unsigned_abs())
    }

    pub(crate) fn time(&self, name: &str, row: usize) -> Result<Option<Timestamp>, EngineError> {
        let column = self.column(name)?;
        let times = column.as_primitive_opt::<TimestampNanosecondType>();
        let column = times.ok_or_else(|| wrong_type(name, column))?;
        let nanoseconds = column.is_valid(row).then(|| i128::from(column.value(row)));
        Ok(nanoseconds.and_then(|n| Timestamp::from_nanosecond(n).ok()))
    }

    /// The totals of a row.
    pub(crate) fn traffic(&self, row: usize) -> Result<Traffic, EngineError> {
        Ok(Traffic {
            bytes_in: self.counter("bytes_in", row)?,
            bytes_out: self.counter("bytes_out", row)?,
            bytes_unoriented: self.counter("bytes_unoriented", row)?,
            packets_in: self.counter("packets_in", row)?,
            packets_out: self.counter("packets_out", row)?,
            packets_unoriented: self.counter("packets_unoriented", row)?,
            flows: self.counter("flows", row)?,
            rejected_bytes: self.counter("rejected_bytes", row)?,
            rejected_packets: self.counter("rejected_packets", row)?,
            rejected_flows: self.counter("rejected_flows", row)?,
            first_seen: self.time("first_seen", row)?,
            last_seen: self.time("last_seen", row)?,
        })
    }
}
