//! The map answers as its naive twin, and sets combine as what they hold does. Six bytes of the input make a prefix: family and place, length,
//! and four bytes of address, so that prefixes nest, touch and repeat.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flowproof_prefix::IpNet;

/// The twin compares everything with everything, so the input is bounded.
const MOST: usize = 48;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let nets: Vec<IpNet> = input.chunks_exact(6).take(MOST).filter_map(net).collect();
    let addresses: Vec<IpAddr> = nets.iter().map(IpNet::addr).collect();
    flowproof_prefix::fuzz::check_map(&nets, &addresses);
    let (one, other) = nets.split_at(nets.len() / 2);
    flowproof_prefix::fuzz::check_sets(one, other, &addresses);
});

fn net(bytes: &[u8]) -> Option<IpNet> {
    let [place, length, address @ ..] = bytes else { return None };
    let low = u32::from_be_bytes(address.try_into().ok()?);
    if place & 1 == 0 {
        return IpNet::new(Ipv4Addr::from_bits(low).into(), length % 33).ok();
    }
    let bases = [0, 0x2001_0db8 << 96, 0xffff << 32, u128::MAX];
    let base: u128 = bases[usize::from(place >> 1 & 3)];
    let address = Ipv6Addr::from_bits(base ^ (u128::from(low) << (place >> 3 << 1)));
    IpNet::new(address.into(), length % 129).ok()
}
