//! What must hold for any prefixes. The property tests and the fuzz targets call the same function.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::PrefixMap;
use crate::naive::NaiveMap;

/// Builds the map and its naive twin from `nets`, and compares their answers to every question about
/// the edges of the prefixes, about `addresses`, and about the map as a whole.
///
/// # Panics
///
/// If they differ: that is what a fuzzer looks for.
pub fn check_map(nets: &[IpNet], addresses: &[IpAddr]) {
    let entries = || nets.iter().enumerate().map(|(index, net)| (*net, vec![index]));
    let map = PrefixMap::build(entries(), |indices, later| indices.extend(later));
    let naive = NaiveMap::build(entries(), |indices, later| indices.extend(later));
    for address in nets.iter().flat_map(edges).chain(addresses.iter().copied()) {
        check_address(&map, &naive, address);
    }
    for net in nets {
        assert_eq!(map.get(net), naive.get(net), "{net}");
    }
    let mut listed: Vec<_> = naive.iter().collect();
    listed.sort_by_key(|(net, _)| order(net));
    assert_eq!(map.iter().collect::<Vec<_>>(), listed);
    assert_eq!((map.len(), map.is_empty()), (listed.len(), listed.is_empty()));
}

/// Every question about one address gets the twin's answer.
fn check_address(map: &PrefixMap<Vec<usize>>, naive: &NaiveMap<Vec<usize>>, address: IpAddr) {
    let expected = naive.longest_match(address);
    assert_eq!(map.matches(address).collect::<Vec<_>>(), naive.matches(address), "{address}");
    assert_eq!(map.longest_match(address), expected, "{address}");
    assert_eq!(map.contains(address), naive.contains(address), "{address}");
    match address {
        IpAddr::V4(address) => {
            assert_eq!(map.longest_match_v4(address.to_bits()), expected);
            assert_eq!(map.contains_v4(address.to_bits()), expected.is_some());
        }
        IpAddr::V6(address) => {
            assert_eq!(map.longest_match_v6(address.to_bits()), expected);
            assert_eq!(map.contains_v6(address.to_bits()), expected.is_some());
        }
    }
}

/// The first and last address of a prefix, and the ones just outside.
pub(crate) fn edges(net: &IpNet) -> Vec<IpAddr> {
    match net.trunc() {
        IpNet::V4(net) => {
            let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
            [first.wrapping_sub(1), first, last, last.wrapping_add(1)]
                .map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)))
                .to_vec()
        }
        IpNet::V6(net) => {
            let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
            [first.wrapping_sub(1), first, last, last.wrapping_add(1)]
                .map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)))
                .to_vec()
        }
    }
}

/// A sorted key of a prefix: IPv4 first, by address, then the shorter first.
fn order(net: &IpNet) -> (bool, IpAddr, u8) {
    (matches!(net, IpNet::V6(_)), net.network(), net.prefix_len())
}
