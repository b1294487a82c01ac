//! One scan in parts, as it is sent and as it comes back.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use bytes::Bytes;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::{ExecutionPlan, replace_children_if_necessary};
use datafusion::prelude::SessionConfig;

use super::cluster::{Cluster, ClusterError};
use super::cut::{is_idle, leaf_of};
use super::part::{PartScan, PartScanExec};
use super::setup::{ObjectSet, ObjectSetError, Setup};
use super::tell::TellExec;
use crate::error::EngineError;
use crate::scan::{FlowLogExec, ScanContext, dealt_out};
use crate::table::{CODED, TableColumn, TableKind};

/// About so many stored bytes are a part. What was read of a part is lost with the executor that read it.
const PART: u64 = 64 * 1024 * 1024;
/// The same where records are put out, since those of a part are held here until its end has come.
const PART_OF_RECORDS: u64 = 8 * 1024 * 1024;
/// So many parts for each place that runs one, so that no place waits long for the last.
const PARTS_OF_A_SLOT: usize = 4;
/// The most parts, unless there are more slots: each costs the scheduler some milliseconds, and the rows of
/// all of them come together here.
const MOST_PARTS: usize = 1024;

/// What is to be run in parts: a scan, and what is done with its rows.
#[derive(Debug)]
pub(super) struct Job {
    cluster: Arc<dyn Cluster>,
    pub(super) scan: Arc<ScanContext>,
    /// Down to a [`FlowLogExec`].
    plan: Arc<dyn ExecutionPlan>,
    lists: Option<String>,
    config: SessionConfig,
}

/// The parts of a job, with their objects where executors find them.
#[derive(Debug)]
pub(super) struct Parts {
    /// What progress goes by.
    pub(super) run: String,
    setup: String,
    names: Vec<String>,
    /// The numbers of each part's objects.
    pub(super) objects: Vec<Vec<usize>>,
}

impl Job {
    pub(super) fn new(
        cluster: Arc<dyn Cluster>,
        scan: Arc<ScanContext>,
        plan: Arc<dyn ExecutionPlan>,
        lists: Option<&str>,
        config: SessionConfig,
    ) -> Result<Job> {
        let coded = |field: &&FieldRef| TableColumn::coded(field).is_some();
        let scanned = leaf_of(&plan).ok_or_else(no_scan)?.columns();
        let of_scan = scanned.iter().filter(|column| CODED.contains(column)).count();
        if of_scan > plan.schema().fields().iter().filter(coded).count() {
            return internal_err!("codes of a scan do not come out of its plan as what they are");
        }
        Ok(Job { cluster, scan, plan, lists: lists.map(str::to_owned), config })
    }

    /// Whether rows are records and not sums of them.
    fn puts_out_records(&self) -> bool {
        let sums = leaf_of(&self.plan).is_some_and(|scan| scan.kind() == TableKind::Summed);
        !sums && !self.plan.is::<AggregateExec>()
    }

    pub(super) fn schema(&self) -> SchemaRef {
        self.plan.schema()
    }

    pub(super) fn cluster(&self) -> &Arc<dyn Cluster> {
        &self.cluster
    }

    /// Deals the objects out, and brings what executors need to where they find it.
    pub(super) async fn prepare(&self) -> Result<Parts, EngineError> {
        let slots = self.cluster.slots().await?;
        let part = if self.puts_out_records() { PART_OF_RECORDS } else { PART };
        let objects = parts(&self.scan, slots, part);
        let failed = |error: &dyn std::fmt::Display| ClusterError(error.to_string());
        let setup = Setup::of(&self.scan).encode().map_err(|error| failed(&error))?;
        let set = |numbers: &Vec<usize>| Ok(ObjectSet::of(&self.scan, numbers)?.encode()?);
        let sets = objects.iter().map(set).collect::<Result<Vec<_>, ObjectSetError>>();
        let sets = sets.map_err(|error| failed(&error))?;
        let blobs = sets.into_iter().chain([setup]).map(Bytes::from).collect();
        let mut names = self.cluster.keep(blobs).await?;
        let setup = names.pop().filter(|_| names.len() == objects.len());
        let setup = setup.ok_or_else(|| failed(&"the cluster did not keep what it was sent"))?;
        let run = format!("{:032x}", fastrand::u128(..));
        Ok(Parts { run, setup, names, objects })
    }

    /// Runs these parts.
    pub(super) async fn run(
        &self,
        parts: &Parts,
        wanted: &BTreeSet<usize>,
    ) -> Result<SendableRecordBatchStream, EngineError> {
        let plan = self.plan_of(parts, wanted)?;
        Ok(self.cluster.run(plan, &self.config).await?)
    }

    fn plan_of(&self, parts: &Parts, wanted: &BTreeSet<usize>) -> Result<Arc<dyn ExecutionPlan>> {
        let table = table_of(parts, wanted)?;
        let scan = leaf_of(&self.plan).ok_or_else(no_scan)?;
        let scan = PartScan {
            run: parts.run.clone(),
            setup: parts.setup.clone(),
            lists: self.lists.clone(),
            table: scan.kind().name().to_owned(),
            columns: scan.columns().iter().map(|column| column.name().to_owned()).collect(),
            filters: scan.filters().to_vec(),
        };
        let leaf: Arc<dyn ExecutionPlan> = Arc::new(PartScanExec::new(scan, table, None)?);
        Ok(Arc::new(TellExec::new(over(&self.plan, leaf)?)))
    }
}

/// The plan over another leaf.
fn over(
    plan: &Arc<dyn ExecutionPlan>,
    leaf: Arc<dyn ExecutionPlan>,
) -> Result<Arc<dyn ExecutionPlan>> {
    if plan.is::<FlowLogExec>() {
        return Ok(leaf);
    }
    let [child] = plan.children()[..] else { return Err(no_scan()) };
    let child = over(child, leaf)?;
    if is_idle(plan) {
        return Ok(child);
    }
    replace_children_if_necessary(Arc::clone(plan), vec![child])
}

fn no_scan() -> DataFusionError {
    DataFusionError::Internal("there is no scan to put into parts".to_owned())
}

/// The objects that a scan wants, dealt out by bytes.
fn parts(scan: &Arc<ScanContext>, slots: usize, part: u64) -> Vec<Vec<usize>> {
    let wanted = (0..scan.catalog.found() as usize).filter(|number| scan.wants_object(*number));
    let wanted: Vec<usize> = wanted.collect();
    let bytes: u64 = wanted.iter().map(|number| scan.catalog.size(*number)).sum();
    let by_bytes = usize::try_from(bytes.div_ceil(part)).unwrap_or(usize::MAX);
    let of_slots = slots.saturating_mul(PARTS_OF_A_SLOT);
    let parts = by_bytes.min(MOST_PARTS).max(of_slots);
    // Of nothing there is a part too: some aggregates say something of no rows.
    dealt_out(scan, wanted, parts)
}

/// The columns of the table of parts.
pub(super) fn part_fields() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("part", DataType::UInt32, false),
        Field::new("objects", DataType::Utf8, false),
    ]))
}

/// A table with a partition of one row for each part.
fn table_of(parts: &Parts, wanted: &BTreeSet<usize>) -> Result<Arc<dyn ExecutionPlan>> {
    let row = |part: &usize| -> Result<Vec<RecordBatch>> {
        let number =
            u32::try_from(*part).map_err(|error| DataFusionError::External(error.into()))?;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(vec![number])),
            Arc::new(StringArray::from(vec![parts.names[*part].as_str()])),
        ];
        Ok(vec![RecordBatch::try_new(part_fields(), columns)?])
    };
    let rows = wanted.iter().map(row).collect::<Result<Vec<_>>>()?;
    Ok(MemorySourceConfig::try_new_exec(&rows, part_fields(), None)?)
}
