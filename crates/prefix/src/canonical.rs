//! One spelling for each address and prefix: masked, and IPv4 where IPv6 only wraps it.

use core::net::IpAddr;

use ipnet::IpNet;

use crate::bits::Prefix;

/// A thing of one address family or the other.
pub(crate) enum Family<Four, Six> {
    V4(Four),
    V6(Six),
}

/// The leading 96 bits of an IPv4-mapped address, `::ffff:0:0/96`.
const MAPPED: u128 = 0xffff;

pub(crate) fn address(address: IpAddr) -> Family<u32, u128> {
    match address {
        IpAddr::V4(address) => Family::V4(address.to_bits()),
        IpAddr::V6(address) => address_v6(address.to_bits()),
    }
}

pub(crate) fn address_v6(bits: u128) -> Family<u32, u128> {
    if bits >> 32 == MAPPED { Family::V4(bits as u32) } else { Family::V6(bits) }
}

pub(crate) fn prefix(net: IpNet) -> Family<Prefix<u32>, Prefix<u128>> {
    match net {
        IpNet::V4(net) => Family::V4(Prefix::masked(net.addr().to_bits(), net.prefix_len())),
        IpNet::V6(net) => {
            // A prefix shorter than /96 is wider than the mapped block and stays IPv6. It does not
            // hold the mapped addresses, which are IPv4.
            match (address_v6(net.addr().to_bits()), net.prefix_len().checked_sub(96)) {
                (Family::V4(bits), Some(length)) => Family::V4(Prefix::masked(bits, length)),
                _ => Family::V6(Prefix::masked(net.addr().to_bits(), net.prefix_len())),
            }
        }
    }
}

/// The prefix as the maps of this crate keep it: host bits cleared, and IPv4 if it lies inside
/// `::ffff:0:0/96`.
///
/// ```
/// use flowproof_prefix::canonical_prefix;
///
/// let canonical = canonical_prefix("::ffff:203.0.113.9/120".parse()?);
/// assert_eq!(canonical, "203.0.113.0/24".parse()?);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[must_use]
pub fn canonical_prefix(net: IpNet) -> IpNet {
    match prefix(net) {
        Family::V4(prefix) => prefix.to_net(),
        Family::V6(prefix) => prefix.to_net(),
    }
}

#[cfg(test)]
mod tests {
    use super::canonical_prefix;

    #[test]
    fn host_bits_are_cleared_and_mapped_prefixes_become_ipv4() {
        for (written, canonical) in [
            ("203.0.113.9/24", "203.0.113.0/24"),
            ("203.0.113.9/32", "203.0.113.9/32"),
            ("203.0.113.9/0", "0.0.0.0/0"),
            ("2001:db8::9/32", "2001:db8::/32"),
            ("2001:db8::9/0", "::/0"),
            ("::ffff:203.0.113.9/128", "203.0.113.9/32"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:203.0.113.9/95", "::fffe:0:0/95"),
            ("::203.0.113.9/128", "::203.0.113.9/128"),
            ("64:ff9b::203.0.113.9/128", "64:ff9b::203.0.113.9/128"),
        ] {
            let net = written.parse().expect("a prefix");
            assert_eq!(canonical_prefix(net), canonical.parse().expect("a prefix"), "{written}");
        }
    }
}
