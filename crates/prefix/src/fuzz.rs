//! What must hold for any prefixes. The property tests and the fuzz targets call the same function.

use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::naive::NaiveMap;
use crate::{PrefixMap, PrefixSet};

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
    let asked: Vec<IpAddr> = nets.iter().flat_map(edges).chain(addresses.iter().copied()).collect();
    check_batches(&map, &asked);
    for net in nets.iter().copied().chain(asked.iter().flat_map(around)) {
        assert_eq!(map.get(&net), naive.get(&net), "{net}");
        assert_eq!(map.covering(&net).collect::<Vec<_>>(), naive.covering(&net), "{net}");
        let mut covered = naive.covered(&net);
        covered.sort_by_key(|(net, _)| order(net));
        assert_eq!(map.covered(&net).collect::<Vec<_>>(), covered, "{net}");
    }
    let mut listed: Vec<_> = naive.iter().collect();
    listed.sort_by_key(|(net, _)| order(net));
    assert_eq!(map.iter().collect::<Vec<_>>(), listed);
    assert_eq!((map.len(), map.is_empty()), (listed.len(), listed.is_empty()));
}

/// Combines two sets in every way, and compares what holds the edges of their prefixes, and
/// `addresses`, with what the sets hold. No two prefixes of an answer can be joined.
///
/// # Panics
///
/// If they differ: that is what a fuzzer looks for.
pub fn check_sets(one: &[IpNet], other: &[IpNet], addresses: &[IpAddr]) {
    let nets = one.iter().chain(other);
    let asked: Vec<IpAddr> = nets.flat_map(edges).chain(addresses.iter().copied()).collect();
    let set = |nets: &[IpNet]| nets.iter().copied().collect::<PrefixSet>();
    let (one, other) = (set(one), set(other));
    type Keeps = fn(bool, bool) -> bool;
    let made: [(PrefixSet, Keeps); 4] = [
        (one.union(&other), |one, other| one || other),
        (one.intersection(&other), |one, other| one && other),
        (one.difference(&other), |one, other| one && !other),
        (one.aggregate(), |one, _| one),
    ];
    for (made, keeps) in made {
        for address in &asked {
            let expected = keeps(one.contains(*address), other.contains(*address));
            assert_eq!(made.contains(*address), expected, "{address}");
        }
        let nets: Vec<IpNet> = made.iter().collect();
        assert_eq!(IpNet::aggregate(&nets), nets, "ipnet joins none of them");
    }
}

/// A batch answers as one look-up after the other, whatever its length.
fn check_batches(map: &PrefixMap<Vec<usize>>, addresses: &[IpAddr]) {
    let v4 = addresses.iter().filter_map(|address| match address {
        IpAddr::V4(address) => Some(address.to_bits()),
        IpAddr::V6(_) => None,
    });
    // IPv4 addresses are asked for among the others, mapped.
    let v6 = addresses.iter().map(|address| match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    });
    let (v4, v6): (Vec<u32>, Vec<u128>) = (v4.collect(), v6.collect());
    // What stands in the out-parameters before is to be written over.
    let held = map.iter().next().map(|(_, value)| value);
    let (mut values, mut contained) = (vec![held; v4.len()], vec![true; v4.len()]);
    map.lookup_batch_v4(&v4, &mut values);
    map.contains_batch_v4(&v4, &mut contained);
    for (at, bits) in v4.iter().enumerate() {
        assert_eq!((values[at], contained[at]), (map.lookup_v4(*bits), map.contains_v4(*bits)));
    }
    let (mut values, mut contained) = (vec![held; v6.len()], vec![true; v6.len()]);
    map.lookup_batch_v6(&v6, &mut values);
    map.contains_batch_v6(&v6, &mut contained);
    for (at, bits) in v6.iter().enumerate() {
        assert_eq!((values[at], contained[at]), (map.lookup_v6(*bits), map.contains_v6(*bits)));
    }
}

/// Every question about one address gets the twin's answer.
fn check_address(map: &PrefixMap<Vec<usize>>, naive: &NaiveMap<Vec<usize>>, address: IpAddr) {
    let expected = naive.longest_match(address);
    assert_eq!(map.matches(address).collect::<Vec<_>>(), naive.matches(address), "{address}");
    assert_eq!(map.longest_match(address), expected, "{address}");
    assert_eq!(map.contains(address), naive.contains(address), "{address}");
    let value = expected.map(|(_, value)| value);
    assert_eq!(map.lookup(address), value, "{address}");
    match address {
        IpAddr::V4(address) => {
            assert_eq!(map.longest_match_v4(address.to_bits()), expected);
            assert_eq!(map.lookup_v4(address.to_bits()), value);
            assert_eq!(map.contains_v4(address.to_bits()), expected.is_some());
        }
        IpAddr::V6(address) => {
            assert_eq!(map.longest_match_v6(address.to_bits()), expected);
            assert_eq!(map.lookup_v6(address.to_bits()), value);
            assert_eq!(map.contains_v6(address.to_bits()), expected.is_some());
        }
    }
}

/// Prefixes that hold the address, wide and narrow, most of which no one put in.
fn around(address: &IpAddr) -> Vec<IpNet> {
    let widest = IpNet::from(*address).max_prefix_len();
    let lengths = [0, 7, 16, 24, 31, 32, 48, 96, 127, 128];
    let lengths = lengths.into_iter().filter(|length| *length <= widest);
    lengths.filter_map(|length| IpNet::new(*address, length).ok()).collect()
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
