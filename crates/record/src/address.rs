//! Whether a token is the text of an address.

use std::net::{IpAddr, Ipv6Addr};

/// Whether `token` is an IPv4 address in dotted decimal or an IPv6 address in any textual form.
pub(crate) fn is_address(token: &[u8]) -> bool {
    if token.len() <= 15 && is_ipv4(token) {
        return true;
    }
    // IPv6 is rarer by far; the standard library knows its many forms.
    is_plain_ipv6(token)
        || token.contains(&b':')
            && std::str::from_utf8(token).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// Whether `token` is an address in the one spelling that batches have.
pub(crate) fn is_one_spelling(token: &[u8]) -> bool {
    is_ipv4(token) || is_plain_ipv6(token) || is_canonical(token)
}

/// Whether an IPv6 address is spelled as the standard library does it, and is not IPv4-mapped.
fn is_canonical(token: &[u8]) -> bool {
    let address = std::str::from_utf8(token).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
    let spelling = address.map(|address| IpAddr::V6(address).to_canonical().to_string());
    spelling.is_some_and(|spelling| spelling.as_bytes() == token)
}

/// The same for those that begin with a group of digits, in one pass. Of the rest it is not sure.
pub(crate) fn is_plain_ipv6(token: &[u8]) -> bool {
    let mut rest = token;
    let mut groups = 0;
    // Groups that `::` stands for begin at this one.
    let mut gap = None;
    // Zeros in a row up to here; the most before the gap, and behind it or without one.
    let (mut zeros, mut most) = (0, [0, 0]);
    loop {
        let digits =
            rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count();
        let zero = rest.first() == Some(&b'0');
        if digits == 0 || digits > 4 || (zero && digits > 1) {
            return false;
        }
        groups += 1;
        zeros = if zero { zeros + 1 } else { 0 };
        let side = usize::from(gap.is_some());
        most[side] = zeros.max(most[side]);
        match rest[digits..] {
            [] => break,
            [b':', b':', ref behind @ ..] if gap.is_none() && !zero => {
                gap = Some(groups);
                zeros = 0;
                rest = behind;
                if rest.is_empty() {
                    break;
                }
                if rest[0] == b'0' {
                    return false;
                }
            }
            [b':', ref behind @ ..] => rest = behind,
            _ => return false,
        }
    }
    match gap {
        // The first of the longest runs of zeros is left out, unless it is of one.
        Some(_) => groups < 7 && most[0] < 8 - groups && most[1] <= 8 - groups,
        None => groups == 8 && most[0] < 2,
    }
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

    fn one_by_std(token: &str) -> bool {
        let address = token.parse::<IpAddr>();
        address.is_ok_and(|address| address.to_canonical().to_string() == token)
    }

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
        fn one_spelling_is_that_of_the_standard_library(
            groups in prop::collection::vec("0|0|1|[0-9a-f]{1,4}|[0-9A-F]{1,5}", 1..9),
            gap in 0usize..20, address in any::<std::net::IpAddr>(),
            segments in any::<[u16; 8]>(), kept in any::<u8>(),
        ) {
            let mut groups = groups;
            if gap < groups.len() {
                groups.insert(gap, String::new());
            }
            let sparse = std::array::from_fn(|at| if kept >> at & 1 == 1 { segments[at] } else { 0 });
            let sparse = IpAddr::from(Ipv6Addr::from(sparse)).to_string();
            for token in [groups.join(":"), address.to_string(), sparse] {
                prop_assert_eq!(is_one_spelling(token.as_bytes()), one_by_std(&token), "{}", token);
                prop_assert!(!is_plain_ipv6(token.as_bytes()) || one_by_std(&token), "{}", token);
            }
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
