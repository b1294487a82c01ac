//! What tells copies of a record: a column that a scan adds for the node that drops copies.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, LargeBinaryBuilder, RecordBatch, StringViewArray,
    TimestampNanosecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Int32Type, TimestampNanosecondType, UInt64Type};
use datafusion::common::{Column, DataFusionError, Result};
use datafusion::logical_expr::Expr;
use flowproof_record::FieldId;

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

/// Whether a filter may let one copy of a record pass and not another. A format without `log-status`
/// means OK, so a filter on that field may.
pub(crate) fn separates(filter: &Expr) -> bool {
    let is_common = |column: &&Column| {
        let field = TableColumn::field_named(&column.name);
        field.is_some_and(|id| id != FieldId::LOG_STATUS && IDENTITY.contains(&id))
    };
    !filter.column_refs().iter().all(is_common)
}

/// The fields that a copy's key is made from.
pub(crate) const KEY_FIELDS: [FieldId; IDENTITY.len() + DESCRIPTION.len()] = {
    let mut fields = [FieldId::INTERFACE_ID; IDENTITY.len() + DESCRIPTION.len()];
    let mut place = 0;
    while place < fields.len() {
        fields[place] = match place < IDENTITY.len() {
            true => IDENTITY[place],
            false => DESCRIPTION[place - IDENTITY.len()],
        };
        place += 1;
    }
    fields
};

/// The bytes of a key after the identity: the source, the object's place, the hash.
const SUFFIX: usize = 24;

/// A key: the bytes by which the records that may be copies are sorted.
///
/// First comes the identity: the same for copies, and for them alone. No identity is the beginning of
/// another, so what follows sorts copies alone: the *source*, which is the smaller the more of the
/// other fields are filled, then the smaller the flow log's id is; then the place of the object in the
/// listing, and a hash of the other fields. So the same of several records are kept in whatever order
/// they are read: a collected set has another one than the objects that it was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key<'a> {
    pub(super) identity: &'a [u8],
    source: u64,
}

impl Key<'_> {
    pub(super) fn of(bytes: &[u8]) -> Key<'_> {
        // Every key has its suffix: a shorter one is none of ours, and is like no other.
        let (identity, suffix) =
            bytes.split_last_chunk::<SUFFIX>().unwrap_or((bytes, &[0; SUFFIX]));
        let mut source = [0; 8];
        source.copy_from_slice(&suffix[..8]);
        Key { identity, source: u64::from_be_bytes(source) }
    }

    pub(super) fn flow_log(self) -> u32 {
        // The cast takes the lower 32 bits.
        (self.source >> 1) as u32
    }

    /// Whether the record was counted as of unknown direction.
    pub(super) fn is_unoriented(self) -> bool {
        self.source & 1 == 1
    }
}

/// A source: how many fields the record lacks, the rank of its flow log, and whether it was counted
/// as of unknown direction.
pub(super) fn source(lacking: usize, flow_log: u32, unoriented: bool) -> u64 {
    (lacking as u64) << 33 | u64::from(flow_log) << 1 | u64::from(unoriented)
}

/// The keys of records with all of [`KEY_FIELDS`], NULL for those that cannot be copies. `place` is
/// that of the row's object in the listing.
pub(crate) fn copy_keys(
    shared: &Shared,
    records: &RecordBatch,
    oriented: Option<&Oriented>,
    place: impl Fn(usize) -> usize,
) -> Result<ArrayRef> {
    let values = |ids: &[FieldId]| -> Result<Vec<Values<'_>>> {
        ids.iter().map(|id| Values::of(records, *id)).collect()
    };
    let (common, described) = (values(&IDENTITY)?, values(&DESCRIPTION)?);
    let mut keys = LargeBinaryBuilder::with_capacity(records.num_rows(), 0);
    let (mut key, mut description) = (Vec::new(), Vec::new());
    // Records of an interface come in runs.
    let (mut interface, mut span) = (None, None);
    for row in 0..records.num_rows() {
        let of_row = common[0].text(row);
        if row == 0 || of_row != interface {
            interface = of_row;
            span = interface.and_then(|interface| shared.span(interface));
        }
        let times = common[1].number(row).zip(common[2].number(row));
        let within = span.zip(times);
        if !within.is_some_and(|((first, last), (start, end))| first <= start && end <= last) {
            keys.append_null();
            continue;
        }
        key.clear();
        common.iter().for_each(|column| column.write(row, &mut key));
        description.clear();
        described.iter().for_each(|column| column.write(row, &mut description));
        let lacking = described.iter().filter(|column| !column.is_valid(row)).count();
        let unoriented = oriented.is_some_and(|oriented| oriented.is_unoriented(row));
        let place = place(row);
        let mut hasher = DefaultHasher::new();
        hasher.write(&description);
        let suffix =
            [source(lacking, shared.rank(place), unoriented), place as u64, hasher.finish()];
        suffix.iter().for_each(|part| key.extend_from_slice(&part.to_be_bytes()));
        keys.append_value(&key);
    }
    Ok(Arc::new(keys.finish()))
}

/// A column of records.
enum Values<'a> {
    Text(&'a StringViewArray),
    /// The same, where OK stands for no value.
    Status(&'a StringViewArray),
    Int(&'a Int32Array),
    Counter(&'a UInt64Array),
    Time(&'a TimestampNanosecondArray),
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

    fn is_valid(&self, row: usize) -> bool {
        match self {
            Values::Text(column) | Values::Status(column) => column.is_valid(row),
            Values::Int(column) => column.is_valid(row),
            Values::Counter(column) => column.is_valid(row),
            Values::Time(column) => column.is_valid(row),
        }
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
