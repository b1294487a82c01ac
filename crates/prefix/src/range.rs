//! Address ranges as prefixes.

use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use ipnet::IpNet;

use crate::bits::{Bits, Prefix};
use crate::canonical::{self, Family};

/// Why a pair of addresses is no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RangeError {
    /// The last address comes before the first.
    Reversed {
        /// The first address as given.
        first: IpAddr,
        /// The last address as given.
        last: IpAddr,
    },
    /// One end is IPv4 and the other IPv6.
    MixedFamilies {
        /// The first address as given.
        first: IpAddr,
        /// The last address as given.
        last: IpAddr,
    },
}

impl fmt::Display for RangeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reversed { first, last } => {
                write!(formatter, "reversed range: {last} comes before {first}")
            }
            Self::MixedFamilies { first, last } => {
                write!(formatter, "range from {first} to {last} mixes IPv4 and IPv6")
            }
        }
    }
}

impl core::error::Error for RangeError {}

/// The fewest prefixes that together hold the addresses from `first` to `last`, both included, and
/// no other, in ascending order.
///
/// IPv4-mapped ends are IPv4. An IPv6 range around the whole mapped block does not reach into IPv4.
///
/// # Errors
///
/// [`RangeError`] if `last` comes before `first`, or one of them is IPv4 and the other IPv6.
///
/// ```
/// use flowproof_prefix::range_to_prefixes;
///
/// let cover = range_to_prefixes("203.0.113.5".parse()?, "203.0.113.10".parse()?)?;
/// let cover: Vec<String> = cover.iter().map(ToString::to_string).collect();
/// assert_eq!(cover, ["203.0.113.5/32", "203.0.113.6/31", "203.0.113.8/31", "203.0.113.10/32"]);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub fn range_to_prefixes(first: IpAddr, last: IpAddr) -> Result<Vec<IpNet>, RangeError> {
    let reversed = RangeError::Reversed { first, last };
    match (canonical::address(first), canonical::address(last)) {
        (Family::V4(first), Family::V4(last)) => nets(first, last).ok_or(reversed),
        (Family::V6(first), Family::V6(last)) => nets(first, last).ok_or(reversed),
        _ => Err(RangeError::MixedFamilies { first, last }),
    }
}

fn nets<A: Bits>(first: A, last: A) -> Option<Vec<IpNet>> {
    (first <= last).then(|| cover(first, last).map(|prefix| prefix.to_net()).collect())
}

/// The greedy cover: from the first address not yet held, the widest prefix that begins there and
/// does not pass the end.
pub(crate) fn cover<A: Bits>(first: A, last: A) -> impl Iterator<Item = Prefix<A>> {
    let from = move |start: A| (start <= last).then(|| widest(start, last));
    let next = move |prefix: &Prefix<A>| prefix.last().successor().and_then(from);
    // The block of mapped addresses can stand alone in the cover of a range whose ends lie outside
    // it. As a prefix of its own it would mean all of IPv4.
    core::iter::successors(from(first), next).filter(|prefix| !A::is_mapped(*prefix))
}

fn widest<A: Bits>(start: A, last: A) -> Prefix<A> {
    // A prefix may begin at `start` only if its host bits are zero there.
    let shortest = A::WIDTH - start.trailing_zeros();
    let fitting = (shortest..A::WIDTH).find(|length| Prefix::masked(start, *length).last() <= last);
    Prefix { network: start, length: fitting.unwrap_or(A::WIDTH) }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use ipnet::IpNet;
    use proptest::prelude::*;

    use super::{RangeError, range_to_prefixes};

    fn cover(first: &str, last: &str) -> Vec<String> {
        let ends = (first.parse().expect("an address"), last.parse().expect("an address"));
        let cover = range_to_prefixes(ends.0, ends.1).expect("a range");
        cover.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn known_ranges_have_their_known_covers() {
        assert_eq!(cover("198.51.100.0", "198.51.100.255"), ["198.51.100.0/24"]);
        assert_eq!(cover("192.0.2.1", "192.0.2.1"), ["192.0.2.1/32"]);
        assert_eq!(cover("0.0.0.0", "255.255.255.255"), ["0.0.0.0/0"]);
        assert_eq!(cover("255.255.255.254", "255.255.255.255"), ["255.255.255.254/31"]);
        assert_eq!(cover("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ["::/0"]);
        assert_eq!(cover("2001:db8::1", "2001:db8::2"), ["2001:db8::1/128", "2001:db8::2/128"]);
        assert_eq!(cover("::ffff:192.0.2.0", "192.0.2.255"), ["192.0.2.0/24"]);
    }

    #[test]
    fn a_range_around_the_mapped_block_does_not_reach_into_ipv4() {
        let cover = cover("::fffe:ffff:ffff", "::1:0:0:0");
        assert_eq!(cover, ["::fffe:ffff:ffff/128", "::1:0:0:0/128"]);
    }

    #[test]
    fn reversed_and_mixed_ranges_are_errors_that_name_both_ends() {
        let [low, high]: [IpAddr; 2] = [[203, 0, 113, 5], [203, 0, 113, 10]].map(IpAddr::from);
        let reversed = range_to_prefixes(high, low).expect_err("reversed");
        assert_eq!(reversed, RangeError::Reversed { first: high, last: low });
        assert_eq!(reversed.to_string(), "reversed range: 203.0.113.5 comes before 203.0.113.10");
        let six: IpAddr = Ipv6Addr::LOCALHOST.into();
        let mixed = range_to_prefixes(low, six).expect_err("mixed");
        assert_eq!(mixed, RangeError::MixedFamilies { first: low, last: six });
        assert_eq!(mixed.to_string(), "range from 203.0.113.5 to ::1 mixes IPv4 and IPv6");
    }

    /// The cover holds exactly the addresses from `first` to `last`, in the fewest prefixes.
    fn check_minimal(cover: &[IpNet], first: u128, last: u128) {
        let width = |net: &IpNet| u32::from(net.max_prefix_len() - net.prefix_len());
        let start = |net: &IpNet| match net.network() {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits(),
        };
        let mut next = first;
        for net in cover {
            assert_eq!(start(net), next, "no gap, no overlap, ascending");
            next = next.wrapping_add(1 << width(net));
        }
        assert_eq!(next, last.wrapping_add(1), "ends with the range");
        // No two neighbours are the halves of one prefix, and disjoint prefixes of which that is
        // true are the fewest that hold their addresses.
        for pair in cover.windows(2) {
            let joined = pair[0].supernet();
            assert!(pair[0].prefix_len() != pair[1].prefix_len() || joined != pair[1].supernet());
        }
    }

    proptest! {
        #[test]
        fn a_cover_is_exact_and_minimal_in_ipv4(a: u32, b: u32, narrow in 0_u32..24) {
            let b = if b % 2 == 0 { a.saturating_add(b >> (8 + narrow)) } else { b };
            let (first, last) = (a.min(b), a.max(b));
            let ends = [first, last].map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
            let cover = range_to_prefixes(ends[0], ends[1]).expect("a range");
            check_minimal(&cover, first.into(), last.into());
        }

        #[test]
        fn a_cover_is_exact_and_minimal_in_ipv6(a: u128, b: u128, narrow in 0_u32..120) {
            // The upper half keeps clear of the mapped block, which is a case of its own.
            let a = a | 1 << 127;
            let b = if b % 2 == 0 { a.saturating_add(b >> narrow) } else { b | 1 << 127 };
            let (first, last) = (a.min(b), a.max(b));
            let ends = [first, last].map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)));
            let cover = range_to_prefixes(ends[0], ends[1]).expect("a range");
            check_minimal(&cover, first, last);
        }
    }
}
