//! Making few segments of many.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::State;
use crate::error::StateError;
use crate::head::SegmentEntry;
use crate::hex;
use crate::random::random;
use crate::segment::{SegmentDraft, TroubleEntry};
use crate::shelf::Shelf;

/// How many young segments are worth a compaction.
const DUE: usize = 32;

/// What a compaction did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Compaction {
    /// Segments before.
    pub before: usize,
    /// Segments after.
    pub after: usize,
    /// Objects that were forgotten.
    pub forgotten: u64,
    /// Files that were removed after it.
    pub removed: usize,
    /// Why files could not be removed.
    pub left: Option<String>,
}

impl State {
    /// Whether so many commits were made since the last compaction that the next is worth its work.
    #[must_use]
    pub fn is_compaction_due(&self) -> bool {
        self.head.segments.iter().filter(|entry| entry.young).count() > DUE
    }

    /// Merges the segments of all commits since the last compaction into one for each month, and one for
    /// all that is not records. Nothing of what the state says changes.
    ///
    /// # Errors
    ///
    /// As [`State::commit`].
    pub async fn compact(&mut self) -> Result<Compaction, StateError> {
        self.compact_without(&BTreeSet::new()).await
    }

    /// Forgets the objects of shelves, whose objects are gone and never come back: should one come, it is new. What
    /// their records add up to stays.
    ///
    /// # Errors
    ///
    /// As [`State::commit`].
    pub async fn forget(&mut self, shelves: &BTreeSet<Shelf>) -> Result<Compaction, StateError> {
        self.compact_without(shelves).await
    }

    async fn compact_without(
        &mut self,
        forget: &BTreeSet<Shelf>,
    ) -> Result<Compaction, StateError> {
        self.check_writable()?;
        let before = self.head.segments.len();
        let nothing = Compaction { before, after: before, ..Compaction::default() };
        let is_young = self.head.segments.iter().any(|entry| entry.young);
        if forget.is_empty() && !is_young {
            return Ok(nothing);
        }
        let (groups, merged) = self.what_to_merge(forget).await?;
        if !is_young && groups.values().all(|shelves| shelves.is_disjoint(forget)) {
            return Ok(nothing);
        }
        let id = hex::encode(&random::<16>()?);
        let mut next = self.head.next(id.clone());
        next.segments.retain(|entry| !merged.contains(&entry.name));
        let mut forgotten = 0;
        for (number, shelves) in groups.into_values().enumerate() {
            let mut draft = SegmentDraft::default();
            for shelf in shelves {
                let known = self.known(shelf).await?;
                if forget.contains(&shelf) {
                    forgotten += known.objects() as u64;
                } else {
                    draft.push_shelf(shelf, &known.entries());
                }
            }
            if !draft.is_empty() {
                self.put_segment(draft, &mut next, &id, number + 1, false).await?;
            }
        }
        let tables = self.tables().await?.clone();
        let trouble = tables.trouble.into_values().map(TroubleEntry::More).collect();
        let draft = SegmentDraft::new(tables.epochs, &tables.findings, trouble);
        if !draft.is_empty() {
            self.put_segment(draft, &mut next, &id, 0, false).await?;
        }
        next.objects = next.objects.saturating_sub(forgotten);
        next.retired = merged.into_iter().collect();
        let after = next.segments.len();
        self.publish_next(next).await?;

        let named: BTreeSet<&str> =
            self.head.segments.iter().map(|entry| entry.name.as_str()).collect();
        self.loaded.retain(|name| named.contains(name));
        let (removed, left) = self.clean().await;
        Ok(Compaction { before, after, forgotten, removed, left })
    }

    /// The shelves that are written anew, by group, and the segments that are no more needed then.
    async fn what_to_merge(
        &mut self,
        forget: &BTreeSet<Shelf>,
    ) -> Result<(BTreeMap<(i32, i32), BTreeSet<Shelf>>, BTreeSet<String>), StateError> {
        let mut groups: BTreeMap<(i32, i32), BTreeSet<Shelf>> = BTreeMap::new();
        let mut merged = BTreeSet::new();
        let (young, old): (Vec<SegmentEntry>, Vec<SegmentEntry>) =
            self.head.segments.iter().cloned().partition(|entry| entry.young);
        for entry in young {
            for shelf in self.shelves_of(&entry).await? {
                groups.entry(shelf.group()).or_default().insert(shelf);
            }
            merged.insert(entry.name);
        }
        for &shelf in forget {
            groups.entry(shelf.group()).or_default();
        }
        for entry in old {
            // One that is not young has the records of a single group, or none.
            let group = entry.shelves.and_then(|[first, _]| Shelf::from_number(first));
            match group.map(Shelf::group) {
                None => {}
                Some(group) if groups.contains_key(&group) => {
                    let shelves = self.shelves_of(&entry).await?;
                    groups.entry(group).or_default().extend(shelves);
                }
                Some(_) => continue,
            }
            merged.insert(entry.name);
        }
        Ok((groups, merged))
    }

    async fn shelves_of(&mut self, entry: &SegmentEntry) -> Result<BTreeSet<Shelf>, StateError> {
        if entry.records == 0 {
            return Ok(BTreeSet::new());
        }
        Ok(self.records(entry).await?.shelves().collect())
    }
}
