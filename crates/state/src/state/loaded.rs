//! Records that were read, kept while there is room.

use std::collections::HashMap;
use std::sync::Arc;

use crate::segment::Records;

/// The bytes of records that are kept for the next question: two months of 1,500 objects an hour.
const ROOM: usize = 32 << 20;

/// Records of segments by the name of their segment.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    records: HashMap<String, Kept>,
    clock: u64,
}

#[derive(Debug)]
struct Kept {
    records: Arc<Records>,
    used: u64,
}

impl Loaded {
    /// The records of a segment, if they are there.
    pub(super) fn get(&mut self, name: &str) -> Option<Arc<Records>> {
        self.clock += 1;
        let kept = self.records.get_mut(name)?;
        kept.used = self.clock;
        Some(Arc::clone(&kept.records))
    }

    /// Keeps records, and lets go of those that nobody has asked for the longest.
    pub(super) fn keep(&mut self, name: &str, records: &Arc<Records>) {
        self.clock += 1;
        let kept = Kept { records: Arc::clone(records), used: self.clock };
        self.records.insert(name.to_owned(), kept);
        let mut size = self.size();
        while size > ROOM && self.records.len() > 1 {
            let oldest = self.records.iter().min_by_key(|(_, kept)| kept.used);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else { break };
            size -= self.records.remove(&name).map_or(0, |kept| kept.records.size());
        }
    }

    /// Keeps only the records of these segments.
    pub(super) fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.records.retain(|name, _| is_there(name));
    }

    /// The bytes that are kept.
    pub(super) fn size(&self) -> usize {
        self.records.values().map(|kept| kept.records.size()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Identity;
    use crate::segment::{Entry, Segment, SegmentDraft};
    use crate::shelf::Shelf;

    fn records(count: u64) -> Arc<Records> {
        let entry = |n: u64| {
            let identity = Identity { fingerprint: n.to_be_bytes(), tag: [0; 6] };
            Entry { identity, epoch: 0 }
        };
        let entries: Vec<Entry> = (0..count).map(entry).collect();
        let mut draft = SegmentDraft::default();
        draft.push_shelf(Shelf::Undated(0), &entries);
        let (bytes, _) = draft.seal("seg/a".into(), true);
        Segment::decode(bytes).unwrap().records
    }

    #[test]
    fn what_was_not_asked_for_the_longest_goes_first() {
        let third = records(ROOM as u64 / 15 / 3);
        let mut loaded = Loaded::default();
        loaded.keep("a", &third);
        loaded.keep("b", &third);
        assert!(loaded.get("a").is_some());
        loaded.keep("c", &third);
        loaded.keep("d", &third);
        assert!(loaded.size() <= ROOM);
        assert!(loaded.get("b").is_none(), "a was asked for since");
        assert!(loaded.get("d").is_some());
        loaded.keep("large", &records(ROOM as u64 / 10));
        assert!(loaded.get("large").is_some(), "what is needed now is there, however large");
        assert!(loaded.get("d").is_none());
    }
}
