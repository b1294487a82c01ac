//! [`Filter`]: which keys there may be.

use alloc::vec;
use alloc::vec::Vec;

/// Bits for each key, so that few are set by chance.
const BITS_EACH: usize = 16;

/// Spreads keys that differ in few bits over all the leading bits of a hash. Whoever makes up a list
/// does not choose the seed, and so not which keys meet.
#[inline]
pub(super) fn hash(key: u64, seed: u64) -> u64 {
    let product = u128::from(key ^ seed) * 0x9e37_79b9_7f4a_7c15;
    (product >> 64) as u64 ^ product as u64
}

/// A seed that depends on every key.
pub(super) fn seed_of(keys: impl Iterator<Item = u64>) -> u64 {
    keys.fold(0x243f_6a88_85a3_08d3, |seed, key| hash(key, seed).rotate_left(23) ^ seed)
}

/// One bit for each key, at the place of its hash.
pub(super) struct Filter {
    words: Vec<u64>,
    shift: u32,
    seed: u64,
}

impl Filter {
    pub(super) fn of(keys: impl ExactSizeIterator<Item = u64>, seed: u64) -> Self {
        let bits = (keys.len() * BITS_EACH).next_power_of_two().max(64);
        let mut filter = Self { words: vec![0; bits / 64], shift: 64 - bits.ilog2(), seed };
        for key in keys {
            let bit = hash(key, seed) >> filter.shift;
            filter.words[bit as usize / 64] |= 1 << (bit % 64);
        }
        filter
    }

    #[inline]
    pub(super) fn may_hold(&self, key: u64) -> bool {
        let bit = hash(key, self.seed) >> self.shift;
        self.words[bit as usize / 64] >> (bit % 64) & 1 == 1
    }
}
