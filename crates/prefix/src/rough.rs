//! A first look: where on the address line there is any prefix at all.
//!
//! Most addresses that are looked up are in no prefix. A bit for each piece of the line tells so in one
//! read, where the search for a stretch takes a dozen and more, far apart.

use crate::bits::Bits;

/// Bits for each stretch, so that about one piece in 16 holds something.
const BITS_EACH: usize = 16;

/// One bit for each of equally long pieces of the address line: whether a prefix reaches into it.
pub(crate) struct Rough {
    /// Leading bits of an address that tell its piece.
    leading: u32,
    words: Vec<u64>,
}

impl Rough {
    /// For so many stretches; nothing is held yet.
    pub(crate) fn new<A: Bits>(stretches: usize) -> Self {
        let pieces = (stretches * BITS_EACH).next_power_of_two();
        let leading = pieces.ilog2().clamp(6, A::ROUGH.max(6));
        // A family of which nothing can be told so has one word, and all of it is set.
        let nothing = if A::ROUGH == 0 { u64::MAX } else { 0 };
        Self { leading, words: vec![nothing; 1 << (leading - 6)] }
    }

    /// Notes that all addresses from `first` to `last` are held.
    pub(crate) fn hold<A: Bits>(&mut self, first: A, last: A) {
        let (first, last) = (first.leading(self.leading), last.leading(self.leading));
        for word in first / 64..=last / 64 {
            let from = if word == first / 64 { u64::MAX << (first % 64) } else { u64::MAX };
            let to = if word == last / 64 { u64::MAX >> (63 - last % 64) } else { u64::MAX };
            self.words[word] |= from & to;
        }
    }

    /// Whether a prefix may hold the address.
    #[inline]
    pub(crate) fn may_hold<A: Bits>(&self, address: A) -> bool {
        let piece = address.leading(self.leading);
        self.words[piece / 64] >> (piece % 64) & 1 == 1
    }
}
