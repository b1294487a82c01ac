//! The prefixes of one family, built once and then asked.
//!
//! They stand sorted by address, the shorter of two that begin alike first. The most specific prefix
//! that holds an address is then the last one that begins no later, or one of those around that one:
//!
//! ```text
//!                 0 |---------------- 203.0.113.0/24 ----------------|
//!                 1          |-- 203.0.113.8/30 --|
//!                 2             | 203.0.113.9/32
//!   203.0.113.77                                       ^ the last that begins before is 2, which
//!                                does not hold it, nor does 1 around it; 0 around that does
//! ```
//!
//! An address takes four steps: may anything hold it ([`Near::may_hold`]), where does it stand
//! ([`Near::span`], [`Bits::begun`]), which prefix around that place holds it ([`Parents`]).

use alloc::vec::Vec;

use ipnet::IpNet;

use crate::bits::{Bits, Prefix};
use crate::near::{Near, Span};
use crate::parents::Parents;

/// Addresses that go through the steps together when many are asked for.
const BLOCK: usize = 64;

pub(crate) struct Table<A: Bits, V> {
    /// Distinct and sorted, so that a prefix comes before all it holds: the first address of each ...
    networks: Vec<A>,
    /// ... and how many leading bits count.
    lengths: Vec<u8>,
    values: Vec<V>,
    parents: Parents,
    near: A::Near,
}

impl<A: Bits, V> Table<A, V> {
    /// Later values of a prefix are merged into the first one in the order of `entries`.
    pub(crate) fn build(
        mut entries: Vec<(Prefix<A>, V)>,
        merge: &mut impl FnMut(&mut V, V),
    ) -> Self {
        // The sort is stable, which keeps the values of one prefix in the order they were given.
        entries.sort_by_key(|(prefix, _)| A::order(*prefix));
        let mut prefixes: Vec<Prefix<A>> = Vec::with_capacity(entries.len());
        let mut values = Vec::with_capacity(entries.len());
        for (prefix, value) in entries {
            match values.last_mut() {
                Some(last) if prefixes.last() == Some(&prefix) => merge(last, value),
                _ => {
                    prefixes.push(prefix);
                    values.push(value);
                }
            }
        }
        assert!(prefixes.len() < u32::MAX as usize, "more prefixes than a map can number");
        values.shrink_to_fit();
        Self {
            networks: prefixes.iter().map(|prefix| prefix.network).collect(),
            lengths: prefixes.iter().map(|prefix| prefix.length).collect(),
            values,
            parents: Parents::of(&prefixes),
            near: A::Near::build(&prefixes),
        }
    }

    fn prefix(&self, index: u32) -> Prefix<A> {
        let index = index as usize;
        Prefix { network: self.networks[index], length: self.lengths[index] }
    }

    /// The last prefix that begins no later than the address, whose place is `span`.
    #[inline]
    fn last_begun(&self, address: A, span: Span) -> Option<u32> {
        address.begun(&self.networks, span).checked_sub(1).map(|index| index as u32)
    }

    /// The prefix at `index`, or else the narrowest one around it, that holds the address.
    #[inline]
    fn holding(&self, index: u32, address: A) -> Option<u32> {
        // What begins at the address holds it, however long it is.
        if self.networks[index as usize] == address || self.prefix(index).holds(address) {
            return Some(index);
        }
        self.ancestors(index).skip(1).find(|index| self.prefix(*index).holds(address))
    }

    /// The prefix at `index` and those around it, outwards.
    fn ancestors(&self, index: u32) -> impl Iterator<Item = u32> {
        core::iter::successors(Some(index), |index| self.parents.get(*index))
    }

    /// Index of the most specific prefix that holds the address.
    #[inline]
    fn most_specific(&self, address: A) -> Option<u32> {
        if !self.near.may_hold(address) {
            return None;
        }
        let span = self.near.span(address, &self.networks)?;
        self.holding(self.last_begun(address, span)?, address)
    }

    /// Tells `found` the place and the most specific prefix of each address that has one.
    ///
    /// Each step is taken for many addresses before the next one, so that the reads of one step, which
    /// do not wait for each other, overlap.
    #[inline]
    fn most_specific_of_each(&self, addresses: &[A], mut found: impl FnMut(usize, u32)) {
        for (number, block) in addresses.chunks(BLOCK).enumerate() {
            let mut held = [0_usize; BLOCK];
            let mut count = 0;
            for (at, address) in block.iter().enumerate() {
                held[count] = at;
                count += usize::from(self.near.may_hold(*address));
            }
            let held = &held[..count];
            let mut spans = [None; BLOCK];
            for (span, at) in spans.iter_mut().zip(held) {
                *span = self.near.span(block[*at], &self.networks);
            }
            let mut begun = [None; BLOCK];
            for ((begun, span), at) in begun.iter_mut().zip(&spans).zip(held) {
                *begun = span.and_then(|span| self.last_begun(block[*at], span));
            }
            for (begun, at) in begun.iter().zip(held) {
                if let Some(index) = begun.and_then(|begun| self.holding(begun, block[*at])) {
                    found(number * BLOCK + at, index);
                }
            }
        }
    }

    fn entry(&self, index: u32) -> (IpNet, &V) {
        (self.prefix(index).to_net(), &self.values[index as usize])
    }

    #[inline]
    pub(crate) fn contains(&self, address: A) -> bool {
        self.most_specific(address).is_some()
    }

    pub(crate) fn contains_batch(&self, addresses: &[A], contained: &mut [bool]) {
        contained.fill(false);
        self.most_specific_of_each(addresses, |at, _| contained[at] = true);
    }

    #[inline]
    pub(crate) fn lookup(&self, address: A) -> Option<&V> {
        self.most_specific(address).map(|index| &self.values[index as usize])
    }

    pub(crate) fn lookup_batch<'map>(&'map self, addresses: &[A], values: &mut [Option<&'map V>]) {
        values.fill(None);
        self.most_specific_of_each(addresses, |at, index| {
            values[at] = Some(&self.values[index as usize]);
        });
    }

    #[inline]
    pub(crate) fn longest_match(&self, address: A) -> Option<(IpNet, &V)> {
        self.most_specific(address).map(|index| self.entry(index))
    }

    pub(crate) fn matches(&self, address: A) -> impl Iterator<Item = (IpNet, &V)> {
        let innermost = self.most_specific(address);
        let all = innermost.into_iter().flat_map(|index| self.ancestors(index));
        all.map(|index| self.entry(index))
    }

    /// How many prefixes come before `prefix`, and itself if it is there.
    fn up_to(&self, prefix: Prefix<A>) -> usize {
        // Few prefixes begin at the same address: one of each length.
        let begun = self.networks.partition_point(|network| *network <= prefix.network);
        let alike = self.networks[..begun].iter().rev();
        let alike = alike.take_while(|network| **network == prefix.network).count();
        let longer = self.lengths[begun - alike..begun].iter();
        begun - longer.filter(|length| **length > prefix.length).count()
    }

    pub(crate) fn get(&self, prefix: Prefix<A>) -> Option<&V> {
        let index = self.up_to(prefix).checked_sub(1)?;
        (self.prefix(index as u32) == prefix).then(|| &self.values[index])
    }

    /// Every prefix around `prefix`, itself among them, the most specific first.
    pub(crate) fn covering(&self, prefix: Prefix<A>) -> impl Iterator<Item = (IpNet, &V)> {
        let last = self.up_to(prefix).checked_sub(1).map(|index| index as u32);
        let around = last.into_iter().flat_map(|index| self.ancestors(index));
        let around = around.filter(move |index| {
            let other = self.prefix(*index);
            other.length <= prefix.length && other.holds(prefix.network)
        });
        around.map(|index| self.entry(index))
    }

    /// Every prefix within `prefix`, itself among them, in order.
    pub(crate) fn covered(&self, prefix: Prefix<A>) -> impl Iterator<Item = (IpNet, &V)> {
        let first = self.up_to(prefix);
        let first = first - usize::from(self.get(prefix).is_some());
        let end = self.networks.partition_point(|network| *network <= prefix.last());
        (first as u32..end.max(first) as u32).map(|index| self.entry(index))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (IpNet, &V)> {
        (0..self.len() as u32).map(|index| self.entry(index))
    }

    /// The prefixes that lie in no other, in order. They share no address.
    pub(crate) fn outermost(&self) -> impl Iterator<Item = Prefix<A>> {
        let indices = 0..self.len() as u32;
        indices.filter(|index| self.parents.get(*index).is_none()).map(|index| self.prefix(index))
    }

    pub(crate) fn len(&self) -> usize {
        self.networks.len()
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.networks[..])
            + size_of_val(&self.lengths[..])
            + size_of_val(&self.values[..])
            + self.parents.bytes()
            + self.near.bytes()
    }
}
