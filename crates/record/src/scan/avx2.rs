//! 64 bytes at a time with AVX2.
#![allow(unsafe_code)] // The boxed kernel; its safe twin is `scalar`.

use std::arch::x86_64::{
    __m256i, _MM_HINT_T1, _mm_prefetch, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256,
    _mm256_max_epu8, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_sub_epi8,
};

use super::index::{Index, STRIDE, Strides};
use super::{Masks, Work, even};

/// Far enough that it is there in time, and near enough that it still is.
const AHEAD: usize = 128 * 1024;

pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("movbe")
        && is_x86_feature_detected!("popcnt")
}

pub(super) fn run<R>(work: impl Work<R>) -> R {
    assert!(is_available(), "chosen only where it is there");
    // SAFETY: the machine has the features, as was just checked.
    unsafe { run_here(work) }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,movbe,popcnt")]
fn run_here<R>(work: impl Work<R>) -> R {
    work.run()
}

pub(super) fn index(block: &[u8], index: &mut Index) {
    assert!(is_available(), "chosen only where it is there");
    // SAFETY: the machine has the features, as was just checked.
    unsafe { index_block(block, index) }
}

#[target_feature(enable = "avx2,bmi1,popcnt")]
fn index_block(block: &[u8], index: &mut Index) {
    let mut writer = index.begin(block.len());
    for (base, stride) in Strides::of(block).iter() {
        ask_ahead(stride);
        writer.take(base, masks(stride));
    }
    let written = writer.end();
    index.end(written);
}

pub(super) fn count_even(block: &[u8], width: usize) -> Option<u64> {
    assert!(is_available(), "chosen only where it is there");
    // SAFETY: the machine has the features, as was just checked.
    unsafe { count_even_here(block, width) }
}

#[target_feature(enable = "avx2,bmi1,popcnt")]
fn count_even_here(block: &[u8], width: usize) -> Option<u64> {
    even::count_even(block, width, |stride| {
        ask_ahead(stride);
        masks(stride)
    })
}

/// Asks the memory for what lies as far ahead as the caller goes next, while it works on what is here.
#[inline]
#[target_feature(enable = "sse")]
pub(super) fn ask_ahead(stride: &[u8; STRIDE]) {
    // A hint only: nothing is read, wherever the address points.
    _mm_prefetch::<_MM_HINT_T1>(stride.as_ptr().wrapping_add(AHEAD).cast::<i8>());
}

#[inline]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn masks(stride: &[u8; STRIDE]) -> Masks {
    // SAFETY: both loads lie within the 64 bytes of the stride, and need no alignment.
    let (low, high) = unsafe {
        let at = stride.as_ptr().cast::<__m256i>();
        (_mm256_loadu_si256(at), _mm256_loadu_si256(at.add(1)))
    };
    let bits = |low, high| {
        let low = u64::from(_mm256_movemask_epi8(low) as u32);
        low | u64::from(_mm256_movemask_epi8(high) as u32) << 32
    };
    let equal = |byte: u8| {
        let byte = _mm256_set1_epi8(byte as i8);
        bits(_mm256_cmpeq_epi8(low, byte), _mm256_cmpeq_epi8(high, byte))
    };
    let newlines = equal(b'\n');
    let mut masks = Masks {
        separators: newlines | equal(b' '),
        newlines,
        high: 0,
        others: bits(no_digits(low), no_digits(high)),
    };
    // Control characters, and what is not ASCII: negative numbers here. Most lines have none.
    let space = _mm256_set1_epi8(b' ' as i8);
    let below_space = bits(_mm256_cmpgt_epi8(space, low), _mm256_cmpgt_epi8(space, high));
    if below_space != newlines {
        masks.separators |= equal(b'\t') | equal(b'\r');
        masks.high = bits(low, high);
    }
    masks
}

#[inline]
#[target_feature(enable = "avx2")]
fn no_digits(bytes: __m256i) -> __m256i {
    let from_zero = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0' as i8));
    _mm256_cmpeq_epi8(_mm256_max_epu8(from_zero, _mm256_set1_epi8(10)), from_zero)
}
