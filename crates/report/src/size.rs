//! Sizes as people type them.

/// A text that is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no size; give a number and MB or GB, like 512MB")]
pub struct UnknownSize {
    /// The text.
    pub given: String,
}

/// A size in bytes: a number and nothing, `KB`, `MB`, `GB` (decimal) or `KiB`, `MiB`, `GiB`.
///
/// # Errors
///
/// When the text is no such size, or the size is none that memory could have.
pub fn parse_size(text: &str) -> Result<usize, UnknownSize> {
    let unknown = || UnknownSize { given: text.to_owned() };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: usize = text[..digits].parse().map_err(|_| unknown())?;
    let factor: usize = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1000 * 1000,
        "g" | "gb" => 1000 * 1000 * 1000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(unknown()),
    };
    number.checked_mul(factor).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal_or_binary_by_their_unit() {
        assert_eq!(parse_size("512MB"), Ok(512_000_000));
        assert_eq!(parse_size("1GiB"), Ok(1 << 30));
        assert_eq!(parse_size("4096"), Ok(4096));
        assert!(parse_size("lots").is_err());
        assert!(parse_size("99999999999999999999GB").is_err());
    }
}
