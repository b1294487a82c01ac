//! The crate `iptrie`: a Patricia trie, and the level-compressed trie that is made of it.

use std::net::{Ipv4Addr, Ipv6Addr};

use iptrie::map::{LCTrieMap, RTrieMap};
use iptrie::{Ipv4Prefix, Ipv6Prefix};

use super::Build;
use crate::contestant::{Contestant, Entry, NONE};

pub(super) struct Patricia4(RTrieMap<Ipv4Prefix, u32>);

pub(super) struct Patricia6(RTrieMap<Ipv6Prefix, u32>);

pub(super) struct Compressed4(LCTrieMap<Ipv4Prefix, u32>);

pub(super) struct Compressed6(LCTrieMap<Ipv6Prefix, u32>);

macro_rules! tries {
    ($patricia:ident, $compressed:ident, $bits:ty, $prefix:ty, $address:ty) => {
        impl Build<$bits> for $patricia {
            fn build(entries: &[Entry<$bits>]) -> Self {
                // The root is always there and holds what no entry holds.
                let mut trie = RTrieMap::with_root(NONE);
                for entry in entries {
                    let prefix = <$prefix>::new(<$address>::from_bits(entry.prefix), entry.length);
                    trie.insert(prefix.expect("the length fits the family"), entry.value);
                }
                trie.shrink_to_fit();
                Self(trie)
            }
        }

        impl Build<$bits> for $compressed {
            fn build(entries: &[Entry<$bits>]) -> Self {
                Self($patricia::build(entries).0.compress())
            }
        }

        impl Contestant<$bits> for $patricia {
            fn lookup(&self, address: $bits) -> u32 {
                *self.0.lookup(&<$address>::from_bits(address)).1
            }
        }

        impl Contestant<$bits> for $compressed {
            fn lookup(&self, address: $bits) -> u32 {
                *self.0.lookup(&<$address>::from_bits(address)).1
            }
        }
    };
}

tries!(Patricia4, Compressed4, u32, Ipv4Prefix, Ipv4Addr);
tries!(Patricia6, Compressed6, u128, Ipv6Prefix, Ipv6Addr);
