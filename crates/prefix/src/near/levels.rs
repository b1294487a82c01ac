//! [`Levels`]: leading bits of IPv6 addresses, hashed.

use alloc::vec;
use alloc::vec::Vec;

use super::filter::{Filter, hash, seed_of};
use super::{Near, begun_from};
use crate::bits::Prefix;

/// Lengths that prefixes are looked for at, the longest first. Of each prefix the longest counts that
/// it reaches: a /56 is found by 48 leading bits, a /128 by 64. One that reaches none is found by
/// each of the shortest keys that lie in it.
const LENGTHS: [u8; 3] = [64, 48, SHORTEST];
const SHORTEST: u8 = 32;

/// Prefixes shorter than one of these are searched, since they hold so many keys: the first of which
/// the others do not hold too many keys for their number.
const SHORT: [u8; 4] = [20, 24, 28, SHORTEST];

/// Leading bits by which short prefixes are told apart from where there are none.
const DIRECT: u8 = 16;

/// No key in this slot.
const FREE: u32 = u32::MAX;

/// For each of [`LENGTHS`] that any prefix reaches: which leading bits there are, and which prefixes
/// of that level begin with them.
///
/// ```text
/// prefixes  0  2000::/3                        short
///           1  2001:db8::/32                   level 32
///           2  2001:db8:0:7::/64               level 64
///           3  2001:db8:0:7::9/128             level 64
/// roots     2001:db8
/// level 64  2001:db8:0:7 -> 2, 3
/// level 32  2001:db8     -> 1
/// ```
///
/// Most addresses have leading bits that no prefix has (`roots`). The others are looked for at the
/// longest level first. Where their bits are known, what holds the address begins with the same bits,
/// or lies around all that does.
pub(crate) struct Levels {
    /// The leading bits, as many as [`SHORTEST`], of all prefixes but short ones.
    roots: Filter,
    levels: Vec<Level>,
    short: Option<Short>,
}

struct Level {
    length: u8,
    filter: Filter,
    /// For each key the place of a prefix in `prefixes`, at the place of the hash or after it: the
    /// first that begins with the key, or if there is none the one that holds it.
    slots: Vec<u32>,
    shift: u32,
    seed: u64,
    /// The numbers of the prefixes of this level, in order. Not kept of the longest level, a place of
    /// which is a number: of all prefixes that begin with a key, those of that level come last.
    prefixes: Option<Vec<u32>>,
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

/// Which of [`SHORT`] serves these prefixes.
fn short_of(prefixes: &[Prefix<u128>]) -> u8 {
    let most = 4 * prefixes.len() as u64 + (1 << 16);
    let keys_from = |short: u8| {
        let wide = prefixes.iter().filter(|prefix| (short..SHORTEST).contains(&prefix.length));
        wide.map(|prefix| 1_u64 << (SHORTEST - prefix.length)).sum::<u64>()
    };
    SHORT.into_iter().find(|short| keys_from(*short) <= most).unwrap_or(SHORTEST)
}

/// The numbers of the prefixes that are found at each of [`LENGTHS`], and those of short ones.
fn numbers(prefixes: &[Prefix<u128>]) -> ([Vec<u32>; LENGTHS.len()], Vec<u32>) {
    let short = short_of(prefixes);
    let (mut levels, mut shorts) = ([const { Vec::new() }; LENGTHS.len()], Vec::new());
    for (number, prefix) in prefixes.iter().enumerate() {
        let level = LENGTHS.iter().position(|length| *length <= prefix.length);
        let level = level.or_else(|| (prefix.length >= short).then_some(LENGTHS.len() - 1));
        let numbers = level.map_or(&mut shorts, |level| &mut levels[level]);
        numbers.push(number as u32);
    }
    (levels, shorts)
}

impl Level {
    fn new(all: &[Prefix<u128>], prefixes: Vec<u32>, length: u8) -> Self {
        let mut keys = keys(all, &prefixes, length);
        let is_longest = length == LENGTHS[0];
        if is_longest {
            keys.iter_mut().for_each(|(_, place)| *place = prefixes[*place as usize]);
        }
        let seed = seed_of(keys.iter().map(|(bits, _)| *bits));
        let slots = (keys.len() * 2).next_power_of_two().max(2);
        let mut level = Self {
            length,
            filter: Filter::of(keys.iter().map(|(bits, _)| *bits), seed),
            slots: vec![FREE; slots],
            shift: 64 - slots.ilog2(),
            seed,
            prefixes: (!is_longest).then_some(prefixes),
        };
        for (bits, at) in keys {
            let mut slot = (hash(bits, seed) >> level.shift) as usize;
            while level.slots[slot] != FREE {
                slot = (slot + 1) % slots;
            }
            level.slots[slot] = at;
        }
        level
    }

    #[inline]
    fn may_hold(&self, address: u128) -> bool {
        self.filter.may_hold(leading(address, self.length))
    }

    /// The place in `prefixes` that the key of the address leads to, if it is known.
    #[inline]
    fn place(&self, address: u128, networks: &[u128], length: impl Fn(u32) -> u8) -> Option<usize> {
        if !self.may_hold(address) {
            return None;
        }
        let bits = leading(address, self.length);
        let mut slot = (hash(bits, self.seed) >> self.shift) as usize;
        loop {
            let place = self.slots[slot];
            // At most half of the slots are taken, so that a free one ends every search.
            if place == FREE {
                return None;
            }
            let number = self.number(place);
            let network = networks[number as usize];
            let holds = || Prefix { network, length: length(number) }.holds(address);
            if leading(network, self.length) == bits || holds() {
                return Some(place as usize);
            }
            slot = (slot + 1) % self.slots.len();
        }
    }

    /// The last prefix of the level that begins with the key of the address and no later than the
    /// address. If all begin later, the first: what lies around it lies around the key.
    #[inline]
    fn innermost(
        &self,
        address: u128,
        networks: &[u128],
        length: impl Fn(u32) -> u8,
    ) -> Option<u32> {
        let place = self.place(address, networks, length)?;
        let begun = match &self.prefixes {
            Some(prefixes) => {
                begun_from(prefixes, place, |number| networks[*number as usize] <= address)
            }
            None => begun_from(networks, place, |network| *network <= address),
        };
        Some(self.number(begun.saturating_sub(1).max(place) as u32))
    }

    /// The number of the prefix at a place.
    #[inline]
    fn number(&self, place: u32) -> u32 {
        self.prefixes.as_ref().map_or(place, |prefixes| prefixes[place as usize])
    }
}

/// The distinct keys of a level in order, each with the place it leads to.
fn keys(all: &[Prefix<u128>], prefixes: &[u32], length: u8) -> Vec<(u64, u32)> {
    let mut keys = Vec::with_capacity(prefixes.len());
    for (place, number) in prefixes.iter().enumerate() {
        let (prefix, place) = (&all[*number as usize], place as u32);
        let first = leading(prefix.network, length);
        keys.push((first, 0, place));
        // A prefix that is shorter than the level holds further keys. Where several hold a key that
        // none begins with, the last one lies within the others.
        let further = (first..=leading(prefix.last(), length)).skip(1);
        keys.extend(further.map(|bits| (bits, 1, u32::MAX - place)));
    }
    keys.sort_unstable();
    keys.dedup_by_key(|(bits, ..)| *bits);
    let place = |(bits, held, place)| (bits, if held == 0 { place } else { u32::MAX - place });
    keys.into_iter().map(place).collect()
}

impl Short {
    fn of(all: &[Prefix<u128>], prefixes: Vec<u32>) -> Option<Self> {
        let mut words = vec![0_u64; (1 << DIRECT) / 64];
        for number in &prefixes {
            let prefix = &all[*number as usize];
            for bit in leading(prefix.network, DIRECT)..=leading(prefix.last(), DIRECT) {
                words[bit as usize / 64] |= 1 << (bit % 64);
            }
        }
        (!prefixes.is_empty()).then_some(Self { words, prefixes })
    }

    #[inline]
    fn may_hold(&self, address: u128) -> bool {
        let bit = leading(address, DIRECT);
        self.words[bit as usize / 64] >> (bit % 64) & 1 == 1
    }

    /// The last one that begins no later than the address. All that lie around it are short as well.
    fn innermost(&self, address: u128, networks: &[u128]) -> Option<u32> {
        let begun = |number: &u32| networks[*number as usize] <= address;
        let begun = self.prefixes.partition_point(begun);
        begun.checked_sub(1).map(|last| self.prefixes[last])
    }
}

impl Near<u128> for Levels {
    fn new(prefixes: &[Prefix<u128>]) -> Self {
        let (levels, short) = numbers(prefixes);
        let found = levels.iter().flatten().map(|number| &prefixes[*number as usize]);
        let roots = found.flat_map(|prefix| {
            leading(prefix.network, SHORTEST)..=leading(prefix.last(), SHORTEST)
        });
        let mut roots: Vec<u64> = roots.collect();
        roots.sort_unstable();
        roots.dedup();
        let levels = LENGTHS.into_iter().zip(levels).filter(|(_, numbers)| !numbers.is_empty());
        let level = |(length, numbers)| Level::new(prefixes, numbers, length);
        Self {
            roots: Filter::of(roots.iter().copied(), seed_of(roots.iter().copied())),
            levels: levels.map(level).collect(),
            short: Short::of(prefixes, short),
        }
    }

    #[inline]
    fn may_hold(&self, address: u128) -> bool {
        let known = || self.levels.iter().any(|level| level.may_hold(address));
        self.roots.may_hold(leading(address, SHORTEST)) && known()
            || self.short.as_ref().is_some_and(|short| short.may_hold(address))
    }

    #[inline]
    fn innermost(
        &self,
        address: u128,
        networks: &[u128],
        length: impl Fn(u32) -> u8,
    ) -> Option<u32> {
        let in_level = |level: &Level| level.innermost(address, networks, &length);
        let found = self.levels.iter().find_map(in_level);
        found.or_else(|| self.short.as_ref()?.innermost(address, networks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_were_made_to_meet_do_not() {
        // Under a plain multiplication, all of these would begin at the first slot.
        let inverse = 0xf1de_83e1_9937_733d_u64;
        let keys = (0..20_000_u64).map(|at| at.wrapping_mul(inverse));
        let mut prefixes: Vec<Prefix<u128>> =
            keys.map(|key| Prefix::masked(u128::from(key) << 64, 64)).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        let level = Level::new(&prefixes, (0..prefixes.len() as u32).collect(), 64);
        let taken = level.slots.chunk_by(|one, other| (*one == FREE) == (*other == FREE));
        let longest = taken.filter(|run| run[0] != FREE).map(<[u32]>::len).max();
        assert!(longest < Some(200), "{longest:?} slots in a row");
    }

    #[test]
    fn how_wide_is_found_by_keys_depends_on_how_many_are_wide() {
        let prefixes = |count: u128, length: u8| -> Vec<Prefix<u128>> {
            (0..count).map(|at| Prefix::masked(at << (128 - length), length)).collect()
        };
        assert_eq!(short_of(&prefixes(10, 20)), 20);
        assert_eq!(short_of(&prefixes(1000, 20)), 24);
        assert_eq!(short_of(&prefixes(100_000, 27)), 28);
        assert_eq!(short_of(&prefixes(100_000, 29)), 32);
        assert_eq!(short_of(&[prefixes(10_000, 29), prefixes(200_000, 48)].concat()), 20);
    }
}
