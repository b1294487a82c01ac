//! Address text to integers, from raw bytes.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use ipnet::IpNet;

use crate::canonical_prefix;

/// The longest text of an IPv6 address, `ffff:...:255.255.255.255`.
const LONGEST: usize = 45;

/// Parses the text of an IPv4 or IPv6 address. The whole token must be one address, in a form that
/// `core::net::IpAddr` accepts: no blanks, no port, no zone, no leading zeros in IPv4 octets.
/// The answer is what the standard library gives; an IPv4-mapped address stays IPv6.
///
/// It is here because flow logs and lists come as bytes, addresses of them by the hundred million,
/// and the standard library wants a `str` first. IPv4 is parsed by hand; IPv6, where the forms are
/// many and the records few, is left to the standard library.
///
/// ```
/// use flowproof_prefix::parse_ip;
///
/// assert_eq!(parse_ip(b"203.0.113.9"), Some("203.0.113.9".parse()?));
/// assert_eq!(parse_ip(b"2001:db8::9"), Some("2001:db8::9".parse()?));
/// assert_eq!(parse_ip(b"203.0.113.09"), None);
/// assert_eq!(parse_ip(b"-"), None);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub fn parse_ip(text: &[u8]) -> Option<IpAddr> {
    if let Some(bits) = ipv4(text) {
        return Some(IpAddr::V4(Ipv4Addr::from_bits(bits)));
    }
    if text.len() > LONGEST || !text.contains(&b':') {
        return None;
    }
    let text = core::str::from_utf8(text).ok()?;
    Ipv6Addr::from_str(text).ok().map(IpAddr::V6)
}

/// Parses a prefix in CIDR notation, or an address as the prefix of itself alone, to the prefix as the
/// maps of this crate keep it ([`canonical_prefix`]). The address is read as [`parse_ip`] reads it, and
/// the length without a sign or leading zeros: some readers take `010.0.0.0/8` for another network than
/// others do, so that it is none here.
///
/// ```
/// use flowproof_prefix::parse_prefix;
///
/// assert_eq!(parse_prefix(b"203.0.113.0/24"), Some("203.0.113.0/24".parse()?));
/// assert_eq!(parse_prefix(b"203.0.113.9"), Some("203.0.113.9/32".parse()?));
/// assert_eq!(parse_prefix(b"::ffff:203.0.113.9/120"), Some("203.0.113.0/24".parse()?));
/// assert_eq!(parse_prefix(b"203.0.113.0/33"), None);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub fn parse_prefix(text: &[u8]) -> Option<IpNet> {
    let net = match text.iter().position(|byte| *byte == b'/') {
        None => IpNet::from(parse_ip(text)?),
        Some(slash) => IpNet::new(parse_ip(&text[..slash])?, length(&text[slash + 1..])?).ok()?,
    };
    Some(canonical_prefix(net))
}

/// A number of at most three digits that fits in eight bits.
fn length(digits: &[u8]) -> Option<u8> {
    let is_plain =
        digits.iter().all(u8::is_ascii_digit) && (digits == b"0" || !digits.starts_with(b"0"));
    core::str::from_utf8(digits).ok().filter(|_| is_plain)?.parse().ok()
}

/// Four octets of one to three digits, three dots between them.
fn ipv4(text: &[u8]) -> Option<u32> {
    let mut bits = 0_u32;
    let mut dots = 0;
    // At most three digits are taken, so an octet cannot wrap before it is compared with 255.
    let (mut octet, mut digits) = (0_u32, 0);
    for &byte in text {
        match byte {
            // A further digit after a leading zero would be octal to some readers.
            b'0'..=b'9' if digits < 3 && (digits == 0 || octet != 0) => {
                octet = octet * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'.' if digits > 0 && octet <= 255 && dots < 3 => {
                bits = bits << 8 | octet;
                dots += 1;
                (octet, digits) = (0, 0);
            }
            _ => return None,
        }
    }
    (digits > 0 && octet <= 255 && dots == 3).then_some(bits << 8 | octet)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn standard(text: &[u8]) -> Option<IpAddr> {
        core::str::from_utf8(text).ok()?.parse().ok()
    }

    #[test]
    fn the_edges_of_the_syntax_are_decided_as_the_standard_library_does() {
        for text in [
            "0.0.0.0",
            "255.255.255.255",
            "203.0.113.9",
            "256.0.0.1",
            "203.404.113.9",
            "1.2.3",
            "1.2.3.",
            ".1.2.3",
            "1..2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.00",
            "1.2.3.0000",
            "1.2.3.4 ",
            " 1.2.3.4",
            "1.2.3.-4",
            "+1.2.3.4",
            "1e3",
            "",
            "-",
            "::",
            "::1",
            "2001:DB8::9",
            "2001:0db8:0000:0000:0000:0000:0000:0009",
            "2001:db8::00009",
            "::ffff:203.0.113.9",
            "::ffff:203.0.113.09",
            "1:2:3:4:5:6:203.0.113.9",
            "1:2:3:4:5:6:7:203.0.113.9",
            "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
            "0000:0000:0000:0000:0000:0000:0000:0000:0000",
            "fe80::1%eth0",
            "[::1]",
            "2001:db8::9:443",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1::3::5",
            ":::",
            ":",
        ] {
            assert_eq!(parse_ip(text.as_bytes()), text.parse().ok(), "{text:?}");
        }
        assert_eq!(parse_ip(b"1.2.3.4\xff"), None);
        assert_eq!(parse_ip(b"::\xff"), None);
    }

    #[test]
    fn prefixes_are_read_strictly_and_kept_as_the_maps_keep_them() {
        for (text, prefix) in [
            ("203.0.113.0/24", Some("203.0.113.0/24")),
            ("203.0.113.9/24", Some("203.0.113.0/24")),
            ("203.0.113.9", Some("203.0.113.9/32")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("2001:db8::9/32", Some("2001:db8::/32")),
            ("2001:db8::9", Some("2001:db8::9/128")),
            ("::ffff:203.0.113.0/120", Some("203.0.113.0/24")),
            ("::ffff:203.0.113.9", Some("203.0.113.9/32")),
            ("203.0.113.0/33", None),
            ("203.0.113.0/256", None),
            ("2001:db8::/129", None),
            ("203.0.113.0/", None),
            ("203.0.113.0/+8", None),
            ("203.0.113.0/08", None),
            ("203.0.113.0/-1", None),
            ("203.0.113.0/24/8", None),
            ("203.0.113.0/255.255.255.0", None),
            ("010.0.0.0/8", None),
            ("/8", None),
            ("", None),
        ] {
            let expected = prefix.map(|prefix| prefix.parse().expect("a prefix"));
            assert_eq!(parse_prefix(text.as_bytes()), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_prefix_that_is_written_is_read_as_it_was(address: IpAddr, length in 0_u8..=128) {
            let length = if address.is_ipv4() { length.min(32) } else { length };
            let net = IpNet::new(address, length).expect("a length of the family");
            let written = net.to_string();
            prop_assert_eq!(parse_prefix(written.as_bytes()), Some(canonical_prefix(net)));
        }
    }

    /// Valid text, so that a mutation of it is nearly valid.
    fn valid() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<Ipv4Addr>().prop_map(|address| address.to_string()),
            any::<Ipv6Addr>().prop_map(|address| address.to_string()),
            any::<Ipv4Addr>().prop_map(|address| address.to_ipv6_mapped().to_string()),
            any::<[u16; 8]>().prop_map(|g| g.map(|group| format!("{group:04X}")).join(":")),
        ]
    }

    /// Text with one byte put in, taken out or replaced at a random place.
    fn mutated() -> impl Strategy<Value = Vec<u8>> {
        let byte =
            prop_oneof![proptest::sample::select(b"0123456789.:af%/ ".to_vec()), any::<u8>()];
        (valid(), any::<proptest::sample::Index>(), byte, 0..3).prop_map(
            |(text, place, byte, kind)| {
                let mut text = text.into_bytes();
                let place = place.index(text.len());
                match kind {
                    0 => text.insert(place, byte),
                    1 => drop(text.remove(place)),
                    _ => text[place] = byte,
                }
                text
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn valid_text_parses_as_in_the_standard_library(text in valid()) {
            prop_assert!(parse_ip(text.as_bytes()).is_some());
            prop_assert_eq!(parse_ip(text.as_bytes()), standard(text.as_bytes()));
        }

        #[test]
        fn mutated_text_parses_as_in_the_standard_library(text in mutated()) {
            prop_assert_eq!(parse_ip(&text), standard(&text));
        }

        #[test]
        fn random_text_parses_as_in_the_standard_library(text in "[0-9.:a-f]{0,48}") {
            prop_assert_eq!(parse_ip(text.as_bytes()), standard(text.as_bytes()));
        }

        #[test]
        fn dotted_numbers_parse_as_in_the_standard_library(text in "([0-9]{1,4}\\.){3}[0-9]{1,4}") {
            prop_assert_eq!(parse_ip(text.as_bytes()), standard(text.as_bytes()));
        }
    }
}
