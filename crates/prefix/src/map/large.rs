//! Maps too large for the naive twin, against a hash map for each length.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::PrefixMap;
use crate::fuzz::edges;

/// For each length the prefixes of it.
#[derive(Default)]
struct ByLength(BTreeMap<u8, HashMap<IpNet, usize>>);

impl ByLength {
    fn of(nets: &[IpNet]) -> Self {
        let mut by_length = Self::default();
        for (index, net) in nets.iter().enumerate() {
            by_length.0.entry(net.prefix_len()).or_default().insert(net.trunc(), index);
        }
        by_length
    }

    fn matches(&self, address: IpAddr) -> Vec<(IpNet, usize)> {
        let of_length = |(length, nets): (&u8, &HashMap<IpNet, usize>)| {
            let net = IpNet::new(address, *length).ok()?.trunc();
            nets.get(&net).map(|index| (net, *index))
        };
        self.0.iter().rev().filter_map(of_length).collect()
    }
}

fn check(nets: &[IpNet], addresses: impl IntoIterator<Item = IpAddr>) {
    let map: PrefixMap<usize> = nets.iter().enumerate().map(|(index, net)| (*net, index)).collect();
    let by_length = ByLength::of(nets);
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    let mut held = 0;
    for address in addresses {
        let expected = by_length.matches(address);
        let found: Vec<_> = map.matches(address).map(|(net, index)| (net, *index)).collect();
        assert_eq!(found, expected, "{address}");
        assert_eq!(map.lookup(address), expected.first().map(|(_, index)| index), "{address}");
        held += usize::from(!expected.is_empty());
        match address {
            IpAddr::V4(address) => v4.push(address.to_bits()),
            IpAddr::V6(address) => v6.push(address.to_bits()),
        }
    }
    assert!(held > 1000, "the twin was asked about what is held: {held}");
    let mut values = vec![None; v4.len()];
    map.lookup_batch_v4(&v4, &mut values);
    assert!(v4.iter().map(|bits| map.lookup_v4(*bits)).eq(values));
    let mut values = vec![None; v6.len()];
    map.lookup_batch_v6(&v6, &mut values);
    assert!(v6.iter().map(|bits| map.lookup_v6(*bits)).eq(values));
}

/// Numbers without a pattern, the same in each run.
fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb) >> 7
    }
}

fn v4(bits: u32, length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::from_bits(bits), length))
}

fn v6(bits: u128, length: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_bits(bits), length))
}

#[test]
fn a_list_of_ipv4_as_lists_are() {
    let mut next = numbers(4);
    let nets: Vec<IpNet> = (0..60_000)
        .map(|_| {
            let length = [32, 32, 32, 32, 32, 32, 32, 24, 24, 8 + (next() % 24) as u8];
            v4(next() as u32, length[next() as usize % 10])
        })
        .collect();
    let near = nets.iter().step_by(7).flat_map(edges).collect::<Vec<_>>();
    let anywhere = (0..20_000).map(|_| Ipv4Addr::from_bits(next() as u32).into());
    check(&nets, near.into_iter().chain(anywhere));
}

#[test]
fn a_crowd_in_one_place_and_nothing_elsewhere() {
    // All of a /18, every second address of another, and a chain of prefixes around them.
    let full = (0..1 << 14).map(|low| v4(0xc633_4000 | low, 32));
    let half = (0..1 << 13).map(|low| v4(0xc633_8000 | low << 1, 32));
    let chain = (0..=32).map(|length| v4(0xc633_4001, length));
    let nets: Vec<IpNet> = full.chain(half).chain(chain.skip(1)).collect();
    let around = (0..1 << 16).step_by(5).map(|low| 0xc633_3800_u32 + low);
    check(&nets, around.map(|bits| Ipv4Addr::from_bits(bits).into()));
}

#[test]
fn a_list_of_ipv6_as_lists_are() {
    let mut next = numbers(6);
    let blocks: Vec<u128> =
        (0..300).map(|_| (0x2000_0000 | u128::from(next()) & 0x1fff_ffff) << 96).collect();
    let mut low = || u128::from(next()) << 64 >> 8 | u128::from(next());
    let nets: Vec<IpNet> = (0..30_000)
        .map(|at| {
            // The lower bits of an address are few, so that some share a /64.
            let low = low();
            let bits = blocks[low as usize % 300] | low >> 40 << 40 | low & 0xff;
            v6(bits, [128, 128, 128, 64, 64, 56, 48, 96, 44, 29 + (at % 90) as u8][at % 10])
        })
        .chain((0..40).map(|at| v6(blocks[at], 12 + (at % 20) as u8)))
        .collect();
    let near = nets.iter().step_by(3).flat_map(edges).collect::<Vec<_>>();
    let anywhere = (0..20_000)
        .map(|at| blocks[at % 300] ^ low() >> 20)
        .map(|bits| Ipv6Addr::from_bits(bits).into());
    check(&nets, near.into_iter().chain(anywhere));
}

#[test]
fn many_ipv6_prefixes_under_one_key() {
    // 4,000 addresses in one /64, networks in one /48, and wide ones that reach no key of their own.
    let base = 0x2001_0db8_u128 << 96;
    let hosts = (0..4000_u128).map(|low| v6(base | 7 << 64 | low << 3, 128));
    let subnets = (0..2000_u128).map(|low| v6(base | 9 << 80 | low << 70, 58));
    let wide = [v6(base, 20), v6(base, 29), v6(base, 19), v6(0, 0), v6(base, 3)];
    let nets: Vec<IpNet> = hosts.chain(subnets).chain(wide).collect();
    let hosts = (0..40_000_u128).step_by(3).map(|low| base | 7 << 64 | low);
    let subnets = (0..20_000_u128).map(|low| base | 9 << 80 | low << 67);
    let wide = (0..20_000_u128).map(|low| base ^ low << 100 | low);
    check(&nets, hosts.chain(subnets).chain(wide).map(|bits| Ipv6Addr::from_bits(bits).into()));
}

#[test]
fn wide_ipv6_prefixes_take_memory_by_their_number_and_not_by_what_they_hold() {
    // A /20 holds 4,096 keys of 32 bits, and 30,000 of them more than fit into the memory.
    for length in [20, 21, 24, 27, 28, 31] {
        let mut next = numbers(u64::from(length));
        let nets: Vec<IpNet> = (0..30_000_u128)
            .map(|at| v6(at << (128 - length) ^ u128::from(next() & 3) << 100, length))
            .collect();
        let narrow = nets.iter().step_by(30).map(|net| match net.addr() {
            IpAddr::V6(address) => v6(address.to_bits() | 5 << 70 | 9, 64),
            IpAddr::V4(_) => *net,
        });
        let nets: Vec<IpNet> = nets.iter().copied().chain(narrow).collect();
        check(&nets, nets.iter().step_by(5).flat_map(edges));
    }
}

#[test]
fn values_of_one_prefix_keep_their_order_in_a_large_map() {
    let mut next = numbers(8);
    let nets: Vec<IpNet> = (0..100_000)
        .map(|_| v4((next() % 50_000) as u32 * 7919, 24 + (next() % 9) as u8))
        .collect();
    let entries = nets.iter().enumerate().map(|(at, net)| (*net, vec![at]));
    let map = PrefixMap::build(entries, |values, later| values.extend(later));
    let mut expected: BTreeMap<(IpAddr, u8), Vec<usize>> = BTreeMap::new();
    for (at, net) in nets.iter().enumerate() {
        let net = net.trunc();
        expected.entry((net.addr(), net.prefix_len())).or_default().push(at);
    }
    assert!(map.len() < 90_000, "some occur again");
    let built = map.iter().map(|(net, values)| ((net.addr(), net.prefix_len()), values.clone()));
    assert!(built.eq(expected));
}
