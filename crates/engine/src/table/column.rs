//! The columns of the tables.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, StringViewArray, TimestampNanosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimestampNanosecondType};
use datafusion::common::{DataFusionError, Result};
use flowproof_record::{FieldId, Kind};

use crate::copies::KEY_FIELDS;
use crate::totals::{COLUMNS, result_fields};

/// The tables that one selection of flow logs is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableKind {
    /// `flow_logs`: every record of good form, whatever its `log-status`.
    FlowLogs,
    /// `traffic`: records with traffic, told from the interface's own side.
    Traffic,
    /// `measured_traffic`: the same, with what the analyses ask for and no caller does.
    Measured,
    /// `summed_traffic`: totals of records, see [`Sums`](crate::scan::Sums). The fields are there to
    /// filter by.
    Summed,
    /// `collected_rows`: every record with its object's place in the listing, for `collect`.
    Collected,
}

/// A column of a table: a field of the record, or something that the engine adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableColumn {
    /// A field of the record.
    Field(FieldId),
    /// The source object's key.
    Object,
    /// The flow log's id, from the object's key.
    FlowLogId,
    /// The account and the Region in the object's key.
    ObjectAccount,
    ObjectRegion,
    /// The interface's own address, and the other side's.
    Local,
    Remote,
    LocalPort,
    RemotePort,
    /// `ingress` or `egress`.
    Direction,
    /// The record's instance, or the one that the address book has for its interface.
    Instance,
    /// Whether the interface that logged the record is the local side's own.
    OwnInterface,
    /// The record's [`FlowKind`](crate::totals::FlowKind).
    FlowKind,
    /// The number of the interface, see [`Interner`](crate::scan::Interner).
    InterfaceCode,
    /// The code of a record whose direction may be known at the end, see
    /// [`Pending`](crate::orient::Pending).
    Pending,
    /// The hour and the day of records that are summed up.
    Hour,
    Day,
    /// One of their [`COLUMNS`].
    Total(usize),
    /// The place of the record's object in the listing.
    Place,
    /// What tells copies of a record; no table has it.
    CopyKey,
}

/// What the engine adds to the fields, in the order of the columns.
const OF_OBJECT: [TableColumn; 4] = [
    TableColumn::Object,
    TableColumn::FlowLogId,
    TableColumn::ObjectAccount,
    TableColumn::ObjectRegion,
];
const OF_SIDES: [TableColumn; 7] = [
    TableColumn::Local,
    TableColumn::Remote,
    TableColumn::LocalPort,
    TableColumn::RemotePort,
    TableColumn::Direction,
    TableColumn::Instance,
    TableColumn::OwnInterface,
];

const OF_ANALYSES: [TableColumn; 3] =
    [TableColumn::FlowKind, TableColumn::Pending, TableColumn::InterfaceCode];

const OF_SUMS: [TableColumn; 4] =
    [TableColumn::InterfaceCode, TableColumn::Hour, TableColumn::Day, TableColumn::Pending];

impl TableKind {
    /// The columns of the table.
    pub(crate) fn columns(self) -> Vec<TableColumn> {
        let fields = FieldId::all().map(TableColumn::Field).chain(OF_OBJECT);
        match self {
            TableKind::FlowLogs => fields.collect(),
            TableKind::Traffic => fields.chain(OF_SIDES).collect(),
            TableKind::Measured => fields.chain(OF_SIDES).chain(OF_ANALYSES).collect(),
            TableKind::Summed => {
                let totals = (0..COLUMNS.len()).map(TableColumn::Total);
                FieldId::all().map(TableColumn::Field).chain(OF_SUMS).chain(totals).collect()
            }
            TableKind::Collected => {
                FieldId::all().map(TableColumn::Field).chain([TableColumn::Place]).collect()
            }
        }
    }

    /// The table's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            TableKind::FlowLogs => "flow_logs",
            TableKind::Traffic => "traffic",
            TableKind::Measured => "measured_traffic",
            TableKind::Summed => "summed_traffic",
            TableKind::Collected => "collected_rows",
        }
    }

    /// Every table.
    pub(crate) const ALL: [TableKind; 5] = [
        TableKind::FlowLogs,
        TableKind::Traffic,
        TableKind::Measured,
        TableKind::Summed,
        TableKind::Collected,
    ];
}

/// Columns of codes that mean something to one scan only.
pub(crate) const CODED: [TableColumn; 3] =
    [TableColumn::Pending, TableColumn::InterfaceCode, TableColumn::Place];

/// The name under which they are marked.
const MARK: &str = "flowproof.codes";

impl TableColumn {
    pub(crate) fn name(self) -> &'static str {
        match self {
            TableColumn::Field(id) => id.field().column,
            TableColumn::Object => "object",
            TableColumn::FlowLogId => "flow_log_id",
            TableColumn::ObjectAccount => "object_account",
            TableColumn::ObjectRegion => "object_region",
            TableColumn::Local => "local",
            TableColumn::Remote => "remote",
            TableColumn::LocalPort => "local_port",
            TableColumn::RemotePort => "remote_port",
            TableColumn::Direction => "direction",
            TableColumn::Instance => "instance",
            TableColumn::OwnInterface => "own_interface",
            TableColumn::FlowKind => "flow_kind",
            TableColumn::Pending => "pending",
            TableColumn::Hour => "hour",
            TableColumn::Day => "day",
            TableColumn::Total(n) => COLUMNS[n],
            TableColumn::InterfaceCode => "interface_code",
            TableColumn::Place => "place",
            TableColumn::CopyKey => "copy_key",
        }
    }

    fn data_type(self) -> DataType {
        match self {
            TableColumn::Field(id) => id.field().kind.data_type(),
            TableColumn::LocalPort | TableColumn::RemotePort | TableColumn::Place => {
                DataType::Int32
            }
            TableColumn::OwnInterface => DataType::Boolean,
            TableColumn::FlowKind => DataType::UInt8,
            TableColumn::Pending | TableColumn::InterfaceCode => DataType::UInt32,
            TableColumn::Hour | TableColumn::Day => Kind::Time.data_type(),
            TableColumn::Total(n) => result_fields()[n].data_type().clone(),
            TableColumn::CopyKey => DataType::LargeBinary,
            _ => DataType::Utf8View,
        }
    }

    /// The fields of the record that the column is made from, beside those of orientation.
    pub(crate) fn fields(self) -> &'static [FieldId] {
        match self {
            TableColumn::LocalPort | TableColumn::RemotePort => {
                &[FieldId::SRCPORT, FieldId::DSTPORT]
            }
            TableColumn::Instance => &[FieldId::INSTANCE_ID, FieldId::INTERFACE_ID],
            TableColumn::FlowKind => &[FieldId::ACTION],
            TableColumn::InterfaceCode => &[FieldId::INTERFACE_ID],
            TableColumn::CopyKey => &KEY_FIELDS,
            _ => &[],
        }
    }

    /// Whether the column needs to know which side is local.
    pub(crate) fn needs_orientation(self) -> bool {
        let of_sides = OF_SIDES.contains(&self) && self != TableColumn::Instance;
        of_sides || matches!(self, TableColumn::FlowKind | TableColumn::Pending)
    }

    /// The schema of these columns.
    pub(crate) fn schema(columns: &[TableColumn]) -> SchemaRef {
        Arc::new(Schema::new(columns.iter().map(|column| column.arrow_field()).collect::<Vec<_>>()))
    }

    /// The field of a schema. Columns of codes are marked: whoever gets rows from elsewhere finds them,
    /// whatever a plan calls them.
    fn arrow_field(self) -> Field {
        let field = Field::new(self.name(), self.data_type(), true);
        match CODED.contains(&self) {
            true => field.with_metadata([(MARK.to_owned(), self.name().to_owned())].into()),
            false => field,
        }
    }

    /// The column of codes that a field of a plan comes from.
    pub(crate) fn coded(field: &Field) -> Option<TableColumn> {
        let name = field.metadata().get(MARK)?;
        CODED.into_iter().find(|column| column.name() == name)
    }

    /// The field that a column of this name shows as it stands in the record.
    pub(crate) fn field_named(name: &str) -> Option<FieldId> {
        FieldId::all().find(|id| id.field().column == name)
    }
}

/// A text field of a batch.
pub(crate) fn text_column(batch: &RecordBatch, id: FieldId) -> Result<&StringViewArray> {
    let column = batch.column_by_name(id.field().column);
    column.and_then(|column| column.as_string_view_opt()).ok_or_else(|| {
        DataFusionError::Internal(format!("the scan does not decode {}", id.field().column))
    })
}

/// A time of a batch.
pub(crate) fn time_column(batch: &RecordBatch, id: FieldId) -> Result<&TimestampNanosecondArray> {
    let column = batch.column_by_name(id.field().column);
    let column = column.and_then(|column| column.as_primitive_opt::<TimestampNanosecondType>());
    column.ok_or_else(|| DataFusionError::Internal(format!("no {}", id.field().name)))
}
