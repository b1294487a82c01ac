//! [`Levels`]: leading bits of IPv6 addresses, hashed.

use alloc::vec;
use alloc::vec::Vec;

use super::{Near, Span};
use crate::bits::{Bits, Prefix};

/// Lengths that prefixes are looked for at, the longest first. Of each prefix the longest counts that
/// it reaches: a /56 is found by 48 leading bits, a /128 by 64.
const LENGTHS: [u8; 5] = [64, 48, 32, 24, 16];

/// Bits of a filter for each key, so that few are set by chance.
const BITS_EACH: usize = 16;

/// No key in this slot.
const FREE: u32 = u32::MAX;

/// For each of [`LENGTHS`] that any prefix reaches: which leading bits there are, and where the first
/// prefix with such bits stands. Prefixes shorter than all of them, of which there can be few, are
/// searched.
///
/// ```text
/// prefixes  0  2000::/3                        short
///           1  2001:db8::/32                   level 32
///           2  2001:db8:0:7::/64               level 64
///           3  2001:db8:0:7::9/128             level 64
/// level 64  key 2001:db8:0:7 -> 2
/// level 32  key 2001:db8     -> 1
/// ```
///
/// An address is asked for at the longest level first. Where its leading bits are known, its place
/// is found from the first prefix that begins with them onwards.
pub(crate) struct Levels {
    levels: Vec<Level>,
    /// Prefixes shorter than every level.
    short: Vec<u32>,
    prefixes: u32,
}

struct Level {
    /// `64 - length`: what is cut off the leading half of an address.
    cut: u32,
    filter: Vec<u64>,
    /// What is cut off a hash for a bit of the filter.
    filter_shift: u32,
    /// For each key the first prefix that begins with it, at the place of its hash or after it.
    slots: Vec<u32>,
    slot_shift: u32,
}

/// Spreads keys that differ in few bits over all the leading bits of a hash.
fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Level {
    fn new(length: u8, keys: usize) -> Self {
        let bits = (keys * BITS_EACH).next_power_of_two().max(64);
        let slots = (keys * 2).next_power_of_two().max(2);
        Self {
            cut: 64 - u32::from(length),
            filter: vec![0; bits / 64],
            filter_shift: 64 - bits.ilog2(),
            slots: vec![FREE; slots],
            slot_shift: 64 - slots.ilog2(),
        }
    }

    fn key(&self, address: u128) -> u64 {
        (address >> 64) as u64 >> self.cut
    }

    fn insert(&mut self, key: u64, first: u32) {
        let hash = hash(key);
        let bit = hash >> self.filter_shift;
        self.filter[bit as usize / 64] |= 1 << (bit % 64);
        let mut slot = (hash >> self.slot_shift) as usize;
        while self.slots[slot] != FREE {
            slot = (slot + 1) % self.slots.len();
        }
        self.slots[slot] = first;
    }

    #[inline]
    fn may_hold(&self, key: u64) -> bool {
        let bit = hash(key) >> self.filter_shift;
        self.filter[bit as usize / 64] >> (bit % 64) & 1 == 1
    }

    /// The first prefix that begins with the leading bits of the address.
    #[inline]
    fn first(&self, address: u128, networks: &[u128]) -> Option<u32> {
        let key = self.key(address);
        if !self.may_hold(key) {
            return None;
        }
        let mut slot = (hash(key) >> self.slot_shift) as usize;
        loop {
            let first = self.slots[slot];
            // At most half of the slots are taken, so that a free one ends every search.
            if first == FREE {
                return None;
            }
            if self.key(networks[first as usize]) == key {
                return Some(first);
            }
            slot = (slot + 1) % self.slots.len();
        }
    }
}

/// Which of [`LENGTHS`] a prefix is found at, if any.
fn level_of(prefix: &Prefix<u128>) -> Option<usize> {
    LENGTHS.iter().position(|length| *length <= prefix.length)
}

/// The distinct keys of a level in the order of prefixes, each with the first prefix of all that
/// begins with it.
fn keys(prefixes: &[Prefix<u128>], level: usize) -> Vec<(u64, u32)> {
    let key = |prefix: &Prefix<u128>| (prefix.network >> (128 - LENGTHS[level])) as u64;
    let mut keys: Vec<(u64, u32)> = Vec::new();
    // The first prefix that begins with the same bits, whatever its level.
    let mut run: Option<(u64, u32)> = None;
    for (index, prefix) in prefixes.iter().enumerate() {
        if run.is_none_or(|(bits, _)| bits != key(prefix)) {
            run = Some((key(prefix), index as u32));
        }
        if level_of(prefix) == Some(level) && keys.last() != run.as_ref() {
            keys.extend(run);
        }
    }
    keys
}

impl Near<u128> for Levels {
    fn build(prefixes: &[Prefix<u128>]) -> Self {
        let mut levels = Vec::new();
        for (number, length) in LENGTHS.into_iter().enumerate() {
            let keys = keys(prefixes, number);
            if keys.is_empty() {
                continue;
            }
            let mut level = Level::new(length, keys.len());
            for (key, first) in keys {
                level.insert(key, first);
            }
            levels.push(level);
        }
        let short = prefixes.iter().enumerate().filter(|(_, prefix)| level_of(prefix).is_none());
        let short = short.map(|(index, _)| index as u32).collect();
        Self { levels, short, prefixes: prefixes.len() as u32 }
    }

    #[inline]
    fn may_hold(&self, address: u128) -> bool {
        let known = |level: &Level| level.may_hold(level.key(address));
        !self.short.is_empty() | self.levels.iter().fold(false, |any, level| any | known(level))
    }

    #[inline]
    fn span(&self, address: u128, networks: &[u128]) -> Option<Span> {
        let found = self.levels.iter().find_map(|level| level.first(address, networks));
        if let Some(first) = found {
            return Some(Span { first, end: self.prefixes });
        }
        // Only a short prefix can hold it, and all that hold a short one are short as well.
        let after = self.short.partition_point(|short| networks[*short as usize] <= address);
        let last = self.short[..after].last()?;
        Some(Span { first: last + 1, end: last + 1 })
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        let of = |level: &Level| size_of_val(&level.filter[..]) + size_of_val(&level.slots[..]);
        self.levels.iter().map(of).sum::<usize>() + size_of_val(&self.short[..])
    }
}
