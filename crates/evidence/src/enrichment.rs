//! What other sources say of an address. Nothing is counted or judged by it.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// What one source says of an address, or of a prefix that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnrichmentNote {
    /// The source's name: its path as given.
    pub source: String,
    /// What the source says it of: an address, a prefix, or a range.
    pub prefix: String,
    /// Names and texts in the order of the source; no name is there twice. Serialized as an object.
    #[serde(serialize_with = "as_object")]
    pub fields: Vec<(String, String)>,
}

/// One file that notes come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnrichmentFile {
    /// The path as given.
    pub path: String,
    /// Hex SHA-256 of the file's bytes.
    pub sha256: String,
    /// What it is: `mmdb`, `aws_ip_ranges`, `csv` or `json`.
    pub kind: String,
    /// Rows in use; of a MaxMind database, distinct records.
    pub entries: u64,
    /// Rows that were refused: without an address, or damaged.
    pub rejected: u64,
    /// What a MaxMind database says that it is; none of other files.
    pub database_type: Option<String>,
    /// When a MaxMind database was made, if it says so.
    pub built: Option<Timestamp>,
}

fn as_object<S: Serializer>(fields: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|(name, text)| (name, text)))
}
