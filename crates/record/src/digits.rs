//! Decimal numbers read eight digits at a time.

const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The number in the last `length` bytes of `word`, from 1 to 8 of them, all of them digits.
#[inline(always)]
pub(crate) fn up_to_eight(word: u64, length: u32) -> u64 {
    let unused = 64 - 8 * length;
    // Bytes before the token become zero, as leading zeros do.
    let digits = (word ^ ZEROS) >> unused << unused;
    // Neighbours are joined: digits to pairs, pairs to fours, fours to eight.
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let high = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let low = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    high.wrapping_add(low) >> 32
}

/// Whether the last digits of `word`, as many as `most` has, are more than it.
#[inline(always)]
pub(crate) fn exceeds(word: u64, most: &Bound) -> bool {
    let unused = 64 - 8 * most.digits as u32;
    // The first digit becomes the highest byte that counts, as in the bound.
    (word >> unused << unused).swap_bytes() > most.text
}

/// The greatest number that a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Its digits, the first in the highest byte that is not zero.
    text: u64,
    pub(crate) digits: usize,
}

impl Bound {
    /// `None` if the number has more than eight digits.
    pub(crate) fn new(most: u32) -> Option<Bound> {
        let text = most.to_string();
        let folded = text.bytes().fold(0u64, |folded, byte| folded << 8 | u64::from(byte));
        (text.len() <= 8).then_some(Bound { text: folded, digits: text.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::words::word_at;
    use proptest::prelude::*;

    fn last_eight(block: &[u8]) -> u64 {
        word_at(block, (block.len() as u32).wrapping_sub(8))
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_the_standard_library_reads_them(
            before in "[ -~]{0,20}", token in "[0-9]{1,8}",
        ) {
            let block = format!("{before}{token}").into_bytes();
            let number = up_to_eight(last_eight(&block), token.len() as u32);
            prop_assert_eq!(number, token.parse::<u64>().unwrap());
        }

        #[test]
        fn digits_are_compared_with_a_bound_as_numbers_are(
            before in "[ -~]{0,20}", most in prop::sample::select(&[255u32, 65_535, 9, 99_999_999][..]),
            number in any::<u32>(),
        ) {
            let bound = Bound::new(most).unwrap();
            let number = u64::from(number) % 10u64.pow(bound.digits as u32);
            let block = format!("{before}{number:0width$}", width = bound.digits).into_bytes();
            let exceeds = exceeds(last_eight(&block), &bound);
            prop_assert_eq!(exceeds, number > u64::from(most));
        }
    }

    #[test]
    fn a_bound_of_many_digits_is_none() {
        assert_eq!(Bound::new(2_147_483_647), None);
    }
}
