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

use super::book::Entry;
use super::{AddressBook, Codes, Learner, Pending, pending};
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
    interface: &'a StringViewArray,
    source: &'a StringViewArray,
    destination: &'a StringViewArray,
    packet_source: &'a StringViewArray,
    packet_destination: &'a StringViewArray,
    direction: &'a StringViewArray,
}

fn value(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Columns<'a>> {
        Ok(Columns {
            interface: text_column(batch, FieldId::INTERFACE_ID)?,
            source: text_column(batch, FieldId::SRCADDR)?,
            destination: text_column(batch, FieldId::DSTADDR)?,
            packet_source: text_column(batch, FieldId::PKT_SRCADDR)?,
            packet_destination: text_column(batch, FieldId::PKT_DSTADDR)?,
            direction: text_column(batch, FieldId::FLOW_DIRECTION)?,
        })
    }
}

impl Orientation {
    /// Orients each record; what an interface's own address could be is noted in `learner` where
    /// neither the record nor the book says.
    pub(crate) fn orient(
        &self,
        batch: &RecordBatch,
        learner: &mut Learner,
        codes: &mut Codes,
    ) -> Result<Oriented> {
        let columns = Columns::of(batch)?;
        let rows = batch.num_rows();
        let mut oriented = Oriented {
            sides: Vec::with_capacity(rows),
            own: Vec::with_capacity(rows),
            pending: Vec::new(),
            unoriented: 0,
            conflicts: 0,
            assumed: 0,
        };
        let mut entries = Entries { book: &self.book, last: None };
        for row in 0..rows {
            let interface = value(columns.interface, row);
            let entry = interface.and_then(|_| entries.of(columns.interface, row));
            let teaches = self.orient_row(&columns, row, entry, &mut oriented);
            let ends = (value(columns.source, row), value(columns.destination, row));
            let code = match (interface, ends) {
                (Some(interface), (Some(source), Some(destination))) if teaches => {
                    learner.meet_texts(interface, source, destination);
                    let pending = self.pending.as_ref();
                    pending.and_then(|all| codes.code(all, interface, source, destination))
                }
                _ => None,
            };
            if self.pending.is_some() {
                oriented.pending.push(code);
            }
        }
        Ok(oriented)
    }

    /// Orients one record, and tells whether it teaches something of its interface's own address.
    fn orient_row(
        &self,
        columns: &Columns<'_>,
        row: usize,
        entry: Option<&Entry>,
        oriented: &mut Oriented,
    ) -> bool {
        let logged = match value(columns.direction, row) {
            Some("egress") => Some(Side::Source),
            Some("ingress") => Some(Side::Destination),
            _ => None,
        };
        let source = value(columns.source, row);
        let destination = value(columns.destination, row);
        let of_entry = |test: fn(&Entry, &str) -> bool, address: Option<&str>| {
            entry.is_some_and(|entry| address.is_some_and(|address| test(entry, address)))
        };
        let booked = one_of(of_entry(Entry::owns, source), of_entry(Entry::owns, destination));
        if logged.is_some() && booked.is_some() && logged != booked {
            // What was learned from records does not speak against a record.
            let known = one_of(of_entry(Entry::knows, source), of_entry(Entry::knows, destination));
            oriented.conflicts += u64::from(known.is_some() && logged != known);
        }

        let by_interface = logged.or(booked);
        let mut teaches = false;
        if by_interface.is_none() {
            // Where the book knows own addresses of the family, it is somebody else's traffic.
            let lacks = |source: &str| entry.is_none_or(|entry| entry.lacks_family(source));
            teaches = source.is_some_and(lacks);
        } else if logged.is_none() && entry.is_some_and(|entry| entry.assumed) {
            oriented.assumed += 1;
        }
        let seen_from = self.by_perspective(columns, row);
        let side = seen_from.or(by_interface).or_else(|| self.by_foreign(columns, row));
        oriented.unoriented += u64::from(side.is_none());
        oriented.sides.push(side);
        oriented.own.push(by_interface.map(|by_interface| Some(by_interface) == side));
        teaches
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

/// Looks interfaces up in the book. Records come in runs of one interface.
struct Entries<'a> {
    book: &'a AddressBook,
    /// The view of the interface that was looked up last, and its entry.
    last: Option<(u128, Option<&'a Entry>)>,
}

impl<'a> Entries<'a> {
    /// The entry of the interface in a row where there is one. Views of one column that are the same
    /// are of the same text.
    fn of(&mut self, interfaces: &StringViewArray, row: usize) -> Option<&'a Entry> {
        let view = interfaces.views()[row];
        match self.last {
            Some((last, entry)) if last == view => entry,
            _ => {
                let entry = self.book.get(interfaces.value(row));
                self.last = Some((view, entry));
                entry
            }
        }
    }
}

/// Whether the record's source, or the packet's, is in the set; and the same of the destination.
fn ends_within(set: &BTreeSet<String>, columns: &Columns<'_>, row: usize) -> (bool, bool) {
    let within = |column| value(column, row).is_some_and(|address| set.contains(address));
    (
        within(columns.source) || within(columns.packet_source),
        within(columns.destination) || within(columns.packet_destination),
    )
}

/// The side that a test singles out: the source alone or the destination alone.
fn one_of(source: bool, destination: bool) -> Option<Side> {
    match (source, destination) {
        (true, false) => Some(Side::Source),
        (false, true) => Some(Side::Destination),
        _ => None,
    }
}

impl Oriented {
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
        let rejected = |row: usize| actions.is_valid(row) && actions.value(row) == "REJECT";
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
