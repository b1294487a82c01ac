//! [`RemoteExec`]: what stands in a plan for the parts that are run elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::datatypes::{Int32Type, SchemaRef, UInt32Type};
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_datafusion_err, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::{StreamExt, stream};
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::cluster::{ClusterError, Done};
use super::job::{Job, Parts};
use super::tell::{Came, Execution, take_apart};
use super::told::{Told, ToldError};
use crate::error::{EngineError, FailedThere};
use crate::table::TableColumn;

/// How often parts are run whose results could not be fetched, since an executor was lost with them.
const ATTEMPTS: usize = 3;
/// How often it is asked how far the parts are.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// The plan node that puts out what the parts put out elsewhere.
#[derive(Debug)]
pub(super) struct RemoteExec {
    job: Arc<Job>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    runs: Mutex<Runs>,
}

/// A plan may be run several times: each run of a partition takes part in another run of the job.
#[derive(Debug)]
struct Runs {
    /// How often each partition was run.
    counts: Vec<usize>,
    rounds: Vec<Arc<Coming>>,
}

/// Rows on their way: whichever partition asks gets the next.
#[derive(Debug)]
struct Coming {
    rows: tokio::sync::Mutex<Receiver<RecordBatch>>,
    /// How it ended: that there are no more rows says nothing.
    outcome: Arc<OnceLock<Result<(), Arc<DataFusionError>>>>,
    /// Ends with the last who asks.
    _task: SpawnedTask<()>,
}

impl Coming {
    fn of(job: &Arc<Job>) -> Coming {
        let (sender, rows) = mpsc::channel(2);
        let outcome: Arc<OnceLock<_>> = Arc::default();
        let (job, told) = (Arc::clone(job), Arc::clone(&outcome));
        job.scan.report.begin();
        let task = SpawnedTask::spawn(async move {
            let brought = bring(&job, &sender).await;
            // All that was told is taken in by now.
            job.scan.report.end();
            let brought = brought.map_err(|error| DataFusionError::External(Box::new(error)));
            // It is told once: here.
            let _ = told.set(brought.map_err(Arc::new));
        });
        Coming { rows: tokio::sync::Mutex::new(rows), outcome, _task: task }
    }

    /// The next rows, whoever asks; `None` once all have been given.
    async fn next(&self) -> Result<Option<RecordBatch>> {
        let next = self.rows.lock().await.recv().await;
        if next.is_some() {
            return Ok(next);
        }
        match self.outcome.get() {
            Some(Ok(())) => Ok(None),
            Some(Err(error)) => Err(DataFusionError::Shared(Arc::clone(error))),
            None => internal_err!("parts were left without an end"),
        }
    }
}

impl RemoteExec {
    /// What stands for a plan with so many partitions.
    pub(super) fn new(job: Job, partitions: usize) -> RemoteExec {
        let schema = job.schema();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let properties = Arc::new(properties);
        let runs = Mutex::new(Runs { counts: vec![0; partitions], rounds: Vec::new() });
        RemoteExec { job: Arc::new(job), schema, properties, runs }
    }

    /// The rows that this run of a partition has a share in.
    fn coming(&self, partition: usize) -> Result<Arc<Coming>> {
        // A round is counted and pushed in one move.
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = runs.counts.get_mut(partition) else {
            return internal_err!("there is no partition {partition}");
        };
        let round = *count;
        *count += 1;
        if runs.rounds.len() == round {
            runs.rounds.push(Arc::new(Coming::of(&self.job)));
        }
        Ok(Arc::clone(&runs.rounds[round]))
    }
}

/// Runs the job and sends what comes of it.
async fn bring(job: &Arc<Job>, sender: &Sender<RecordBatch>) -> Result<(), EngineError> {
    let parts = Arc::new(job.prepare().await?);
    let _watch = SpawnedTask::spawn(watch(Arc::clone(job), Arc::clone(&parts)));
    let mut missing: BTreeSet<usize> = (0..parts.objects.len()).collect();
    let mut attempts = 0;
    while !missing.is_empty() {
        attempts += 1;
        let rows = job.run(&parts, &missing).await?;
        let lost = take_in(job, &parts, rows, &mut missing, sender).await?;
        if attempts == ATTEMPTS && !missing.is_empty() {
            let lost = lost.unwrap_or_else(|| "they were left out".to_owned());
            let text = format!("the results of {} parts did not come: {lost}", missing.len());
            return Err(ClusterError(text).into());
        }
    }
    Ok(())
}

/// Takes in the parts that come whole, and says what came in the way of others: a job that lost an executor
/// names both where results were and where they are. Of a part that does not come whole nothing is taken.
async fn take_in(
    job: &Job,
    parts: &Parts,
    mut rows: SendableRecordBatchStream,
    missing: &mut BTreeSet<usize>,
    sender: &Sender<RecordBatch>,
) -> Result<Option<String>, EngineError> {
    let schema = job.schema();
    let mut lost = None;
    let mut begun: BTreeMap<Execution, Vec<RecordBatch>> = BTreeMap::new();
    while let Some(batch) = rows.next().await {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                lost = Some(error.strip_backtrace());
                continue;
            }
        };
        for came in take_apart(&batch, &schema)? {
            let (execution, told) = match came {
                Came::Rows(execution, batch) => {
                    begun.entry(execution).or_default().push(batch);
                    continue;
                }
                Came::End(execution, told) => (execution, told),
            };
            let batches = begun.remove(&execution).unwrap_or_default();
            let bytes = told.told.map_err(failed_there)?;
            let rows: u64 = batches.iter().map(|batch| batch.num_rows() as u64).sum();
            let part = execution.part();
            if rows != told.rows || !missing.contains(&part) {
                continue;
            }
            for batch in settled(job, &parts.objects[part], &bytes, batches)? {
                // Whoever does not listen any more needs nothing.
                let _ = sender.send(batch).await;
            }
            missing.remove(&part);
        }
    }
    Ok(lost)
}

/// The error that a plan here would have ended with.
fn failed_there(message: String) -> EngineError {
    EngineError::Query(Box::new(DataFusionError::External(Box::new(FailedThere(message)))))
}

/// A part's rows with the codes of this side, once it is taken in what was told of the part.
fn settled(
    job: &Job,
    numbers: &[usize],
    told: &[u8],
    batches: Vec<RecordBatch>,
) -> Result<Vec<RecordBatch>, EngineError> {
    let failed = |error: &dyn fmt::Display| ClusterError(error.to_string());
    let told = Told::decode(told).map_err(|error| failed(&error))?;
    let codes = told.give(&job.scan, numbers).map_err(|error| failed(&error))?;
    let batches = batches.into_iter().map(|batch| {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
            match TableColumn::coded(field) {
                Some(TableColumn::InterfaceCode) => coded(column, |it| codes.interfaces(it)),
                Some(TableColumn::Pending) => coded(column, |it| codes.pending(it)),
                Some(TableColumn::Place) => places(column, numbers),
                _ => Ok(Arc::clone(column)),
            }
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(schema, columns, &rows)?)
    });
    batches.collect::<Result<Vec<_>, EngineError>>()
}

/// A column of codes with those of this side.
fn coded(
    column: &ArrayRef,
    translate: impl Fn(&UInt32Array) -> Result<UInt32Array, ToldError>,
) -> Result<ArrayRef> {
    let codes = column.as_primitive_opt::<UInt32Type>();
    let codes = codes.ok_or_else(|| internal_datafusion_err!("codes are numbers"))?;
    let codes = translate(codes).map_err(|error| DataFusionError::External(Box::new(error)))?;
    Ok(Arc::new(codes))
}

/// Places in this listing for those among the objects of a part.
fn places(column: &ArrayRef, numbers: &[usize]) -> Result<ArrayRef> {
    let wrong = || internal_datafusion_err!("there is no such object in the part");
    let column = column.as_primitive_opt::<Int32Type>().ok_or_else(wrong)?;
    let place = |place: i32| {
        let number = usize::try_from(place).ok().and_then(|place| numbers.get(place));
        number.and_then(|number| i32::try_from(*number).ok()).ok_or_else(wrong)
    };
    Ok(Arc::new(column.try_unary::<_, Int32Type, _>(place)?))
}

/// Tells the session's progress how far the parts are, until it is stopped.
async fn watch(job: Arc<Job>, parts: Arc<Parts>) {
    let mut known = Done::default();
    loop {
        tokio::time::sleep(ASKED_EVERY).await;
        let Ok(done) = job.cluster().done(&parts.run).await else { continue };
        job.scan.progress.add_bytes(done.bytes.saturating_sub(known.bytes));
        job.scan.progress.add_objects(done.objects.saturating_sub(known.objects));
        known = done;
    }
}

impl DisplayAs for RemoteExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteExec")
    }
}

impl ExecutionPlan for RemoteExec {
    fn name(&self) -> &str {
        "RemoteExec"
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
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = stream::try_unfold(self.coming(partition)?, |coming| async move {
            let next = coming.next().await?;
            Ok(next.map(|batch| (batch, coming)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows)))
    }
}
