//! Adding what a batch of objects brought.

use std::collections::BTreeMap;

use super::State;
use crate::delta::{Commit, Delta, ReadObject};
use crate::error::StateError;
use crate::finding::{FindingKey, FindingRow, Telling};
use crate::head::{Epoch, Head};
use crate::hex;
use crate::known::Standing;
use crate::place::{PlaceError, Put};
use crate::random::random;
use crate::segment::{Entry, FOLDER, SegmentDraft, TroubleEntry};
use crate::shelf::Shelf;
use crate::tables::add_row;
use crate::trouble::Trouble;

/// The objects of a delta, looked up.
#[derive(Debug, Default)]
struct Looked {
    shelves: BTreeMap<Shelf, Vec<Entry>>,
    new: u64,
    replaced: u64,
    again: u64,
}

impl State {
    /// Adds a delta to the state: all of it, or with an error nothing.
    ///
    /// A delta that adds nothing is not written. After [`StateError::Place`] the commit may be there or
    /// not: open the state anew, and ask for the standings of the objects again.
    ///
    /// # Errors
    ///
    /// [`StateError::Conflict`] if another run has committed, [`StateError::Overflow`],
    /// [`StateError::Refused`] if an object is known already in this edition under these lists or rows
    /// come without objects, [`StateError::ReadOnly`], [`StateError::Damaged`] and [`StateError::Place`].
    pub async fn commit(&mut self, delta: Delta) -> Result<Commit, StateError> {
        self.check_writable()?;
        if delta.is_empty() {
            return Ok(Commit { generation: self.head.generation, ..Commit::default() });
        }
        if delta.read.is_empty() && !delta.rows.is_empty() {
            return Err(refused("rows of no object"));
        }
        let id = hex::encode(&random::<16>()?);
        let mut next = self.head.next(id.clone());
        let epoch = self.epoch_of(&delta.lists)?;
        let looked = self.look_up(&delta.read, epoch.number).await?;
        let mut rows = rows_of(delta.rows, next.generation)?;
        self.add_told(delta.told, &mut rows).await?;
        let sums = match rows.is_empty() {
            true => Vec::new(),
            false => self.tables().await?.sums(rows.values())?,
        };
        let trouble = trouble_of(delta.settled, delta.trouble);

        let mut epochs = BTreeMap::new();
        if !looked.shelves.is_empty() && next.epoch.as_ref() != Some(&epoch) {
            epochs.insert(epoch.number, epoch.lists.clone());
            next.epoch = Some(epoch);
        }
        let mut draft = SegmentDraft::new(epochs, &rows, trouble.clone());
        looked.shelves.iter().for_each(|(&shelf, entries)| draft.push_shelf(shelf, entries));
        for (name, note) in delta.notes {
            match note {
                Some(note) => next.notes.insert(name, note),
                None => next.notes.remove(&name),
            };
        }
        next.objects = next.objects.saturating_add(looked.new);
        next.replaced = next.replaced.saturating_add(looked.replaced);
        if !draft.is_empty() {
            self.put_segment(draft, &mut next, &id, 0, true).await?;
        }
        let generation = next.generation;
        let epoch = next.epoch.clone();
        self.publish_next(next).await?;

        if let Some(tables) = &mut self.tables {
            tables.findings.extend(sums.into_iter().map(|row| (row.key.clone(), row)));
            trouble.into_iter().for_each(|entry| tables.note(entry));
            tables.epochs.extend(epoch.map(|epoch| (epoch.number, epoch.lists)));
        }
        let (removed, left) = self.clean().await;
        let Looked { new, replaced, again, .. } = looked;
        Ok(Commit { generation, new, replaced, again, removed, left })
    }

    /// Adds to the rows of a delta that others are told of as they stand.
    async fn add_told(
        &mut self,
        told: BTreeMap<FindingKey, u64>,
        rows: &mut BTreeMap<FindingKey, FindingRow>,
    ) -> Result<(), StateError> {
        if told.is_empty() {
            return Ok(());
        }
        let tables = self.tables().await?;
        for (key, bulletin) in told {
            let Some(row) = tables.findings.get(&key) else {
                return Err(refused(format!("{key} is told, and there is no such finding")));
            };
            let told = Some(Telling { first: bulletin, bulletin, revision: row.revision });
            let row = FindingRow { key: key.clone(), told, ..FindingRow::default() };
            if rows.insert(key, row).is_some() {
                return Err(refused("a finding is told and changed at once"));
            }
        }
        Ok(())
    }

    /// Writes a segment that a head is going to name.
    pub(super) async fn put_segment(
        &mut self,
        draft: SegmentDraft<'_>,
        next: &mut Head,
        commit: &str,
        number: usize,
        young: bool,
    ) -> Result<(), StateError> {
        self.is_unclean = true;
        let name = segment_name(next.generation, commit, number);
        let (bytes, entry) = draft.seal(name.clone(), young);
        match self.place.put_new(&name, bytes).await? {
            Put::Done => {}
            Put::Exists => {
                return Err(PlaceError::new(self.locate(&name), "it is there already").into());
            }
        }
        next.segments.push(entry);
        Ok(())
    }

    /// The number of the epoch under which objects would become known with these lists
    /// ([`Standing::Known`]).
    ///
    /// # Errors
    ///
    /// [`StateError::Refused`] if there were more lists than numbers.
    pub fn epoch_number(&self, lists: &str) -> Result<u32, StateError> {
        Ok(self.epoch_of(lists)?.number)
    }

    /// The epoch of these lists: the last one, if it was theirs.
    fn epoch_of(&self, lists: &str) -> Result<Epoch, StateError> {
        let number = match &self.head.epoch {
            None => 0,
            Some(last) if last.lists == lists => last.number,
            Some(last) => last.number.checked_add(1).ok_or_else(|| refused("too many lists"))?,
        };
        Ok(Epoch { number, lists: lists.to_owned() })
    }

    /// Finds out what is known of objects, and that none would count twice.
    async fn look_up(&mut self, read: &[ReadObject], epoch: u32) -> Result<Looked, StateError> {
        let mut looked = Looked::default();
        for &ReadObject { shelf, identity } in read {
            looked.shelves.entry(shelf).or_default().push(Entry { identity, epoch });
        }
        for (&shelf, entries) in &mut looked.shelves {
            entries.sort_unstable_by_key(|entry| entry.identity);
            let same =
                |pair: &[Entry]| pair[0].identity.fingerprint == pair[1].identity.fingerprint;
            if entries.windows(2).any(same) {
                return Err(refused(format!("an object of shelf {shelf} is there twice")));
            }
            let known = self.known(shelf).await?;
            for entry in entries {
                match known.standing(&entry.identity) {
                    Standing::New => looked.new += 1,
                    Standing::Replaced => looked.replaced += 1,
                    Standing::Known { epoch: before } if before != epoch => looked.again += 1,
                    Standing::Known { .. } => {
                        let reason = format!("an object of shelf {shelf} is known already");
                        return Err(refused(reason));
                    }
                }
            }
        }
        Ok(looked)
    }
}

/// The name of a segment: the generation that is to name it first, and whose it is.
fn segment_name(generation: u64, commit: &str, number: usize) -> String {
    format!("{FOLDER}/{generation:012}-{commit}-{number}")
}

/// Rows by key, as they are of this generation.
fn rows_of(
    rows: Vec<FindingRow>,
    generation: u64,
) -> Result<BTreeMap<FindingKey, FindingRow>, StateError> {
    let mut by_key = BTreeMap::new();
    for row in rows {
        add_row(&mut by_key, FindingRow { revision: generation, ..row })?;
    }
    Ok(by_key)
}

fn trouble_of(settled: Vec<String>, trouble: Vec<Trouble>) -> Vec<TroubleEntry> {
    let settled = settled.into_iter().map(TroubleEntry::Settled);
    settled.chain(trouble.into_iter().map(TroubleEntry::More)).collect()
}

fn refused(reason: impl Into<String>) -> StateError {
    StateError::Refused { reason: reason.into() }
}
