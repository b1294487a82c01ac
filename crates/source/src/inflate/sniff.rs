//! The encoding of an object, by its first bytes.

use serde::{Deserialize, Serialize};

use super::Ending;

/// How the bytes of an object are written. Told by magic bytes, never by the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Encoding {
    /// Not compressed, as far as the first bytes tell.
    Plain,
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames, skippable ones among them. A frame that needs a window of
    /// more than 128 MiB or a dictionary is refused as corrupt, with that reason.
    Zstd,
    /// Any number of streams.
    Bzip2,
    /// Known, not read.
    Xz,
    /// Known, not read.
    Zip,
    /// Apache Parquet. Known, not inflated: it is no stream, but read by the places of its parts
    /// (see [`Ranges`](crate::Ranges)).
    Parquet,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Encoding; 7] = [
        Encoding::Plain,
        Encoding::Gzip,
        Encoding::Zstd,
        Encoding::Bzip2,
        Encoding::Xz,
        Encoding::Zip,
        Encoding::Parquet,
    ];

    /// The word for it in results: `plain`, `gzip`, `zstd`, `bzip2`, `xz`, `zip`, `parquet`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Plain => "plain",
            Encoding::Gzip => "gzip",
            Encoding::Zstd => "zstd",
            Encoding::Bzip2 => "bzip2",
            Encoding::Xz => "xz",
            Encoding::Zip => "zip",
            Encoding::Parquet => "parquet",
        }
    }
}

/// The encoding of an object that begins with these bytes; `None` if they are too few to tell. Six
/// always are enough; more are not looked at.
///
/// ```
/// use flowproof_source::{Encoding, encoding_of};
///
/// assert_eq!(encoding_of(b"PAR1\x15\x04"), Some(Encoding::Parquet));
/// assert_eq!(encoding_of(b"2 123456789012"), Some(Encoding::Plain));
/// assert_eq!(encoding_of(b"PAR"), None);
/// ```
#[must_use]
pub fn encoding_of(first_bytes: &[u8]) -> Option<Encoding> {
    let mut sniffer = Sniffer::default();
    first_bytes.iter().find_map(|byte| sniffer.push(*byte)).map(|magic| magic.encoding())
}

/// The longest magic below, in bytes.
const LONGEST: usize = 6;

const MAGICS: &[(&[u8], Encoding)] = &[
    (&super::header::MAGIC, Encoding::Gzip),
    (&super::zstd::MAGIC, Encoding::Zstd),
    (super::bzip2::MAGIC, Encoding::Bzip2),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0x00], Encoding::Xz),
    (&[b'P', b'K', 0x03, 0x04], Encoding::Zip),
    (b"PAR1", Encoding::Parquet),
];

/// Collects first bytes until they tell the encoding.
#[derive(Debug, Default)]
pub(super) struct Sniffer {
    held: Vec<u8>,
}

/// What the first bytes told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Magic {
    /// No magic: the bytes looked at belong to the content.
    Plain { held: Vec<u8> },
    /// Exactly the magic bytes were taken.
    Known { magic: Vec<u8>, encoding: Encoding },
}

impl Magic {
    fn encoding(&self) -> Encoding {
        match self {
            Magic::Plain { .. } => Encoding::Plain,
            Magic::Known { encoding, .. } => *encoding,
        }
    }
}

impl Sniffer {
    /// Takes one more byte. `None` while a magic may still come of it.
    pub(super) fn push(&mut self, byte: u8) -> Option<Magic> {
        self.held.push(byte);
        debug_assert!(self.held.len() <= LONGEST, "a prefix of a magic is shorter than the magic");
        match self.candidate() {
            None => Some(Magic::Plain { held: std::mem::take(&mut self.held) }),
            Some((magic, _)) if self.held.len() < magic.len() => None,
            Some((_, encoding)) => {
                Some(Magic::Known { magic: std::mem::take(&mut self.held), encoding })
            }
        }
    }

    /// How an object ended that was over before its encoding was known.
    ///
    /// It is a few bytes long and each of them fits a magic; no flow log record is that short.
    pub(super) fn finish(&self) -> Ending {
        match self.candidate() {
            Some((_, encoding)) if !self.held.is_empty() => Ending::Truncated {
                reason: format!("ends within the magic bytes of {}", encoding.name()),
            },
            _ => Ending::Empty,
        }
    }

    /// A magic that begins with the bytes held.
    fn candidate(&self) -> Option<(&'static [u8], Encoding)> {
        let known = MAGICS.iter().find(|(magic, _)| magic.starts_with(&self.held)).copied();
        known.or_else(|| {
            let is_skippable = super::zstd::begins_skippable(&self.held);
            is_skippable.then_some((super::zstd::SKIPPABLE.as_slice(), Encoding::Zstd))
        })
    }
}
