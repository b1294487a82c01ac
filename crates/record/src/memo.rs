//! Answers remembered by the text they are about. Flow logs name the same few addresses over and over.

use crate::digits::eight_before;

/// Slots of a memo: 24 bytes each, so that all of them stay in the second-level cache.
const SLOTS: usize = 1 << 13;

/// Slots of a memo of longer texts.
const LONG_SLOTS: usize = 1 << 10;
/// The longest text that is remembered: every spelling of an IPv6 address but the mixed ones.
const LONGEST: usize = 40;

/// A text of at most 15 bytes and its length, in 16 bytes: no two texts have the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    low: u64,
    high: u64,
}

/// For each length, which bytes of the two words belong to a text.
static MASKS: [[u64; 2]; 16] = {
    let mut masks = [[0; 2]; 16];
    let mut length = 1;
    while length < 16 {
        let mask = u128::MAX << (128 - 8 * length);
        masks[length] = [mask as u64, (mask >> 64) as u64];
        length += 1;
    }
    masks
};

impl Key {
    /// The longest text that has a key: every IPv4 address, and many IPv6 ones.
    pub(crate) const LONGEST: usize = 15;
    /// No text's key: one of length 0 has no bytes.
    const NONE: Key = Key { low: 0, high: 1 };

    /// The key of the `length` bytes of `block` before `end`, from 1 to [`Key::LONGEST`] of them.
    #[inline(always)]
    pub(crate) fn of(block: &[u8], end: usize, length: usize) -> Key {
        let [low_mask, high_mask] = MASKS[length & 15];
        let high = eight_before(block, end) & high_mask;
        let low = eight_before(block, end.saturating_sub(8)) & low_mask;
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
    long_slots: Box<[LongSlot]>,
}

/// The last bytes of a text of at most [`LONGEST`], its length, and the answer.
type LongSlot = ([u64; LONGEST / 8], u32, bool);

impl Default for Memo {
    fn default() -> Memo {
        Memo {
            slots: vec![(Key::NONE, false); SLOTS].into_boxed_slice(),
            long_slots: vec![Default::default(); LONG_SLOTS].into_boxed_slice(),
        }
    }
}

impl Memo {
    /// The remembered answer about the text of `block` between `start` and `end`, or what `ask` says.
    #[inline(always)]
    pub(crate) fn ask(
        &mut self,
        block: &[u8],
        start: usize,
        end: usize,
        ask: impl FnOnce(&[u8]) -> bool,
    ) -> bool {
        let length = end - start;
        if (1..=Key::LONGEST).contains(&length) {
            self.get(Key::of(block, end, length), || ask(&block[start..end]))
        } else {
            self.ask_long(&block[start..end], ask)
        }
    }

    fn ask_long(&mut self, text: &[u8], ask: impl FnOnce(&[u8]) -> bool) -> bool {
        if text.is_empty() || text.len() > LONGEST {
            return ask(text);
        }
        let mut words = [0; LONGEST / 8];
        let mut mixed = text.len() as u64;
        for (word, bytes) in words.iter_mut().zip(text.chunks(8)) {
            *word = eight_before(bytes, bytes.len());
            mixed = (mixed.rotate_left(29) ^ *word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        let slot = &mut self.long_slots[(mixed >> (64 - LONG_SLOTS.trailing_zeros())) as usize];
        let length = text.len() as u32; // At most LONGEST.
        if slot.0 != words || slot.1 != length {
            *slot = (words, length, ask(text));
        }
        slot.2
    }

    #[inline(always)]
    fn get(&mut self, key: Key, ask: impl FnOnce() -> bool) -> bool {
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
            texts in prop::collection::vec("[0-9.]{1,15}|[0-9a-c:]{1,50}|\\x00{0,16}", 1..200),
        ) {
            let mut memo = Memo::default();
            let truth = |text: &[u8]| text.iter().copied().map(u64::from).sum::<u64>() % 2 == 0;
            let block = texts.concat().into_bytes();
            let mut start = 0;
            for text in &texts {
                let end = start + text.len();
                prop_assert_eq!(memo.ask(&block, start, end, truth), truth(text.as_bytes()));
                start = end;
            }
        }
    }

    #[test]
    fn zero_bytes_before_a_text_make_another_text() {
        assert_ne!(key("\0".to_owned().as_str()), key("\0\0"));
        assert_ne!(key("\x001.2.3.4"), key("1.2.3.4"));
    }
}
