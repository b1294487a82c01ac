//! [`Fleet`]: a cluster as sessions use it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::{ExecutionPlanProperties, execute_stream};
use flowproof_intel::Matcher;

use super::cluster::{Cluster, ClusterError};
use super::cut::cut;
use super::job::Job;
use super::remote::RemoteExec;
use crate::error::EngineError;
use crate::functions::Lists;
use crate::scan::ScanContext;

/// A cluster, and what it was sent.
#[derive(Debug, Clone)]
pub struct Fleet {
    pub(super) cluster: Arc<dyn Cluster>,
    /// The last lists that were asked about. They are packed and sent once.
    lists: Arc<Mutex<VecDeque<Arc<Lists>>>>,
}

/// How many sets of lists are remembered: a question has one, and what is asked beside it another.
const LISTS: usize = 4;

impl Fleet {
    /// Sessions that have it in their options read on this cluster.
    #[must_use]
    pub fn new(cluster: Arc<dyn Cluster>) -> Fleet {
        Fleet { cluster, lists: Arc::default() }
    }

    /// These lists, as all questions about them share them.
    pub(crate) fn lists(&self, matcher: &Arc<Matcher>) -> Arc<Lists> {
        // A thread that panicked in here left whole values behind.
        let mut known = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |lists: &&Arc<Lists>| lists.matcher().is_some_and(|it| Arc::ptr_eq(it, matcher));
        if let Some(lists) = known.iter().find(same) {
            return Arc::clone(lists);
        }
        let lists = Lists::of(Some(Arc::clone(matcher)));
        known.push_front(Arc::clone(&lists));
        known.truncate(LISTS);
        lists
    }

    /// Runs a plan whose scans read on the cluster.
    pub(crate) async fn execute(
        &self,
        frame: DataFrame,
        scan: &Arc<ScanContext>,
        lists: &Lists,
    ) -> Result<SendableRecordBatchStream, EngineError> {
        check(scan)?;
        self.send(lists).await?;
        let context = Arc::new(frame.task_ctx());
        let plan = frame.create_physical_plan().await?;
        let plan = cut(plan, &mut |apart| {
            let partitions = apart.output_partitioning().partition_count();
            let (cluster, scan) = (Arc::clone(&self.cluster), Arc::clone(scan));
            let config = context.session_config().clone();
            let job = Job::new(cluster, scan, apart, lists.name(), config)?;
            Ok(Arc::new(RemoteExec::new(job, partitions)))
        })?;
        Ok(execute_stream(plan, context)?)
    }

    /// Brings lists to where executors find them, once.
    async fn send(&self, lists: &Lists) -> Result<(), ClusterError> {
        let Some(matcher) = lists.matcher().filter(|_| lists.name().is_none()) else {
            return Ok(());
        };
        let packed = Bytes::from(matcher.pack());
        let names = self.cluster.keep(vec![packed]).await?;
        names.into_iter().for_each(|name| lists.call(name));
        Ok(())
    }
}

/// Whether a scan can be done elsewhere.
fn check(scan: &ScanContext) -> Result<(), ClusterError> {
    let reason = if scan.copies.shared.is_some() {
        "records that several flow logs wrote are dropped on one machine: leave out --duplicates drop"
    } else if scan.catalog.has_holders() {
        "sets that were collected are read on one machine: name the flow logs' own objects"
    } else {
        return Ok(());
    };
    Err(ClusterError(format!("not on a cluster: {reason}")))
}
