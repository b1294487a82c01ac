//! A segment before it is a file.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::records::{Entry, RecordsDraft};
use super::{MAGIC, TroubleEntry, VERSION, rows};
use crate::bytes::Writer;
use crate::finding::{FindingKey, FindingRow};
use crate::head::SegmentEntry;
use crate::hex;
use crate::shelf::Shelf;

/// What is going to be a segment.
#[derive(Debug, Default)]
pub(crate) struct SegmentDraft<'a> {
    records: RecordsDraft,
    shelves: Option<(Shelf, Shelf)>,
    epochs: BTreeMap<u32, String>,
    rows: Vec<&'a FindingRow>,
    trouble: Vec<TroubleEntry>,
}

impl<'a> SegmentDraft<'a> {
    /// One without records: the names of the lists of epochs, rows by key, and what happened to
    /// objects, in this order.
    pub(crate) fn new(
        epochs: BTreeMap<u32, String>,
        rows: &'a BTreeMap<FindingKey, FindingRow>,
        trouble: Vec<TroubleEntry>,
    ) -> SegmentDraft<'a> {
        let rows = rows.values().collect();
        SegmentDraft { epochs, rows, trouble, ..SegmentDraft::default() }
    }

    /// Adds the records of a shelf above all that are there: sorted by fingerprint, each once.
    pub(crate) fn push_shelf(&mut self, shelf: Shelf, entries: &[Entry]) {
        if entries.is_empty() {
            return;
        }
        self.records.push(shelf, entries);
        self.shelves = Some((self.shelves.map_or(shelf, |(first, _)| first), shelf));
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.shelves.is_none()
            && self.epochs.is_empty()
            && self.rows.is_empty()
            && self.trouble.is_empty()
    }

    /// The bytes of the file of this name, and what the head says of it.
    pub(crate) fn seal(self, name: String, young: bool) -> (Vec<u8>, SegmentEntry) {
        let mut writer = Writer::default();
        writer.bytes.extend_from_slice(MAGIC);
        writer.bytes.extend_from_slice(&VERSION.to_le_bytes());
        self.records.write(&mut writer);
        rows::write_epochs(&mut writer, &self.epochs);
        rows::write_rows(&mut writer, self.rows.iter().copied());
        rows::write_trouble(&mut writer, &self.trouble);
        let digest: [u8; 32] = Sha256::digest(&writer.bytes).into();
        writer.bytes.extend_from_slice(&digest);
        let entry = SegmentEntry {
            name,
            sha256: hex::encode(&digest),
            bytes: writer.bytes.len() as u64,
            young,
            records: self.records.len(),
            shelves: self.shelves.map(|(first, last)| [first.number(), last.number()]),
            epochs: self.epochs.len() as u64,
            rows: self.rows.len() as u64,
            trouble: self.trouble.len() as u64,
        };
        (writer.bytes, entry)
    }
}
