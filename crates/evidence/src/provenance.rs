//! What an answer stands on.

use serde::{Deserialize, Serialize};

/// One object (file or S3 key) that was read for an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectEvidence {
    /// The key or path as it was listed.
    pub object: String,
    /// The S3 ETag, or `sha256:` and the hex digest of a local file's bytes.
    pub etag: Option<String>,
    /// Its version, in a bucket that keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Size in bytes, as stored (compressed).
    pub size: u64,
    /// Records in it that count towards the answer.
    pub records: u64,
    /// The file of a collected set that its records were read from; none if it was read itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected_in: Option<String>,
}

/// One list that addresses were matched against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListSource {
    /// The path as given.
    pub path: String,
    /// Hex SHA-256 of the file's bytes.
    pub sha256: String,
    /// Entries in use.
    pub entries: u64,
    /// Lines that were refused.
    pub rejected: u64,
    /// Whether it is a trusted list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trusted: bool,
}
