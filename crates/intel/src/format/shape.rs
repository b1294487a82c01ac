//! Whether a text is meant as an address, where the format does not say what it is.

use crate::token;

/// An address, prefix or range in any spelling that is read, or what could only be a damaged one:
/// `203.0.113.300`. A damaged one is then refused by name, and not counted as something else.
pub(super) fn is_address_shaped(text: &str) -> bool {
    let plain = token::refang(text);
    let options = crate::ListOptions { allow_wide: true, ..Default::default() };
    is_dotted(&plain) || is_hex_groups(&plain) || token::parse(&plain, &options).is_ok()
}

/// Numbers between dots, at least three of them, with a length or a port behind them or not.
fn is_dotted(text: &str) -> bool {
    let address = text.split(['/', ':', '-']).next().unwrap_or_default().trim_end();
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    address.split('.').all(is_number) && address.matches('.').count() >= 2
}

/// Hex digits between colons, at least three groups.
fn is_hex_groups(text: &str) -> bool {
    let address = text.split('/').next().unwrap_or_default();
    let is_hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
    address.bytes().all(is_hex) && address.matches(':').count() >= 2
}

#[cfg(test)]
mod tests {
    use super::is_address_shaped;

    #[test]
    fn addresses_and_damaged_ones_are_told_from_names() {
        for text in [
            "192.0.2.1",
            "192[.]0[.]2[.]1",
            "192.0.2.0/24",
            "192.0.2.1:8080",
            "192.0.2.1-192.0.2.9",
            "203.0.113.300",
            "203.0.113.300 - 203.0.113.400",
            "203.0.113",
            "0.0.0.0/0",
            "2001:db8::1",
            "2001:db8:1:2:3:4:5:6:7",
            "[2001:db8::1]:443",
        ] {
            assert!(is_address_shaped(text), "{text}");
        }
        for text in
            ["", "example.com", "cafe.be", "1.example", "v1.2", "443", "user@example.com", "a b"]
        {
            assert!(!is_address_shaped(text), "{text}");
        }
    }
}
