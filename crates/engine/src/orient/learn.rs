//! Learns interfaces' own addresses from their records.
//!
//! AWS writes an interface's primary private IPv4 address in each of its IPv4 records, whatever the
//! packet said, so the own address is in every record of the interface: it is what the records'
//! address pairs have in common. Two addresses at most need to be kept, those of the first record,
//! and each further record can only strike candidates out. Intersections do not depend on order, so
//! threads can learn apart and be merged.
//!
//! Two traps are minded. An interface that only ever talks to one other address has two candidates
//! to the end: if exactly one of them is private, that one is taken and marked as assumed, since a
//! public address is never an interface's own in its records - unless somebody runs a VPC on public
//! ranges. For the same reason a public address that only private ones talk to is not learned: it is
//! the remote of several. And the IPv6 addresses of an interface may be many, so that the one address in common may
//! be the remote's: IPv6 is learned only if the other ends are in more than one /64.

use std::collections::BTreeMap;
use std::net::IpAddr;

use datafusion::common::HashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::AddressBook;
use super::ends::Ends;
use super::texts::Sought;

/// What the records of each interface have in common so far.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq))]
pub(crate) struct Learner {
    #[serde(serialize_with = "in_order", deserialize_with = "of_any_order")]
    interfaces: HashMap<String, Met>,
}

/// What was met of one interface: IPv4, then IPv6.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq))]
struct Met {
    common: [Option<Common>; 2],
}

/// The interfaces by their ids, so that the same is always the same bytes.
fn in_order<S: Serializer>(
    interfaces: &HashMap<String, Met>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut interfaces: Vec<(&String, &Met)> = interfaces.iter().collect();
    interfaces.sort_unstable_by_key(|(interface, _)| *interface);
    serializer.collect_seq(interfaces)
}

fn of_any_order<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<HashMap<String, Met>, D::Error> {
    Ok(Vec::<(String, Met)>::deserialize(deserializer)?.into_iter().collect())
}

/// Records of one interface and family that would teach nothing more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Quiet {
    #[default]
    None,
    /// Those with this address at one end.
    With(Sought),
    /// Those between these two.
    Between(Sought, Sought),
    /// All: they have nothing in common.
    All,
}

impl Quiet {
    /// Whether a record between two addresses teaches nothing more.
    #[inline(always)]
    pub(super) fn covers(&self, ends: &impl Ends) -> bool {
        match self {
            Quiet::None => false,
            Quiet::With(address) => {
                let (source, destination) = ends.are(address);
                source != destination
            }
            Quiet::Between(a, b) => {
                matches!(
                    (ends.are(a), ends.are(b)),
                    ((true, _), (_, true)) | ((_, true), (true, _))
                )
            }
            Quiet::All => true,
        }
    }
}

/// The addresses that all records so far have in common, each with what is known of the other ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Common(BTreeMap<IpAddr, Others>);

/// What is known of the addresses at the other end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Others {
    /// The only network they are in; `None` if they are in several.
    network: Option<u128>,
    /// Whether any of them is routed on the Internet.
    any_public: bool,
}

impl Others {
    fn of(address: IpAddr) -> Others {
        Others { network: Some(network(address)), any_public: !is_private(address) }
    }

    fn merge(&mut self, other: &Others) {
        if self.network != other.network {
            self.network = None;
        }
        self.any_public |= other.any_public;
    }
}

impl Common {
    fn of_pair(a: IpAddr, b: IpAddr) -> Common {
        Common(BTreeMap::from([(a, Others::of(b)), (b, Others::of(a))]))
    }

    fn intersect(&mut self, other: &Common) {
        self.0.retain(|address, _| other.0.contains_key(address));
        for (address, ends) in &mut self.0 {
            ends.merge(&other.0[address]);
        }
    }

    /// The records that would change nothing of what is learned in the end.
    fn quiet(&self) -> Quiet {
        let mut addresses =
            self.0.iter().map(|(address, ends)| (Sought::new(&address.to_string()), ends));
        match (addresses.next(), addresses.next()) {
            (Some((address, _)), None) if own_address(self).is_some() => Quiet::With(address),
            (Some(_), None) => Quiet::None,
            (Some((a, _)), Some((b, _))) => Quiet::Between(a, b),
            (None, _) => Quiet::All,
        }
    }
}

/// The /64 of an IPv6 address, the /32 of an IPv4 one.
fn network(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits() >> 64,
    }
}

/// Whether the address is of a range that is not routed on the Internet.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_private() || (address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64)
        }
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

impl Learner {
    /// Whether no record taught anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.interfaces.is_empty()
    }

    /// The records of an interface that would teach nothing more.
    pub(super) fn quiet(&self, interface: &str, family: usize) -> Quiet {
        let met = self.interfaces.get(interface);
        let common = met.and_then(|met| met.common[family].as_ref());
        common.map_or(Quiet::None, Common::quiet)
    }

    /// Takes in the address pair of one record, in the spelling that batches have.
    pub(super) fn meet_texts(&mut self, interface: &str, source: &str, destination: &str) {
        if let (Ok(source), Ok(destination)) = (source.parse(), destination.parse()) {
            self.meet(interface, source, destination);
        }
    }

    /// Takes in the address pair of one record.
    fn meet(&mut self, interface: &str, source: IpAddr, destination: IpAddr) {
        if source.is_ipv4() != destination.is_ipv4() || source == destination {
            return;
        }
        self.take_in(
            interface,
            usize::from(source.is_ipv6()),
            Common::of_pair(source, destination),
        );
    }

    fn take_in(&mut self, interface: &str, family: usize, common: Common) {
        let met = match self.interfaces.get_mut(interface) {
            Some(met) => met,
            None => self.interfaces.entry(interface.to_owned()).or_default(),
        };
        let common = match met.common[family].take() {
            Some(mut so_far) => {
                so_far.intersect(&common);
                so_far
            }
            None => common,
        };
        met.common[family] = Some(common);
    }

    /// Takes in what another thread learned.
    pub(crate) fn merge(&mut self, other: Learner) {
        for (interface, met) in other.interfaces {
            for (family, common) in met.common.into_iter().enumerate() {
                if let Some(common) = common {
                    self.take_in(&interface, family, common);
                }
            }
        }
    }

    /// Writes what can be known into the book; returns how many addresses that is.
    pub(crate) fn teach(&self, book: &mut AddressBook) -> usize {
        let mut taught = 0;
        for (interface, met) in &self.interfaces {
            for common in met.common.iter().flatten() {
                if let Some((address, assumed)) = own_address(common) {
                    book.learn(interface, address, assumed);
                    taught += 1;
                }
            }
        }
        taught
    }
}

/// The interface's own address, and whether it is only assumed to be.
fn own_address(common: &Common) -> Option<(IpAddr, bool)> {
    let addresses: Vec<_> = common.0.iter().collect();
    match addresses[..] {
        [(address, ends)] if address.is_ipv4() => {
            (is_private(*address) || ends.any_public).then_some((*address, false))
        }
        [(address, ends)] => ends.network.is_none().then_some((*address, false)),
        [(a, _), (b, _)] if a.is_ipv4() => match (is_private(*a), is_private(*b)) {
            (true, false) => Some((*a, true)),
            (false, true) => Some((*b, true)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowproof_evidence::InterfaceIdentity;
    use proptest::prelude::*;

    fn learned(pairs: &[(&str, &str)]) -> Vec<(IpAddr, bool)> {
        let mut learner = Learner::default();
        for (a, b) in pairs {
            learner.meet("eni-1", a.parse().unwrap(), b.parse().unwrap());
        }
        learner.interfaces["eni-1"].common.iter().flatten().filter_map(own_address).collect()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_address_in_all_records_is_the_interfaces_own() {
        let pairs = [("10.0.1.5", "10.0.2.9"), ("10.0.3.3", "10.0.1.5"), ("10.0.1.5", "10.0.2.9")];
        assert_eq!(learned(&pairs), [(ip("10.0.1.5"), false)]);
    }

    #[test]
    fn of_one_pair_alone_the_private_address_is_assumed() {
        assert_eq!(learned(&[("203.0.113.9", "10.0.1.5")]), [(ip("10.0.1.5"), true)]);
        assert_eq!(learned(&[("10.0.1.5", "10.0.2.9")]), [], "two private ones: not known");
        assert_eq!(learned(&[("203.0.113.9", "198.51.100.7")]), [], "two public ones: not known");
    }

    #[test]
    fn an_interface_that_passes_others_traffic_on_has_no_address_to_learn() {
        assert_eq!(learned(&[("10.0.1.5", "10.0.2.9"), ("10.0.3.3", "10.0.4.4")]), []);
    }

    #[test]
    fn a_public_address_that_only_private_ones_talk_to_is_not_learned() {
        assert_eq!(learned(&[("10.0.1.5", "203.0.113.9"), ("10.0.1.6", "203.0.113.9")]), []);
        let public_range = [("198.51.100.10", "203.0.113.9"), ("10.1.1.1", "198.51.100.10")];
        assert_eq!(learned(&public_range), [(ip("198.51.100.10"), false)]);
    }

    #[test]
    fn one_remote_of_several_own_ipv6_addresses_is_not_taken_for_the_own() {
        let remote = "2001:db8:ffff::9";
        assert_eq!(learned(&[("2001:db8::5", remote), ("2001:db8::6", remote)]), []);
        let own = "2001:db8::5";
        assert_eq!(learned(&[(own, remote), ("2001:db8:eeee::1", own)]), [(ip(own), false)]);
    }

    #[test]
    fn families_are_learned_apart() {
        let mut learner = Learner::default();
        learner.meet("eni-1", ip("10.0.1.5"), ip("203.0.113.9"));
        learner.meet("eni-1", ip("2001:db8::5"), ip("2001:db8:ffff::9"));
        let mut book = AddressBook::default();
        book.add(&InterfaceIdentity { interface: "eni-2".into(), ..Default::default() });
        assert_eq!(learner.teach(&mut book), 1);
        assert!(book.get("eni-1").unwrap().owns("10.0.1.5"));
        assert!(book.get("eni-1").unwrap().assumed);
    }

    proptest! {
        #[test]
        fn what_was_learned_comes_back_from_bytes(
            records in prop::collection::vec((0u8..4, 0u8..6, 0u8..6), 0..20),
        ) {
            let address = |n: u8| -> IpAddr {
                match n {
                    0..3 => [10, 0, 0, n].into(),
                    3 => [198, 51, 100, n].into(),
                    _ => [0x2001, 0xdb8, n.into(), 0, 0, 0, 0, 1].into(),
                }
            };
            let [mut one, mut other] = [Learner::default(), Learner::default()];
            for (interface, a, b) in &records {
                one.meet(&format!("eni-{interface}"), address(*a), address(*b));
            }
            for (interface, a, b) in records.iter().rev() {
                other.meet(&format!("eni-{interface}"), address(*a), address(*b));
            }
            let bytes = postcard::to_allocvec(&one).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Learner>(&bytes).unwrap(), one);
            // However they were met, the same is the same bytes.
            prop_assert_eq!(postcard::to_allocvec(&other).unwrap(), bytes);
        }
    }

    proptest! {
        #[test]
        fn what_is_learned_does_not_depend_on_order_or_threads_or_texts(
            pairs in prop::collection::vec((0u8..5, 0u8..5), 1..20),
            split in any::<prop::sample::Index>(),
        ) {
            // Some public, some private, some IPv6.
            let address = |n: u8| -> IpAddr {
                match n {
                    0..2 => [10, 0, 0, n].into(),
                    2 => [198, 51, 100, n].into(),
                    _ => [0x2001, 0xdb8, n.into(), 0, 0, 0, 0, 1].into(),
                }
            };
            let mut whole = Learner::default();
            pairs.iter().for_each(|(a, b)| whole.meet("eni-1", address(*a), address(*b)));
            let (left, right) = pairs.split_at(split.index(pairs.len()));
            let (mut one, mut two) = (Learner::default(), Learner::default());
            left.iter().rev().for_each(|(a, b)| {
                one.meet_texts("eni-1", &address(*a).to_string(), &address(*b).to_string());
            });
            right.iter().for_each(|(a, b)| {
                two.meet_texts("eni-1", &address(*b).to_string(), &address(*a).to_string());
            });
            two.merge(one);
            let common = |learner: &Learner| learner.interfaces.get("eni-1").map(|m| m.common.clone());
            prop_assert_eq!(common(&two), common(&whole));
        }
    }
}
