//! The rows of the subject's query as values.

use std::net::IpAddr;

use arrow::array::RecordBatch;
use flowproof_evidence::{PortSide, ServicePort, Traffic};
use jiff::Timestamp;

use crate::columns::Columns;
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

/// Reads all rows of a result.
pub(super) fn read<T>(
    batches: &[RecordBatch],
    read: impl Fn(&Columns, usize) -> Result<T, EngineError>,
) -> Result<Vec<T>, EngineError> {
    let mut rows = Vec::new();
    for batch in batches {
        let columns = Columns::of(&flatten(batch)?)?;
        for row in 0..batch.num_rows() {
            rows.push(read(&columns, row)?);
        }
    }
    Ok(rows)
}

/// The port that a row's conversation is about.
pub(super) fn service_port(
    columns: &Columns,
    row: usize,
) -> Result<Option<ServicePort>, EngineError> {
    let side = match columns.text("port_side", row)?.as_deref() {
        Some("remote") => Some(PortSide::Remote),
        Some("local") => Some(PortSide::Local),
        _ => None,
    };
    // The decoder lets no port above 65535 pass.
    let port = columns.number("port", row)?.and_then(|port| u16::try_from(port).ok());
    Ok(side.zip(port).map(|(side, port)| ServicePort { side, port }))
}

impl Columns {
    /// A row of the subject's query.
    pub(super) fn subject_row(&self, row: usize) -> Result<Row, EngineError> {
        Ok(Row {
            interface: self.text("interface_id", row)?,
            own: self.flag("own_interface", row)?,
            of_instance: self.flag("of_instance", row)?.unwrap_or(false),
            other_instance: self.flag("other_instance", row)?.unwrap_or(false),
            local: self.address("local", row)?,
            remote: self.address("remote", row)?,
            protocol: self.protocol(row)?,
            port: service_port(self, row)?,
            hour: self.time("hour", row)?,
            without_action: self.counter("without_action", row)?,
            without_bytes: self.counter("without_bytes", row)?,
            ends: [self.address("source", row)?, self.address("destination", row)?],
            traffic: self.traffic(row)?,
        })
    }
}
