//! Addresses and prefixes as the integers they are.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// An address of one family: `u32` for IPv4, `u128` for IPv6, the first octet the most significant.
pub(crate) trait Bits: Copy + Ord {
    /// Bits of an address.
    const WIDTH: u8;
    /// Most leading bits that a [`Rough`](crate::rough::Rough) look tells apart: 2 MiB of them. None
    /// of IPv6, most of which begins alike.
    const ROUGH: u32;

    /// The bits that a prefix of `length` (at most [`Self::WIDTH`]) leaves to the host, all set.
    fn host_mask(length: u8) -> Self;
    fn and_not(self, mask: Self) -> Self;
    fn or(self, mask: Self) -> Self;
    /// The next address, or none after the last one.
    fn successor(self) -> Option<Self>;
    fn trailing_zeros(self) -> u8;
    /// So many leading bits as a number, from 1 to 24 of them.
    fn leading(self, count: u32) -> usize;
    /// The prefix as callers know it. `length` is at most [`Self::WIDTH`].
    fn to_net(self, length: u8) -> IpNet;
}

macro_rules! bits {
    ($integer:ty, $address:ty, $net:ty, $variant:path, $rough:literal) => {
        impl Bits for $integer {
            const WIDTH: u8 = <$integer>::BITS as u8;
            const ROUGH: u32 = $rough;

            fn host_mask(length: u8) -> Self {
                // A shift by the whole width, as /32 or /128 asks for, leaves no host bit.
                <$integer>::MAX.checked_shr(u32::from(length)).unwrap_or(0)
            }

            fn and_not(self, mask: Self) -> Self {
                self & !mask
            }

            fn or(self, mask: Self) -> Self {
                self | mask
            }

            fn successor(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn trailing_zeros(self) -> u8 {
                <$integer>::trailing_zeros(self) as u8
            }

            fn leading(self, count: u32) -> usize {
                (self >> (<$integer>::BITS - count)) as usize
            }

            fn to_net(self, length: u8) -> IpNet {
                // Lengths come from an ipnet prefix or from a count of this integer's bits, so the
                // assertion inside cannot fail.
                $variant(<$net>::new_assert(<$address>::from_bits(self), length))
            }
        }
    };
}

bits!(u32, Ipv4Addr, Ipv4Net, IpNet::V4, 24);
bits!(u128, Ipv6Addr, Ipv6Net, IpNet::V6, 0);

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

    pub(crate) fn to_net(self) -> IpNet {
        self.network.to_net(self.length)
    }
}
