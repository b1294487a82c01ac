//! Reading what the head names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::State;
use crate::error::{StateError, Unreadable};
use crate::finding::FindingRow;
use crate::head::SegmentEntry;
use crate::hex;
use crate::identity::Identity;
use crate::known::{Known, Standing};
use crate::segment::{self, Records, Segment, seal};
use crate::shelf::Shelf;
use crate::tables::Tables;
use crate::trouble::Trouble;

impl State {
    /// The known objects of a shelf.
    ///
    /// # Errors
    ///
    /// [`StateError::Damaged`] if a segment is missing or is not what was written, and
    /// [`StateError::Place`] if it cannot be read.
    pub async fn known(&mut self, shelf: Shelf) -> Result<Known, StateError> {
        let mut known = Known::new(shelf);
        let reaching = self.head.segments.iter().filter(|entry| entry.reaches(shelf));
        for entry in reaching.cloned().collect::<Vec<_>>() {
            known.push(&self.records(&entry).await?);
        }
        Ok(known)
    }

    /// What is known of one object. For many of one shelf, ask [`State::known`] once.
    ///
    /// # Errors
    ///
    /// As [`State::known`].
    pub async fn standing(
        &mut self,
        shelf: Shelf,
        identity: &Identity,
    ) -> Result<Standing, StateError> {
        Ok(self.known(shelf).await?.standing(identity))
    }

    /// All shelves that have objects, in order. Every segment is read for it.
    ///
    /// # Errors
    ///
    /// As [`State::known`].
    pub async fn shelves(&mut self) -> Result<Vec<Shelf>, StateError> {
        let mut shelves = BTreeSet::new();
        for entry in self.head.segments.clone() {
            if entry.records > 0 {
                shelves.extend(self.segment(&entry).await?.records.shelves());
            }
        }
        Ok(shelves.into_iter().collect())
    }

    /// What the records of all known objects add up to, sorted by key.
    ///
    /// # Errors
    ///
    /// As [`State::known`].
    pub async fn findings(
        &mut self,
    ) -> Result<impl ExactSizeIterator<Item = &FindingRow>, StateError> {
        Ok(self.tables().await?.findings.values())
    }

    /// The objects that there is trouble with, sorted by name.
    ///
    /// # Errors
    ///
    /// As [`State::known`].
    pub async fn trouble(&mut self) -> Result<impl ExactSizeIterator<Item = &Trouble>, StateError> {
        Ok(self.tables().await?.trouble.values())
    }

    /// What names the lists of each epoch ([`Standing::Known`]).
    ///
    /// # Errors
    ///
    /// As [`State::known`].
    pub async fn epochs(&mut self) -> Result<&BTreeMap<u32, String>, StateError> {
        Ok(&self.tables().await?.epochs)
    }

    /// The records of a segment.
    pub(super) async fn records(
        &mut self,
        entry: &SegmentEntry,
    ) -> Result<Arc<Records>, StateError> {
        if let Some(records) = self.loaded.get(&entry.name) {
            return Ok(records);
        }
        let records = self.segment(entry).await?.records;
        self.loaded.keep(&entry.name, &records);
        Ok(records)
    }

    pub(super) async fn tables(&mut self) -> Result<&mut Tables, StateError> {
        let tables = match self.tables.take() {
            Some(tables) => tables,
            None => self.read_tables().await?,
        };
        Ok(self.tables.insert(tables))
    }

    async fn read_tables(&self) -> Result<Tables, StateError> {
        let mut tables = Tables::default();
        for entry in self.head.segments.iter().filter(|entry| entry.has_tables()) {
            tables.add(self.segment(entry).await?)?;
        }
        Ok(tables)
    }

    /// A segment that is what the head says of it.
    pub(super) async fn segment(&self, entry: &SegmentEntry) -> Result<Segment, StateError> {
        let Some(bytes) = self.place.get(&entry.name).await? else {
            return Err(StateError::damaged(self.locate(&entry.name), "it is missing"));
        };
        read(entry, bytes)
            .map_err(|unreadable| unreadable.at(self.locate(&entry.name), segment::VERSION))
    }
}

fn read(entry: &SegmentEntry, bytes: Vec<u8>) -> Result<Segment, Unreadable> {
    let size = bytes.len() as u64;
    if size != entry.bytes {
        let reason = format!("it has {size} bytes, and the head says {}", entry.bytes);
        return Err(reason.into());
    }
    if hex::encode(&seal(&bytes)?) != entry.sha256 {
        return Err("it is another segment than the one that the head names".to_owned().into());
    }
    let segment = Segment::decode(bytes)?;
    let first = segment.records.shelves().next();
    let last = segment.records.shelves().last();
    let counts = [
        (segment.records.len(), entry.records),
        (segment.epochs.len() as u64, entry.epochs),
        (segment.rows.len() as u64, entry.rows),
        (segment.trouble.len() as u64, entry.trouble),
    ];
    let shelves = first.zip(last).map(|(first, last)| [first.number(), last.number()]);
    if counts.iter().any(|(there, told)| there != told) || shelves != entry.shelves {
        return Err("it does not have what the head says".to_owned().into());
    }
    Ok(segment)
}
