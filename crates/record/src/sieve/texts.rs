//! Texts looked for in a set.

use std::collections::HashSet;

use super::{Kept, Lines};
use crate::scan::Work;
use crate::sheet::{Block, LINES, Sheet};

/// Up to so many texts are compared with one by one.
const FEW: usize = 4;

/// Texts to look for.
#[derive(Debug)]
pub(super) enum TextSet {
    /// Few texts, each with its last eight bytes.
    Few(Vec<(u64, Box<[u8]>)>),
    /// Many texts, and a bit for each hash of theirs: most other texts meet none.
    Many { hashes: Vec<u64>, texts: HashSet<Box<[u8]>> },
}

impl TextSet {
    pub(super) fn new(texts: &HashSet<Box<[u8]>>) -> TextSet {
        if texts.len() <= FEW {
            return TextSet::Few(
                texts.iter().map(|text| (last_word(text), text.clone())).collect(),
            );
        }
        // A power of two of words, so that about one bit in 16 is set.
        let mut hashes = vec![0; (texts.len() / 4).next_power_of_two()];
        for text in texts {
            let (word, bit) = place_of(text, hashes.len());
            hashes[word] |= bit;
        }
        TextSet::Many { hashes, texts: texts.clone() }
    }

    pub(super) fn contains(&self, text: &[u8]) -> bool {
        match self {
            TextSet::Few(texts) => texts.iter().any(|(_, one)| **one == *text),
            TextSet::Many { hashes, texts } => {
                let (word, bit) = place_of(text, hashes.len());
                hashes[word] & bit != 0 && texts.contains(text)
            }
        }
    }

    /// Keeps of the kept lines those that have one of the texts in the column.
    pub(super) fn narrow(&self, lines: &Lines<'_>, column: usize, kept: &mut Kept) {
        if let TextSet::Few(texts) = self {
            let Lines { kernel, sheet, block, .. } = *lines;
            kernel.run(Narrowing { texts, sheet, block, column, kept });
        }
        lines.narrow_present(column, kept, |text| self.contains(text));
    }
}

/// Keeps of the kept lines those that may have one of few texts, told by length and last bytes.
struct Narrowing<'a> {
    texts: &'a [(u64, Box<[u8]>)],
    sheet: &'a Sheet,
    block: Block<'a>,
    column: usize,
    kept: &'a mut Kept,
}

impl Work<()> for Narrowing<'_> {
    #[inline(always)]
    fn run(self) {
        let (mut words, mut lengths) = ([0; LINES], [0; LINES]);
        self.sheet.last_words(self.block, self.column, &mut words, &mut lengths);
        for (word, length) in words.iter_mut().zip(&lengths) {
            // The bytes that do not belong to the text become zero.
            let unused = (64 - 8 * length.min(&8)) % 64;
            *word = *word >> unused << unused;
        }
        let mut may_be = [false; LINES];
        for (last, text) in self.texts {
            let texts = words.iter().zip(&lengths).zip(&mut may_be);
            for ((word, length), may_be) in texts {
                *may_be |= (word == last) & (*length == text.len() as u32);
            }
        }
        for (kept, may_be) in self.kept.iter_mut().zip(may_be) {
            *kept &= may_be;
        }
    }
}

/// The last eight bytes of a text, the last of them the highest; zero where there are fewer.
fn last_word(text: &[u8]) -> u64 {
    let (mut word, mut place) = (0, 64);
    for byte in text.iter().rev().take(8) {
        place -= 8;
        word |= u64::from(*byte) << place;
    }
    word
}

/// Where the bit of a text is.
#[inline(always)]
fn place_of(text: &[u8], words: usize) -> (usize, u64) {
    let first =
        text.first_chunk().map_or_else(|| last_word(text), |first| u64::from_le_bytes(*first));
    let last = text.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
    let mixed = (first ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed.rotate_left(29) ^ last).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed >> 38) as usize & (words - 1), 1 << (mixed >> 32 & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_set_contains_its_texts_and_no_others(
            texts in prop::collection::hash_set("[ab]{0,3}|[ab]{15,18}", 0..30),
            others in prop::collection::vec("[ab]{0,3}|[ab]{15,18}", 0..30),
        ) {
            let boxed = texts.iter().map(|text| text.as_bytes().into()).collect();
            let set = TextSet::new(&boxed);
            for text in texts.iter().chain(&others) {
                prop_assert_eq!(set.contains(text.as_bytes()), texts.contains(text));
            }
        }
    }
}
