//! Addresses and prefixes as the integers they are.

use core::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::canonical::{self, Family};
use crate::near::{Levels, Near, Pieces};

/// An address of one family: `u32` for IPv4, `u128` for IPv6, the first octet the most significant.
pub(crate) trait Bits: Copy + Ord + Send + Sync + 'static {
    /// Bits of an address.
    const WIDTH: u8;
    /// Finds where an address stands among sorted prefixes.
    type Near: Near<Self> + Send + Sync;
    /// Orders as a prefix does, in one comparison where there is room.
    type Order: Ord + Copy + Send;

    /// The bits that a prefix of `length` (at most [`Self::WIDTH`]) leaves to the host, all set.
    fn host_mask(length: u8) -> Self;
    fn and_not(self, mask: Self) -> Self;
    fn or(self, mask: Self) -> Self;
    /// The next address, or none after the last one.
    fn successor(self) -> Option<Self>;
    /// The address before, or none before the first one.
    fn predecessor(self) -> Option<Self>;
    fn trailing_zeros(self) -> u8;
    fn order(prefix: Prefix<Self>) -> Self::Order;
    /// Whether all addresses of the prefix are IPv4-mapped ones, so that it means an IPv4 prefix.
    fn is_mapped(prefix: Prefix<Self>) -> bool;
    /// The prefix as callers know it. `length` is at most [`Self::WIDTH`].
    fn to_net(self, length: u8) -> IpNet;
}

macro_rules! bits {
    ($integer:ty, $address:ty, $net:ty, $variant:path, $near:ty, $order:ty, $ordered:path) => {
        impl Bits for $integer {
            const WIDTH: u8 = <$integer>::BITS as u8;
            type Near = $near;
            type Order = $order;

            #[inline]
            fn host_mask(length: u8) -> Self {
                // A shift by the whole width, as /32 or /128 asks for, leaves no host bit.
                <$integer>::MAX.checked_shr(u32::from(length)).unwrap_or(0)
            }

            #[inline]
            fn and_not(self, mask: Self) -> Self {
                self & !mask
            }

            #[inline]
            fn or(self, mask: Self) -> Self {
                self | mask
            }

            fn successor(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn predecessor(self) -> Option<Self> {
                self.checked_sub(1)
            }

            fn trailing_zeros(self) -> u8 {
                <$integer>::trailing_zeros(self) as u8
            }

            #[inline]
            fn order(prefix: Prefix<Self>) -> Self::Order {
                $ordered(prefix)
            }

            fn is_mapped(prefix: Prefix<Self>) -> bool {
                matches!(
                    (prefix.to_net(), canonical::prefix(prefix.to_net())),
                    (IpNet::V6(_), Family::V4(_))
                )
            }

            #[inline]
            fn to_net(self, length: u8) -> IpNet {
                // Lengths come from an ipnet prefix or from a count of this integer's bits, so the
                // assertion inside cannot fail.
                $variant(<$net>::new_assert(<$address>::from_bits(self), length))
            }
        }
    };
}

bits!(u32, Ipv4Addr, Ipv4Net, IpNet::V4, Pieces, u64, order_v4);
bits!(u128, Ipv6Addr, Ipv6Net, IpNet::V6, Levels, (u128, u8), order_v6);

fn order_v4(prefix: Prefix<u32>) -> u64 {
    u64::from(prefix.network) << 8 | u64::from(prefix.length)
}

fn order_v6(prefix: Prefix<u128>) -> (u128, u8) {
    (prefix.network, prefix.length)
}

/// A masked prefix. The order is by address, then by length: a prefix comes before all it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Prefix<A> {
    /// The first address.
    pub(crate) network: A,
    /// Leading bits that all its addresses share.
    pub(crate) length: u8,
}

impl<A: Bits> Prefix<A> {
    /// The prefix of `length` (at most the family's width) that holds `address`.
    pub(crate) fn masked(address: A, length: u8) -> Self {
        Self { network: address.and_not(A::host_mask(length)), length }
    }

    /// The last address.
    pub(crate) fn last(self) -> A {
        self.network.or(A::host_mask(self.length))
    }

    #[inline]
    pub(crate) fn holds(self, address: A) -> bool {
        address.and_not(A::host_mask(self.length)) == self.network
    }

    pub(crate) fn to_net(self) -> IpNet {
        self.network.to_net(self.length)
    }
}
