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
use super::pending::Pair;
use super::texts::{Sought, Texts};
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

    /// Which of the record's ends is this text.
    #[inline(always)]
    fn ends_are(&self, row: usize, text: &Sought) -> (bool, bool) {
        (self.source.is(row, text), self.destination.is(row, text))
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
            left_open: false,
            unoriented: 0,
            conflicts: 0,
            assumed: 0,
        };
        let mut run = Run::default();
        for row in 0..rows {
            let view = columns.interface.view(row);
            if row == 0 || view != run.view {
                run = self.begin_run(view, columns.interface.get(row), learner, codes);
            }
            let teaching = self.orient_row(&columns, row, &run, &mut oriented);
            let code = match teaching {
                Teaching::Something => self.learn_row(&columns, row, &mut run, learner, codes),
                _ => None,
            };
            if self.pending.is_some() {
                oriented.pending.push(code);
            }
            let unknown = teaching != Teaching::DirectionKnown && code.is_none();
            oriented.left_open |= unknown && run.may_learn_an_end(&columns, row);
        }
        Ok(oriented)
    }

    /// What is known of the interface whose records follow.
    fn begin_run<'a>(
        &'a self,
        view: Option<u128>,
        interface: Option<&'a str>,
        learner: &Learner,
        codes: &Codes,
    ) -> Run<'a> {
        let entry = interface.and_then(|interface| self.book.get(interface));
        let mut run = Run { view, interface, entry, ..Run::default() };
        if let Some(interface) = interface.filter(|_| entry.is_none_or(|e| e.lacks_family("."))) {
            run.settled = learner.settled(interface).map(Sought::new);
            run.pair = codes.known(interface);
        }
        run
    }

    /// Orients one record, and tells what it teaches of its interface's own address.
    #[inline]
    fn orient_row(
        &self,
        columns: &Columns<'_>,
        row: usize,
        run: &Run<'_>,
        oriented: &mut Oriented,
    ) -> Teaching {
        let logged = match columns.direction.get(row) {
            Some("egress") => Some(Side::Source),
            Some("ingress") => Some(Side::Destination),
            _ => None,
        };
        let booked = run.entry.and_then(|entry| {
            let ends = entry.sought().iter().map(|own| columns.ends_are(row, own));
            let (source, destination) =
                ends.fold((false, false), |any, ends| (any.0 | ends.0, any.1 | ends.1));
            one_of(source, destination)
        });
        if let Some(entry) = run.entry.filter(|_| logged.is_some() && logged != booked) {
            // What was learned from records does not speak against a record.
            let knows = |end: Option<&str>| end.is_some_and(|address| entry.knows(address));
            let known = one_of(knows(columns.source.get(row)), knows(columns.destination.get(row)));
            oriented.conflicts += u64::from(known.is_some() && logged != known);
        }

        let by_interface = logged.or(booked);
        let mut teaching = Teaching::DirectionKnown;
        if by_interface.is_none() {
            // Where the book knows own addresses of the family, it is somebody else's traffic.
            let lacks = |source: &str| run.entry.is_none_or(|entry| entry.lacks_family(source));
            let teaches = columns.source.get(row).is_some_and(lacks);
            teaching = if teaches { Teaching::Something } else { Teaching::Nothing };
        } else if logged.is_none() && run.entry.is_some_and(|entry| entry.assumed) {
            oriented.assumed += 1;
        }
        let seen_from = self.by_perspective(columns, row);
        let side = seen_from.or(by_interface).or_else(|| self.by_foreign(columns, row));
        oriented.unoriented += u64::from(side.is_none());
        oriented.sides.push(side);
        oriented.own.push(by_interface.map(|by_interface| Some(by_interface) == side));
        teaching
    }

    /// Learns from a record whose direction is not known; gives its code, if codes are asked for.
    fn learn_row(
        &self,
        columns: &Columns<'_>,
        row: usize,
        run: &mut Run<'_>,
        learner: &mut Learner,
        codes: &mut Codes,
    ) -> Option<u32> {
        let settled = run.settled.as_ref().map(|own| columns.ends_are(row, own));
        let settled = settled.is_some_and(|(source, destination)| source != destination)
            && columns.source.is_ipv4(row)
            && columns.destination.is_ipv4(row);
        if let (true, Some(pair)) = (settled, &run.pair) {
            let (a, b) = (columns.ends_are(row, &pair.a), columns.ends_are(row, &pair.b));
            return Some(pair.code(a, b));
        }
        let interface = run.interface?;
        let (source, destination) = (columns.source.get(row)?, columns.destination.get(row)?);
        if !settled {
            learner.meet_texts(interface, source, destination);
            run.settled = learner.settled(interface).map(Sought::new);
        }
        let code = codes.code(self.pending.as_ref()?, interface, source, destination);
        if run.pair.is_none() {
            run.pair = codes.known(interface);
        }
        code
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

/// What a record teaches of its interface's own address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Teaching {
    /// Nothing need be learned: its direction is known.
    DirectionKnown,
    /// Its addresses are a pair of which one may be the own.
    Something,
    Nothing,
}

/// Records of one interface that follow one another, and what is known of it.
#[derive(Debug, Default)]
struct Run<'a> {
    view: Option<u128>,
    interface: Option<&'a str>,
    entry: Option<&'a Entry>,
    /// An address such that IPv4 records with it at one end teach nothing more.
    settled: Option<Sought>,
    /// The pair of the interface's IPv4 codes.
    pair: Option<Pair>,
}

impl Run<'_> {
    /// Whether one of a record's ends may turn out to be the interface's own: no own address of its
    /// family is known.
    fn may_learn_an_end(&self, columns: &Columns<'_>, row: usize) -> bool {
        let (source, destination) = (columns.source.get(row), columns.destination.get(row));
        let unknown = |end: &str| self.entry.is_none_or(|entry| entry.lacks_family(end));
        let ends = source.into_iter().chain(destination);
        self.interface.is_some() && source != destination && ends.into_iter().any(unknown)
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
fn one_of(source: bool, destination: bool) -> Option<Side> {
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
