//! The crate `poptrie`, its keys pairs of an integer and a length.

use poptrie::{Poptrie, Prefix};

use super::Build;
use crate::address::Address;
use crate::contestant::{Contestant, Entry, NONE};

pub(super) struct Trie<A>(Poptrie<(A, u8), u32>)
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
    (A, u8): Prefix<ADDRESS = A>,
{
    fn lookup(&self, address: A) -> u32 {
        self.0.lookup(address).copied().unwrap_or(NONE)
    }
}
