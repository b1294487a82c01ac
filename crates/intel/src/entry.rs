//! One entry of a list.

use std::ops::Deref;

use compact_str::CompactString;
use ipnet::IpNet;
use jiff::Timestamp;

/// One entry of a list: an address, a prefix or a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line of the list, counted from 1. Where an entry spans several, the one it begins in.
    pub line: u64,
    /// The entry as the list wrote it. Nearly always it is short, and takes no memory of its own.
    pub(crate) text: CompactString,
    /// The prefixes that together hold its addresses: one, or for a range as many as it takes.
    /// They are masked, disjoint, ascending and never IPv4-mapped.
    pub prefixes: Cover,
    /// What the list says of it; empty if nothing.
    pub label: Box<str>,
    /// What only some formats say.
    pub details: Option<Box<Details>>,
}

/// What a list says of an entry beyond its label, where its format has a place for that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details {
    /// Where the entry stands in a document, as `objects[3].pattern`; empty in formats of lines.
    pub path: String,
    /// How sure the list is, in the list's own measure: 0 to 100 in ThreatFox and STIX.
    pub confidence: Option<u32>,
    /// From when on the entry is valid.
    pub valid_from: Option<Timestamp>,
    /// Until when the entry is valid. Entries whose time is over are not in use.
    pub valid_until: Option<Timestamp>,
}

/// Prefixes that an entry stands for, at least one. Nearly always it is one, which takes no memory of
/// its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover(Held);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    One(IpNet),
    Many(Box<[IpNet]>),
}

impl From<Vec<IpNet>> for Cover {
    fn from(prefixes: Vec<IpNet>) -> Self {
        match prefixes[..] {
            [only] => Self(Held::One(only)),
            _ => Self(Held::Many(prefixes.into())),
        }
    }
}

impl Deref for Cover {
    type Target = [IpNet];

    fn deref(&self) -> &[IpNet] {
        match &self.0 {
            Held::One(only) => std::slice::from_ref(only),
            Held::Many(prefixes) => prefixes,
        }
    }
}

impl<'a> IntoIterator for &'a Cover {
    type Item = &'a IpNet;
    type IntoIter = std::slice::Iter<'a, IpNet>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Entry {
    /// The entry as the list wrote it, without its label.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many addresses it holds, at most `u128::MAX` (one less than `::/0` holds).
    #[must_use]
    pub fn addresses(&self) -> u128 {
        addresses(&self.prefixes)
    }
}

/// How many addresses disjoint prefixes hold together.
pub(crate) fn addresses(prefixes: &[IpNet]) -> u128 {
    prefixes.iter().fold(0, |sum: u128, prefix| {
        let host_bits = u32::from(prefix.max_prefix_len() - prefix.prefix_len());
        sum.saturating_add(1_u128.checked_shl(host_bits).unwrap_or(u128::MAX))
    })
}
