//! The physical plan node that drops copies.
//!
//! Each partition sorts those of its records that may be copies, while it hands the others on. A
//! partition whose sort is fed leaves it to the node and ends; the last one merges what all have
//! sorted, and drops copies. So no partition waits for another one, in whatever order they are run.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryPool, UnboundedMemoryPool,
};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::streaming_merge::StreamingMergeBuilder;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use futures::{Stream, StreamExt};

use super::DroppedBy;
use super::dropper::Dropper;
use super::feed::{Aside, FeedExec, take_aside};

/// Of the memory of a sort, one batch may be this share: a merge holds several.
const BATCH_SHARE: usize = 32;
/// About so many bytes are a row's.
const ROW_BYTES: usize = 512;
/// Fewer rows than this are no batch worth its while.
const FEWEST_ROWS: usize = 64;
/// What a sort keeps for merging what it has spilled: this share of its memory.
const MERGE_SHARE: usize = 4;

/// The memory of the sorts of one node, and where they spill to.
#[derive(Debug)]
pub(crate) struct SortMemory {
    pub(crate) bytes: usize,
    pub(crate) beside: Arc<RuntimeEnv>,
}

impl SortMemory {
    /// What one of several sorts is run with. Each has its share to itself, so that none can take what
    /// another one needs to end; the temporary files are everybody's.
    fn share(&self, sorts: usize, task: &TaskContext) -> Result<TaskContext> {
        let bytes = self.bytes / sorts.max(1);
        let runtime = RuntimeEnvBuilder::from_runtime_env(&self.beside)
            .with_memory_pool(Arc::new(FairSpillPool::new(bytes)))
            .build_arc()?;
        let config = task.session_config().clone();
        let rows = (bytes / BATCH_SHARE / ROW_BYTES).max(FEWEST_ROWS).min(config.batch_size());
        let most = config.options().execution.sort_spill_reservation_bytes;
        let config = config
            .with_batch_size(rows)
            .with_sort_spill_reservation_bytes(most.min(bytes / MERGE_SHARE));
        Ok(TaskContext::default().with_session_config(config).with_runtime(runtime))
    }
}

/// Drops copies of records. Below it is a scan whose last column is the key of copies, which is taken
/// off.
#[derive(Debug)]
pub(crate) struct CopiesExec {
    input: Arc<dyn ExecutionPlan>,
    memory: Arc<SortMemory>,
    dropped: Arc<DroppedBy>,
    schema: SchemaRef,
    order: LexOrdering,
    sorted: Arc<Sorted>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl CopiesExec {
    /// # Errors
    ///
    /// An internal error if the input has no column.
    pub(crate) fn new(
        input: Arc<dyn ExecutionPlan>,
        memory: Arc<SortMemory>,
        dropped: Arc<DroppedBy>,
    ) -> Result<CopiesExec> {
        let keyed = input.schema();
        let no_key = || DataFusionError::Internal("no key to tell copies by".to_owned());
        let key = keyed.fields().len().checked_sub(1).ok_or_else(no_key)?;
        let schema = Arc::new(keyed.project(&(0..key).collect::<Vec<_>>())?);
        let by_key = Arc::new(Column::new(keyed.field(key).name(), key));
        let order = LexOrdering::new([PhysicalSortExpr::new_default(by_key)]).ok_or_else(no_key)?;
        let partitions = input.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Both,
            Boundedness::Bounded,
        );
        Ok(CopiesExec {
            input,
            memory,
            dropped,
            schema,
            order,
            sorted: Arc::new(Sorted::default()),
            metrics: ExecutionPlanMetricsSet::new(),
            properties: Arc::new(properties),
        })
    }

    fn partitions(&self) -> usize {
        self.input.output_partitioning().partition_count()
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

    /// The scan deals objects out as it is.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        visit(&self.order.first().expr)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.pop().unwrap_or_else(|| Arc::clone(&self.input));
        let (memory, dropped) = (Arc::clone(&self.memory), Arc::clone(&self.dropped));
        Ok(Arc::new(CopiesExec::new(input, memory, dropped)?))
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
        let input = self.input.execute(partition, Arc::clone(&task))?;
        let share = Arc::new(self.memory.share(self.partitions(), &task)?);
        let rows = share.session_config().batch_size();
        let aside = Aside::default();
        let feed = FeedExec::new(input, self.schema.fields().len(), rows, Arc::clone(&aside));
        let sort = SortExec::new(self.order.clone(), Arc::new(feed));
        let run = sort.execute(0, share)?;
        let count = |name| MetricBuilder::new(&self.metrics).counter(name, partition);
        Ok(Box::pin(CountedOnce {
            wanted: (0..self.schema.fields().len()).collect(),
            schema: Arc::clone(&self.schema),
            aside,
            phase: Phase::Feeding { sort, run },
            merge: Merge {
                keyed: self.input.schema(),
                order: self.order.clone(),
                rows,
                metrics: BaselineMetrics::new(&self.metrics, partition),
            },
            sorted: Arc::clone(&self.sorted),
            partitions: self.partitions(),
            dropper: Dropper::default(),
            dropped: Arc::clone(&self.dropped),
            counts: [count("copies_dropped"), count("copies_spills")],
        }))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// What the partitions of a node have sorted, until the last one comes.
#[derive(Default)]
struct Sorted(Mutex<Vec<SendableRecordBatchStream>>);

impl fmt::Debug for Sorted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sorted").finish_non_exhaustive()
    }
}

impl Sorted {
    /// Leaves what a partition has sorted; gives all to the last of so many partitions.
    fn leave(
        &self,
        run: SendableRecordBatchStream,
        partitions: usize,
    ) -> Option<Vec<SendableRecordBatchStream>> {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.push(run);
        (runs.len() >= partitions).then(|| std::mem::take(&mut *runs))
    }
}

/// How sorted runs are merged.
struct Merge {
    keyed: SchemaRef,
    order: LexOrdering,
    rows: usize,
    metrics: BaselineMetrics,
}

impl Merge {
    /// The merge itself holds a batch of each run, which the runs' own share allows for.
    fn merge(&self, runs: Vec<SendableRecordBatchStream>) -> Result<SendableRecordBatchStream> {
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        StreamingMergeBuilder::new()
            .with_streams(runs)
            .with_schema(Arc::clone(&self.keyed))
            .with_expressions(&self.order)
            .with_metrics(self.metrics.clone())
            .with_batch_size(self.rows)
            .with_reservation(MemoryConsumer::new("copies").register(&pool))
            .build()
    }
}

/// What a partition is at.
enum Phase {
    /// Its sort is fed; what cannot be a copy is handed on meanwhile.
    Feeding {
        sort: SortExec,
        run: SendableRecordBatchStream,
    },
    /// It is the last one, and merges what all have sorted.
    Merging(SendableRecordBatchStream),
    Done,
}

/// The rows of one partition, or what is left of those of all, each counted once.
struct CountedOnce {
    schema: SchemaRef,
    wanted: Vec<usize>,
    aside: Aside,
    phase: Phase,
    merge: Merge,
    sorted: Arc<Sorted>,
    partitions: usize,
    dropper: Dropper,
    dropped: Arc<DroppedBy>,
    /// Copies dropped, and how often the sort spilled.
    counts: [Count; 2],
}

impl CountedOnce {
    /// The sort is fed, and `first` is the first that it gives.
    fn end_feeding(&mut self, first: Option<RecordBatch>) -> Result<()> {
        let Phase::Feeding { sort, run } = std::mem::replace(&mut self.phase, Phase::Done) else {
            return Ok(());
        };
        let spills = sort.metrics().and_then(|metrics| metrics.spill_count());
        self.counts[1].add(spills.unwrap_or_default());
        let run = futures::stream::iter(first.map(Ok)).chain(run);
        let run = RecordBatchStreamAdapter::new(Arc::clone(&self.merge.keyed), run);
        if let Some(runs) = self.sorted.leave(Box::pin(run), self.partitions) {
            self.phase = Phase::Merging(self.merge.merge(runs)?);
        }
        Ok(())
    }

    fn end_merging(&mut self) {
        self.phase = Phase::Done;
        let dropped = self.dropper.dropped;
        self.dropped.put(dropped);
        self.counts[0].add(usize::try_from(dropped.records).unwrap_or(usize::MAX));
    }

    fn without_copies(&mut self, merged: &RecordBatch) -> Result<RecordBatch> {
        let keeps = self.dropper.keeps(merged.column(self.wanted.len()).as_binary::<i64>());
        Ok(filter_record_batch(&merged.project(&self.wanted)?, &keeps)?)
    }

    /// The next of the rows that cannot be copies.
    fn next_aside(&self) -> Option<Result<RecordBatch>> {
        take_aside(&self.aside).map(|batch| Ok(batch.project(&self.wanted)?))
    }
}

impl Stream for CountedOnce {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(batch) = self.next_aside() {
                return Poll::Ready(Some(batch));
            }
            match &mut self.phase {
                Phase::Feeding { run, .. } => match run.poll_next_unpin(cx) {
                    // The sort fetches its rows here, and puts the others aside.
                    Poll::Pending => match self.next_aside() {
                        Some(batch) => return Poll::Ready(Some(batch)),
                        None => return Poll::Pending,
                    },
                    Poll::Ready(first) => {
                        let fed = first.transpose().and_then(|first| self.end_feeding(first));
                        if let Err(error) = fed {
                            self.phase = Phase::Done;
                            return Poll::Ready(Some(Err(error)));
                        }
                    }
                },
                Phase::Merging(merged) => match merged.poll_next_unpin(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Ok(merged))) => match self.without_copies(&merged) {
                        Ok(batch) if batch.num_rows() == 0 => {}
                        kept => return Poll::Ready(Some(kept)),
                    },
                    Poll::Ready(Some(Err(error))) => {
                        self.phase = Phase::Done;
                        return Poll::Ready(Some(Err(error)));
                    }
                    Poll::Ready(None) => self.end_merging(),
                },
                Phase::Done => return Poll::Ready(None),
            }
        }
    }
}

impl RecordBatchStream for CountedOnce {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
