//! Whether a token is the text of an address.

use std::net::Ipv6Addr;

/// Whether `token` is an IPv4 address in dotted decimal or an IPv6 address in any textual form.
pub(crate) fn is_address(token: &[u8]) -> bool {
    if token.len() <= 15 && is_ipv4(token) {
        return true;
    }
    // IPv6 is rarer by far; the standard library knows its many forms.
    token.contains(&b':')
        && std::str::from_utf8(token).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// Four numbers from 0 to 255 without leading zeros, parted by dots.
pub(crate) fn is_ipv4(token: &[u8]) -> bool {
    let mut octets = 0;
    let mut digits = 0u32;
    let mut value = 0u32;
    for &byte in token {
        match byte {
            b'0'..=b'9' => {
                if digits > 0 && value == 0 {
                    return false; // A leading zero: some read it as octal.
                }
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
                if value > 255 {
                    return false;
                }
            }
            b'.' if digits > 0 && octets < 3 => {
                octets += 1;
                digits = 0;
                value = 0;
            }
            _ => return false,
        }
    }
    octets == 3 && digits > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::IpAddr;

    fn by_std(token: &str) -> bool {
        token.parse::<IpAddr>().is_ok()
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(token in "[0-9.:a-f]{0,18}") {
            prop_assert_eq!(is_address(token.as_bytes()), by_std(&token));
        }

        #[test]
        fn agrees_on_near_addresses(a in 0u16..300, b in 0u16..300, c in "0{0,2}[0-9]{1,3}", d in 0u16..300) {
            let token = format!("{a}.{b}.{c}.{d}");
            prop_assert_eq!(is_address(token.as_bytes()), by_std(&token), "{}", token);
        }

        #[test]
        fn takes_every_address(address in any::<IpAddr>()) {
            prop_assert!(is_address(address.to_string().as_bytes()));
        }
    }

    #[test]
    fn refuses_what_only_looks_like_an_address() {
        for token in ["", ".", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "-", "eni-1", "::g"] {
            assert!(!is_address(token.as_bytes()), "{token}");
        }
        assert!(!is_address(&[0xff, b':', b':']));
    }
}
