//! Orients the records of a batch.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, StringViewArray, UInt8Array, new_null_array,
};
use arrow::compute::interleave;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use flowproof_record::FieldId;

use super::ends::ColumnEnds;
use super::texts::{Sought, Texts};
use super::{AddressBook, Desk, Pending, pending};
use crate::table::text_column;
use crate::totals::FlowKind;

/// Which side of a record is local.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The source is the interface's own: the record's bytes went out.
    Source,
    /// The destination is the interface's own: they came in.
    Destination,
}

/// What is known before a record is looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Orientation {
    /// Interfaces' own addresses.
    pub(crate) book: Arc<AddressBook>,
    /// Addresses that are local whoever logged the record: an investigation's own addresses. Where
    /// only another interface (a NAT gateway's, say) logged the traffic, it is told from their side.
    pub(crate) perspective: BTreeSet<String>,
    /// Addresses that are known to be remote: those that a finding names.
    pub(crate) foreign: BTreeSet<String>,
    /// Where codes of records are kept whose direction may be known at the end, if they are asked for.
    pub(crate) pending: Option<Arc<Pending>>,
}

/// The orientation of each record of a batch.
#[derive(Debug)]
pub(crate) struct Oriented {
    sides: Vec<Option<Side>>,
    /// Whether the interface that logged the record is the local side's own; `None` if not known.
    own: Vec<Option<bool>>,
    /// The codes of records whose direction may be known at the end; empty if nobody asks for them.
    pending: Vec<Option<u32>>,
    /// Whether there is a record without a code that may get a direction all the same: one of its ends
    /// is missing, or they are of two families. A second reading is needed then.
    pub(crate) left_open: bool,
    pub(crate) unoriented: u64,
    pub(crate) conflicts: u64,
    pub(crate) assumed: u64,
}

/// The columns that orientation looks at.
pub(crate) const ORIENTATION_FIELDS: [FieldId; 6] = [
    FieldId::INTERFACE_ID,
    FieldId::SRCADDR,
    FieldId::DSTADDR,
    FieldId::PKT_SRCADDR,
    FieldId::PKT_DSTADDR,
    FieldId::FLOW_DIRECTION,
];

/// The columns of a batch that orientation looks at.
struct Columns<'a> {
    interface: Texts<'a>,
    source: Texts<'a>,
    destination: Texts<'a>,
    packet_source: Texts<'a>,
    packet_destination: Texts<'a>,
    direction: Texts<'a>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Columns<'a>> {
        let column = |id| text_column(batch, id).map(Texts::of);
        Ok(Columns {
            interface: column(FieldId::INTERFACE_ID)?,
            source: column(FieldId::SRCADDR)?,
            destination: column(FieldId::DSTADDR)?,
            packet_source: column(FieldId::PKT_SRCADDR)?,
            packet_destination: column(FieldId::PKT_DSTADDR)?,
            direction: column(FieldId::FLOW_DIRECTION)?,
        })
    }
}

impl Side {
    /// The side that a record tells itself.
    pub(crate) fn of_direction(direction: Option<&[u8]>) -> Option<Side> {
        match direction {
            Some(b"egress") => Some(Side::Source),
            Some(b"ingress") => Some(Side::Destination),
            _ => None,
        }
    }
}

impl Orientation {
    /// Orients each record; what an interface's own address could be is noted at the desk where
    /// neither the record nor the book says.
    pub(crate) fn orient(&self, batch: &RecordBatch, desk: &mut Desk) -> Result<Oriented> {
        let columns = Columns::of(batch)?;
        let rows = batch.num_rows();
        let mut oriented = Oriented {
            sides: Vec::with_capacity(rows),
            own: Vec::with_capacity(rows),
            pending: Vec::new(),
            left_open: false,
            unoriented: 0,
            conflicts: 0,
            assumed: 0,
        };
        let (mut run, mut place) = (None, 0);
        for row in 0..rows {
            let view = columns.interface.view(row);
            if row == 0 || view != run {
                (run, place) = (view, desk.place(columns.interface.get(row)));
            }
            let logged = Side::of_direction(columns.direction.get(row).map(str::as_bytes));
            let Columns { source, destination, .. } = columns;
            let found = desk.look(place, &ColumnEnds { source, destination, row }, logged);
            let side = self.by_perspective(&columns, row).or(found.side);
            let side = side.or_else(|| self.by_foreign(&columns, row));
            oriented.conflicts += u64::from(found.conflict);
            oriented.assumed += u64::from(found.assumed);
            oriented.left_open |= found.left_open;
            oriented.unoriented += u64::from(side.is_none());
            oriented.sides.push(side);
            oriented.own.push(found.side.map(|logger| Some(logger) == side));
            if self.pending.is_some() {
                oriented.pending.push(found.code);
            }
        }
        Ok(oriented)
    }

    fn by_perspective(&self, columns: &Columns<'_>, row: usize) -> Option<Side> {
        if self.perspective.is_empty() {
            return None;
        }
        let (source, destination) = ends_within(&self.perspective, columns, row);
        one_of(source, destination)
    }

    fn by_foreign(&self, columns: &Columns<'_>, row: usize) -> Option<Side> {
        if self.foreign.is_empty() {
            return None;
        }
        let (source, destination) = ends_within(&self.foreign, columns, row);
        one_of(destination, source)
    }
}

/// Whether the record's source, or the packet's, is in the set; and the same of the destination.
fn ends_within(set: &BTreeSet<String>, columns: &Columns<'_>, row: usize) -> (bool, bool) {
    let within = |column: Texts<'_>| column.get(row).is_some_and(|address| set.contains(address));
    (
        within(columns.source) || within(columns.packet_source),
        within(columns.destination) || within(columns.packet_destination),
    )
}

/// The side that a test singles out: the source alone or the destination alone.
pub(super) fn one_of(source: bool, destination: bool) -> Option<Side> {
    match (source, destination) {
        (true, false) => Some(Side::Source),
        (false, true) => Some(Side::Destination),
        _ => None,
    }
}

impl Oriented {
    /// Rows of which nothing is known, and about which nobody asks.
    pub(crate) fn nothing(rows: usize) -> Oriented {
        Oriented {
            sides: vec![None; rows],
            own: vec![None; rows],
            pending: Vec::new(),
            left_open: false,
            unoriented: 0,
            conflicts: 0,
            assumed: 0,
        }
    }

    /// Whether nothing tells the record's direction.
    pub(crate) fn is_unoriented(&self, row: usize) -> bool {
        self.sides[row].is_none()
    }

    /// Takes each row from `if_source` where the source is local, from `if_destination` where the
    /// destination is, and NULL where neither is known.
    fn choose(&self, if_source: &ArrayRef, if_destination: &ArrayRef) -> Result<ArrayRef> {
        let nothing = arrow::array::new_null_array(if_source.data_type(), 1);
        let arrays = [if_source.as_ref(), if_destination.as_ref(), nothing.as_ref()];
        let places: Vec<(usize, usize)> = self
            .sides
            .iter()
            .enumerate()
            .map(|(row, side)| match side {
                Some(Side::Source) => (0, row),
                Some(Side::Destination) => (1, row),
                None => (2, 0),
            })
            .collect();
        Ok(interleave(&arrays, &places)?)
    }

    /// The interface's own side of a pair of columns.
    pub(crate) fn local(&self, source: &ArrayRef, destination: &ArrayRef) -> Result<ArrayRef> {
        self.choose(source, destination)
    }

    /// The other side of a pair of columns.
    pub(crate) fn remote(&self, source: &ArrayRef, destination: &ArrayRef) -> Result<ArrayRef> {
        self.choose(destination, source)
    }

    /// `egress`, `ingress` or NULL.
    pub(crate) fn direction(&self) -> ArrayRef {
        let names = self.sides.iter().map(|side| {
            side.map(|side| match side {
                Side::Source => "egress",
                Side::Destination => "ingress",
            })
        });
        Arc::new(names.collect::<StringViewArray>())
    }

    /// What kind of flow each record is.
    pub(crate) fn kinds(&self, actions: &StringViewArray) -> Result<ArrayRef> {
        let (actions, reject) = (Texts::of(actions), Sought::new("REJECT"));
        let rejected = |row: usize| actions.is(row, &reject);
        let kinds = self.sides.iter().enumerate().map(|(row, side)| match side {
            _ if rejected(row) => FlowKind::Rejected,
            Some(Side::Destination) => FlowKind::In,
            Some(Side::Source) => FlowKind::Out,
            None => FlowKind::Unoriented,
        });
        Ok(Arc::new(UInt8Array::from_iter_values(kinds.map(|kind| kind as u8))))
    }

    /// The codes of records whose direction may be known at the end.
    pub(crate) fn pending(&self) -> ArrayRef {
        if self.pending.is_empty() {
            return new_null_array(&DataType::UInt32, self.sides.len());
        }
        Arc::new(pending::column(&self.pending))
    }

    /// Whether the interface that logged the record is the local side's own.
    pub(crate) fn own(&self) -> ArrayRef {
        Arc::new(BooleanArray::from(self.own.clone()))
    }
}

/// The address at the far end of a packet: the packet's own where it is told, else the record's.
pub(crate) fn effective(packet: &ArrayRef, record: &ArrayRef) -> Result<ArrayRef> {
    if packet.null_count() == packet.len() {
        return Ok(Arc::clone(record));
    }
    let places: Vec<(usize, usize)> =
        (0..packet.len()).map(|row| (usize::from(packet.is_null(row)), row)).collect();
    Ok(interleave(&[packet.as_ref(), record.as_ref()], &places)?)
}

/// Addresses in the one spelling that batches have.
pub(crate) fn spellings(addresses: impl IntoIterator<Item = IpAddr>) -> BTreeSet<String> {
    addresses.into_iter().map(|address| address.to_canonical().to_string()).collect()
}
