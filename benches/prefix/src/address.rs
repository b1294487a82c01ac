//! What the benches need of an address, IPv4 (`u32`) or IPv6 (`u128`), both in host order.

use std::fmt::Debug;
use std::hash::Hash;
use std::net::IpAddr;

/// An address as an integer.
pub(crate) trait Address: Copy + Ord + Hash + Debug + Into<u128> + 'static {
    /// How many bits it has.
    const BITS: u8;
    /// The lowest address.
    const FIRST: Self;

    /// The address with all bits behind the first `length` set to 0.
    fn first_of(self, length: u8) -> Self;
    /// The address with all bits behind the first `length` set to 1.
    fn last_of(self, length: u8) -> Self;
    /// The next address, if this is not the last one.
    fn next(self) -> Option<Self>;
    /// The lowest bits of an integer as an address.
    fn of_bits(bits: u128) -> Self;
    /// The address as others know it.
    fn ip(self) -> IpAddr;
}

macro_rules! address {
    ($bits:ty) => {
        impl Address for $bits {
            const BITS: u8 = <$bits>::BITS as u8;
            const FIRST: Self = 0;

            fn first_of(self, length: u8) -> Self {
                self & !host_mask::<$bits>(length)
            }

            fn last_of(self, length: u8) -> Self {
                self | host_mask::<$bits>(length)
            }

            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn of_bits(bits: u128) -> Self {
                bits as $bits
            }

            fn ip(self) -> IpAddr {
                IpAddr::from(self.to_be_bytes())
            }
        }
    };
}

address!(u32);
address!(u128);

fn host_mask<A: Address>(length: u8) -> A {
    let host_bits = A::BITS - length;
    A::of_bits(if host_bits == 128 { u128::MAX } else { (1 << host_bits) - 1 })
}
