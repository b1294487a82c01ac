//! The physical plan node that drops copies.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{
    Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, Distribution, ExecutionPlan,
    ExecutionPlanProperties, Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use futures::{Stream, StreamExt};

use super::DroppedBy;
use super::dropper::Dropper;
use super::feed::{Aside, FeedExec, take_aside};
use super::mark::Mark;

/// Of the memory of a sort, one batch may be this share: a merge holds several.
const BATCH_SHARE: usize = 64;
/// About so many bytes are a row's.
const ROW_BYTES: usize = 512;
/// Fewer rows than this are no batch worth its while.
const FEWEST_ROWS: usize = 64;

/// The memory of all sorts of copies of one reading, and where they spill to.
#[derive(Debug)]
pub(crate) struct SortMemory {
    bytes: usize,
    runtime: Arc<RuntimeEnv>,
}

impl SortMemory {
    /// As much as this, with the temporary files of another runtime.
    ///
    /// # Errors
    ///
    /// What DataFusion cannot set up.
    pub(crate) fn new(beside: &RuntimeEnv, bytes: usize) -> Result<SortMemory> {
        let runtime = RuntimeEnvBuilder::from_runtime_env(beside)
            .with_memory_pool(Arc::new(FairSpillPool::new(bytes)))
            .build_arc()?;
        Ok(SortMemory { bytes, runtime })
    }
}

/// Drops copies of records. Below it is a scan whose last columns are [`Mark::ALL`]; they are taken
/// off. Rows that cannot be copies flow by as they come; the others go through DataFusion's sort,
/// which spills, and come after them.
#[derive(Debug)]
pub(crate) struct CopiesExec {
    input: Arc<dyn ExecutionPlan>,
    memory: Arc<SortMemory>,
    dropped: Arc<DroppedBy>,
    schema: SchemaRef,
    /// What partitions are dealt by.
    share: Arc<dyn PhysicalExpr>,
    order: LexOrdering,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl CopiesExec {
    /// # Errors
    ///
    /// An internal error if the input lacks the marks.
    pub(crate) fn new(
        input: Arc<dyn ExecutionPlan>,
        memory: Arc<SortMemory>,
        dropped: Arc<DroppedBy>,
    ) -> Result<CopiesExec> {
        let marked = input.schema();
        let wanted: Vec<usize> =
            (0..marked.fields().len().saturating_sub(Mark::ALL.len())).collect();
        let schema = Arc::new(marked.project(&wanted)?);
        let by = |mark: Mark| -> Result<PhysicalSortExpr> {
            Ok(PhysicalSortExpr::new_default(col(mark.name(), &marked)?))
        };
        let order = [by(Mark::Identity)?, by(Mark::Source)?, by(Mark::Place)?];
        let order = LexOrdering::new(order).ok_or_else(|| {
            DataFusionError::Internal("copies are sorted by three columns".to_owned())
        })?;
        let partitions = input.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Both,
            Boundedness::Bounded,
        );
        let share = col(Mark::Share.name(), &marked)?;
        let metrics = ExecutionPlanMetricsSet::new();
        let properties = Arc::new(properties);
        Ok(CopiesExec { input, memory, dropped, schema, share, order, metrics, properties })
    }

    /// A sort of the rows that may be copies, in batches that fit the memory.
    fn sort(
        &self,
        partition: usize,
        aside: &Aside,
        task: &Arc<TaskContext>,
    ) -> Result<(Arc<SortExec>, SendableRecordBatchStream)> {
        let input = self.input.execute(partition, Arc::clone(task))?;
        let partitions = self.input.output_partitioning().partition_count().max(1);
        let fits = self.memory.bytes / partitions / BATCH_SHARE / ROW_BYTES;
        let config = task.session_config();
        let rows = fits.max(FEWEST_ROWS).min(config.batch_size());
        let feed = FeedExec::new(input, self.schema.fields().len(), rows, Arc::clone(aside));
        let sort = Arc::new(SortExec::new(self.order.clone(), Arc::new(feed)));
        let small = TaskContext::default()
            .with_session_config(config.clone().with_batch_size(rows))
            .with_runtime(Arc::clone(&self.memory.runtime));
        let sorted = sort.execute(0, Arc::new(small))?;
        Ok((sort, sorted))
    }
}

impl DisplayAs for CopiesExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CopiesExec")
    }
}

impl ExecutionPlan for CopiesExec {
    fn name(&self) -> &str {
        "CopiesExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    /// All copies of a record come to one partition.
    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::KeyPartitioned(vec![Arc::clone(&self.share)])]
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let mut each = self.order.iter().map(|by| &by.expr);
        each.try_fold(TreeNodeRecursion::Continue, |so_far, expr| match so_far {
            TreeNodeRecursion::Stop => Ok(so_far),
            _ => visit(expr),
        })
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.pop().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(CopiesExec::new(input, Arc::clone(&self.memory), Arc::clone(&self.dropped))?))
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

    fn execute(
        &self,
        partition: usize,
        task: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let aside = Aside::default();
        let (sort, sorted) = self.sort(partition, &aside, &task)?;
        let count = |name| MetricBuilder::new(&self.metrics).counter(name, partition);
        Ok(Box::pin(CountedOnce {
            schema: Arc::clone(&self.schema),
            wanted: (0..self.schema.fields().len()).collect(),
            aside,
            sort,
            sorted,
            dropper: Dropper::default(),
            partition,
            dropped: Arc::clone(&self.dropped),
            counts: [count("copies_dropped"), count("copies_spills")],
            is_done: false,
        }))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// The rows of one partition, each counted once.
struct CountedOnce {
    schema: SchemaRef,
    wanted: Vec<usize>,
    aside: Aside,
    sort: Arc<SortExec>,
    sorted: SendableRecordBatchStream,
    dropper: Dropper,
    partition: usize,
    dropped: Arc<DroppedBy>,
    /// Copies dropped, and how often the sort spilled.
    counts: [Count; 2],
    is_done: bool,
}

impl CountedOnce {
    fn without_copies(&mut self, sorted: &RecordBatch) -> Result<RecordBatch> {
        let keeps = self.dropper.keeps(sorted)?;
        Ok(filter_record_batch(&sorted.project(&self.wanted)?, &keeps)?)
    }

    fn finish(&mut self) {
        if std::mem::replace(&mut self.is_done, true) {
            return;
        }
        let dropped = self.dropper.dropped;
        self.dropped.put(self.partition, dropped);
        self.counts[0].add(usize::try_from(dropped.records).unwrap_or(usize::MAX));
        let spills = self.sort.metrics().and_then(|metrics| metrics.spill_count());
        self.counts[1].add(spills.unwrap_or_default());
    }
}

impl Stream for CountedOnce {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(batch) = take_aside(&self.aside) {
                return Poll::Ready(Some(batch.project(&self.wanted).map_err(Into::into)));
            }
            if self.is_done {
                return Poll::Ready(None);
            }
            match self.sorted.poll_next_unpin(cx) {
                // The sort fetches its rows here, and puts the others aside.
                Poll::Pending => match take_aside(&self.aside) {
                    Some(batch) => {
                        return Poll::Ready(Some(batch.project(&self.wanted).map_err(Into::into)));
                    }
                    None => return Poll::Pending,
                },
                Poll::Ready(Some(Ok(sorted))) => match self.without_copies(&sorted) {
                    Ok(batch) if batch.num_rows() == 0 => {}
                    kept => return Poll::Ready(Some(kept)),
                },
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => self.finish(),
            }
        }
    }
}

impl RecordBatchStream for CountedOnce {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
