//! Where an address stands among the sorted prefixes of its family.
//!
//! Each family has an index of its own, because their addresses lie differently: IPv4 is full, so
//! [`Pieces`] cuts the whole line evenly; IPv6 is all but empty, and listed prefixes crowd in few
//! places, so [`Levels`] hashes leading bits.

mod filter;
mod levels;
mod pieces;

pub(crate) use levels::Levels;
pub(crate) use pieces::Pieces;

use crate::bits::{Bits, Prefix};

/// An index over the sorted prefixes of a family. Asked in two steps, the first of which is to answer
/// most questions out of little memory.
pub(crate) trait Near<A: Bits> {
    /// Of distinct prefixes, sorted by address, the shorter first of those that begin alike.
    fn new(prefixes: &[Prefix<A>]) -> Self;

    /// Whether any prefix may hold the address. `false` is certain.
    fn may_hold(&self, address: A) -> bool;

    /// The number of a prefix near the address: all before it begin no later than the address. None
    /// if no prefix holds the address, as far as the index can tell. `networks` are the first
    /// addresses of the prefixes that the index was made of.
    fn from(&self, address: A, networks: &[A]) -> Option<u32>;
}
