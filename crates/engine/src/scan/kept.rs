//! Records kept from one reading for a second look at them.
//!
//! Where the records themselves teach which side is local, they must be looked at twice. If those
//! that the question is about are few (one interface's, say), they are kept, and the second look
//! costs nothing; if they are many, the objects are read again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use arrow::array::RecordBatch;

use super::Reports;

/// Where the records of all objects are kept, as long as they fit in a budget.
#[derive(Debug)]
pub(crate) struct Keeping {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// `None` once they did not fit.
    records: Option<Records>,
    /// Bytes left of the budget.
    left: usize,
}

/// By the object's number.
pub(crate) type Records = BTreeMap<usize, Vec<RecordBatch>>;

/// The records that the question is about, and what was told of all objects.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) records: Records,
    pub(crate) reports: Reports,
    /// Whether the records are those of other questions too.
    pub(crate) of_many: bool,
}

impl Kept {
    /// How many records there are.
    pub(crate) fn rows(&self) -> usize {
        self.records.values().flatten().map(RecordBatch::num_rows).sum()
    }
}

impl Keeping {
    pub(crate) fn new(budget: usize) -> Keeping {
        Keeping { inner: Mutex::new(Inner { records: Some(Records::new()), left: budget }) }
    }

    /// Whether there is still room: once there is not, nothing need be kept.
    pub(crate) fn is_keeping(&self) -> bool {
        self.lock().records.is_some()
    }

    /// Keeps records of an object. They hold `bytes` of memory.
    pub(crate) fn keep(&self, object_idx: usize, batch: &RecordBatch) {
        let bytes = batch.get_array_memory_size();
        let mut inner = self.lock();
        if bytes > inner.left {
            inner.records = None;
        }
        inner.left = inner.left.saturating_sub(bytes);
        if let Some(records) = &mut inner.records {
            records.entry(object_idx).or_default().push(batch.clone());
        }
    }

    /// All that was kept, if it is all.
    pub(crate) fn take(&self) -> Option<Records> {
        self.lock().records.take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A thread that panicked in here left whole values behind: each is put in one move.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, UInt64Array};
    use std::sync::Arc;

    #[test]
    fn what_does_not_fit_is_not_kept_in_part() {
        let column: ArrayRef = Arc::new(UInt64Array::from(vec![1; 100]));
        let batch = RecordBatch::try_from_iter([("bytes", column)]).unwrap();
        let kept = Keeping::new(batch.get_array_memory_size() * 2);
        kept.keep(0, &batch);
        kept.keep(1, &batch);
        assert!(kept.is_keeping());
        kept.keep(1, &batch);
        assert!(!kept.is_keeping());
        assert!(kept.take().is_none());
    }
}
