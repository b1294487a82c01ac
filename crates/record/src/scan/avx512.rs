//! 64 bytes at a time with AVX-512, offsets sixteen at a time, words of eight bytes eight at a time.
#![allow(unsafe_code)] // The boxed kernel; its safe twin is `scalar`.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask,
    _mm512_cmpgt_epu8_mask, _mm512_cmplt_epi8_mask, _mm512_cvtepu8_epi32, _mm512_loadu_si512,
    _mm512_maskz_compress_epi8, _mm512_movepi8_mask, _mm512_set1_epi8, _mm512_set1_epi32,
    _mm512_storeu_si512, _mm512_sub_epi8,
};

use super::avx2::ask_ahead;
use super::index::{GROUP, Index, STRIDE, Strides};
use super::{Masks, Work, avx2, even};

/// The numbers of 64 bytes.
static NUMBERS: [u8; STRIDE] = {
    let mut numbers = [0; STRIDE];
    let mut n = 0;
    while n < STRIDE {
        numbers[n] = n as u8;
        n += 1;
    }
    numbers
};

pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vpopcntdq")
        && avx2::is_available()
}

pub(super) fn index(block: &[u8], index: &mut Index) {
    assert!(is_available(), "chosen only where it is there");
    // SAFETY: the machine has the features, as was just checked.
    unsafe { index_block(block, index) }
}

pub(super) fn run<R>(work: impl Work<R>) -> R {
    assert!(is_available(), "chosen only where it is there");
    // SAFETY: the machine has the features, as was just checked.
    unsafe { run_here(work) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vpopcntdq")]
#[target_feature(enable = "bmi1,bmi2,lzcnt,movbe,popcnt")]
fn run_here<R>(work: impl Work<R>) -> R {
    work.run()
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,popcnt")]
fn index_block(block: &[u8], index: &mut Index) {
    let mut writer = index.begin(block.len());
    for (base, stride) in Strides::of(block).iter() {
        ask_ahead(stride);
        let masks = masks(stride);
        writer.note(base, masks);
        let separators = masks.separators;
        writer.write_group(separators, base, |group| write_group(group, base, separators));
    }
    let written = writer.end();
    index.end(written);
}

/// Writes the offsets of at most [`GROUP`] separators.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,popcnt")]
fn write_group(group: &mut [u32; GROUP], base: usize, separators: u64) {
    // SAFETY: the load reads the 64 bytes of the table, the store writes the 64 bytes of the group;
    // neither needs alignment.
    unsafe {
        let numbers = _mm512_loadu_si512(NUMBERS.as_ptr().cast::<__m512i>());
        let found = _mm512_maskz_compress_epi8(separators, numbers);
        let found = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(found));
        let offsets = _mm512_add_epi32(found, _mm512_set1_epi32(base as i32));
        _mm512_storeu_si512(group.as_mut_ptr().cast::<__m512i>(), offsets);
    }
}

pub(super) fn count_even(block: &[u8], width: usize) -> Option<u64> {
    assert!(is_available(), "chosen only where it is there");
    // SAFETY: the machine has the features, as was just checked.
    unsafe { count_even_here(block, width) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,popcnt")]
fn count_even_here(block: &[u8], width: usize) -> Option<u64> {
    even::count_even(block, width, |stride| {
        ask_ahead(stride);
        masks(stride)
    })
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,popcnt")]
fn masks(stride: &[u8; STRIDE]) -> Masks {
    // SAFETY: the load reads the 64 bytes of the stride, and needs no alignment.
    let bytes = unsafe { _mm512_loadu_si512(stride.as_ptr().cast::<__m512i>()) };
    let equal = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte as i8));
    let newlines = equal(b'\n');
    let mut separators = newlines | equal(b' ');
    let mut high = 0;
    // Control characters, and what is not ASCII: negative numbers here. Most lines have none.
    let below_space = _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(b' ' as i8));
    if below_space != newlines {
        separators |= equal(b'\t') | equal(b'\r');
        high = _mm512_movepi8_mask(bytes);
    }
    let from_zero = _mm512_sub_epi8(bytes, _mm512_set1_epi8(b'0' as i8));
    let others = _mm512_cmpgt_epu8_mask(from_zero, _mm512_set1_epi8(9));
    Masks { separators, newlines, high, others }
}
