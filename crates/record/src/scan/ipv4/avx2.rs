//! One address in some forty instructions: the digits of its octets are moved to fixed places.
#![allow(unsafe_code)] // The boxed kernel; its safe twin is `portable`.

use std::arch::x86_64::{
    __m128i, _mm_cmpeq_epi8, _mm_cmpgt_epi32, _mm_cvtsi128_si32, _mm_loadu_si128, _mm_madd_epi16,
    _mm_maddubs_epi16, _mm_min_epu8, _mm_movemask_epi8, _mm_set1_epi8, _mm_set1_epi16,
    _mm_set1_epi32, _mm_setzero_si128, _mm_shuffle_epi8, _mm_sub_epi8, _mm_testz_si128,
};

use super::NOT_IPV4;
use crate::scan::avx2::is_available;

/// Bytes that are looked at: one more than the longest address has.
const SEEN: usize = 16;

/// Where the dots of an address and its end are, one bit for each byte, and how its digits are moved:
/// to hundreds, tens and ones of each octet, with a byte of nothing behind.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Pattern {
    places: [u8; SEEN],
    ends: u32,
}

/// The 81 patterns of addresses, each at its [`slot`].
static PATTERNS: [Pattern; 256] = {
    let mut patterns = [Pattern { places: [NOTHING; SEEN], ends: 0 }; 256];
    let mut number = 0;
    while number < 81 {
        let pattern = Pattern::of([number / 27, number / 9 % 3, number / 3 % 3, number % 3]);
        let slot = slot(pattern.ends);
        assert!(patterns[slot].ends == 0, "no two patterns have the same slot");
        patterns[slot] = pattern;
        number += 1;
    }
    patterns
};

/// Stands for no byte in a shuffle.
const NOTHING: u8 = 0x80;

impl Pattern {
    /// The pattern of four octets with so many digits, and one more each.
    const fn of(more_digits: [usize; 4]) -> Pattern {
        let mut pattern = Pattern { places: [NOTHING; SEEN], ends: 0 };
        let (mut octet, mut at) = (0, 0);
        while octet < 4 {
            let digits = more_digits[octet] + 1;
            let mut digit = 0;
            while digit < digits {
                pattern.places[4 * octet + 3 - digits + digit] = at;
                digit += 1;
                at += 1;
            }
            pattern.ends |= 1 << at;
            at += 1;
            octet += 1;
        }
        pattern
    }
}

/// The factor was searched for: each pattern of an address has a slot of its own.
const fn slot(ends: u32) -> usize {
    (ends.wrapping_mul(0xe07b_db9f) >> 24) as usize
}

pub(super) fn read(block: &[u8], tokens: [&[u32]; 2], read: &mut [u64]) {
    assert!(is_available(), "chosen only where it is there");
    // SAFETY: the machine has the features, as was just checked.
    unsafe { read_here(block, tokens, read) }
}

#[target_feature(enable = "avx2,bmi1,bmi2")]
fn read_here(block: &[u8], [before, end]: [&[u32]; 2], read: &mut [u64]) {
    for ((before, end), read) in before.iter().zip(end).zip(read) {
        let start = before.wrapping_add(1);
        *read = match block.get(start as usize..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => number(bytes, end.wrapping_sub(start)),
            None => NOT_IPV4,
        };
    }
}

/// The IPv4 address that the first `length` bytes are.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn number(bytes: &[u8; SEEN], length: u32) -> u64 {
    // SAFETY: the load reads the 16 bytes, and needs no alignment.
    let text = unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) };
    let digits = _mm_sub_epi8(text, _mm_set1_epi8(b'0' as i8));
    let bits = |bytes: __m128i| _mm_movemask_epi8(bytes) as u32;
    let zeros = bits(_mm_cmpeq_epi8(digits, _mm_setzero_si128()));
    let no_digits = !bits(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits));
    let dots = bits(_mm_cmpeq_epi8(text, _mm_set1_epi8(b'.' as i8)));

    let end = 1u32.wrapping_shl(length);
    let dots = dots & (end - 1);
    let ends = dots | end;
    // An octet begins with zero, and does not end there.
    let leading_zeros = zeros & (dots << 1 | 1) & !(ends >> 1);
    let pattern = &PATTERNS[slot(ends)];
    // SAFETY: the load reads the 16 bytes of the pattern, and needs no alignment.
    let places = unsafe { _mm_loadu_si128(pattern.places.as_ptr().cast::<__m128i>()) };
    let octets = _mm_shuffle_epi8(digits, places);
    let weights = _mm_set1_epi32(i32::from_le_bytes([100, 10, 1, 0]));
    let pairs = _mm_maddubs_epi16(octets, weights);
    let octets = _mm_madd_epi16(pairs, _mm_set1_epi16(1));
    let too_large = _mm_cmpgt_epi32(octets, _mm_set1_epi32(255));

    let faults = (no_digits & (end - 1) ^ dots) | leading_zeros | (pattern.ends ^ ends);
    let good = (length < 16) & (faults == 0) & (_mm_testz_si128(too_large, too_large) != 0);
    let first_highest = _mm_set1_epi32(i32::from_le_bytes([12, 8, 4, 0]));
    let number = _mm_cvtsi128_si32(_mm_shuffle_epi8(octets, first_highest)) as u32;
    if good { u64::from(number) } else { NOT_IPV4 }
}
