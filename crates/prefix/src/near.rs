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

    /// A prefix such that every prefix that holds the address is it or lies around it, whether it
    /// holds the address itself or not. None if no prefix does, as far as the index can tell.
    /// `networks` and `length` tell the prefixes that the index was made of, by their numbers.
    fn innermost(&self, address: A, networks: &[A], length: impl Fn(u32) -> u8) -> Option<u32>;

    /// The same of many addresses, each answered in the same place of `innermost`.
    #[inline]
    fn innermost_of_each(
        &self,
        addresses: &[A],
        networks: &[A],
        length: impl Fn(u32) -> u8,
        innermost: &mut [Option<u32>],
    ) {
        for (address, innermost) in addresses.iter().zip(innermost) {
            *innermost = self.innermost(*address, networks, &length);
        }
    }
}

/// How many of the sorted items come before the first that is not `begun`, counted from `from`,
/// before which all are. In steps that double: the place is near as a rule, and the end may be far.
#[inline]
fn begun_from<T>(items: &[T], from: usize, begun: impl Fn(&T) -> bool) -> usize {
    let items = &items[from..];
    let mut step = 1;
    while items.get(step - 1).is_some_and(&begun) {
        step *= 2;
    }
    let (low, high) = (step / 2, items.len().min(step));
    from + low + items[low..high].partition_point(begun)
}
