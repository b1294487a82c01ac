//! The crate `ipnet-trie`.

use flowproof_prefix::IpNet;
use ipnet_trie::IpnetTrie;

use super::Build;
use crate::address::Address;
use crate::contestant::{Contestant, Entry, NONE};

pub(super) struct Trie(IpnetTrie<u32>);

impl<A: Address> Build<A> for Trie {
    fn build(entries: &[Entry<A>]) -> Self {
        let mut trie = IpnetTrie::new();
        for entry in entries {
            let net = IpNet::new(entry.prefix.ip(), entry.length);
            trie.insert(net.expect("the length fits the family"), entry.value);
        }
        Self(trie)
    }
}

impl<A: Address> Contestant<A> for Trie {
    fn lookup(&self, address: A) -> u32 {
        self.0.longest_match(&IpNet::from(address.ip())).map_or(NONE, |(_, value)| *value)
    }
}
