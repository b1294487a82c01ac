//! A big list, shaped as published ones are: mostly single IPv4 addresses, some networks, some IPv6,
//! and some entries within others.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::peers::{internet_v4, internet_v6};
use super::random::Random;
use super::world::World;

/// One in so many peers is listed.
const LISTED: usize = 160;
/// Of five hundred peers, the favourite is not: whom everybody talks to is on nobody's list.
const FAVOURITES: u64 = 500;
/// One in so many single addresses is there a second time, with the network around it.
const NESTED: u64 = 16;

/// An address and the length of its prefix.
type Entry = (IpAddr, u8);

/// Writes a list of exactly `count` different entries, one a line, in the order of their addresses.
pub(super) fn write(out: &mut impl Write, world: &World, count: u32) -> io::Result<()> {
    writeln!(out, "# Made up: none of these addresses has done anything.")?;
    for (address, length) in entries(world, count as usize) {
        if length == whole(address) {
            writeln!(out, "{address}")?;
        } else {
            writeln!(out, "{address}/{length}")?;
        }
    }
    Ok(())
}

/// One entry in twenty is an IPv6 one. Of each family, peers that are met come first, and strangers
/// make up the number.
fn entries(world: &World, count: usize) -> BTreeSet<Entry> {
    let peers = &world.peers;
    let met = || (peers.count() / FAVOURITES..peers.count()).step_by(LISTED);
    let seed = world.options.seed;
    let strangers = |part| {
        let mut random = Random::of(seed, &[7, part]);
        std::iter::repeat_with(move || random.number())
    };
    let v4 = met().map(|peer| peers.v4(peer)).chain(strangers(4).map(internet_v4));
    let v6 = met().map(|peer| peers.v6(peer)).chain(strangers(6).map(internet_v6));
    let mut random = Random::of(seed, &[8]);
    let mut entries = take(count - count / 20, v4.map(IpAddr::V4), &mut random);
    entries.extend(take(count / 20, v6.map(IpAddr::V6), &mut random));
    entries
}

/// So many different entries around addresses, which must not run out.
fn take(
    count: usize,
    addresses: impl Iterator<Item = IpAddr>,
    random: &mut Random,
) -> BTreeSet<Entry> {
    let mut entries = BTreeSet::new();
    for address in addresses {
        if entries.len() == count {
            break;
        }
        let length = length(address, random);
        entries.insert(network(address, length));
        if length == whole(address) && random.below(NESTED) == 0 && entries.len() < count {
            entries.insert(network(address, if address.is_ipv4() { 24 } else { 64 }));
        }
    }
    entries
}

fn length(address: IpAddr, random: &mut Random) -> u8 {
    let draw = random.below(100);
    match address {
        IpAddr::V4(_) if draw < 78 => 32,
        IpAddr::V4(_) if draw < 90 => 24,
        // Down to /16, the longer the likelier by far.
        IpAddr::V4(_) => {
            let shorter = random.below_with_favourites(16).min(random.below_with_favourites(16));
            31 - shorter as u8
        }
        IpAddr::V6(_) if draw < 70 => 128,
        IpAddr::V6(_) if draw < 88 => 64,
        IpAddr::V6(_) if draw < 96 => 48,
        IpAddr::V6(_) => 32,
    }
}

/// The length of a single address.
fn whole(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn network(address: IpAddr, length: u8) -> Entry {
    let network = match address {
        IpAddr::V4(address) => {
            Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - length))).into()
        }
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - length))).into()
        }
    };
    (network, length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{SampleOptions, SamplePeers};

    #[test]
    fn it_has_as_many_entries_as_asked_for_of_every_kind() {
        for peers in [SamplePeers::Reserved, SamplePeers::Internet] {
            let world = World::new(&SampleOptions { peers, ..SampleOptions::default() });
            let entries = entries(&world, 10_000);
            let count = |is: &dyn Fn(&Entry) -> bool| entries.iter().filter(|e| is(e)).count();
            assert_eq!(count(&|(address, _)| address.is_ipv4()), 9500);
            assert_eq!(count(&|(address, _)| address.is_ipv6()), 500);
            assert!((7000..7600).contains(&count(&|(_, length)| *length == 32)));
            assert!((1300..1800).contains(&count(&|e| e.0.is_ipv4() && e.1 == 24)));
            assert!(count(&|e| e.0.is_ipv4() && (16..24).contains(&e.1)) > 10);
            let listed = |peer| entries.contains(&(world.peers.v4(peer).into(), 32));
            assert!((0..world.peers.count()).any(listed), "some peers are listed");
        }
    }

    #[test]
    fn a_network_has_no_bits_of_its_hosts() {
        let of = |text: &str, length| network(text.parse().unwrap(), length).0.to_string();
        assert_eq!(of("203.0.113.77", 24), "203.0.113.0");
        assert_eq!(of("203.0.113.77", 32), "203.0.113.77");
        assert_eq!(of("2001:db8:1:2:3::4", 48), "2001:db8:1::");
    }
}
