//! The naive twin of [`PrefixMap`](crate::PrefixMap): a `Vec` and a linear scan, clear above all.
//!
//! It is the oracle of tests, here and in other crates, and shares no code with the map: prefixes
//! are compared by `ipnet`, IPv4-mapped addresses are told by the standard library.

use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// The answers of [`PrefixMap`](crate::PrefixMap), slowly.
#[derive(Debug)]
pub struct NaiveMap<V> {
    entries: Vec<(IpNet, V)>,
}

impl<V> NaiveMap<V> {
    /// As [`PrefixMap::build`](crate::PrefixMap::build).
    pub fn build(
        entries: impl IntoIterator<Item = (IpNet, V)>,
        mut merge: impl FnMut(&mut V, V),
    ) -> Self {
        let mut map = Self { entries: Vec::new() };
        for (net, value) in entries {
            let net = canonical(net);
            match map.entries.iter_mut().find(|(known, _)| *known == net) {
                Some((_, known)) => merge(known, value),
                None => map.entries.push((net, value)),
            }
        }
        map
    }

    /// Every prefix that holds `address`, the most specific first.
    #[must_use]
    pub fn matches(&self, address: IpAddr) -> Vec<(IpNet, &V)> {
        let address = address.to_canonical();
        let mut matches: Vec<(IpNet, &V)> =
            self.iter().filter(|(net, _)| net.contains(&address)).collect();
        matches.sort_by_key(|(net, _)| core::cmp::Reverse(net.prefix_len()));
        matches
    }

    /// The most specific prefix that holds `address`.
    #[must_use]
    pub fn longest_match(&self, address: IpAddr) -> Option<(IpNet, &V)> {
        self.matches(address).into_iter().next()
    }

    /// Whether any prefix holds `address`.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        !self.matches(address).is_empty()
    }

    /// Every prefix that holds the whole of `prefix`, the most specific first.
    #[must_use]
    pub fn covering(&self, prefix: &IpNet) -> Vec<(IpNet, &V)> {
        let prefix = canonical(*prefix);
        let mut covering: Vec<(IpNet, &V)> =
            self.iter().filter(|(net, _)| net.contains(&prefix)).collect();
        covering.sort_by_key(|(net, _)| core::cmp::Reverse(net.prefix_len()));
        covering
    }

    /// Every prefix that lies within `prefix`, in the order they were given.
    #[must_use]
    pub fn covered(&self, prefix: &IpNet) -> Vec<(IpNet, &V)> {
        let prefix = canonical(*prefix);
        self.iter().filter(|(net, _)| prefix.contains(net)).collect()
    }

    /// The value of exactly this prefix.
    #[must_use]
    pub fn get(&self, prefix: &IpNet) -> Option<&V> {
        let prefix = canonical(*prefix);
        self.iter().find(|(net, _)| *net == prefix).map(|(_, value)| value)
    }

    /// Every prefix and its value, in the order they were given.
    pub fn iter(&self) -> impl Iterator<Item = (IpNet, &V)> {
        self.entries.iter().map(|(net, value)| (*net, value))
    }
}

fn canonical(net: IpNet) -> IpNet {
    match (net.addr().to_canonical(), net) {
        (IpAddr::V4(address), IpNet::V6(net)) if net.prefix_len() >= 96 => {
            IpNet::V4(Ipv4Net::new_assert(address, net.prefix_len() - 96).trunc())
        }
        _ => net.trunc(),
    }
}
