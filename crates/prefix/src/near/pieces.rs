//! [`Pieces`]: the IPv4 line cut into equal pieces.

use alloc::vec;
use alloc::vec::Vec;

use super::Near;
use crate::bits::Prefix;
use crate::table::BLOCK;

/// Pieces for each prefix, so that few hold something by chance.
const PIECES_EACH: usize = 32;

/// Leading bits that tell the piece of an address: one word at least, 16 MiB at most.
const LEADING: (u32, u32) = (5, 26);

/// Unless there are more than [`CROWDED`] prefixes, a piece is no smaller than a /24.
const USUAL: u32 = 24;
const CROWDED: usize = 1 << 21;

/// Neighbouring pieces.
#[derive(Clone, Copy, Default)]
struct Word {
    /// For each piece, from the lowest bit: whether a prefix reaches into it.
    held: u32,
    /// The first prefix that begins in these pieces or behind them.
    first: u32,
}

/// Where prefixes are, and where they stand.
///
/// ```text
/// address   0xcb007109 = 1100101100000000011 10001 00001001
///                        word                piece (the rest is left to the search)
/// words     ... | held ..1..., first 417 | ...   bit 17 is set: a prefix reaches into the piece;
///                                                those that begin near are 417 and the next ones
/// ```
pub(crate) struct Pieces {
    /// `32 - leading`.
    shift: u32,
    /// And one more, behind which no prefix begins.
    words: Vec<Word>,
}

impl Pieces {
    fn empty(prefixes: usize) -> Self {
        let most = if prefixes > CROWDED { LEADING.1 } else { USUAL };
        let pieces = (prefixes.max(1) * PIECES_EACH).next_power_of_two();
        let leading = pieces.ilog2().clamp(LEADING.0, most);
        Self { shift: 32 - leading, words: vec![Word::default(); (1 << (leading - 5)) + 1] }
    }

    /// The prefixes that begin in the pieces around the address.
    #[inline]
    fn range(&self, address: u32) -> Range {
        let word = self.word(address);
        let (first, end) = (self.words[word].first, self.words[word + 1].first);
        Range { first, count: end - first }
    }

    /// Notes that all addresses from `first` to `last` are held.
    fn hold(&mut self, first: u32, last: u32) {
        let (first, last) = (first >> self.shift, last >> self.shift);
        for word in first / 32..=last / 32 {
            let from = if word == first / 32 { u32::MAX << (first % 32) } else { u32::MAX };
            let to = if word == last / 32 { u32::MAX >> (31 - last % 32) } else { u32::MAX };
            self.words[word as usize].held |= from & to;
        }
    }

    #[inline]
    fn word(&self, address: u32) -> usize {
        (address >> self.shift) as usize / 32
    }
}

impl Near<u32> for Pieces {
    fn new(prefixes: &[Prefix<u32>]) -> Self {
        let mut pieces = Self::empty(prefixes.len());
        let mut held = None;
        // Words whose first prefix is known.
        let mut known = 0;
        for (number, prefix) in prefixes.iter().enumerate() {
            let word = pieces.word(prefix.network);
            while known <= word {
                pieces.words[known].first = number as u32;
                known += 1;
            }
            // What lies within the one before is held already.
            if held.is_none_or(|held| prefix.last() > held) {
                pieces.hold(prefix.network, prefix.last());
                held = Some(prefix.last());
            }
        }
        for word in &mut pieces.words[known..] {
            word.first = prefixes.len() as u32;
        }
        pieces
    }

    #[inline]
    fn may_hold(&self, address: u32) -> bool {
        let piece = address >> self.shift;
        self.words[piece as usize / 32].held >> (piece % 32) & 1 == 1
    }

    #[inline]
    fn innermost(
        &self,
        address: u32,
        networks: &[u32],
        _length: impl Fn(u32) -> u8,
    ) -> Option<u32> {
        let mut range = self.range(address);
        while range.count > AT_ONCE {
            range = range.halved(networks, address);
        }
        range.last_begun(networks, address)
    }

    #[inline]
    fn innermost_of_each(
        &self,
        addresses: &[u32],
        networks: &[u32],
        _length: impl Fn(u32) -> u8,
        innermost: &mut [Option<u32>],
    ) {
        let mut ranges = [Range::default(); BLOCK];
        let ranges = &mut ranges[..addresses.len()];
        let mut longest = 0;
        for (range, address) in ranges.iter_mut().zip(addresses) {
            *range = self.range(*address);
            longest = longest.max(range.count);
        }
        // All in step, so that the reads of a step do not wait for each other.
        while longest > AT_ONCE {
            for (range, address) in ranges.iter_mut().zip(addresses) {
                *range = range.halved(networks, *address);
            }
            longest -= longest / 2;
        }
        for ((innermost, range), address) in innermost.iter_mut().zip(ranges).zip(addresses) {
            *innermost = range.last_begun(networks, *address);
        }
    }
}

/// Networks that are compared all at once: that goes the same way for every address, which a search
/// does not.
const AT_ONCE: u32 = 8;

/// Prefixes among which an address stands: all before `first` begin no later than it, and of those
/// from there onwards at most `count`.
#[derive(Clone, Copy, Default)]
struct Range {
    first: u32,
    count: u32,
}

impl Range {
    /// The half that the address stands in. Nothing changes where there is one prefix or none.
    #[inline]
    fn halved(self, networks: &[u32], address: u32) -> Self {
        let half = self.count / 2;
        let middle = self.first + half;
        // The one before the middle is there: a range is not halved before there is something in it.
        let later = networks.get((middle as usize).wrapping_sub(1)).is_some_and(|n| *n <= address);
        Self { first: if later { middle } else { self.first }, count: self.count - half }
    }

    /// The last prefix that begins no later than the address. What holds the address is it or lies
    /// around it: it begins no later either, and does not end before.
    #[inline]
    fn last_begun(self, networks: &[u32], address: u32) -> Option<u32> {
        let first = self.first as usize;
        let near = networks[first..].first_chunk::<{ AT_ONCE as usize }>();
        let begun = match near {
            Some(near) => {
                let bit = |(at, network): (usize, &u32)| u32::from(*network <= address) << at;
                // What begins no later comes first.
                near.iter().enumerate().map(bit).sum::<u32>().trailing_ones()
            }
            None => networks[first..].iter().filter(|network| **network <= address).count() as u32,
        };
        (self.first + begun).checked_sub(1)
    }
}
