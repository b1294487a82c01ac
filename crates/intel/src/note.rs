//! What there is to say about single lines of a list: refusals and warnings.

use std::fmt;

use flowproof_prefix::RangeError;
use serde::{Serialize, Serializer};

/// Things that are all counted, while only the first of them are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally<T> {
    /// How many there were.
    pub total: u64,
    /// The first of them, at most [`Tally::<T>::MOST_SAMPLES`].
    pub samples: Vec<T>,
}

impl<T> Tally<T> {
    /// How many are kept. A damaged list can have a million lines to complain of.
    pub const MOST_SAMPLES: usize = 100;

    /// Counts one more. `sample` is called only if there is room to keep it.
    pub(crate) fn count(&mut self, sample: impl FnOnce() -> T) {
        self.total += 1;
        if self.samples.len() < Self::MOST_SAMPLES {
            self.samples.push(sample());
        }
    }
}

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Self { total: 0, samples: Vec::new() }
    }
}

/// A line that is not in use, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reject {
    /// The line of the list, counted from 1.
    pub line: u64,
    /// What stands there, cut short if it is long.
    pub text: String,
    /// Why it was refused. Serialized as its message.
    #[serde(serialize_with = "as_message")]
    pub reason: RejectReason,
}

impl fmt::Display for Reject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Quoted and escaped: what stands in a broken file can be any bytes.
        write!(formatter, "line {}: {:?}: {}", self.line, self.text, self.reason)
    }
}

fn as_message<S: Serializer>(reason: &RejectReason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(reason)
}

/// Why a line is no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// A damaged address, or something else where an address should stand.
    #[error("not an address")]
    NotAnAddress,
    /// `203.0.113.010`: octal to some readers and decimal to others.
    #[error("leading zero in an octet, could be octal")]
    LeadingZero,
    /// The part after the slash.
    #[error("prefix length is not a number from 0 to {longest}")]
    PrefixLength {
        /// 32 for IPv4, 128 for IPv6.
        longest: u8,
    },
    /// The entry would match a large part of the Internet.
    #[error("wider than a /{widest}, refused unless wide entries are allowed")]
    TooWide {
        /// The widest prefix length that is taken: 8 for IPv4, 16 for IPv6.
        widest: u8,
    },
    /// `203.0.113.5-10`: write both addresses of a range in full.
    #[error("range with a shortened end, write the whole last address")]
    ShortRange,
    /// The end of a range is damaged.
    #[error("range whose end is not an address")]
    RangeEnd,
    /// Reversed, or IPv4 and IPv6 mixed.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// The address is compared in a way that no entry can say, as "starts with".
    #[error("condition that stands for no address, prefix or range")]
    Condition,
    /// The item breaks the rules of its format: it is cut off, or its parts contradict each other.
    #[error("damaged: {0}")]
    Malformed(&'static str),
    /// The line is of another list format than the rest, which would be read wrongly as plain text.
    #[error("looks like {0}")]
    OtherFormat(&'static str),
    /// A part of a document that should be an entry.
    #[error("nothing in it is known to be an address")]
    NoAddressKey,
    /// Whether the entry has expired cannot be told.
    #[error("the time until or from which it is valid cannot be read")]
    Validity,
    /// A pattern of a STIX indicator that cannot be read, or not as an address.
    #[error("STIX pattern: {0}")]
    Pattern(&'static str),
}

/// A kind of indicator that is no address. Lists of mixed indicators hold them in good order, so they
/// are counted and not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Indicator {
    /// An autonomous system's number.
    Asn,
    /// A host name or domain.
    Domain,
    /// An e-mail address.
    Email,
    /// A file by name or path.
    File,
    /// A file's digest.
    Hash,
    /// A URL, also one whose host is an address: it names what was on that host.
    Url,
    /// Anything else that the list names.
    Other,
}

impl fmt::Display for Indicator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Asn => "asn",
            Self::Domain => "domain",
            Self::Email => "email",
            Self::File => "file",
            Self::Hash => "hash",
            Self::Url => "url",
            Self::Other => "other",
        })
    }
}

/// An entry that is in use, but not read the way it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// The line of the list, counted from 1.
    pub line: u64,
    /// The entry as the list wrote it.
    pub text: String,
    /// What is unusual about it.
    pub kind: WarningKind,
    /// The address, prefix or range that it was read as.
    pub read_as: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, text, kind, read_as } = self;
        write!(formatter, "line {line}: {text:?} {kind}, read as {read_as}")
    }
}

/// What is unusual about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WarningKind {
    /// `203.0.113.9/24`: bits beyond the prefix length were cleared.
    HostBits,
    /// `::ffff:203.0.113.9`: the IPv4 address in it was taken.
    MappedIpv4,
    /// `203.0.113[.]9`: the brackets were taken out.
    Defanged,
    /// `203.0.113.9:8080`: matching is by address only.
    PortIgnored,
}

impl fmt::Display for WarningKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::HostBits => "has host bits set",
            Self::MappedIpv4 => "is an IPv4-mapped IPv6 address",
            Self::Defanged => "is defanged",
            Self::PortIgnored => "has a port, which is ignored",
        })
    }
}
