//! [`Filter`]: which keys there may be.

use alloc::vec;
use alloc::vec::Vec;

/// Bits for each key, so that few are set by chance.
const BITS_EACH: usize = 16;

/// Spreads keys that differ in few bits over all the leading bits of a hash.
#[inline]
pub(super) fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// One bit for each key, at the place of its hash.
pub(super) struct Filter {
    words: Vec<u64>,
    shift: u32,
}

impl Filter {
    pub(super) fn of(keys: impl ExactSizeIterator<Item = u64>) -> Self {
        let bits = (keys.len() * BITS_EACH).next_power_of_two().max(64);
        let mut filter = Self { words: vec![0; bits / 64], shift: 64 - bits.ilog2() };
        for key in keys {
            let bit = hash(key) >> filter.shift;
            filter.words[bit as usize / 64] |= 1 << (bit % 64);
        }
        filter
    }

    #[inline]
    pub(super) fn may_hold(&self, key: u64) -> bool {
        let bit = hash(key) >> self.shift;
        self.words[bit as usize / 64] >> (bit % 64) & 1 == 1
    }
}
