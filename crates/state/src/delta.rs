//! What a batch adds to a state.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::{FindingKey, FindingRow};
use crate::identity::Identity;
use crate::shelf::Shelf;
use crate::trouble::Trouble;

/// An object that was read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadObject {
    /// Where it is kept.
    pub shelf: Shelf,
    /// Which object it is, in which edition.
    pub identity: Identity,
}

/// What a batch of objects adds to a state, all of it or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// What names the lists, and their content, under which the objects were read: the same text for
    /// the same lists.
    pub lists: String,
    /// The objects whose records are in `rows`, and those that have none.
    pub read: Vec<ReadObject>,
    /// What the records of the objects add up to. Several rows of one key are added up.
    pub rows: Vec<FindingRow>,
    /// Objects that there was trouble with.
    pub trouble: Vec<Trouble>,
    /// Objects that there is no trouble with any more. What `trouble` says of the same objects comes
    /// after this.
    pub settled: Vec<String>,
    /// Findings that people are told of now, as they stand, and the number of the bulletin. There must
    /// be such rows, and none of them may change in the same delta.
    pub told: BTreeMap<FindingKey, u64>,
    /// Notes for the next run; `None` removes one.
    pub notes: BTreeMap<String, Option<String>>,
}

impl Delta {
    /// Whether it adds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read.is_empty()
            && self.rows.is_empty()
            && self.trouble.is_empty()
            && self.settled.is_empty()
            && self.told.is_empty()
            && self.notes.is_empty()
    }
}

/// What a commit did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Commit {
    /// The generation of the state since then.
    pub generation: u64,
    /// Objects that were not known before.
    pub new: u64,
    /// Objects that were known in another edition.
    pub replaced: u64,
    /// Objects that were known, and were read again under other lists.
    pub again: u64,
    /// Files of runs that died, and of earlier generations, that were removed after it.
    pub removed: usize,
    /// Why such files could not be removed. They do no harm, and the next commit tries again.
    pub left: Option<String>,
}
