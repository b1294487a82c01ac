//! Answers remembered by the text they are about. Flow logs name the same few addresses over and over.

use crate::digits::eight_before;

/// Slots of a memo: 24 bytes each, so that all of them stay in the second-level cache.
const SLOTS: usize = 1 << 13;

/// A text of at most 15 bytes and its length, in 16 bytes: no two texts have the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    low: u64,
    high: u64,
}

impl Key {
    /// The longest text that has a key: every IPv4 address, and many IPv6 ones.
    pub(crate) const LONGEST: usize = 15;
    /// No text's key: one of length 0 has no bytes.
    const NONE: Key = Key { low: 0, high: 1 };

    /// The key of the `length` bytes of `block` before `end`, from 1 to [`Key::LONGEST`] of them.
    #[inline(always)]
    pub(crate) fn of(block: &[u8], end: usize, length: usize) -> Key {
        let high = eight_before(block, end);
        let (low, high) = if length > 8 {
            let unused = 128 - 8 * length as u32;
            (eight_before(block, end - 8) >> unused << unused, high)
        } else {
            let unused = 64 - 8 * length as u32;
            (0, high >> unused << unused)
        };
        // A text of 15 bytes leaves the lowest byte free.
        Key { low: low | length as u64, high }
    }

    #[inline(always)]
    fn slot(self) -> usize {
        let mixed = (self.low.rotate_left(25) ^ self.high).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (64 - SLOTS.trailing_zeros())) as usize
    }
}

/// Remembers a yes or no about each of the texts seen last.
#[derive(Debug)]
pub(crate) struct Memo {
    slots: Box<[(Key, bool)]>,
}

impl Default for Memo {
    fn default() -> Memo {
        Memo { slots: vec![(Key::NONE, false); SLOTS].into_boxed_slice() }
    }
}

impl Memo {
    /// The remembered answer, or what `ask` says.
    #[inline(always)]
    pub(crate) fn get(&mut self, key: Key, ask: impl FnOnce() -> bool) -> bool {
        let slot = &mut self.slots[key.slot()];
        if slot.0 != key {
            *slot = (key, ask());
        }
        slot.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(block: &str) -> Key {
        Key::of(block.as_bytes(), block.len(), block.len())
    }

    proptest! {
        #[test]
        fn keys_are_the_same_for_the_same_text_only(
            a in "[\\x00-\\x7f]{1,15}", b in "[\\x00-\\x7f]{1,15}", before in "[ -~]{0,20}",
        ) {
            prop_assert_eq!(key(&a) == key(&b), a == b);
            let block = format!("{before}{a}");
            prop_assert_eq!(Key::of(block.as_bytes(), block.len(), a.len()), key(&a));
            prop_assert!(key(&a) != Key::NONE);
        }

        #[test]
        fn a_memo_gives_the_answer_for_the_text_asked_about(
            texts in prop::collection::vec("[0-9.]{1,15}", 1..200),
        ) {
            let mut memo = Memo::default();
            let truth = |text: &str| text.bytes().map(u64::from).sum::<u64>() % 2 == 0;
            for text in &texts {
                prop_assert_eq!(memo.get(key(text), || truth(text)), truth(text));
            }
        }
    }

    #[test]
    fn zero_bytes_before_a_text_make_another_text() {
        assert_ne!(key("\0".to_owned().as_str()), key("\0\0"));
        assert_ne!(key("\x001.2.3.4"), key("1.2.3.4"));
    }
}
