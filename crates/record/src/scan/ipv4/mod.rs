//! The IPv4 addresses in a column, read without a branch: where the dots are cannot be guessed.
//! [`is_ipv4`](crate::address::is_ipv4) is the definition of right, and the standard library of which
//! number an address is.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;

use super::Kernel;

/// Stands for a token that is no IPv4 address.
pub(crate) const NOT_IPV4: u64 = u64::MAX;

/// Reads each token of `block`, between the separators before it and those at its end, as an IPv4
/// address: its number, the first octet the highest. A token that lies too near to an end of the block
/// is not told to be one.
pub(crate) fn read(kernel: Kernel, block: &[u8], tokens: [&[u32]; 2], read: &mut [u64]) {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 | Kernel::Avx512 => avx2::read(block, tokens, read),
        _ => portable::read(block, tokens, read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::is_ipv4;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    /// What each kernel reads of the tokens, parted by spaces, with enough around them.
    fn read_all(kernel: Kernel, tokens: &[String]) -> Vec<u64> {
        let block = format!("123 {} 4 5 6 7 8 9 10 11 12", tokens.join(" "));
        let (mut before, mut separators) = (3, vec![3]);
        for token in tokens {
            before += 1 + token.len() as u32;
            separators.push(before);
        }
        let mut numbers = vec![0; tokens.len()];
        let tokens = [&separators[..tokens.len()], &separators[1..]];
        read(kernel, block.as_bytes(), tokens, &mut numbers);
        numbers
    }

    /// The same by the standard library.
    fn number(token: &str) -> u64 {
        match token.parse::<Ipv4Addr>() {
            Ok(address) if is_ipv4(token.as_bytes()) => address.to_bits().into(),
            _ => NOT_IPV4,
        }
    }

    fn token() -> impl Strategy<Value = String> {
        let octet = || prop_oneof![9 => (0u16..260).prop_map(|n| n.to_string()), 1 => "[0-9]{0,4}"];
        let dot = || prop_oneof![30 => Just('.'), 1 => prop::char::range('!', '~')];
        let near = (octet(), dot(), octet(), dot(), octet(), dot(), octet());
        prop_oneof![
            3 => near.prop_map(|(a, x, b, y, c, z, d)| format!("{a}{x}{b}{y}{c}{z}{d}")),
            1 => "[0-9.]{1,18}",
            1 => "[!-~]{1,70}",
            1 => any::<std::net::IpAddr>().prop_map(|address| address.to_string()),
        ]
    }

    proptest! {
        #[test]
        fn every_kernel_reads_what_the_plain_check_and_the_standard_library_read(
            tokens in prop::collection::vec(token(), 1..40),
        ) {
            for kernel in Kernel::available() {
                let plain: Vec<_> = tokens.iter().map(|token| number(token)).collect();
                prop_assert_eq!(read_all(kernel, &tokens), plain, "{:?} {:?}", kernel, tokens);
            }
        }

        #[test]
        fn near_the_ends_of_a_block_nothing_is_read_beyond(
            text in "[0-9. ]{0,40}", start in 0u32..40, length in 0u32..60,
        ) {
            for kernel in Kernel::available() {
                let (start, end) = (start.min(text.len() as u32), (start + length).min(text.len() as u32));
                let mut number = [0];
                let tokens = [&[start.wrapping_sub(1)][..], &[end.max(start)][..]];
                read(kernel, text.as_bytes(), tokens, &mut number);
                let token = &text.as_bytes()[start as usize..end.max(start) as usize];
                let followed = text.as_bytes().get(token.len() + start as usize) == Some(&b' ');
                let found = number[0] != NOT_IPV4;
                prop_assert!(!found || !followed || is_ipv4(token), "{:?}", token);
            }
        }
    }

    #[test]
    fn every_length_of_every_octet_is_known() {
        let octets = ["0", "9", "10", "99", "100", "255"];
        let mut tokens = Vec::new();
        for a in octets {
            for b in octets {
                for c in octets {
                    tokens.extend(octets.map(|d| format!("{a}.{b}.{c}.{d}")));
                }
            }
        }
        for kernel in Kernel::available() {
            let numbers: Vec<_> = tokens.iter().map(|token| number(token)).collect();
            assert_eq!(read_all(kernel, &tokens), numbers, "{kernel:?}");
            assert!(!numbers.contains(&NOT_IPV4));
        }
        for bad in ["256", "00", "01", "010", "300", "1000", ""] {
            let tokens: Vec<_> = (0..4)
                .map(|place| {
                    let mut four = ["1"; 4];
                    four[place] = bad;
                    four.join(".")
                })
                .collect();
            for kernel in Kernel::available() {
                assert_eq!(read_all(kernel, &tokens), [NOT_IPV4; 4], "{kernel:?} {bad}");
            }
        }
    }
}
