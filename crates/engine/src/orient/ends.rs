//! The two ends of one record, wherever they stand.

use flowproof_record::RecordGroup;

use super::texts::{Sought, Texts};

/// The two ends of one record.
pub(crate) trait Ends {
    /// Which of them, source and destination, is this address.
    fn are(&self, address: &Sought) -> (bool, bool);
    /// Their families: 0 for IPv4, 1 for IPv6.
    fn families(&self) -> [Option<usize>; 2];
    fn source(&self) -> Option<&str>;
    fn destination(&self) -> Option<&str>;
    /// Whether they are two.
    fn differ(&self) -> bool;
}

/// The family of an address in the one spelling that batches have.
pub(super) fn family_of(address: &str) -> usize {
    usize::from(address.contains(':'))
}

/// Ends in the columns of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColumnEnds<'a> {
    pub(super) source: Texts<'a>,
    pub(super) destination: Texts<'a>,
    pub(super) row: usize,
}

impl Ends for ColumnEnds<'_> {
    #[inline(always)]
    fn are(&self, address: &Sought) -> (bool, bool) {
        (self.source.is(self.row, address), self.destination.is(self.row, address))
    }

    #[inline(always)]
    fn families(&self) -> [Option<usize>; 2] {
        [self.source, self.destination].map(|texts| match texts.is_ipv4(self.row) {
            true => Some(0),
            false => texts.get(self.row).map(family_of),
        })
    }

    fn source(&self) -> Option<&str> {
        self.source.get(self.row)
    }

    fn destination(&self) -> Option<&str> {
        self.destination.get(self.row)
    }

    fn differ(&self) -> bool {
        self.source.differs(self.row, &self.destination)
    }
}

/// Ends as they stand in a record's text: their numbers where they are IPv4, and their texts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawEnds<'a> {
    pub(crate) numbers: [u64; 2],
    pub(crate) texts: [&'a [u8]; 2],
}

impl<'a> RawEnds<'a> {
    fn is(&self, end: usize, address: &Sought) -> bool {
        match self.numbers[end] {
            RecordGroup::NONE => self.texts[end] == address.text.as_bytes(),
            number => number == address.number,
        }
    }

    fn text(&self, end: usize) -> Option<&'a str> {
        // Records that are handed out as they stand are ASCII.
        std::str::from_utf8(self.texts[end]).ok().filter(|text| *text != "-")
    }
}

impl Ends for RawEnds<'_> {
    #[inline(always)]
    fn are(&self, address: &Sought) -> (bool, bool) {
        (self.is(0, address), self.is(1, address))
    }

    #[inline(always)]
    fn families(&self) -> [Option<usize>; 2] {
        [0, 1].map(|end| match self.numbers[end] {
            RecordGroup::NONE => self.text(end).map(family_of),
            _ => Some(0),
        })
    }

    fn source(&self) -> Option<&str> {
        self.text(0)
    }

    fn destination(&self) -> Option<&str> {
        self.text(1)
    }

    #[inline(always)]
    fn differ(&self) -> bool {
        self.numbers[0] != self.numbers[1] || self.texts[0] != self.texts[1]
    }
}
