//! The known objects of a shelf.

use std::ops::Range;
use std::sync::Arc;

use crate::identity::Identity;
use crate::segment::{Entry, Records};
use crate::shelf::Shelf;

/// What a state knows of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: it is to be read.
    New,
    /// It was read in this edition, and its records are in the totals.
    Known {
        /// The number of the lists under which it was read last ([`State::epochs`](crate::State::epochs)).
        epoch: u32,
    },
    /// It was read, but in another edition. What is read of this one comes on top.
    Replaced,
}

/// The known objects of one shelf, as they were when it was asked for.
#[derive(Debug, Clone)]
pub struct Known {
    shelf: Shelf,
    /// Those that hold records of the shelf, and which of their parts do; the newest last.
    layers: Vec<(Arc<Records>, Range<usize>)>,
}

impl Known {
    pub(crate) fn new(shelf: Shelf) -> Known {
        Known { shelf, layers: Vec::new() }
    }

    /// Adds what is newer than all that is there.
    pub(crate) fn push(&mut self, records: &Arc<Records>) {
        let parts = records.parts_of(self.shelf);
        if !parts.is_empty() {
            self.layers.push((Arc::clone(records), parts));
        }
    }

    /// The shelf.
    #[must_use]
    pub fn shelf(&self) -> Shelf {
        self.shelf
    }

    /// What is known of an object of this shelf.
    #[must_use]
    pub fn standing(&self, identity: &Identity) -> Standing {
        match self.find(identity) {
            None => Standing::New,
            Some(entry) if entry.identity.tag == identity.tag => {
                Standing::Known { epoch: entry.epoch }
            }
            Some(_) => Standing::Replaced,
        }
    }

    /// How many distinct objects are known.
    #[must_use]
    pub fn objects(&self) -> usize {
        match &self.layers[..] {
            [(records, parts)] => parts.clone().map(|part| records.count(part)).sum(),
            _ => self.entries().len(),
        }
    }

    fn find(&self, identity: &Identity) -> Option<Entry> {
        self.layers.iter().rev().find_map(|(records, parts)| {
            parts.clone().find_map(|part| records.find(part, &identity.fingerprint))
        })
    }

    /// What is known of each object, sorted by fingerprint.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for (records, parts) in self.layers.iter().rev() {
            parts.clone().for_each(|part| entries.extend(records.entries(part)));
        }
        // The sort is stable and the newest come first, so of each object the newest stays.
        entries.sort_by_key(|entry| entry.identity.fingerprint);
        entries.dedup_by_key(|entry| entry.identity.fingerprint);
        entries
    }
}
