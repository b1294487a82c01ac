//! The entries as ranges that do not overlap, sorted, and a binary search: what all answers are
//! compared with, and what most of the references are made of.

use super::Build;
use crate::address::Address;
use crate::contestant::{Contestant, Entry, NONE};

/// Range `at` goes from `starts[at]` up to the next start. The first starts at the first address.
pub(crate) struct Ranges<A> {
    pub(super) starts: Vec<A>,
    pub(super) values: Vec<u32>,
}

impl<A: Address> Ranges<A> {
    pub(crate) fn of(entries: &[Entry<A>]) -> Self {
        let mut sorted = entries.to_vec();
        sorted.sort_unstable_by_key(|entry| (entry.prefix, entry.length));

        let mut ranges = Self { starts: vec![A::FIRST], values: vec![NONE] };
        // The entries that hold the address that has been reached: last addresses and values.
        let mut open: Vec<(A, u32)> = Vec::new();
        for entry in sorted {
            while let Some((last, _)) = open.pop_if(|(last, _)| *last < entry.prefix) {
                ranges.end(last, &open);
            }
            ranges.start(entry.prefix, entry.value);
            open.push((entry.prefix.last_of(entry.length), entry.value));
        }
        while let Some((last, _)) = open.pop() {
            ranges.end(last, &open);
        }
        ranges.starts.shrink_to_fit();
        ranges.values.shrink_to_fit();
        ranges
    }

    /// Behind `last` the innermost of the entries that are still open goes on.
    fn end(&mut self, last: A, open: &[(A, u32)]) {
        if let Some(next) = last.next() {
            self.start(next, open.last().map_or(NONE, |(_, value)| *value));
        }
    }

    fn start(&mut self, start: A, value: u32) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.values.pop();
        }
        if self.values.last() != Some(&value) {
            self.starts.push(start);
            self.values.push(value);
        }
    }

    /// The place of the range that holds an address.
    pub(super) fn place(&self, address: A) -> usize {
        self.starts.partition_point(|start| *start <= address) - 1
    }

    /// First and last address, and value, of each range that an entry holds.
    pub(super) fn held(&self) -> impl Iterator<Item = (A, A, u32)> {
        let ends = self.starts[1..].iter().map(|next| (*next).into() - 1u128);
        let lasts = ends.map(A::of_bits).chain([A::FIRST.last_of(0)]);
        let ranges = self.starts.iter().zip(lasts).zip(&self.values);
        ranges.map(|((start, last), value)| (*start, last, *value)).filter(|range| range.2 != NONE)
    }
}

impl<A: Address> Build<A> for Ranges<A> {
    fn build(entries: &[Entry<A>]) -> Self {
        Self::of(entries)
    }
}

impl<A: Address> Contestant<A> for Ranges<A> {
    fn lookup(&self, address: A) -> u32 {
        self.values[self.place(address)]
    }
}
