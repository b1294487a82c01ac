//! The records of known objects: 15 bytes each, sorted by shelf and fingerprint.
//!
//! The last byte of a record is a number in its part's table of epochs. A shelf whose records have more
//! epochs than a byte can number is cut into several parts.

use std::ops::Range;

use crate::bytes::{Flaw, Reader, Writer};
use crate::identity::Identity;
use crate::shelf::Shelf;

/// The bytes of a record.
const RECORD: usize = 15;
/// How many epochs a part can have.
const EPOCHS: usize = 256;

/// A known object, unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) identity: Identity,
    /// The number of the lists under which it was read last.
    pub(crate) epoch: u32,
}

/// Records of one shelf with neighbouring fingerprints.
#[derive(Debug)]
pub(super) struct Part {
    shelf: Shelf,
    /// What the last byte of the records means.
    epochs: Vec<u32>,
    /// Where the records are in the file.
    bytes: Range<usize>,
}

/// All records of a segment.
#[derive(Debug)]
pub(crate) struct Records {
    file: Vec<u8>,
    parts: Vec<Part>,
}

impl Records {
    pub(super) fn new(mut file: Vec<u8>, parts: Vec<Part>) -> Records {
        // What follows the records is of no use any more.
        file.truncate(parts.last().map_or(0, |part| part.bytes.end));
        file.shrink_to_fit();
        Records { file, parts }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.parts.iter().map(|part| (part.bytes.len() / RECORD) as u64).sum()
    }

    /// The bytes that they take in memory, about.
    pub(crate) fn size(&self) -> usize {
        self.file.len()
            + self.parts.len() * size_of::<Part>()
            + self.parts.iter().map(|part| part.epochs.len() * size_of::<u32>()).sum::<usize>()
    }

    /// The shelves, each as often as it has parts.
    pub(crate) fn shelves(&self) -> impl Iterator<Item = Shelf> + '_ {
        self.parts.iter().map(|part| part.shelf)
    }

    /// The numbers of a shelf's parts.
    pub(crate) fn parts_of(&self, shelf: Shelf) -> Range<usize> {
        let start = self.parts.partition_point(|part| part.shelf < shelf);
        let end = self.parts.partition_point(|part| part.shelf <= shelf);
        start..end
    }

    /// How many records are in a part.
    pub(crate) fn count(&self, part: usize) -> usize {
        self.parts[part].bytes.len() / RECORD
    }

    /// The record of a fingerprint in a part.
    pub(crate) fn find(&self, part: usize, fingerprint: &[u8; 8]) -> Option<Entry> {
        let part = self.parts.get(part)?;
        let (records, _) = self.file.get(part.bytes.clone())?.as_chunks::<RECORD>();
        let found = records.binary_search_by(|record| record[..8].cmp(fingerprint)).ok()?;
        part.entry(&records[found])
    }

    /// The records of a part.
    pub(crate) fn entries(&self, part: usize) -> impl Iterator<Item = Entry> + '_ {
        let part = &self.parts[part];
        let (records, _) = self.file[part.bytes.clone()].as_chunks::<RECORD>();
        records.iter().filter_map(|record| part.entry(record))
    }
}

impl Part {
    fn entry(&self, record: &[u8; RECORD]) -> Option<Entry> {
        let mut identity = Identity { fingerprint: [0; 8], tag: [0; 6] };
        identity.fingerprint.copy_from_slice(&record[..8]);
        identity.tag.copy_from_slice(&record[8..14]);
        // Every number was looked at when the segment was read.
        let epoch = *self.epochs.get(usize::from(record[14]))?;
        Some(Entry { identity, epoch })
    }
}

/// Reads index and records, and makes sure that they are sorted.
pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Vec<Part>, Flaw> {
    let mut parts = Vec::new();
    let mut lengths = Vec::new();
    for _ in 0..reader.count()? {
        let shelf = Shelf::from_number(reader.small()?).ok_or("a shelf has no such number")?;
        let mut epochs = Vec::new();
        for _ in 0..reader.count()? {
            epochs.push(reader.small()?);
        }
        lengths.push(reader.count()?);
        parts.push(Part { shelf, epochs, bytes: 0..0 });
    }
    let mut last: Option<(Shelf, [u8; 8])> = None;
    for (part, length) in parts.iter_mut().zip(lengths) {
        let start = reader.position();
        let bytes = reader.take(length.checked_mul(RECORD).ok_or("it ends too early")?)?;
        part.bytes = start..reader.position();
        if length == 0 || part.epochs.len() > EPOCHS {
            return Err("a shelf without records, or with too many epochs".into());
        }
        for record in bytes.as_chunks::<RECORD>().0 {
            let mut fingerprint = [0; 8];
            fingerprint.copy_from_slice(&record[..8]);
            let at = Some((part.shelf, fingerprint));
            if at <= last {
                return Err("its records are not sorted".into());
            }
            last = at;
            if usize::from(record[14]) >= part.epochs.len() {
                return Err("a record has no epoch".into());
            }
        }
    }
    Ok(parts)
}

/// Records that are being written, shelf by shelf.
#[derive(Debug, Default)]
pub(super) struct RecordsDraft {
    index: Writer,
    parts: u64,
    bytes: Vec<u8>,
}

impl RecordsDraft {
    /// Adds the records of a shelf after all that are there: sorted by fingerprint, each once.
    pub(super) fn push(&mut self, shelf: Shelf, mut entries: &[Entry]) {
        while !entries.is_empty() {
            let mut epochs: Vec<u32> = Vec::new();
            let mut taken = 0;
            for entry in entries {
                let number = match epochs.iter().position(|&epoch| epoch == entry.epoch) {
                    Some(number) => number,
                    None if epochs.len() == EPOCHS => break,
                    None => {
                        epochs.push(entry.epoch);
                        epochs.len() - 1
                    }
                };
                self.bytes.extend_from_slice(&entry.identity.fingerprint);
                self.bytes.extend_from_slice(&entry.identity.tag);
                self.bytes.push(number as u8);
                taken += 1;
            }
            self.index.number(shelf.number().into());
            self.index.number(epochs.len() as u64);
            epochs.iter().for_each(|&epoch| self.index.number(epoch.into()));
            self.index.number(taken as u64);
            self.parts += 1;
            entries = &entries[taken..];
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        (self.bytes.len() / RECORD) as u64
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.number(self.parts);
        writer.bytes.extend_from_slice(&self.index.bytes);
        writer.bytes.extend_from_slice(&self.bytes);
    }
}
