//! Decimal numbers read eight digits at a time.

const ZEROS: u64 = 0x3030_3030_3030_3030;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// The eight bytes of `block` before `end`; what lies before the block is zero.
#[inline(always)]
pub(crate) fn eight_before(block: &[u8], end: usize) -> u64 {
    match block.get(end.wrapping_sub(8)..end) {
        Some(bytes) => bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)),
        None => {
            let mut bytes = [0; 8];
            let there = &block[..end.min(block.len())];
            bytes[8 - there.len()..].copy_from_slice(there);
            u64::from_le_bytes(bytes)
        }
    }
}

/// The number in the last `length` bytes of `word`, from 1 to 8 of them, and whether any of them is
/// no digit.
#[inline(always)]
pub(crate) fn up_to_eight(word: u64, length: usize) -> (u64, bool) {
    let unused = 64 - 8 * length as u32;
    // Bytes before the token become zero, as leading zeros do.
    let digits = (word ^ ZEROS) >> unused << unused;
    // A byte above 9 gets its high bit by the sum, or has it.
    let bad = (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & HIGH_BITS != 0;
    // Neighbours are joined: digits to pairs, pairs to fours, fours to eight.
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let high = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let low = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    (high.wrapping_add(low) >> 32, bad)
}

/// The number in the `length` bytes of `block` before `end`, from 9 to 16 of them, and whether any of
/// them is no digit.
#[inline(always)]
pub(crate) fn up_to_sixteen(block: &[u8], end: usize, length: usize) -> (u64, bool) {
    let (low, low_bad) = up_to_eight(eight_before(block, end), 8);
    let (high, high_bad) = up_to_eight(eight_before(block, end - 8), length - 8);
    (high * 100_000_000 + low, low_bad | high_bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_std(token: &str) -> Option<u64> {
        token.bytes().all(|byte| byte.is_ascii_digit()).then(|| token.parse().unwrap())
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_the_standard_library_reads_them(
            before in "[ -~]{0,20}",
            token in prop_oneof!["[0-9]{1,16}", "[0-9]{0,8}[!-~][0-9]{0,7}", "\\PC{1,4}"],
        ) {
            let block = format!("{before}{token}").into_bytes();
            let (end, length) = (block.len(), token.len());
            let (number, bad) = match length {
                1..=8 => up_to_eight(eight_before(&block, end), length),
                9..=16 => up_to_sixteen(&block, end, length),
                _ => return Ok(()),
            };
            let expected = by_std(&token);
            prop_assert_eq!(bad, expected.is_none());
            if let Some(expected) = expected {
                prop_assert_eq!(number, expected);
            }
        }
    }
}
