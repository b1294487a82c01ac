//! [`Matcher`]: all lists together, compiled for look-up.

use std::net::IpAddr;
use std::ops::Range;

use flowproof_prefix::{PrefixMap, PrefixSet, canonical_prefix};
use ipnet::IpNet;

use crate::entry::Entry;
use crate::list::{List, ListRole};
use crate::special::internal_blocks;

#[cfg(test)]
mod tests;

/// An entry of a list that holds an address.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct Match<'a> {
    /// The list.
    pub list: &'a List,
    /// The entry of it.
    pub entry: &'a Entry,
    /// Their numbers: of the list among [`Matcher::lists`], of the entry in the list.
    pub place: (u32, u32),
    /// The prefix of the entry that holds the address. The entry of a range has several.
    pub prefix: IpNet,
}

/// Lists compiled for look-up: built once, then asked from any thread.
///
/// The order of lists, and of entries in them, decides no more than the order in which equally wide
/// matches are told.
#[derive(Debug, Default)]
pub struct Matcher {
    lists: Vec<List>,
    /// For each distinct prefix the slice of `places` that it stands for.
    prefixes: PrefixMap<Range<u32>>,
    /// The entries of each prefix side by side.
    places: Vec<Place>,
    threat: PrefixSet,
    trusted: PrefixSet,
    internal: PrefixSet,
}

/// Where an entry stands: indices of the list and of the entry in it. A list is bounded at 1 GiB, so
/// neither can pass 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    list: u32,
    entry: u32,
}

impl Matcher {
    /// Compiles lists. They may overlap in any way.
    #[must_use]
    pub fn new(lists: Vec<List>) -> Self {
        let placed = placed(&lists);
        let of_role = |role: ListRole| {
            let has_role = |(_, place): &&(IpNet, Place)| lists[place.list as usize].role == role;
            placed.iter().filter(has_role).map(|(prefix, _)| *prefix).collect::<PrefixSet>()
        };
        let (threat, trusted) = (of_role(ListRole::Threat), of_role(ListRole::Trusted));
        // Equal prefixes are neighbours, so that each stands for one slice of the places. What is
        // sorted is gone before the map is built of it: there may be millions.
        let mut places = Vec::with_capacity(placed.len());
        let ranges = (0_u32..).zip(placed).map(|(at, (prefix, place))| {
            places.push(place);
            (prefix, at..at + 1)
        });
        let prefixes = PrefixMap::build(ranges, |range, next| range.end = next.end);
        Self { prefixes, places, threat, trusted, internal: internal_blocks(), lists }
    }

    /// Every entry of every list that holds `address`: the narrowest entry first, then in the order
    /// of lists, then of lines. Trusted lists are among them.
    #[must_use]
    pub fn matches(&self, address: IpAddr) -> Vec<Match<'_>> {
        let mut matches: Vec<(Place, Match<'_>)> = self
            .prefixes
            .matches(address)
            .flat_map(|(prefix, range)| {
                self.places[range.start as usize..range.end as usize]
                    .iter()
                    .map(move |at| (at, prefix))
            })
            .map(|(place, prefix)| (*place, self.found(*place, prefix)))
            .collect();
        // By entry and not by prefix: a prefix that a range was cut into can be narrower than an
        // entry that is narrower than the range.
        matches.sort_by_cached_key(|(place, found)| (found.entry.addresses(), *place));
        matches.into_iter().map(|(_, found)| found).collect()
    }

    fn found(&self, place: Place, prefix: IpNet) -> Match<'_> {
        let list = &self.lists[place.list as usize];
        Match {
            list,
            entry: &list.entries[place.entry as usize],
            place: (place.list, place.entry),
            prefix,
        }
    }

    /// Whether any list holds `address`, threat or trusted.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.prefixes.contains(address)
    }

    /// Whether `address` counts as a threat: a threat list holds it and no trusted list does. A
    /// trusted entry wins over a threat entry whichever of them is narrower.
    #[must_use]
    pub fn threat_contains(&self, address: IpAddr) -> bool {
        self.threat.contains(address) && !self.trusted.contains(address)
    }

    /// [`Self::contains`] of an IPv4 address in host order: `203.0.113.9` is `0xcb007109`.
    #[must_use]
    pub fn contains_v4(&self, bits: u32) -> bool {
        self.prefixes.contains_v4(bits)
    }

    /// [`Self::threat_contains`] of an IPv4 address in host order.
    #[must_use]
    pub fn threat_contains_v4(&self, bits: u32) -> bool {
        self.threat.contains_v4(bits) && !self.trusted.contains_v4(bits)
    }

    /// Whether a trusted list holds `address`.
    #[must_use]
    pub fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.contains(address)
    }

    /// Whether flows within a VPC have such an address, whatever the lists say: private, shared, link
    /// local, multicast and the like. An entry that holds it matches internal traffic.
    #[must_use]
    pub fn is_internal(&self, address: IpAddr) -> bool {
        self.internal.contains(address)
    }

    /// Every prefix of every threat list, for look-ups by integer. Trusted lists take nothing away
    /// from it: an address in both sets is a suppressed match, which is counted too.
    #[must_use]
    pub fn threat_set(&self) -> &PrefixSet {
        &self.threat
    }

    /// Every prefix of every trusted list, for look-ups by integer.
    #[must_use]
    pub fn trusted_set(&self) -> &PrefixSet {
        &self.trusted
    }

    /// The lists, in the order they were given.
    #[must_use]
    pub fn lists(&self) -> &[List] {
        &self.lists
    }
}

/// Each prefix of each entry, with the place of the entry, by prefix and then by place.
fn placed(lists: &[List]) -> Vec<(IpNet, Place)> {
    let prefixes = lists.iter().flat_map(|list| &list.entries).map(|entry| entry.prefixes.len());
    let mut placed = Vec::with_capacity(prefixes.sum());
    for (list_index, list) in lists.iter().enumerate() {
        for (entry_index, entry) in list.entries.iter().enumerate() {
            let place = Place { list: list_index as u32, entry: entry_index as u32 };
            // Canonical as the map keeps them, also if a caller made the list up by hand.
            placed.extend(entry.prefixes.iter().map(|net| (canonical_prefix(*net), place)));
        }
    }
    placed.sort_unstable_by_key(|(net, place)| (order(net), *place));
    placed
}

/// A number by which prefixes are sorted, all of one length or another: IPv4 before IPv6.
fn order(net: &IpNet) -> (bool, u128, u8) {
    match net {
        IpNet::V4(net) => (false, u128::from(net.addr().to_bits()), net.prefix_len()),
        IpNet::V6(net) => (true, net.addr().to_bits(), net.prefix_len()),
    }
}
