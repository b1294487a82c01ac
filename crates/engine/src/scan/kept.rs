//! Records kept from one reading for a second look at them.
//!
//! Where the records themselves teach which side is local, they must be looked at twice. If those
//! that the question is about are few (one interface's, say), they are kept, and the second look
//! costs nothing; if they are many, the objects are read again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use arrow::array::RecordBatch;

use super::ObjectReport;

/// The records of all objects, as long as they fit in a budget.
#[derive(Debug)]
pub(crate) struct Kept {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// By the object's place in the listing; `None` once they did not fit.
    objects: Option<BTreeMap<usize, KeptObject>>,
    /// Bytes left of the budget.
    left: usize,
}

/// The records of one object, and what was told of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeptObject {
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) report: ObjectReport,
}

impl Kept {
    pub(crate) fn new(budget: usize) -> Kept {
        Kept { inner: Mutex::new(Inner { objects: Some(BTreeMap::new()), left: budget }) }
    }

    /// Whether there is still room: once there is not, nothing need be kept.
    pub(crate) fn is_keeping(&self) -> bool {
        self.lock().objects.is_some()
    }

    /// Keeps records of an object. They hold `bytes` of memory.
    pub(crate) fn keep(&self, object_idx: usize, batch: &RecordBatch) {
        let bytes = batch.get_array_memory_size();
        let mut inner = self.lock();
        if bytes > inner.left {
            inner.objects = None;
        }
        inner.left = inner.left.saturating_sub(bytes);
        if let Some(objects) = &mut inner.objects {
            objects.entry(object_idx).or_default().batches.push(batch.clone());
        }
    }

    /// Keeps what was told of an object, which is done.
    pub(crate) fn keep_report(&self, object_idx: usize, report: &ObjectReport) {
        if let Some(objects) = &mut self.lock().objects {
            objects.entry(object_idx).or_default().report = report.clone();
        }
    }

    /// All that was kept, if it is all.
    pub(crate) fn take(&self) -> Option<BTreeMap<usize, KeptObject>> {
        self.lock().objects.take()
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
        let kept = Kept::new(batch.get_array_memory_size() * 2);
        kept.keep(0, &batch);
        kept.keep(1, &batch);
        assert!(kept.is_keeping());
        kept.keep(1, &batch);
        assert!(!kept.is_keeping());
        assert!(kept.take().is_none());
    }
}
