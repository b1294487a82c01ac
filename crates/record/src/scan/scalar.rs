//! The portable kernel, eight bytes at a time.

use super::index::{Index, STRIDE, Strides};
use super::{Masks, even};

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
/// Brings the high bits of eight bytes, shifted to the lowest, together in the highest byte.
const GATHER: u64 = 0x0102_0408_1020_4080;

pub(super) fn index(block: &[u8], index: &mut Index) {
    let mut writer = index.begin(block.len());
    for (base, stride) in Strides::of(block).iter() {
        writer.take(base, masks(stride));
    }
    let written = writer.end();
    index.end(written);
}

pub(super) fn count_even(block: &[u8], width: usize) -> Option<u64> {
    even::count_even(block, width, masks)
}

fn masks(stride: &[u8; STRIDE]) -> Masks {
    let mut masks = Masks { separators: 0, newlines: 0, high: 0, others: 0 };
    for (idx, word) in stride.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let newlines = equal(word, b'\n');
        let separators = newlines | equal(word, b' ') | equal(word, b'\t') | equal(word, b'\r');
        let place = idx * 8;
        masks.separators |= gather(separators) << place;
        masks.newlines |= gather(newlines) << place;
        masks.high |= gather(word & HIGH_BITS) << place;
        masks.others |= gather(no_digits(word)) << place;
    }
    masks
}

/// The high bit of each byte of `word` that is `byte`.
fn equal(word: u64, byte: u8) -> u64 {
    // The exact test for a zero byte, without carries between bytes.
    let word = word ^ (LOW_BITS * u64::from(byte));
    let low_seven_set = (word & !HIGH_BITS) + !HIGH_BITS;
    !(low_seven_set | word | !HIGH_BITS)
}

/// The high bit of each byte of `word` that is no digit.
fn no_digits(word: u64) -> u64 {
    let from_zero = (word & !HIGH_BITS) ^ (LOW_BITS * u64::from(b'0'));
    ((from_zero + LOW_BITS * 0x76) | word) & HIGH_BITS
}

/// The high bits of the eight bytes as eight bits.
fn gather(high_bits: u64) -> u64 {
    (high_bits >> 7).wrapping_mul(GATHER) >> 56
}
