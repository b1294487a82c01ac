//! The crate `prefix-trie`, its keys pairs of an integer and a length.

use prefix_trie::{Prefix, PrefixMap};

use super::Build;
use crate::address::Address;
use crate::contestant::{Contestant, Entry, NONE};

pub(super) struct Trie<A>(PrefixMap<(A, u8), u32>)
where
    (A, u8): Prefix;

impl<A: Address> Build<A> for Trie<A>
where
    (A, u8): Prefix,
{
    fn build(entries: &[Entry<A>]) -> Self {
        Self(entries.iter().map(|entry| ((entry.prefix, entry.length), entry.value)).collect())
    }
}

impl<A: Address> Contestant<A> for Trie<A>
where
    (A, u8): Prefix,
{
    fn lookup(&self, address: A) -> u32 {
        self.0.get_lpm(&(address, A::BITS)).map_or(NONE, |(_, value)| *value)
    }
}
