//! The rows of the subject's query as values.

use std::net::IpAddr;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampNanosecondType, UInt64Type};
use datafusion::common::DataFusionError;
use flowproof_evidence::{PortSide, ServicePort, Traffic};
use jiff::Timestamp;

use crate::error::EngineError;
use crate::totals::flatten;

/// One row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) interface: Option<String>,
    /// Whether the interface is the local address's own; `None` if not known.
    pub(super) own: Option<bool>,
    /// Whether the records carry the subject's instance id.
    pub(super) of_instance: bool,
    /// Whether they carry another instance's id.
    pub(super) other_instance: bool,
    pub(super) local: Option<IpAddr>,
    pub(super) remote: Option<IpAddr>,
    pub(super) protocol: Option<u8>,
    pub(super) port: Option<ServicePort>,
    pub(super) hour: Option<Timestamp>,
    /// The addresses of records of unknown direction.
    pub(super) ends: [Option<IpAddr>; 2],
    pub(super) traffic: Traffic,
    /// Records without an action, and without a byte counter.
    pub(super) without_action: u64,
    pub(super) without_bytes: u64,
}

/// Reads the result of the subject's query.
pub(super) fn read(batches: &[RecordBatch]) -> Result<Vec<Row>, EngineError> {
    let mut rows = Vec::new();
    for batch in batches {
        let batch = &flatten(batch)?;
        let columns = Columns { batch };
        for row in 0..batch.num_rows() {
            rows.push(columns.row(row)?);
        }
    }
    Ok(rows)
}

fn wrong_type(name: &str, column: &ArrayRef) -> DataFusionError {
    DataFusionError::Internal(format!("column {name} came as {}", column.data_type()))
}

struct Columns<'a> {
    batch: &'a RecordBatch,
}

impl Columns<'_> {
    fn column(&self, name: &str) -> Result<&ArrayRef, DataFusionError> {
        let column = self.batch.column_by_name(name);
        column.ok_or_else(|| DataFusionError::Internal(format!("no column {name}")))
    }

    fn text(&self, name: &str, row: usize) -> Result<Option<String>, EngineError> {
        let column = self.column(name)?;
        let column = cast(&column.slice(row, 1), &DataType::Utf8View)?;
        let column = column.as_string_view();
        Ok(column.is_valid(0).then(|| column.value(0).to_owned()))
    }

    fn address(&self, name: &str, row: usize) -> Result<Option<IpAddr>, EngineError> {
        Ok(self.text(name, row)?.and_then(|text| text.parse().ok()))
    }

    fn number(&self, name: &str, row: usize) -> Result<Option<i32>, EngineError> {
        let column = self.column(name)?;
        let column = cast(&column.slice(row, 1), &DataType::Int32)?;
        let column = column.as_primitive::<Int32Type>();
        Ok(column.is_valid(0).then(|| column.value(0)))
    }

    fn flag(&self, name: &str, row: usize) -> Result<Option<bool>, EngineError> {
        let column = self.column(name)?.as_boolean();
        Ok(column.is_valid(row).then(|| column.value(row)))
    }

    /// Sums are unsigned, counts signed, and neither is ever NULL or negative.
    fn counter(&self, name: &str, row: usize) -> Result<u64, EngineError> {
        let column = self.column(name)?;
        if let Some(sums) = column.as_primitive_opt::<UInt64Type>() {
            return Ok(sums.value(row));
        }
        let counts = column.as_primitive_opt::<Int64Type>();
        let counts = counts.ok_or_else(|| wrong_type(name, column))?;
        Ok(counts.value(row).unsigned_abs())
    }

    fn time(&self, name: &str, row: usize) -> Result<Option<Timestamp>, EngineError> {
        let column = self.column(name)?;
        let times = column.as_primitive_opt::<TimestampNanosecondType>();
        let column = times.ok_or_else(|| wrong_type(name, column))?;
        let nanoseconds = column.is_valid(row).then(|| i128::from(column.value(row)));
        Ok(nanoseconds.and_then(|n| Timestamp::from_nanosecond(n).ok()))
    }

    fn row(&self, row: usize) -> Result<Row, EngineError> {
        let side = match self.text("port_side", row)?.as_deref() {
            Some("remote") => Some(PortSide::Remote),
            Some("local") => Some(PortSide::Local),
            _ => None,
        };
        // The decoder lets no port above 65535 and no protocol above 255 pass.
        let port = self.number("port", row)?.and_then(|port| u16::try_from(port).ok());
        let protocol = self.number("protocol", row)?.and_then(|p| u8::try_from(p).ok());
        Ok(Row {
            interface: self.text("interface_id", row)?,
            own: self.flag("own_interface", row)?,
            of_instance: self.flag("of_instance", row)?.unwrap_or(false),
            other_instance: self.flag("other_instance", row)?.unwrap_or(false),
            local: self.address("local", row)?,
            remote: self.address("remote", row)?,
            protocol,
            port: side.zip(port).map(|(side, port)| ServicePort { side, port }),
            hour: self.time("hour", row)?,
            without_action: self.counter("without_action", row)?,
            without_bytes: self.counter("without_bytes", row)?,
            ends: [self.address("source", row)?, self.address("destination", row)?],
            traffic: Traffic {
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
            },
        })
    }
}
