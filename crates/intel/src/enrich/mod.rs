//! [`Enrichment`]: what other sources say of an address, to be told beside it.
//!
//! Where an address is, whose it is and what was seen of it elsewhere helps to decide, and decides
//! nothing: no total, order or verdict depends on what is here.

use std::net::IpAddr;

use ipnet::IpNet;

mod delimited;
mod error;
mod json;
mod mmdb;
mod names;
mod rows;
mod source;
#[cfg(test)]
mod tests;
mod value;

pub use error::{DatabaseDamage, EnrichmentError};
pub use source::{EnrichmentKind, EnrichmentOptions, EnrichmentSource};

use crate::format::Broken;

/// Sources of enrichment, asked together.
///
/// ```
/// use flowproof_intel::{Enrichment, EnrichmentOptions, EnrichmentSource};
///
/// let table = b"ip,rrname,last_seen\n203.0.113.9,c2.example.com,2025-06-01\n";
/// let options = EnrichmentOptions::default();
/// let source = EnrichmentSource::from_reader("pdns.csv", &table[..], &options)?;
/// let enrichment = Enrichment::new(vec![source]);
///
/// let notes = enrichment.notes("203.0.113.9".parse()?);
/// assert_eq!(notes[0].prefix, "203.0.113.9");
/// assert_eq!(notes[0].fields[0], ("rrname".to_owned(), "c2.example.com".to_owned()));
/// assert!(enrichment.notes("203.0.113.10".parse()?).is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Enrichment {
    sources: Vec<EnrichmentSource>,
}

/// What one source says of an address, or of a prefix that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The source's name, its path as given.
    pub source: String,
    /// What the source says it of: an address, a prefix, or a range (`203.0.113.5-203.0.113.10`).
    pub prefix: String,
    /// Names and texts, in the order of the source. No name is there twice, and no text is empty.
    pub fields: Vec<(String, String)>,
}

impl Enrichment {
    /// Gathers sources. They are asked in this order.
    #[must_use]
    pub fn new(sources: Vec<EnrichmentSource>) -> Self {
        Self { sources }
    }

    /// The sources, in order.
    #[must_use]
    pub fn sources(&self) -> &[EnrichmentSource] {
        &self.sources
    }

    /// All notes about an address: by source, then those about the fewest addresses first, then in the
    /// order of the source. An IPv4-mapped address is IPv4.
    #[must_use]
    pub fn notes(&self, address: IpAddr) -> Vec<Note> {
        self.notes_of(&[IpNet::from(address)])
    }

    /// All notes about every address of `prefixes`, which are ascending and without gaps, as those of
    /// an [`Entry`](crate::Entry) are. A note about a part of them is left out.
    #[must_use]
    pub fn notes_of(&self, prefixes: &[IpNet]) -> Vec<Note> {
        self.sources.iter().flat_map(|source| source.notes_of(prefixes)).collect()
    }
}
