//! Words of eight bytes of many tokens at once, so that what is done with them is done many at a time.
#![allow(unsafe_code)] // One read, behind one check for many; its safe twin is `word_at`.

/// The eight bytes of `block` from `place` on; what lies beyond the block is zero.
#[inline(always)]
pub(crate) fn word_at(block: &[u8], place: u32) -> u64 {
    match block.get(place as usize..).and_then(|rest| rest.first_chunk()) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => word_at_the_edge(block, place),
    }
}

/// See [`word_at`]. Places before the block are those below zero, which wrap.
#[cold]
#[inline(never)]
fn word_at_the_edge(block: &[u8], place: u32) -> u64 {
    let byte = |at| block.get(place.wrapping_add(at) as usize).copied().unwrap_or(0);
    u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(byte))
}

/// How a word's place follows from a separator: so many bytes further, divided by a power of two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) further: u32,
    pub(crate) shift: u32,
}

impl Place {
    /// The eight bytes before a separator, less `back`.
    pub(crate) const fn before(back: u32) -> Place {
        Place { further: 0u32.wrapping_sub(8 + back), shift: 0 }
    }

    #[inline(always)]
    fn of(self, separator: u32) -> u32 {
        separator.wrapping_add(self.further) >> self.shift
    }
}

/// Puts the words of `block` at the places that follow from the separators into `words`.
#[inline(always)]
pub(crate) fn words_at(block: &[u8], separators: &[u32], place: Place, words: &mut [u64]) {
    // The first alone, since it often is the first of the block, with too few bytes before it.
    let ([first, separators @ ..], [first_word, words @ ..]) = (separators, words) else { return };
    *first_word = word_at(block, place.of(*first));
    let most = separators.iter().fold(0, |most, separator| place.of(*separator).max(most));
    if most as usize + 8 > block.len() {
        return words_at_the_edge(block, separators, place, words);
    }
    for (separator, word) in separators.iter().zip(words) {
        let at = place.of(*separator) as usize;
        // SAFETY: `at` is not above `most`, and from there on the block has eight bytes; a read of
        // them needs no alignment.
        *word = u64::from_le(unsafe { block.as_ptr().add(at).cast::<u64>().read_unaligned() });
    }
}

#[inline(never)]
fn words_at_the_edge(block: &[u8], separators: &[u32], place: Place, words: &mut [u64]) {
    for (separator, word) in separators.iter().zip(words) {
        *word = word_at(block, place.of(*separator));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_are_those_read_byte_by_byte(
            block in prop::collection::vec(any::<u8>(), 0..60),
            separators in prop::collection::vec(0u32..60, 0..20), least in 0u32..40,
            place in prop_oneof![
                (0u32..10).prop_map(Place::before),
                (0u32..4, 0u32..4).prop_map(|(further, shift)| Place { further, shift }),
            ],
        ) {
            let most = (block.len() as u32).saturating_sub(least);
            let separators: Vec<_> = separators.iter().map(|at| (*at).max(least).min(most)).collect();
            let mut words = vec![0; separators.len()];
            words_at(&block, &separators, place, &mut words);
            let twin = separators.iter().map(|separator| {
                let at = |byte| i64::from(*separator) + i64::from(place.further as i32) + byte;
                (0..8).fold(0, |word, byte| {
                    let at = if place.shift == 0 { at(byte) } else { (at(0) >> place.shift) + byte };
                    let byte_at = usize::try_from(at).ok().and_then(|at| block.get(at));
                    word | u64::from(byte_at.copied().unwrap_or(0)) << (8 * byte)
                })
            });
            prop_assert_eq!(words, twin.collect::<Vec<_>>());
        }
    }
}
