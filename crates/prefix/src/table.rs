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
//! ([`Near::innermost`]), which prefix around that
//! place holds it ([`Parents`]).

use alloc::vec::Vec;

use ipnet::IpNet;

use crate::bits::{Bits, Prefix};
use crate::near::Near;
use crate::parents::Parents;

/// Addresses that go through the steps together when many are asked for.
pub(crate) const BLOCK: usize = 64;

pub(crate) struct Table<A: Bits, V> {
    near: A::Near,
    /// The first address of each prefix.
    networks: Vec<A>,
    /// The rest of each prefix, and its value.
    entries: Vec<Entry<V>>,
    parents: Parents,
}

struct Entry<V> {
    length: u8,
    value: V,
}

impl<A: Bits, V> Table<A, V> {
    /// Later values of a prefix are merged into the first one in the order of `entries`.
    pub(crate) fn build(
        mut entries: Vec<(Prefix<A>, V)>,
        merge: &mut impl FnMut(&mut V, V),
    ) -> Self {
        sort(&mut entries);
        let mut prefixes: Vec<Prefix<A>> = Vec::with_capacity(entries.len());
        let mut kept: Vec<Entry<V>> = Vec::with_capacity(entries.len());
        for (prefix, value) in entries {
            match kept.last_mut() {
                Some(last) if prefixes.last() == Some(&prefix) => merge(&mut last.value, value),
                _ => {
                    prefixes.push(prefix);
                    kept.push(Entry { length: prefix.length, value });
                }
            }
        }
        assert!(prefixes.len() < u32::MAX as usize, "more prefixes than a map can number");
        kept.shrink_to_fit();
        Self {
            near: A::Near::new(&prefixes),
            networks: prefixes.iter().map(|prefix| prefix.network).collect(),
            entries: kept,
            parents: Parents::of(&prefixes),
        }
    }

    #[inline]
    fn prefix(&self, index: u32) -> Prefix<A> {
        let index = index as usize;
        Prefix { network: self.networks[index], length: self.entries[index].length }
    }

    /// The prefix at `index` and those around it, outwards.
    fn ancestors(&self, index: u32) -> impl Iterator<Item = u32> {
        core::iter::successors(Some(index), |index| self.parents.get(*index))
    }

    /// The most specific prefix that holds the address.
    #[inline]
    fn most_specific(&self, address: A) -> Option<u32> {
        if self.near.may_hold(address) { self.search(address) } else { None }
    }

    // Apart, so that the step before it, which answers most questions, is small where it is inlined.
    #[inline(never)]
    fn search(&self, address: A) -> Option<u32> {
        let near = self.innermost(address)?;
        if self.holds(near, address) { Some(near) } else { self.around(near, address) }
    }

    #[inline]
    fn innermost(&self, address: A) -> Option<u32> {
        let length = |index: u32| self.entries[index as usize].length;
        self.near.innermost(address, &self.networks, length)
    }

    #[inline]
    fn holds(&self, index: u32, address: A) -> bool {
        self.prefix(index).holds(address)
    }

    /// The narrowest prefix around the one at `index` that holds the address.
    fn around(&self, index: u32, address: A) -> Option<u32> {
        self.ancestors(index).skip(1).find(|index| self.holds(*index, address))
    }

    /// Tells `found` the place and the most specific prefix of each address that has one.
    ///
    /// Each step is taken for many addresses before the next one, so that the reads of one step, which
    /// do not wait for each other, overlap.
    #[inline]
    fn most_specific_of_each(&self, addresses: &[A], mut found: impl FnMut(usize, u32)) {
        // Which addresses of a block may be held, and of each what is found about it.
        let mut at = [0_u8; BLOCK];
        let mut asked = [A::host_mask(0); BLOCK];
        let mut near = [None; BLOCK];
        let mut holds = [false; BLOCK];
        for (number, block) in addresses.chunks(BLOCK).enumerate() {
            let mut count = 0;
            for (place, address) in block.iter().enumerate() {
                (at[count], asked[count]) = (place as u8, *address);
                count += usize::from(self.near.may_hold(*address));
            }
            let (asked, near) = (&asked[..count], &mut near[..count]);
            let length = |index: u32| self.entries[index as usize].length;
            self.near.innermost_of_each(asked, &self.networks, length, near);
            for ((holds, near), address) in holds.iter_mut().zip(&*near).zip(asked) {
                *holds = near.is_some_and(|near| self.holds(near, *address));
            }
            for (((holds, near), address), at) in holds.iter().zip(&*near).zip(asked).zip(&at) {
                let around = || near.and_then(|near| self.around(near, *address));
                if let Some(index) = if *holds { *near } else { around() } {
                    found(number * BLOCK + usize::from(*at), index);
                }
            }
        }
    }

    fn entry(&self, index: u32) -> (IpNet, &V) {
        (self.prefix(index).to_net(), &self.entries[index as usize].value)
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
        self.most_specific(address).map(|index| &self.entries[index as usize].value)
    }

    pub(crate) fn lookup_batch<'map>(&'map self, addresses: &[A], values: &mut [Option<&'map V>]) {
        values.fill(None);
        self.most_specific_of_each(addresses, |at, index| {
            values[at] = Some(&self.entries[index as usize].value);
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

    /// How many prefixes come before `prefix`, or are it.
    fn up_to(&self, prefix: Prefix<A>) -> usize {
        let begun = self.networks.partition_point(|network| *network <= prefix.network);
        // Those that begin alike, at most one of each length, are sorted by length.
        let longer = |index: &usize| {
            self.networks[*index] == prefix.network && self.entries[*index].length > prefix.length
        };
        begun - (0..begun).rev().take_while(longer).count()
    }

    pub(crate) fn get(&self, prefix: Prefix<A>) -> Option<&V> {
        let index = self.up_to(prefix).checked_sub(1)?;
        (self.prefix(index as u32) == prefix).then(|| &self.entries[index].value)
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
}

/// Sorts by prefix, and keeps the order in which the values of one prefix were given.
#[cfg(not(feature = "rayon"))]
fn sort<A: Bits, V>(entries: &mut [(Prefix<A>, V)]) {
    entries.sort_by_key(|(prefix, _)| A::order(*prefix));
}

/// Sorts by prefix, and keeps the order in which the values of one prefix were given. Values need not
/// be [`Send`]: what goes to other threads is where they stand.
#[cfg(feature = "rayon")]
fn sort<A: Bits, V>(entries: &mut [(Prefix<A>, V)]) {
    use rayon::slice::ParallelSliceMut;

    /// Fewer than this are sorted before the threads are awake.
    const LARGE: usize = 1 << 16;
    if entries.len() < LARGE || entries.is_sorted_by_key(|(prefix, _)| A::order(*prefix)) {
        return entries.sort_by_key(|(prefix, _)| A::order(*prefix));
    }
    let places = entries.iter().enumerate();
    let mut places: Vec<_> = places.map(|(at, (prefix, _))| (A::order(*prefix), at)).collect();
    places.par_sort_unstable();
    // Follows each ring of places in which one waits for the entry of the next.
    for start in 0..places.len() {
        let mut to = start;
        loop {
            let from = core::mem::replace(&mut places[to].1, to);
            if from == start {
                break;
            }
            entries.swap(to, from);
            to = from;
        }
    }
}
