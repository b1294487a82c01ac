//! [`Levels`]: leading bits of IPv6 addresses, hashed.

use alloc::vec;
use alloc::vec::Vec;

use super::Near;
use super::filter::{Filter, hash};
use crate::bits::Prefix;

/// Lengths that prefixes are looked for at, the longest first. Of each prefix the longest counts that
/// it reaches: a /56 is found by 48 leading bits, a /128 by 64. One that reaches none is found by
/// each of the shortest keys that lie in it.
const LENGTHS: [u8; 3] = [64, 48, SHORTEST];
const SHORTEST: u8 = 32;

/// Prefixes shorter than this are searched. There can be few, and they hold so many keys.
const SHORT: u8 = 20;

/// Leading bits by which short prefixes are told apart from where there are none.
const DIRECT: u8 = 16;

/// No key in this slot.
const FREE: u32 = u32::MAX;

/// For each of [`LENGTHS`] that any prefix reaches: which leading bits there are, and where the first
/// prefix with such bits stands.
///
/// ```text
/// prefixes  0  2000::/3                        short
///           1  2001:db8::/32                   level 32
///           2  2001:db8:0:7::/64               level 64
///           3  2001:db8:0:7::9/128             level 64
/// roots     2001:db8
/// level 64  2001:db8:0:7 -> 2
/// level 32  2001:db8     -> 1
/// ```
///
/// Most addresses have leading bits that no prefix has (`roots`). The others are looked for at the
/// longest level first. Where their bits are known, their place is found from that prefix onwards.
pub(crate) struct Levels {
    /// The leading bits, as many as [`SHORTEST`], of all prefixes but short ones.
    roots: Filter,
    levels: Vec<Level>,
    short: Option<Short>,
}

struct Level {
    length: u8,
    filter: Filter,
    /// For each key a prefix, at the place of the hash or after it. See [`Key`].
    slots: Vec<u32>,
    shift: u32,
}

/// Leading bits that a prefix is found by.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    bits: u64,
    /// The first prefix of all that begins with these bits. If there is none, the one that is found.
    prefix: u32,
}

struct Short {
    /// A bit for each combination of [`DIRECT`] leading bits that a short prefix reaches into.
    words: Vec<u64>,
    prefixes: Vec<u32>,
}

/// So many leading bits, from 16 to 64.
#[inline]
fn leading(address: u128, count: u8) -> u64 {
    (address >> 64) as u64 >> (64 - count)
}

/// Which of [`LENGTHS`] a prefix is found at, if any.
fn level_of(prefix: &Prefix<u128>) -> Option<u8> {
    let level = LENGTHS.into_iter().find(|length| *length <= prefix.length);
    level.or_else(|| (prefix.length >= SHORT).then_some(SHORTEST))
}

/// The distinct keys of a level, in order.
fn keys(prefixes: &[Prefix<u128>], level: u8) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for (number, prefix) in prefixes.iter().enumerate() {
        if level_of(prefix) != Some(level) {
            continue;
        }
        // More than one only where the prefix is shorter than the level.
        for bits in leading(prefix.network, level)..=leading(prefix.last(), level) {
            // Prefixes come in order, and what is in one comes after it: its keys may be there.
            if let Err(at) = keys.binary_search_by_key(&bits, |key| key.bits) {
                let begun = prefixes.partition_point(|other| leading(other.network, level) < bits);
                let begins = |first: &Prefix<u128>| leading(first.network, level) == bits;
                let first = if prefixes.get(begun).is_some_and(begins) { begun } else { number };
                keys.insert(at, Key { bits, prefix: first as u32 });
            }
        }
    }
    keys
}

impl Level {
    fn new(length: u8, keys: &[Key]) -> Self {
        let slots = (keys.len() * 2).next_power_of_two().max(2);
        let filter = Filter::of(keys.iter().map(|key| key.bits));
        let mut level =
            Self { length, filter, slots: vec![FREE; slots], shift: 64 - slots.ilog2() };
        for key in keys {
            let mut slot = (hash(key.bits) >> level.shift) as usize;
            while level.slots[slot] != FREE {
                slot = (slot + 1) % slots;
            }
            level.slots[slot] = key.prefix;
        }
        level
    }

    #[inline]
    fn may_hold(&self, address: u128) -> bool {
        self.filter.may_hold(leading(address, self.length))
    }

    /// The prefix of the address's key, if that is known.
    #[inline]
    fn prefix(&self, address: u128, networks: &[u128]) -> Option<u32> {
        if !self.may_hold(address) {
            return None;
        }
        let bits = leading(address, self.length);
        let mut slot = (hash(bits) >> self.shift) as usize;
        loop {
            let number = self.slots[slot];
            // At most half of the slots are taken, so that a free one ends every search.
            if number == FREE {
                return None;
            }
            let network = networks[number as usize];
            if leading(network, self.length) == bits || may_reach(network, address) {
                return Some(number);
            }
            slot = (slot + 1) % self.slots.len();
        }
    }
}

/// Whether a prefix that begins at `network` and is not short may hold the address. It serves to look
/// from there onwards in any case.
fn may_reach(network: u128, address: u128) -> bool {
    leading(network, SHORT) == leading(address, SHORT) && network <= address
}

impl Short {
    fn of(prefixes: &[Prefix<u128>]) -> Option<Self> {
        let mut short = Self { words: vec![0; (1 << DIRECT) / 64], prefixes: Vec::new() };
        for (number, prefix) in prefixes.iter().enumerate() {
            if level_of(prefix).is_none() {
                short.prefixes.push(number as u32);
                for bit in leading(prefix.network, DIRECT)..=leading(prefix.last(), DIRECT) {
                    short.words[bit as usize / 64] |= 1 << (bit % 64);
                }
            }
        }
        (!short.prefixes.is_empty()).then_some(short)
    }

    #[inline]
    fn may_hold(&self, address: u128) -> bool {
        let bit = leading(address, DIRECT);
        self.words[bit as usize / 64] >> (bit % 64) & 1 == 1
    }

    /// The last one that begins no later than the address. It holds the address, or else one around
    /// it does, or none: all that lie around a short prefix are short.
    fn last_begun(&self, address: u128, networks: &[u128]) -> Option<u32> {
        let begins = |number: &u32| networks[*number as usize] <= address;
        let begun = self.prefixes.partition_point(begins);
        begun.checked_sub(1).map(|last| self.prefixes[last])
    }
}

impl Near<u128> for Levels {
    fn new(prefixes: &[Prefix<u128>]) -> Self {
        let keys = LENGTHS.map(|length| keys(prefixes, length));
        let mut roots: Vec<u64> = Vec::new();
        for (length, keys) in LENGTHS.iter().zip(&keys) {
            roots.extend(keys.iter().map(|key| key.bits >> (length - SHORTEST)));
        }
        roots.sort_unstable();
        roots.dedup();
        let levels = LENGTHS.iter().zip(&keys).filter(|(_, keys)| !keys.is_empty());
        Self {
            roots: Filter::of(roots.into_iter()),
            levels: levels.map(|(length, keys)| Level::new(*length, keys)).collect(),
            short: Short::of(prefixes),
        }
    }

    #[inline]
    fn may_hold(&self, address: u128) -> bool {
        let known = || self.levels.iter().any(|level| level.may_hold(address));
        self.roots.may_hold(leading(address, SHORTEST)) && known()
            || self.short.as_ref().is_some_and(|short| short.may_hold(address))
    }

    #[inline]
    fn from(&self, address: u128, networks: &[u128]) -> Option<u32> {
        let found = self.levels.iter().find_map(|level| level.prefix(address, networks));
        found.or_else(|| self.short.as_ref()?.last_begun(address, networks))
    }
}
