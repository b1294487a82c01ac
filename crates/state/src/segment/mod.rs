//! Segments: files that are written once.
//!
//! A segment is, in this order: eight bytes that say what it is, the version of its format, the index of
//! its shelves, the records of known objects, names of lists, finding rows, troubles, and the SHA-256
//! of all before. The head names that digest too, so that a file cannot stand in for another.

mod draft;
mod records;
mod rows;

pub(crate) use draft::SegmentDraft;
pub(crate) use records::{Entry, Records};

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::bytes::{Flaw, Reader};
use crate::error::Unreadable;
use crate::finding::FindingRow;
use crate::trouble::Trouble;

/// The folder of the segments.
pub(crate) const FOLDER: &str = "seg";
/// The newest format that this version reads, and the one it writes.
pub(crate) const VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"fp-state";
/// The digest at the end.
const SEAL: usize = 32;

/// What a segment says of an object that there is or was trouble with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TroubleEntry {
    /// What earlier segments say of it is over.
    Settled(String),
    /// It was tried so many times more.
    More(Trouble),
}

/// A segment that was read and is whole.
#[derive(Debug)]
pub(crate) struct Segment {
    /// The records of known objects.
    pub(crate) records: Arc<Records>,
    /// What names the lists of each epoch that begins here.
    pub(crate) epochs: BTreeMap<u32, String>,
    /// What the records of its objects add up to, sorted by key, each key once.
    pub(crate) rows: Vec<FindingRow>,
    /// What happened to objects, in this order.
    pub(crate) trouble: Vec<TroubleEntry>,
}

/// The digest that stands at the end of a whole segment.
pub(crate) fn seal(bytes: &[u8]) -> Result<[u8; SEAL], Flaw> {
    let (body, end) = bytes.split_last_chunk::<SEAL>().ok_or("it ends too early")?;
    let digest: [u8; SEAL] = Sha256::digest(body).into();
    if &digest == end { Ok(digest) } else { Err("its content does not have its digest".into()) }
}

impl Segment {
    /// Reads a segment whose digest was checked.
    pub(crate) fn decode(bytes: Vec<u8>) -> Result<Segment, Unreadable> {
        let body = bytes.len().checked_sub(SEAL).ok_or_else(|| "it ends too early".to_owned())?;
        let mut reader = Reader::new(&bytes[..body]);
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(Unreadable::Damaged("it is no segment".into()));
        }
        let version = u32::from_le_bytes(reader.array()?);
        if version > VERSION {
            return Err(Unreadable::Newer(version));
        }
        if version == 0 {
            return Err(Unreadable::Damaged("it has a format that never was".into()));
        }
        let parts = records::decode(&mut reader)?;
        let epochs = rows::epochs(&mut reader)?;
        let rows = rows::rows(&mut reader)?;
        let trouble = rows::trouble(&mut reader)?;
        reader.finish()?;
        Ok(Segment { records: Arc::new(Records::new(bytes, parts)), epochs, rows, trouble })
    }
}

#[cfg(test)]
mod tests;
