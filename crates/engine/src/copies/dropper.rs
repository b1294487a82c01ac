//! Which of the copies that follow one another are dropped.

use arrow::array::{Array, BooleanArray, LargeBinaryArray};

use super::Dropped;
use super::mark::Key;

/// Looks at records in the order of their keys, and holds one record's identity, however many copies
/// of it there are.
#[derive(Debug, Default)]
pub(super) struct Dropper {
    identity: Vec<u8>,
    /// How many of the copies so far were each flow log's, and how many were kept.
    met: Vec<(u32, u64)>,
    kept: u64,
    pub(super) dropped: Dropped,
}

impl Dropper {
    /// Which of the records with these keys are kept.
    pub(super) fn keeps(&mut self, keys: &LargeBinaryArray) -> BooleanArray {
        let keeps = (0..keys.len()).map(|row| Some(self.keeps_next(Key::of(keys.value(row)))));
        keeps.collect()
    }

    /// The k-th copy of a flow log is kept unless a flow log before it had a k-th one.
    fn keeps_next(&mut self, key: Key<'_>) -> bool {
        let identity = key.identity;
        if self.identity != identity || self.met.is_empty() {
            self.identity.clear();
            self.identity.extend_from_slice(identity);
            self.met.clear();
            self.kept = 0;
        }
        let flow_log = key.flow_log();
        let place = self.met.iter().position(|(met, _)| *met == flow_log);
        let place = place.unwrap_or_else(|| {
            self.met.push((flow_log, 0));
            self.met.len() - 1
        });
        let copies = &mut self.met[place].1;
        *copies += 1;
        if *copies > self.kept {
            self.kept = *copies;
            return true;
        }
        self.dropped.records += 1;
        self.dropped.unoriented += u64::from(key.is_unoriented());
        false
    }
}
