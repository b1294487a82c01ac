//! The addresses of peers: where they lie, by their rank.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::random::{Random, scatter};
use super::{SampleOptions, SamplePeers};

/// All peers. A peer is known by its rank: the low ones are met most.
#[derive(Debug)]
pub(super) struct Peers {
    place: SamplePeers,
    count: u64,
}

impl Peers {
    pub(super) fn new(options: &SampleOptions) -> Peers {
        let most = match options.peers {
            SamplePeers::Reserved => 100_000, // Of 131072 addresses.
            SamplePeers::Internet => 500_000,
        };
        Peers { place: options.peers, count: (options.records / 20).clamp(500, most) }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The rank of somebody to talk to, favourites more often.
    pub(super) fn draw(&self, random: &mut Random) -> u64 {
        random.below_with_favourites(self.count)
    }

    /// The IPv4 address of a peer. Never the Tor node's.
    pub(super) fn v4(&self, peer: u64) -> Ipv4Addr {
        match self.place {
            SamplePeers::Internet => internet_v4(peer),
            SamplePeers::Reserved => match peer as u8 {
                // Of a documentation network for the favourites.
                last @ 16..=239 if peer < 240 => Ipv4Addr::new(192, 0, 2, last),
                // Of the network for benchmarks. An odd factor scatters neighbours over it and keeps
                // them apart.
                _ => {
                    Ipv4Addr::from_bits(0xc612_0000 | (peer as u32).wrapping_mul(48_271) & 0x1_ffff)
                }
            },
        }
    }

    /// The IPv6 address of a peer.
    pub(super) fn v6(&self, peer: u64) -> Ipv6Addr {
        match self.place {
            SamplePeers::Internet => internet_v6(peer),
            SamplePeers::Reserved => Ipv6Addr::new(
                0x2001,
                0xdb8,
                0xf000 | (peer >> 12) as u16 & 0xff,
                (peer & 0xfff) as u16,
                0,
                0,
                0,
                9,
            ),
        }
    }

    /// Somebody who knocks at doors: some do it all the time, others once.
    pub(super) fn scanner(&self, random: &mut Random) -> Ipv4Addr {
        let often = random.below(4) > 0;
        match self.place {
            _ if often => Ipv4Addr::new(198, 51, 100, 20 + random.below_with_favourites(30) as u8),
            SamplePeers::Reserved => Ipv4Addr::from_bits(0xc613_8000 | random.below(0x8000) as u32),
            SamplePeers::Internet => internet_v4(random.number()),
        }
    }
}

/// An address of the Internet that belongs to a number; scattered all over it.
pub(super) fn internet_v4(number: u64) -> Ipv4Addr {
    let mut bits = scatter(number);
    loop {
        let address = Ipv4Addr::from_bits(bits as u32);
        if is_routed(address) {
            return address;
        }
        bits = scatter(bits); // Six in seven are routed, so this comes to an end.
    }
}

fn is_routed(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation();
    let is_shared = a == 100 && b & 0xc0 == 64;
    let is_for_benchmarks = a == 198 && b & 0xfe == 18;
    let is_for_protocols = a == 192 && b == 0 && c == 0;
    (1..224).contains(&a) && !is_special && !is_shared && !is_for_benchmarks && !is_for_protocols
}

/// The same for IPv6: networks of the registries, and a host in a subnet of each.
pub(super) fn internet_v6(number: u64) -> Ipv6Addr {
    let bits = scatter(number);
    let part = |shift: u32| (bits >> shift) as u16;
    let first = [0x2400, 0x2600, 0x2607, 0x2800, 0x2a00, 0x2a02][(bits % 6) as usize];
    Ipv6Addr::new(first, part(8), part(24), part(40), 0, 0, 0, 1 + part(52))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_of_the_internet_are_routed_and_scattered() {
        let mut networks = std::collections::BTreeSet::new();
        for number in 0..10_000 {
            let address = internet_v4(number);
            assert!(is_routed(address), "{address}");
            networks.insert(address.octets()[0]);
        }
        assert!(networks.len() > 200 && !networks.contains(&10) && !networks.contains(&127));
    }

    #[test]
    fn reserved_peers_are_nobodys() {
        let peers = Peers::new(&SampleOptions { records: 10_000_000, ..Default::default() });
        for peer in 0..peers.count() {
            let address = peers.v4(peer);
            assert!(!is_routed(address) && !address.is_private(), "{address}");
        }
    }
}
