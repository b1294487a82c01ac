//! 64 bytes at a time with NEON, which every 64-bit ARM processor has.
#![allow(unsafe_code)] // The boxed kernel; its safe twin is `scalar`.

use std::arch::aarch64::{
    uint8x16_t, vandq_u8, vceqq_u8, vcgeq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vorrq_u8,
    vpaddq_u8, vreinterpretq_u64_u8, vsubq_u8,
};

use super::index::{Index, STRIDE, Strides};
use super::{Masks, even};

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
    let quarters = stride.as_chunks::<16>().0;
    // SAFETY: each load reads the 16 bytes of its quarter; NEON is part of the architecture.
    let load = |idx: usize| unsafe { vld1q_u8(quarters[idx].as_ptr()) };
    let bytes = [load(0), load(1), load(2), load(3)];
    let newlines = bytes.map(|bytes| equal(bytes, b'\n'));
    let separators = bytes.map(separators);
    // SAFETY: NEON is part of the architecture.
    let high = bytes.map(|bytes| unsafe { vcgeq_u8(bytes, vdupq_n_u8(0x80)) });
    let others = bytes.map(no_digits);
    Masks {
        separators: gather(separators),
        newlines: gather(newlines),
        high: gather(high),
        others: gather(others),
    }
}

fn no_digits(bytes: uint8x16_t) -> uint8x16_t {
    // SAFETY: NEON is part of the architecture.
    unsafe { vcgeq_u8(vsubq_u8(bytes, vdupq_n_u8(b'0')), vdupq_n_u8(10)) }
}

fn equal(bytes: uint8x16_t, byte: u8) -> uint8x16_t {
    // SAFETY: NEON is part of the architecture.
    unsafe { vceqq_u8(bytes, vdupq_n_u8(byte)) }
}

fn separators(bytes: uint8x16_t) -> uint8x16_t {
    let [a, b, c, d] = [b' ', b'\n', b'\t', b'\r'].map(|byte| equal(bytes, byte));
    // SAFETY: NEON is part of the architecture.
    unsafe { vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d)) }
}

/// One bit for each byte that is all ones; the other bytes are zero.
fn gather(bytes: [uint8x16_t; 4]) -> u64 {
    const PLACES: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    // SAFETY: the load reads the 16 bytes of the table; NEON is part of the architecture.
    unsafe {
        let places = vld1q_u8(PLACES.as_ptr());
        let [a, b, c, d] = bytes.map(|bytes| vandq_u8(bytes, places));
        // Adding neighbours three times leaves one byte for eight.
        let sums = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
        let sums = vpaddq_u8(sums, sums);
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(sums))
    }
}
