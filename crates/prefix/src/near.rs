//! Where an address would stand among the sorted prefixes of its family.
//!
//! Each family has an index of its own, because their addresses lie differently: IPv4 is full, so
//! [`Pieces`] cuts the whole line evenly; IPv6 is all but empty, and listed prefixes crowd in few
//! places, so [`Levels`] hashes leading bits.

mod levels;
mod pieces;

pub(crate) use levels::Levels;
pub(crate) use pieces::Pieces;

use crate::bits::{Bits, Prefix};

/// The place of an address among sorted prefixes: the last one that begins no later than the address
/// is one of those from `first` to before `end`, or the one before `first`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    pub(crate) first: u32,
    pub(crate) end: u32,
}

/// An index over the sorted prefixes of a family. Asked in two steps, the first of which is to answer
/// most questions out of little memory.
pub(crate) trait Near<A: Bits> {
    /// Of distinct prefixes, sorted by address, the shorter of equal ones first. Fewer than 2^32 - 1.
    fn build(prefixes: &[Prefix<A>]) -> Self;

    /// Whether any prefix may hold the address. `false` is certain.
    fn may_hold(&self, address: A) -> bool;

    /// The place of an address; none if no prefix holds it, as far as the index can tell.
    /// `networks` are the first addresses of the prefixes that the index was built of.
    fn span(&self, address: A, networks: &[A]) -> Option<Span>;

    /// Bytes held.
    #[cfg(test)]
    fn bytes(&self) -> usize;
}
