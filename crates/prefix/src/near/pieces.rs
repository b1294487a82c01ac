//! [`Pieces`]: the IPv4 line cut into equal pieces.

use alloc::vec;
use alloc::vec::Vec;

use super::{Near, Span};
use crate::bits::{Bits, Prefix};

/// Pieces for each prefix, so that few hold something by chance.
const PIECES_EACH: usize = 32;

/// Leading bits that tell the piece of an address: one word at least, 8 MiB at most.
const LEADING: (u32, u32) = (6, 26);

/// More than this are cut only where there are more prefixes than [`CROWDED`]: a piece is a /24.
const USUAL: u32 = 24;
const CROWDED: usize = 1 << 21;

/// A bit for each piece: whether a prefix reaches into it. And for each 64 pieces, which share a
/// word: where the prefixes that begin there stand.
///
/// ```text
/// address   0xcb007109 = 1100101100000000 011100 01 0000 1001
///                        word             piece  (the rest is left to the search)
/// words     ... | 0...010...0 | ...     bit 28 set: something begins in the piece or holds it
/// firsts    ... |     417     | 421 |   prefixes 417 to 420 begin in these 64 pieces
/// ```
pub(crate) struct Pieces {
    /// `32 - leading`.
    shift: u32,
    words: Vec<u64>,
    /// One more than words: the last is the number of prefixes.
    firsts: Vec<u32>,
}

impl Pieces {
    fn new(prefixes: usize) -> Self {
        let most = if prefixes > CROWDED { LEADING.1 } else { USUAL };
        let pieces = (prefixes.max(1) * PIECES_EACH).next_power_of_two();
        let leading = pieces.ilog2().clamp(LEADING.0, most);
        let words = 1 << (leading - 6);
        Self { shift: 32 - leading, words: vec![0; words], firsts: Vec::with_capacity(words + 1) }
    }

    /// Notes that all addresses from `first` to `last` are held.
    fn hold(&mut self, first: u32, last: u32) {
        let (first, last) = ((first >> self.shift) as usize, (last >> self.shift) as usize);
        for word in first / 64..=last / 64 {
            let from = if word == first / 64 { u64::MAX << (first % 64) } else { u64::MAX };
            let to = if word == last / 64 { u64::MAX >> (63 - last % 64) } else { u64::MAX };
            self.words[word] |= from & to;
        }
    }

    fn word(&self, address: u32) -> usize {
        (address >> self.shift) as usize / 64
    }
}

impl Near<u32> for Pieces {
    fn build(prefixes: &[Prefix<u32>]) -> Self {
        let mut pieces = Self::new(prefixes.len());
        let mut held = None;
        for (index, prefix) in prefixes.iter().enumerate() {
            let word = pieces.word(prefix.network);
            while pieces.firsts.len() <= word {
                pieces.firsts.push(index as u32);
            }
            // What lies within the one before is held already.
            if held.is_none_or(|held| prefix.last() > held) {
                pieces.hold(prefix.network, prefix.last());
                held = Some(prefix.last());
            }
        }
        pieces.firsts.resize(pieces.words.len() + 1, prefixes.len() as u32);
        pieces
    }

    #[inline]
    fn may_hold(&self, address: u32) -> bool {
        let piece = address >> self.shift;
        self.words[piece as usize / 64] >> (piece % 64) & 1 == 1
    }

    #[inline]
    fn span(&self, address: u32, _networks: &[u32]) -> Option<Span> {
        let word = self.word(address);
        Some(Span { first: self.firsts[word], end: self.firsts[word + 1] })
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        size_of_val(&self.words[..]) + size_of_val(&self.firsts[..])
    }
}
