//! The portable kernel, eight bytes at a time.

const LANES: usize = 8;
const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Appends the offset of every separator in `block` to `offsets`.
pub(super) fn separators(block: &[u8], offsets: &mut Vec<u32>) {
    let (words, tail) = block.as_chunks::<LANES>();
    for (word_idx, word) in words.iter().enumerate() {
        let mut found = marks(u64::from_le_bytes(*word));
        while found != 0 {
            let lane = found.trailing_zeros() / 8;
            offsets.push((word_idx * LANES) as u32 + lane);
            found &= found - 1;
        }
    }
    let tail_at = block.len() - tail.len();
    for (idx, byte) in tail.iter().enumerate() {
        if is_separator(*byte) {
            offsets.push((tail_at + idx) as u32);
        }
    }
}

/// Whether `byte` parts two fields.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The high bit of each byte of `word` that is a separator.
fn marks(word: u64) -> u64 {
    // The exact test for each separator byte s: (word ^ s) has a zero byte, found without carries
    // between bytes.
    let zero_bytes = |w: u64| {
        let low_seven_set = (w & !HIGH_BITS) + !HIGH_BITS;
        !(low_seven_set | w | !HIGH_BITS)
    };
    let equal = |byte: u8| zero_bytes(word ^ (LOW_BITS * u64::from(byte)));
    equal(b' ') | equal(b'\n') | equal(b'\t') | equal(b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn offsets_match_a_byte_by_byte_look(
            block in prop::collection::vec(
                prop_oneof![Just(b' '), Just(b'\n'), Just(b'\t'), Just(b'\r'), any::<u8>()], 0..200,
            )
        ) {
            let mut offsets = Vec::new();
            separators(&block, &mut offsets);
            let naive: Vec<u32> = (0..block.len())
                .filter(|&at| b" \t\r\n".contains(&block[at]))
                .map(|at| at as u32)
                .collect();
            prop_assert_eq!(offsets, naive);
        }
    }
}
