//! What was written more than once, and how it is counted once.
//!
//! Two things come twice. An *object* may be delivered twice, or lie in two places: objects of the
//! same bytes are found before anything is read ([`same_objects`]), and only the first is read. And
//! a *record* is written by each flow log that covers its interface, a VPC's and a subnet's say. Such
//! copies are told by the fields of the default format that describe the flow
//! ([`mark::IDENTITY`]): whatever else a flow log is made to write, it writes those alike.
//!
//! Within one flow log, records that are alike are different flows that look alike, and all of them
//! count. So of each record as many count as the one flow log has that has most: the k-th of a flow
//! log counts unless another flow log, one that is preferred, has a k-th as well. Preferred are
//! records with more fields filled, then the flow log with the smaller id.
//!
//! Only records of an interface that several flow logs covered at one time can be copies ([`Shared`]).
//! They alone go through the sort that brings copies together ([`exec`]); all others flow by.

mod dropper;
mod exec;
mod feed;
mod mark;
mod objects;
mod shared;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::prelude::SessionContext;
use tokio::sync::OnceCell;

use crate::error::EngineError;
use crate::session::{Session, Terms};
pub(crate) use exec::{CopiesExec, SortMemory};
pub(crate) use mark::{KEY_FIELDS, copy_keys, separates};
use objects::same_objects;
pub(crate) use shared::{Shared, flow_log_of};

/// What is done with records that several flow logs wrote, and with objects that are there twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// They are counted as often as they are there, and the answer says so.
    #[default]
    Keep,
    /// They are counted once. How many were dropped is in
    /// [`RecordCounts::duplicates`](flowproof_evidence::RecordCounts::duplicates) and
    /// [`ObjectCounts::duplicate`](flowproof_evidence::ObjectCounts::duplicate).
    Drop,
}

/// What one reading is to count once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Copies {
    /// By the object's place in the listing: the place of the object before it with the same bytes.
    pub(crate) left_out: Arc<BTreeMap<usize, usize>>,
    /// The interfaces whose records may be copies, if copies of records are to be dropped.
    pub(crate) shared: Option<Arc<Shared>>,
}

impl Copies {
    pub(crate) fn leaves_out(&self, object_idx: usize) -> bool {
        self.left_out.contains_key(&object_idx)
    }
}

/// What a session has found of copies: it looks when the first question is asked.
#[derive(Debug, Default)]
pub(crate) struct Doubles {
    left_out: OnceCell<Arc<BTreeMap<usize, usize>>>,
    shared: OnceCell<Option<Arc<Shared>>>,
}

impl Doubles {
    /// The objects that are left out, once somebody has looked.
    pub(crate) fn left_out(&self) -> Option<&Arc<BTreeMap<usize, usize>>> {
        self.left_out.get()
    }
}

/// How many copies were dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dropped {
    pub(crate) records: u64,
    /// Those of them that were counted as of unknown direction.
    pub(crate) unoriented: u64,
}

/// How many copies one node dropped, told at its end. A node that is run again tells anew.
#[derive(Debug, Default)]
pub(crate) struct DroppedBy(Mutex<Dropped>);

impl DroppedBy {
    fn put(&self, dropped: Dropped) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = dropped;
    }

    pub(crate) fn total(&self) -> Dropped {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// What a reading is to count once. Finding it costs the hashing of objects that are as large as
    /// another one, and, where there are several flow logs, one reading of three columns; once for
    /// each session.
    pub(crate) async fn copies(&self, terms: &Terms) -> Result<Copies, EngineError> {
        if self.duplicates() == Duplicates::Keep || terms.collects {
            return Ok(Copies::default());
        }
        let (found, whole) = (self.doubles(), self.whole().await?);
        let look = || async {
            let same = same_objects(self.catalog(), whole, self.threads()).await;
            Arc::new(same)
        };
        let left_out = Arc::clone(found.left_out.get_or_init(look).await);
        let every_copy = Copies { left_out, shared: None };
        if terms.every_copy || !whole.several_flow_logs {
            return Ok(every_copy);
        }
        let look = || self.find_shared(&every_copy);
        let shared = found.shared.get_or_try_init(look).await?.clone();
        Ok(Copies { shared, ..every_copy })
    }

    /// The interfaces that several flow logs covered at one time, `None` if there is none.
    async fn find_shared(&self, copies: &Copies) -> Result<Option<Arc<Shared>>, EngineError> {
        // That they are looked at is enough: the scan notes which flow log logged them, and when.
        let sql = "SELECT count(interface_id), count(\"start\"), count(\"end\") FROM flow_logs";
        let plan = |context: SessionContext| async move { Ok(context.sql(sql).await?) };
        let mut pass = self.begin_pass_with(&self.terms(), copies.clone(), plan).await?;
        while pass.next().await?.is_some() {}
        let shared = Shared::of(&pass.end().await?.logged, self.catalog());
        Ok((!shared.is_empty()).then(|| Arc::new(shared)))
    }
}
