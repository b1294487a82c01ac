//! Which tokens of a column are IPv4 addresses, told without a branch: where the dots are cannot be
//! guessed. [`is_ipv4`](crate::address::is_ipv4) is the definition of right.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;

use super::Kernel;

/// Tells for each token of `block`, between the separators before it and those at its end, whether it
/// is an IPv4 address. A token that lies too near to an end of the block is not told to be one.
pub(crate) fn find(kernel: Kernel, block: &[u8], tokens: [&[u32]; 2], found: &mut [bool]) {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 | Kernel::Avx512 => avx2::find(block, tokens, found),
        _ => portable::find(block, tokens, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::is_ipv4;
    use proptest::prelude::*;

    /// What each kernel says of the tokens, parted by spaces, with enough around them.
    fn found(kernel: Kernel, tokens: &[String]) -> Vec<bool> {
        let block = format!("123 {} 4 5 6 7 8 9 10 11 12", tokens.join(" "));
        let (mut before, mut separators) = (3, vec![3]);
        for token in tokens {
            before += 1 + token.len() as u32;
            separators.push(before);
        }
        let mut found = vec![false; tokens.len()];
        let tokens = [&separators[..tokens.len()], &separators[1..]];
        find(kernel, block.as_bytes(), tokens, &mut found);
        found
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
        fn every_kernel_finds_what_the_plain_check_finds(
            tokens in prop::collection::vec(token(), 1..40),
        ) {
            for kernel in Kernel::available() {
                let plain: Vec<_> = tokens.iter().map(|token| is_ipv4(token.as_bytes())).collect();
                prop_assert_eq!(found(kernel, &tokens), plain, "{:?} {:?}", kernel, tokens);
            }
        }

        #[test]
        fn near_the_ends_of_a_block_nothing_is_read_beyond(
            text in "[0-9. ]{0,40}", start in 0u32..40, length in 0u32..60,
        ) {
            for kernel in Kernel::available() {
                let (start, end) = (start.min(text.len() as u32), (start + length).min(text.len() as u32));
                let mut found = [false];
                let tokens = [&[start.wrapping_sub(1)][..], &[end.max(start)][..]];
                find(kernel, text.as_bytes(), tokens, &mut found);
                let token = &text.as_bytes()[start as usize..end.max(start) as usize];
                let followed = text.as_bytes().get(token.len() + start as usize) == Some(&b' ');
                prop_assert!(!found[0] || !followed || is_ipv4(token), "{:?}", token);
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
            assert!(found(kernel, &tokens).iter().all(|found| *found), "{kernel:?}");
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
                assert!(found(kernel, &tokens).iter().all(|found| !*found), "{kernel:?} {bad}");
            }
        }
    }
}
