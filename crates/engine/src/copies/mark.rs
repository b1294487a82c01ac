//! What tells copies of a record: columns that a scan adds for the node that drops copies.

use std::hash::Hasher;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, LargeBinaryArray, LargeBinaryBuilder, RecordBatch, UInt64Array,
};
use arrow::datatypes::{DataType, Int32Type, TimestampNanosecondType, UInt64Type};
use datafusion::common::{Column, DataFusionError, Result};
use datafusion::logical_expr::Expr;
use flowproof_record::FieldId;
use flowproof_source::Object;

use super::Shared;
use crate::orient::Oriented;
use crate::table::TableColumn;

/// The fields that copies of a record have in common: those of the default format that describe the
/// flow. `version` tells of the format, and whose an interface is does not change with the flow log.
pub(super) const IDENTITY: [FieldId; 12] = [
    FieldId::INTERFACE_ID,
    FieldId::START,
    FieldId::END,
    FieldId::SRCADDR,
    FieldId::DSTADDR,
    FieldId::SRCPORT,
    FieldId::DSTPORT,
    FieldId::PROTOCOL,
    FieldId::PACKETS,
    FieldId::BYTES,
    FieldId::ACTION,
    FieldId::LOG_STATUS,
];

/// The other fields up to version 5: of copies, the one is kept that has more of them.
const DESCRIPTION: [FieldId; 16] = [
    FieldId::ACCOUNT_ID,
    FieldId::VPC_ID,
    FieldId::SUBNET_ID,
    FieldId::INSTANCE_ID,
    FieldId::TCP_FLAGS,
    FieldId::TYPE,
    FieldId::PKT_SRCADDR,
    FieldId::PKT_DSTADDR,
    FieldId::REGION,
    FieldId::AZ_ID,
    FieldId::SUBLOCATION_TYPE,
    FieldId::SUBLOCATION_ID,
    FieldId::PKT_SRC_AWS_SERVICE,
    FieldId::PKT_DST_AWS_SERVICE,
    FieldId::FLOW_DIRECTION,
    FieldId::TRAFFIC_PATH,
];

/// Rows of an object are numbered in so many bits.
const ROW_BITS: u32 = 40;

/// Whether a filter may let one copy of a record pass and not another. A format without `log-status`
/// means OK, so a filter on that field may.
pub(crate) fn separates(filter: &Expr) -> bool {
    let is_common = |column: &&Column| {
        let field = TableColumn::field_named(&column.name);
        field.is_some_and(|id| id != FieldId::LOG_STATUS && IDENTITY.contains(&id))
    };
    !filter.column_refs().iter().all(is_common)
}

/// A column that tells copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The same bytes for copies, and for them alone; NULL for a record that cannot be one.
    Identity,
    /// Which copy is kept: the smaller one. How many fields it lacks, the rank of its flow log, and
    /// whether it was counted as of unknown direction.
    Source,
    /// Where it stands: the object's place and the row's.
    Place,
    /// What partitions are dealt by: the same for copies.
    Share,
}

impl Mark {
    /// All, in the order of the columns.
    pub(crate) const ALL: [Mark; 4] = [Mark::Identity, Mark::Source, Mark::Place, Mark::Share];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Mark::Identity => "copy_identity",
            Mark::Source => "copy_source",
            Mark::Place => "copy_place",
            Mark::Share => "copy_share",
        }
    }

    pub(crate) fn data_type(self) -> DataType {
        match self {
            Mark::Identity => DataType::LargeBinary,
            _ => DataType::UInt64,
        }
    }

    /// The fields of the record that the column is made from.
    pub(crate) fn fields(self) -> &'static [FieldId] {
        match self {
            Mark::Identity => &IDENTITY,
            Mark::Source => &DESCRIPTION,
            Mark::Place | Mark::Share => &[],
        }
    }
}

/// The flow log of a [`Mark::Source`].
pub(super) fn flow_log(source: u64) -> u32 {
    // The cast takes the lower 32 bits.
    (source >> 1) as u32
}

/// Whether the record of a [`Mark::Source`] was counted as of unknown direction.
pub(super) fn is_unoriented(source: u64) -> bool {
    source & 1 == 1
}

/// Marks the records of one object.
#[derive(Debug)]
pub(crate) struct Marker {
    shared: Arc<Shared>,
    rank: u32,
    object_idx: usize,
    /// Records marked so far.
    row: u64,
    /// The bytes of one identity.
    identity: Vec<u8>,
}

impl Marker {
    pub(crate) fn new(shared: &Arc<Shared>, object_idx: usize, object: &Object) -> Marker {
        let (shared, rank) = (Arc::clone(shared), shared.rank(object));
        Marker { shared, rank, object_idx, row: 0, identity: Vec::new() }
    }

    /// The columns of [`Mark::ALL`] for records with the fields of all marks.
    pub(crate) fn mark(
        &mut self,
        records: &RecordBatch,
        oriented: Option<&Oriented>,
    ) -> Result<[ArrayRef; 4]> {
        let rows = records.num_rows();
        let identities = self.identities(records)?;
        let described = DESCRIPTION.map(|id| records.column_by_name(id.field().column));
        let described: Vec<&ArrayRef> =
            described.into_iter().flatten().filter(|c| c.null_count() < rows).collect();
        let first = (self.object_idx as u64) << ROW_BITS | self.row;
        self.row += rows as u64;
        let (mut sources, mut shares) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for row in 0..rows {
            if identities.is_null(row) {
                // What flows by stays together.
                sources.push(0);
                shares.push(first);
                continue;
            }
            let filled = described.iter().filter(|column| column.is_valid(row)).count();
            let lacking = (DESCRIPTION.len() - filled) as u64;
            let unoriented = oriented.is_some_and(|oriented| oriented.is_unoriented(row));
            sources.push(lacking << 33 | u64::from(self.rank) << 1 | u64::from(unoriented));
            shares.push(hash(identities.value(row)));
        }
        let places = (0..rows as u64).map(|row| first + row);
        Ok([
            Arc::new(identities),
            Arc::new(UInt64Array::from(sources)),
            Arc::new(UInt64Array::from_iter_values(places)),
            Arc::new(UInt64Array::from(shares)),
        ])
    }

    fn identities(&mut self, records: &RecordBatch) -> Result<LargeBinaryArray> {
        let columns =
            IDENTITY.iter().map(|id| Values::of(records, *id)).collect::<Result<Vec<_>>>()?;
        let mut identities = LargeBinaryBuilder::with_capacity(records.num_rows(), 0);
        // Records of an interface come in runs.
        let (mut interface, mut span) = (None, None);
        for row in 0..records.num_rows() {
            let of_row = columns[0].text(row);
            if row == 0 || of_row != interface {
                interface = of_row;
                span = interface.and_then(|interface| self.shared.span(interface));
            }
            let times = columns[1].number(row).zip(columns[2].number(row));
            let within = span
                .zip(times)
                .is_some_and(|((first, last), (start, end))| first <= start && end <= last);
            if within {
                self.identity.clear();
                columns.iter().for_each(|column| column.write(row, &mut self.identity));
                identities.append_value(&self.identity);
            } else {
                identities.append_null();
            }
        }
        Ok(identities.finish())
    }
}

fn hash(identity: &[u8]) -> u64 {
    // Always with the same keys, so that partitions are dealt the same rows in every run.
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(identity);
    hasher.finish()
}

/// A column of records.
enum Values<'a> {
    Text(&'a arrow::array::StringViewArray),
    /// The same, where OK stands for no value.
    Status(&'a arrow::array::StringViewArray),
    Int(&'a arrow::array::Int32Array),
    Counter(&'a UInt64Array),
    Time(&'a arrow::array::TimestampNanosecondArray),
}

impl<'a> Values<'a> {
    fn of(records: &'a RecordBatch, id: FieldId) -> Result<Values<'a>> {
        let name = id.field().column;
        let unknown = || DataFusionError::Internal(format!("no {name} to tell copies by"));
        let column = records.column_by_name(name).ok_or_else(unknown)?;
        let values = match column.data_type() {
            DataType::Utf8View if id == FieldId::LOG_STATUS => {
                column.as_string_view_opt().map(Values::Status)
            }
            DataType::Utf8View => column.as_string_view_opt().map(Values::Text),
            DataType::Int32 => column.as_primitive_opt::<Int32Type>().map(Values::Int),
            DataType::UInt64 => column.as_primitive_opt::<UInt64Type>().map(Values::Counter),
            _ => column.as_primitive_opt::<TimestampNanosecondType>().map(Values::Time),
        };
        values.ok_or_else(unknown)
    }

    fn text(&self, row: usize) -> Option<&'a str> {
        match self {
            Values::Text(column) => column.is_valid(row).then(|| column.value(row)),
            Values::Status(column) => {
                Some(column.value(row)).filter(|text| column.is_valid(row) && *text != "OK")
            }
            _ => None,
        }
    }

    /// The number; counters beyond the half of 64 bits keep their bits.
    fn number(&self, row: usize) -> Option<i64> {
        match self {
            Values::Int(column) => column.is_valid(row).then(|| column.value(row).into()),
            Values::Counter(column) => column.is_valid(row).then(|| column.value(row) as i64),
            Values::Time(column) => column.is_valid(row).then(|| column.value(row)),
            Values::Text(_) | Values::Status(_) => None,
        }
    }

    /// Writes the value such that no other one, nor any values after one another, are written alike.
    fn write(&self, row: usize, identity: &mut Vec<u8>) {
        match self {
            Values::Text(_) | Values::Status(_) => match self.text(row) {
                None => identity.push(0),
                Some(text) => {
                    identity.push(1);
                    identity.extend_from_slice(&(text.len() as u64).to_be_bytes());
                    identity.extend_from_slice(text.as_bytes());
                }
            },
            _ => match self.number(row) {
                None => identity.push(0),
                Some(number) => {
                    identity.push(1);
                    identity.extend_from_slice(&number.to_be_bytes());
                }
            },
        }
    }
}
