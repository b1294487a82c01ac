//! What a sort within a node is fed with: the rows that may be copies. The others are put aside.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt64Array};
use arrow::compute::{filter_record_batch, is_null, take_record_batch};
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning,
    PlanProperties, ReplaceChildrenOptions,
};
use futures::{Stream, StreamExt};

/// Rows that cannot be copies, on their way past the sort.
pub(super) type Aside = Arc<Mutex<VecDeque<RecordBatch>>>;

/// Takes the next of what was put aside.
pub(super) fn take_aside(aside: &Aside) -> Option<RecordBatch> {
    aside.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// One stream as a plan, which can be executed once.
pub(super) struct FeedExec {
    feed: Mutex<Option<Feed>>,
    properties: Arc<PlanProperties>,
}

impl FeedExec {
    /// `identity` is the place of the column that is NULL in rows that cannot be copies. Rows come in
    /// batches of at most `rows`, which hold nothing but their own bytes.
    pub(super) fn new(
        input: SendableRecordBatchStream,
        identity: usize,
        rows: usize,
        aside: Aside,
    ) -> FeedExec {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let feed = Feed { input, identity, rows: rows.max(1), aside, ready: VecDeque::new() };
        FeedExec { feed: Mutex::new(Some(feed)), properties: Arc::new(properties) }
    }
}

impl fmt::Debug for FeedExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedExec").finish_non_exhaustive()
    }
}

impl DisplayAs for FeedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeedExec")
    }
}

impl ExecutionPlan for FeedExec {
    fn name(&self) -> &str {
        "FeedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        )
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let spent = || DataFusionError::Internal("a feed is executed once".to_owned());
        Ok(Box::pin(feed.ok_or_else(spent)?))
    }
}

/// Parts what comes.
struct Feed {
    input: SendableRecordBatchStream,
    identity: usize,
    rows: usize,
    aside: Aside,
    ready: VecDeque<RecordBatch>,
}

impl Feed {
    fn part(&mut self, batch: &RecordBatch) -> Result<()> {
        let identity = batch.column(self.identity);
        if identity.null_count() < batch.num_rows() {
            let may_be_copies = (0..batch.num_rows()).filter(|row| identity.is_valid(*row));
            let rows: Vec<u64> = may_be_copies.map(|row| row as u64).collect();
            for rows in rows.chunks(self.rows) {
                let rows = UInt64Array::from(rows.to_vec());
                self.ready.push_back(compact(&take_record_batch(batch, &rows)?)?);
            }
        }
        let others = match identity.null_count() {
            0 => return Ok(()),
            nulls if nulls == batch.num_rows() => batch.clone(),
            _ => filter_record_batch(batch, &is_null(identity)?)?,
        };
        self.aside.lock().unwrap_or_else(PoisonError::into_inner).push_back(others);
        Ok(())
    }
}

/// The batch without what its texts do not need: taken from a larger one, they hold all of its texts.
fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(|column| match column.as_string_view_opt() {
        Some(texts) => Arc::new(texts.gc()) as ArrayRef,
        None => Arc::clone(column),
    });
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let columns = columns.collect();
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns, &options)?)
}

impl Stream for Feed {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if !self.aside.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                // Whoever waits for the sort takes these first, so that at most one batch waits.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(batch) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(batch)));
            }
            match ready!(self.input.poll_next_unpin(cx)) {
                Some(Ok(batch)) => {
                    if let Err(error) = self.part(&batch) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                end => return Poll::Ready(end),
            }
        }
    }
}

impl RecordBatchStream for Feed {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
