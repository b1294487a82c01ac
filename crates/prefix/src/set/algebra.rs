//! Union, intersection and difference of the addresses of two sets.

use alloc::vec::Vec;

use crate::bits::{Bits, Prefix};
use crate::range::cover;
use crate::table::Table;

/// Where a walk along the address line enters the set and leaves it, in turns, entering first. A set
/// that holds the last address of all is not left.
fn borders<A: Bits>(table: &Table<A, ()>) -> Vec<A> {
    let mut borders: Vec<A> = Vec::new();
    for prefix in table.outermost() {
        if borders.last() == Some(&prefix.network) {
            // The one before ends where this one begins.
            borders.pop();
        } else {
            borders.push(prefix.network);
        }
        borders.extend(prefix.last().successor());
    }
    borders
}

/// The fewest prefixes that hold the addresses of which `keep` says so, asked whether the one and the
/// other set hold them. Of addresses in neither it is not asked.
pub(super) fn combine<A: Bits>(
    one: &Table<A, ()>,
    other: &Table<A, ()>,
    keep: fn(bool, bool) -> bool,
) -> Vec<Prefix<A>> {
    let (one, other) = (borders(one), borders(other));
    let (mut passed_one, mut passed_other) = (0, 0);
    let mut kept = Vec::new();
    let mut since = None;
    loop {
        let next = [one.get(passed_one), other.get(passed_other)].into_iter().flatten().min();
        let Some(&border) = next else { break };
        passed_one += usize::from(one.get(passed_one) == Some(&border));
        passed_other += usize::from(other.get(passed_other) == Some(&border));
        // An odd number of borders has been passed within a set.
        let within = (passed_one % 2 == 1, passed_other % 2 == 1);
        let keeps = (within.0 || within.1) && keep(within.0, within.1);
        match since {
            None if keeps => since = Some(border),
            Some(first) if !keeps => {
                kept.extend(border.predecessor().map(|last| (first, last)));
                since = None;
            }
            _ => {}
        }
    }
    kept.extend(since.map(|first| (first, A::host_mask(0))));
    kept.into_iter().flat_map(|(first, last)| cover(first, last)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use ipnet::{IpNet, Ipv4Net, Ipv6Net};
    use proptest::prelude::*;

    use crate::PrefixSet;

    fn set(prefixes: &[&str]) -> PrefixSet {
        prefixes.iter().map(|prefix| prefix.parse().expect("a prefix")).collect()
    }

    fn told(set: &PrefixSet) -> Vec<String> {
        set.iter().map(|prefix| prefix.to_string()).collect()
    }

    #[test]
    fn the_worked_example_of_each_operation() {
        let one = set(&["203.0.113.0/25", "203.0.113.128/25", "203.0.113.7/32", "2001:db8::/33"]);
        let other = set(&["203.0.113.192/26", "198.51.100.0/24", "2001:db8:8000::/33"]);
        assert_eq!(told(&one.aggregate()), ["203.0.113.0/24", "2001:db8::/33"]);
        assert_eq!(
            told(&one.union(&other)),
            ["198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"]
        );
        assert_eq!(told(&one.intersection(&other)), ["203.0.113.192/26"]);
        assert_eq!(
            told(&one.difference(&other)),
            ["203.0.113.0/25", "203.0.113.128/26", "2001:db8::/33"]
        );
        assert_eq!(told(&other.difference(&other)), [""; 0]);
    }

    #[test]
    fn the_first_and_the_last_address_are_addresses_like_any_other() {
        let all = set(&["0.0.0.0/0", "::/0"]);
        let ends = ["0.0.0.0/32", "255.255.255.255/32", "::/128"];
        let last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128";
        let ends = set(&[&ends[..], &[last]].concat());
        let inner = all.difference(&ends);
        assert!(!inner.contains_v4(0) && inner.contains_v4(1) && inner.contains_v4(u32::MAX - 1));
        assert!(!inner.contains_v4(u32::MAX) && !inner.contains_v6(u128::MAX));
        assert_eq!(told(&inner.union(&ends)), told(&all));
        assert_eq!(told(&all.aggregate()), ["0.0.0.0/0", "::/0"]);
        assert_eq!(told(&PrefixSet::default().union(&all)), ["0.0.0.0/0", "::/0"]);
    }

    #[test]
    fn what_is_left_of_ipv6_never_becomes_ipv4() {
        // The sibling of what is taken away is the block of mapped addresses, which stand for IPv4.
        let left = set(&["::fffe:0:0/95"]).difference(&set(&["::fffe:0:0/96"]));
        assert_eq!(told(&left), [""; 0]);
    }

    /// 256 addresses, and prefixes that lie among them.
    fn small(six: bool) -> impl Strategy<Value = PrefixSet> {
        let net = move |(low, cut): (u32, u8)| match six {
            true => IpNet::V6(Ipv6Net::new_assert(v6(low), 128 - cut)),
            false => IpNet::V4(Ipv4Net::new_assert(v4(low), 32 - cut)),
        };
        proptest::collection::vec((0_u32..256, 0_u8..=8), 0..24)
            .prop_map(move |drawn| drawn.into_iter().map(net).collect())
    }

    fn v4(low: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(u32::MAX - 255 + low)
    }

    fn v6(low: u32) -> Ipv6Addr {
        Ipv6Addr::from_bits(0x2001_0db8 << 96 | u128::from(low))
    }

    fn addresses(set: &PrefixSet, six: bool) -> BTreeSet<u32> {
        let at = |low: u32| if six { IpAddr::V6(v6(low)) } else { IpAddr::V4(v4(low)) };
        (0..256).filter(|low| set.contains(at(*low))).collect()
    }

    fn check_minimal(set: &PrefixSet) {
        let nets: Vec<IpNet> = set.iter().collect();
        assert_eq!(IpNet::aggregate(&nets), nets, "ipnet finds nothing to join");
    }

    proptest! {
        #[test]
        fn operations_are_those_of_sets_of_addresses(
            (six, one, other) in any::<bool>().prop_flat_map(|six| (Just(six), small(six), small(six))),
        ) {
            let (a, b) = (addresses(&one, six), addresses(&other, six));
            for (made, expected) in [
                (one.union(&other), &a | &b),
                (one.intersection(&other), &a & &b),
                (one.difference(&other), &a - &b),
                (one.aggregate(), a.clone()),
            ] {
                prop_assert_eq!(addresses(&made, six), expected);
                check_minimal(&made);
            }
        }
    }
}
