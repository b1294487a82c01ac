//! Records of one reading that are gathered for many questions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{Array, RecordBatch, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::take_record_batch;
use datafusion::common::{DataFusionError, Result};
use flowproof_record::{FieldId, MarkedTimes, TimeMarks};

use super::kept::Records;
use super::{CoverageScope, NO_INTERFACE};
use crate::parquet::compact;
use crate::table::{idle_rows, text_column};

/// Where the records of all objects are gathered, as long as they fit in a budget. They are not handed
/// up the plan.
#[derive(Debug)]
pub(crate) struct Gathering {
    pub(super) marks: Arc<TimeMarks>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    harvest: Harvest,
    /// Bytes left of the budget; `None` once something did not fit.
    left: Option<usize>,
}

/// What was gathered, by the object's number.
#[derive(Debug, Default)]
pub(crate) struct Harvest {
    pub(crate) records: Records,
    /// All records with traffic by time, whosever they are.
    pub(crate) marked: BTreeMap<usize, MarkedTimes>,
}

impl Gathering {
    /// Nothing yet, for questions about windows with these marks.
    pub(crate) fn new(marks: TimeMarks, budget: usize) -> Gathering {
        let inner = Inner { harvest: Harvest::default(), left: Some(budget) };
        Gathering { marks: Arc::new(marks), inner: Mutex::new(inner) }
    }

    /// Gathers records of an object. Of records without traffic those alone are wanted that tell the times
    /// of interfaces in scope.
    ///
    /// # Errors
    ///
    /// If there is no room: nothing need be read any more.
    pub(super) fn take(
        &self,
        object_idx: usize,
        records: &RecordBatch,
        scope: &CoverageScope,
    ) -> Result<()> {
        let interface = text_column(records, FieldId::INTERFACE_ID)?;
        let is_in_scope = |row| {
            let id = if interface.is_valid(row) { interface.value(row) } else { NO_INTERFACE };
            id == NO_INTERFACE || scope.includes(id)
        };
        let in_scope = BooleanBuffer::collect_bool(records.num_rows(), is_in_scope);
        let wanted = &!&idle_rows(records)? | &in_scope;
        if wanted.count_set_bits() == 0 {
            return Ok(());
        }
        // Taken one by one, they hold no more than they are; batches have fewer rows than 32 bits count.
        let rows = wanted.set_indices().map(|row| u32::try_from(row).unwrap_or(u32::MAX));
        let wanted = take_record_batch(records, &UInt32Array::from_iter_values(rows))?;
        let wanted = compact(wanted)?;
        let mut inner = self.lock();
        let bytes = wanted.get_array_memory_size();
        inner.left = inner.left.and_then(|left| left.checked_sub(bytes));
        if inner.left.is_none() {
            inner.harvest = Harvest::default();
            return Err(DataFusionError::ResourcesExhausted("no room to gather in".to_owned()));
        }
        inner.harvest.records.entry(object_idx).or_default().push(wanted);
        Ok(())
    }

    /// Takes in the times of an object's records.
    pub(super) fn mark(&self, object_idx: usize, marked: MarkedTimes) {
        self.lock().harvest.marked.insert(object_idx, marked);
    }

    /// All that was gathered; `None` if it did not fit.
    pub(crate) fn harvest(&self) -> Option<Harvest> {
        let mut inner = self.lock();
        inner.left.map(|_| std::mem::take(&mut inner.harvest))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked in here left whole values behind: each is put in one move.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
