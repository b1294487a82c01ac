//! What is found at a glance of most IPv4 records.

use flowproof_record::RecordGroup;

use super::batch::Side;
use super::pending::{Pair, RELATIONS, Relation};
use super::texts::{NO_NUMBER, Sought};
use crate::totals::FlowKind;

/// What tells the side, or the code, of IPv4 records of one interface by their addresses' numbers. It
/// says the same as [`Desk::look`](super::Desk::look), or nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glance {
    /// An address that one end of the record must be.
    own: u64,
    /// The addresses of the pair.
    pair: [u64; 2],
    /// The first of its codes; `None` if the address is the interface's own.
    first_code: Option<u32>,
}

/// What was found at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// What kind of flow the record is, if it was accepted.
    pub(crate) kind: FlowKind,
    /// How the record relates to the pair, by its number among [`RELATIONS`]; [`Seen::SIDE`] if its side
    /// is known.
    pub(crate) relation: u8,
}

impl Seen {
    /// Stands for a relation where the side is known.
    pub(crate) const SIDE: u8 = RELATIONS.len() as u8;

    /// What is seen of a record whose own side is known.
    #[inline(always)]
    pub(crate) fn of_side(side: Side) -> Seen {
        let kind = match side {
            Side::Source => FlowKind::Out,
            Side::Destination => FlowKind::In,
        };
        Seen { kind, relation: Seen::SIDE }
    }
}

impl Default for Glance {
    /// Finds nothing.
    fn default() -> Glance {
        Glance { own: NO_NUMBER, pair: [NO_NUMBER; 2], first_code: None }
    }
}

impl Glance {
    /// For an interface with this own IPv4 address and no other.
    pub(super) fn of_own(own: &Sought) -> Glance {
        Glance { own: own.number, ..Glance::default() }
    }

    /// For an interface whose IPv4 records with this address at one end teach nothing more.
    pub(super) fn of_pair(settled: &Sought, pair: &Pair) -> Glance {
        let numbers = [pair.a.number, pair.b.number];
        Glance { own: settled.number, pair: numbers, first_code: Some(pair.first_code()) }
    }

    /// Whether it never finds anything.
    pub(crate) fn is_blind(&self) -> bool {
        self.own == NO_NUMBER
    }

    /// What is found of a record between addresses with these numbers that tells no direction itself.
    /// Which end is which cannot be guessed, so there is no branch on it.
    #[inline(always)]
    pub(crate) fn look(&self, [source, destination]: [u64; 2]) -> Option<Seen> {
        let from = source == self.own;
        let are_ipv4 = (source != RecordGroup::NONE) & (destination != RecordGroup::NONE);
        if (from == (destination == self.own)) | !are_ipv4 {
            return None;
        }
        if self.first_code.is_none() {
            return Some(Seen::of_side(if from { Side::Source } else { Side::Destination }));
        }
        let ends = |address: u64| (source == address, destination == address);
        let relation = Relation::number(ends(self.pair[0]), ends(self.pair[1]));
        Some(Seen { kind: FlowKind::Unoriented, relation })
    }

    /// The code of a record that relates so.
    pub(crate) fn code(&self, relation: u8) -> Option<u32> {
        self.first_code.map(|first| first + u32::from(relation))
    }
}
