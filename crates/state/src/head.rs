//! The head: the small file that says what a state consists of.
//!
//! It has two lines of JSON. The first says that this is the head of a state, the version of the format
//! and the SHA-256 of that version and the second line; it is the same in every version, so that a newer
//! head can be told from a damaged one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Unreadable;
use crate::hex;
use crate::shelf::Shelf;

/// What a state was made with, and means nothing without: endpoint, format string and so on.
pub type Settings = BTreeMap<String, String>;

/// The newest format that this version reads, and the one it writes.
pub(crate) const VERSION: u32 = 1;
/// How many of the last commits the head names.
pub(crate) const COMMITS: usize = 64;

const FORMAT: &str = "flowproof-state";

/// What a state consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// Tells this state from any other.
    pub(crate) state: String,
    /// What identities are made with, in hex.
    pub(crate) salt: String,
    /// One more with each commit.
    pub(crate) generation: u64,
    /// The last commits, the latest at the end.
    pub(crate) commits: Vec<String>,
    pub(crate) settings: Settings,
    /// What runs leave for the next.
    pub(crate) notes: BTreeMap<String, String>,
    /// The lists under which objects were read last.
    pub(crate) epoch: Option<Epoch>,
    /// Distinct objects that are known.
    pub(crate) objects: u64,
    /// How often one was read in a new edition.
    pub(crate) replaced: u64,
    /// What there is, the oldest first.
    pub(crate) segments: Vec<SegmentEntry>,
    /// Segments of the head before this one that are no more in this one.
    pub(crate) retired: Vec<String>,
}

/// A version of the lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Epoch {
    pub(crate) number: u32,
    pub(crate) lists: String,
}

/// What the head says of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentEntry {
    pub(crate) name: String,
    /// Of the file without the digest at its end.
    pub(crate) sha256: String,
    /// The size of the file.
    pub(crate) bytes: u64,
    /// Whether it waits for compaction.
    pub(crate) young: bool,
    pub(crate) records: u64,
    /// The first shelf and the last.
    pub(crate) shelves: Option<[u32; 2]>,
    pub(crate) epochs: u64,
    pub(crate) rows: u64,
    pub(crate) trouble: u64,
}

impl SegmentEntry {
    /// Whether records of the shelf can be in it.
    pub(crate) fn reaches(&self, shelf: Shelf) -> bool {
        let number = shelf.number();
        self.shelves.is_some_and(|[first, last]| first <= number && number <= last)
    }

    /// Whether anything but records is in it.
    pub(crate) fn has_tables(&self) -> bool {
        self.epochs + self.rows + self.trouble > 0
    }
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cover {
    format: String,
    version: u32,
    sha256: String,
}

impl Head {
    /// The bytes of the file.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let body = serde_json::to_string(self)?;
        cover(VERSION, &body)
    }

    /// Reads the file.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Head, Unreadable> {
        let (version, body) = uncover(bytes).map_err(Unreadable::Damaged)?;
        if version > VERSION {
            return Err(Unreadable::Newer(version));
        }
        if version == 0 {
            return Err(Unreadable::Damaged("it has a format that never was".to_owned()));
        }
        serde_json::from_str(body).map_err(|error| Unreadable::Damaged(error.to_string()))
    }

    /// The salt as bytes.
    pub(crate) fn salt(&self) -> Option<[u8; 32]> {
        hex::decode(&self.salt)
    }

    /// The head that a commit makes of this one, before anything is added.
    pub(crate) fn next(&self, commit: String) -> Head {
        let mut next = self.clone();
        next.generation += 1;
        next.retired.clear();
        next.commits.push(commit);
        let surplus = next.commits.len().saturating_sub(COMMITS);
        next.commits.drain(..surplus);
        next
    }

    /// Whether a commit is among the last.
    pub(crate) fn has_commit(&self, commit: &str) -> bool {
        self.commits.iter().any(|known| known == commit)
    }
}

fn cover(version: u32, body: &str) -> Result<Vec<u8>, serde_json::Error> {
    let sha256 = digest(version, body);
    let cover = Cover { format: FORMAT.to_owned(), version, sha256 };
    let mut bytes = serde_json::to_vec(&cover)?;
    bytes.push(b'\n');
    bytes.extend_from_slice(body.as_bytes());
    bytes.push(b'\n');
    Ok(bytes)
}

/// Version and second line of a head that is as it was written, byte for byte.
fn uncover(bytes: &[u8]) -> Result<(u32, &str), String> {
    let text = str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let (first, body) = text.split_once('\n').ok_or("it ends too early")?;
    let body = body.strip_suffix('\n').ok_or("it ends too early")?;
    let found: Cover =
        serde_json::from_str(first).map_err(|error| format!("its first line: {error}"))?;
    if found.format != FORMAT {
        return Err("it is no head of a state".to_owned());
    }
    if cover(found.version, body).map_err(|error| error.to_string())? != bytes {
        return Err("its content does not have its digest".to_owned());
    }
    Ok((found.version, body))
}

fn digest(version: u32, body: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(version.to_be_bytes());
    hasher.update(body.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    hex::encode(&digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            state: "5a".into(),
            salt: hex::encode(&[7; 32]),
            generation: 3,
            commits: vec!["c1".into(), "c2".into()],
            settings: Settings::from([("format".into(), "version\n account-id".into())]),
            notes: BTreeMap::new(),
            epoch: Some(Epoch { number: 1, lists: "l".into() }),
            objects: 2,
            replaced: 0,
            segments: Vec::new(),
            retired: Vec::new(),
        }
    }

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let head = head();
        assert_eq!(Head::decode(&head.encode().unwrap()), Ok(head));
    }

    #[test]
    fn no_byte_can_be_another() {
        let bytes = head().encode().unwrap();
        for place in 0..bytes.len() {
            for flip in 1..=255 {
                let mut other = bytes.clone();
                other[place] ^= flip;
                let read = Head::decode(&other);
                assert!(matches!(read, Err(Unreadable::Damaged(_))), "{place} {flip}: {read:?}");
            }
            assert!(Head::decode(&bytes[..place]).is_err(), "cut off at {place}");
        }
        assert!(Head::decode(&[&bytes[..], b"\n"].concat()).is_err());
    }

    #[test]
    fn a_newer_head_is_told_from_a_damaged_one() {
        let newer = cover(VERSION + 1, r#"{"what":"nobody knows yet"}"#).unwrap();
        assert_eq!(Head::decode(&newer), Err(Unreadable::Newer(VERSION + 1)));
        let never = cover(0, "{}").unwrap();
        assert!(matches!(Head::decode(&never), Err(Unreadable::Damaged(_))));
    }

    #[test]
    fn a_head_names_the_last_commits() {
        let mut head = head();
        for commit in 0..100 {
            head = head.next(commit.to_string());
        }
        assert_eq!(head.commits.len(), COMMITS);
        assert!(head.has_commit("99") && head.has_commit("36") && !head.has_commit("35"));
        assert_eq!(head.generation, 103);
    }
}
