//! The name of a blob: the SHA-256 of its bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A blob's name, told as 64 small hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct BlobName([u8; 32]);

/// That a text is no name of a blob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name of a blob is its SHA-256 in 64 small hexadecimal digits")]
pub struct NoBlobName;

impl BlobName {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> BlobName {
        BlobName(Sha256::digest(bytes).into())
    }

    /// The name of what a hasher has seen.
    pub(super) fn of_hasher(hasher: Sha256) -> BlobName {
        BlobName(hasher.finalize().into())
    }
}

impl fmt::Display for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BlobName {
    type Err = NoBlobName;

    fn from_str(text: &str) -> Result<BlobName, NoBlobName> {
        let mut name = [0; 32];
        if text.len() != 2 * name.len() {
            return Err(NoBlobName);
        }
        for (byte, pair) in name.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(BlobName(name))
    }
}

impl TryFrom<String> for BlobName {
    type Error = NoBlobName;

    fn try_from(text: String) -> Result<BlobName, NoBlobName> {
        text.parse()
    }
}

impl From<BlobName> for String {
    fn from(name: BlobName) -> String {
        name.to_string()
    }
}

fn digit(byte: u8) -> Result<u8, NoBlobName> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(NoBlobName),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest of "abc" in FIPS 180-4.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_name_is_the_sha_256_and_reads_as_it_is_told() {
        let name = BlobName::of(b"abc");
        assert_eq!(name.to_string(), ABC);
        assert_eq!(ABC.parse(), Ok(name));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = format!("{ABC}0");
        for text in ["", "abc", &ABC.to_uppercase(), &long, &ABC.replace('b', "\u{e9}")] {
            assert_eq!(text.parse::<BlobName>(), Err(NoBlobName), "{text}");
        }
    }
}
