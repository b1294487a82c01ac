//! Interfaces found by their ids, as they stand in the text: one look into memory for most.

/// The shortest and the longest texts that are kept. Ids of interfaces have 12 or 21 bytes.
const SHORTEST: usize = 8;
const LONGEST: usize = 24;
/// Slots at first; a power of two, as their number always is.
const SLOTS: usize = 256;
/// Odd numbers without a pattern.
const FACTORS: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb];

/// Places of texts.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// More than half of them are empty.
    slots: Vec<Slot>,
    used: usize,
}

/// All bytes of a text, some of them more than once, and its length, which is 0 where there is none.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    words: [u64; 3],
    length: u32,
    place: u32,
}

impl Slot {
    #[inline(always)]
    fn of(text: &[u8]) -> Option<Slot> {
        if !(SHORTEST..=LONGEST).contains(&text.len()) {
            return None;
        }
        let word = |from: usize| -> Option<u64> {
            Some(u64::from_le_bytes(*text.get(from..)?.first_chunk()?))
        };
        let end = text.len() - SHORTEST;
        let words = [word(0)?, word(end.min(SHORTEST))?, word(end)?];
        Some(Slot { words, length: text.len() as u32, place: 0 })
    }

    #[inline(always)]
    fn is(&self, other: &Slot) -> bool {
        self.words == other.words && self.length == other.length
    }

    #[inline(always)]
    fn hash(&self) -> usize {
        let mixed = self.words.iter().zip(FACTORS).fold(0u64, |mixed, (word, factor)| {
            mixed.wrapping_add((word ^ word >> 32).wrapping_mul(factor))
        });
        (mixed ^ mixed >> 32) as usize
    }
}

impl Names {
    /// Where the slot of a text is, or is to be.
    #[inline(always)]
    fn find(&self, sought: &Slot) -> usize {
        let last = self.slots.len() - 1;
        let mut at = sought.hash() & last;
        while self.slots[at].length != 0 && !self.slots[at].is(sought) {
            at = (at + 1) & last;
        }
        at
    }

    /// The place of a text that was put in.
    #[inline(always)]
    pub(super) fn get(&self, text: &[u8]) -> Option<usize> {
        let sought = Slot::of(text).filter(|_| !self.slots.is_empty())?;
        let slot = &self.slots[self.find(&sought)];
        (slot.length != 0).then_some(slot.place as usize)
    }

    /// Puts in a text that is not there. One that is too short or too long is not kept.
    pub(super) fn put(&mut self, text: &[u8], place: usize) {
        let (Some(slot), Ok(place)) = (Slot::of(text), u32::try_from(place)) else { return };
        if 2 * (self.used + 1) > self.slots.len() {
            let slots = vec![Slot::default(); (2 * self.slots.len()).max(SLOTS)];
            let before = std::mem::replace(&mut self.slots, slots);
            before.into_iter().filter(|slot| slot.length != 0).for_each(|slot| self.insert(slot));
        }
        self.insert(Slot { place, ..slot });
        self.used += 1;
    }

    fn insert(&mut self, slot: Slot) {
        let at = self.find(&slot);
        self.slots[at] = slot;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn texts_are_found_where_they_were_put(
            texts in prop::collection::vec("[ab]{1,9}|eni-[0-9a-f]{8}|eni-0a1b2c3d4e5f[0-9]{1,9}", 1..600),
        ) {
            let (mut names, mut twin) = (Names::default(), HashMap::new());
            for (place, text) in texts.iter().enumerate() {
                let text = text.as_bytes();
                prop_assert_eq!(names.get(text), twin.get(text).copied());
                if !twin.contains_key(text) {
                    names.put(text, place);
                    if (SHORTEST..=LONGEST).contains(&text.len()) {
                        twin.insert(text, place);
                    }
                }
            }
        }
    }
}
