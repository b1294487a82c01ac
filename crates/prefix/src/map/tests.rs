//! The map against its naive twin, and the cases that other implementations are known to miss.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::PrefixMap;
use crate::fuzz::{check_map, check_sets, edges};

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn map_of(prefixes: &[&str]) -> PrefixMap<usize> {
    prefixes.iter().enumerate().map(|(index, text)| (net(text), index)).collect()
}

fn matching(map: &PrefixMap<usize>, address: &str) -> Vec<String> {
    map.matches(ip(address)).map(|(prefix, _)| prefix.to_string()).collect()
}

#[test]
fn nested_prefixes_all_match_most_specific_first_whatever_the_order() {
    let prefixes = ["203.0.113.0/24", "203.0.113.9/32", "203.0.0.0/16"];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let map = map_of(&order.map(|index| prefixes[index]));
        let expected = ["203.0.113.9/32", "203.0.113.0/24", "203.0.0.0/16"];
        assert_eq!(matching(&map, "203.0.113.9"), expected);
        assert_eq!(matching(&map, "203.0.113.10"), expected[1..]);
        assert_eq!(matching(&map, "203.0.114.0"), expected[2..]);
        assert_eq!(matching(&map, "203.1.0.0"), [""; 0]);
    }
}

#[test]
fn the_whole_internet_of_one_family_holds_nothing_of_the_other() {
    let four = map_of(&["0.0.0.0/0"]);
    assert!(four.contains(ip("0.0.0.0")) && four.contains(ip("255.255.255.255")));
    assert!(four.contains(ip("::ffff:203.0.113.9")));
    assert!(!four.contains(ip("::")) && !four.contains(ip("2001:db8::9")));
    let six = map_of(&["::/0"]);
    assert!(six.contains(ip("::")) && six.contains(ip("ffff::ffff")));
    assert!(!six.contains(ip("203.0.113.9")) && !six.contains(ip("::ffff:203.0.113.9")));
}

#[test]
fn the_narrowest_prefixes_are_found() {
    let map = map_of(&[
        "198.51.100.254/31",
        "255.255.255.255/32",
        "0.0.0.0/32",
        "2001:db8::/127",
        "2001:db8::ffff/128",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
    ]);
    assert_eq!(matching(&map, "198.51.100.253"), [""; 0]);
    assert_eq!(matching(&map, "198.51.100.254"), ["198.51.100.254/31"]);
    assert_eq!(matching(&map, "198.51.100.255"), ["198.51.100.254/31"]);
    assert_eq!(matching(&map, "198.51.101.0"), [""; 0]);
    assert_eq!(matching(&map, "255.255.255.255"), ["255.255.255.255/32"]);
    assert_eq!(matching(&map, "255.255.255.254"), [""; 0]);
    assert_eq!(matching(&map, "0.0.0.0"), ["0.0.0.0/32"]);
    assert_eq!(matching(&map, "0.0.0.1"), [""; 0]);
    assert_eq!(matching(&map, "2001:db8::1"), ["2001:db8::/127"]);
    assert_eq!(matching(&map, "2001:db8::2"), [""; 0]);
    assert_eq!(matching(&map, "2001:db8::ffff"), ["2001:db8::ffff/128"]);
    assert_eq!(matching(&map, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), [""; 0]);
    assert!(map.contains_v6(u128::MAX));
}

#[test]
fn a_mapped_prefix_is_ipv4_and_host_bits_are_masked() {
    let map = map_of(&["::ffff:203.0.113.9/120", "2001:db8::9/32"]);
    let kept: Vec<String> = map.iter().map(|(prefix, _)| prefix.to_string()).collect();
    assert_eq!(kept, ["203.0.113.0/24", "2001:db8::/32"]);
    assert_eq!(map.get(&net("203.0.113.77/24")), Some(&0));
    assert_eq!(map.get(&net("203.0.113.0/25")), None);
    assert_eq!(map.longest_match_v4(0xcb00_7109), Some((net("203.0.113.0/24"), &0)));
    assert_eq!(map.longest_match_v6(0xffff_cb00_7109), Some((net("203.0.113.0/24"), &0)));
}

#[test]
fn a_repeated_prefix_replaces_when_collected_and_merges_when_built() {
    let entries = [("203.0.113.0/24", 1), ("192.0.2.0/24", 2), ("203.0.113.9/24", 3)]
        .map(|(text, value)| (net(text), vec![value]));
    let collected: PrefixMap<Vec<i32>> = entries.clone().into_iter().collect();
    assert_eq!(collected.get(&net("203.0.113.0/24")), Some(&vec![3]));
    let built = PrefixMap::build(entries, |values, later| values.extend(later));
    assert_eq!(built.get(&net("203.0.113.0/24")), Some(&vec![1, 3]));
    assert_eq!((built.len(), collected.len()), (2, 2));
}

#[test]
fn a_map_can_be_sent_shared_and_cloned_whatever_it_holds() {
    fn shared<T: Send + Sync + Clone>() {}
    struct NotClone;
    shared::<PrefixMap<NotClone>>();
    shared::<crate::PrefixSet>();
    let map = map_of(&["192.0.2.0/24"]);
    let clone = map.clone();
    assert!(std::thread::spawn(move || clone.contains_v4(0xc000_0201)).join().expect("no panic"));
    assert_eq!(format!("{map:?}"), "{192.0.2.0/24: 0}");
}

#[test]
fn an_empty_map_holds_nothing() {
    let map: PrefixMap<u8> = PrefixMap::default();
    assert!(map.is_empty() && !map.contains_v4(0) && !map.contains_v6(0));
    assert_eq!(map.longest_match_v4(u32::MAX), None);
    assert_eq!(map.iter().count() + map.matches(ip("192.0.2.1")).count(), 0);
}

/// Prefix lengths as real lists have them, with the extremes mixed in.
fn length_v4() -> impl Strategy<Value = u8> {
    prop_oneof![6 => Just(32), 4 => Just(24), 4 => 16_u8..=31, 1 => 0_u8..=32]
}

fn length_v6() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => Just(128),
        3 => proptest::sample::select(vec![32_u8, 48, 56, 64]),
        2 => 96_u8..=128,
        1 => 0_u8..=128,
    ]
}

/// Addresses that share most of their bits, so that prefixes nest, touch and repeat.
fn prefix_v4() -> impl Strategy<Value = IpNet> {
    let base = proptest::sample::select(vec![0_u32, 0xcb00_7100, 0xc633_6400, u32::MAX]);
    (base, 0_u32..1024, length_v4()).prop_map(|(base, low, length)| {
        IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::from_bits(base ^ low), length))
    })
}

fn prefix_v6() -> impl Strategy<Value = IpNet> {
    let bases = vec![0_u128, 0x2001_0db8 << 96, 0xffff_cb00_7100, 0xfffe_ffff_ff00, u128::MAX];
    let shift = proptest::sample::select(vec![0_u32, 32, 64, 80]);
    (proptest::sample::select(bases), 0_u128..16, shift, length_v6()).prop_map(
        |(base, low, shift, length)| {
            let address = Ipv6Addr::from_bits(base ^ (low << shift));
            IpNet::V6(Ipv6Net::new_assert(address, length))
        },
    )
}

fn prefixes() -> impl Strategy<Value = Vec<IpNet>> {
    proptest::collection::vec(prop_oneof![3 => prefix_v4(), 2 => prefix_v6()], 0..40)
}

proptest! {
    #[test]
    fn every_answer_is_that_of_the_naive_twin(
        nets in prefixes(),
        addresses in proptest::collection::vec(any::<IpAddr>(), 0..20),
    ) {
        check_map(&nets, &addresses);
    }

    #[test]
    fn sets_combine_as_what_they_hold_does(
        one in prefixes(),
        other in prefixes(),
        addresses in proptest::collection::vec(any::<IpAddr>(), 0..20),
    ) {
        check_sets(&one, &other, &addresses);
    }

    #[test]
    fn the_order_of_insertion_changes_no_answer(
        (nets, shuffled) in prefixes().prop_flat_map(|nets| {
            (Just(nets.clone()), Just(nets).prop_shuffle())
        }),
    ) {
        let map = |nets: &[IpNet]| nets.iter().map(|net| (*net, ())).collect::<PrefixMap<()>>();
        let (one, other) = (map(&nets), map(&shuffled));
        prop_assert_eq!(one.iter().collect::<Vec<_>>(), other.iter().collect::<Vec<_>>());
        for address in nets.iter().flat_map(edges) {
            let matches = one.matches(address).collect::<Vec<_>>();
            prop_assert_eq!(matches, other.matches(address).collect::<Vec<_>>());
        }
    }
}
