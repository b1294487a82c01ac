//! Why a source of enrichment was refused.

use std::io;

use super::mmdb::Damage;
use crate::note::Reject;

/// Why a source of enrichment cannot be used at all. Single rows that cannot be used are counted in
/// [`EnrichmentSource::rejects`](super::EnrichmentSource::rejects) instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrichmentError {
    /// The file could not be read: check the path and its permissions.
    #[error("cannot read {name}")]
    Read {
        /// The source's name, its path.
        name: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The gzip data is damaged or cut off: fetch the file again.
    #[error("cannot inflate {name}")]
    Gzip {
        /// The source's name.
        name: String,
        /// What the inflater said.
        source: io::Error,
    },
    /// The file, inflated, is too large to be held.
    #[error("{name} is larger than {limit} bytes")]
    TooLarge {
        /// The source's name.
        name: String,
        /// The most bytes that are read.
        limit: u64,
    },
    /// The file is neither a MaxMind database nor a table: unpack or convert it.
    #[error(
        "{name} is not a source of enrichment: looks like {looks_like}, expected a MaxMind database \
         (.mmdb), AWS ip-ranges.json, CSV with a header, or JSON objects"
    )]
    Unsupported {
        /// The source's name.
        name: String,
        /// What it looks like, for people.
        looks_like: &'static str,
    },
    /// The MaxMind database is damaged or cut off: fetch it again.
    #[error("{name} cannot be used as a MaxMind database: {damage}")]
    Database {
        /// The source's name.
        name: String,
        /// What is wrong with it, for people.
        damage: DatabaseDamage,
    },
    /// The table cannot be understood, or the document breaks off.
    #[error("{name} cannot be used: line {line}: {message}")]
    Damaged {
        /// The source's name.
        name: String,
        /// Where, counted from 1.
        line: u64,
        /// What is wrong there.
        message: String,
    },
    /// No row has an address. Nothing could ever be told from it.
    #[error("{name} has no row with an address{}", first(.rejected, .first_reject))]
    NoRows {
        /// The source's name.
        name: String,
        /// Rows that were refused.
        rejected: u64,
        /// The first of them.
        first_reject: Option<Box<Reject>>,
    },
}

/// What is wrong with a MaxMind database. Its message says it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DatabaseDamage(#[from] Damage);

fn first(rejected: &u64, reject: &Option<Box<Reject>>) -> String {
    match reject {
        Some(reject) => format!(" ({rejected} refused, first: {reject})"),
        None => String::new(),
    }
}
