//! [`PartScanExec`]: a scan in parts, each of some of the objects.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::UInt32Type;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{
    DataFusionError, Result, exec_err, internal_datafusion_err, internal_err, plan_err,
};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::cluster::Done;
use super::site::Site;
use super::told::Told;
use crate::scan::{FlowLogExec, ScanContext};
use crate::table::{TableColumn, TableKind, all_predicates};

/// What a part of a scan needs to know beside its objects.
#[derive(Debug, Clone, PartialEq)]
pub struct PartScan {
    /// What progress goes by.
    pub run: String,
    /// The name of what the whole scan shares.
    pub setup: String,
    /// The name of the lists that the functions of the plan know.
    pub lists: Option<String>,
    /// The table.
    pub table: String,
    /// Its columns, by name.
    pub columns: Vec<String>,
    /// What is left out of them. Each is done on raw bytes.
    pub filters: Vec<Expr>,
}

/// The part that a partition turned out to be, for those above the scan.
#[derive(Debug, Default)]
pub(super) struct PartCell {
    number: OnceLock<u32>,
    context: OnceLock<Arc<ScanContext>>,
}

impl PartCell {
    /// The part's number.
    pub(super) fn part(&self) -> Result<u32> {
        let number = self.number.get().copied();
        number.ok_or_else(|| internal_datafusion_err!("no part of the scan was begun"))
    }

    /// All that was told of the part, once it has ended.
    pub(super) fn told(&self) -> Result<Vec<u8>> {
        let context = self.context.get();
        let context = context.ok_or_else(|| internal_datafusion_err!("the part was not read"))?;
        let told = Told::take(context).encode();
        told.map_err(|error| DataFusionError::External(Box::new(error)))
    }
}

/// The plan node: over a table of parts, a partition for each row.
#[derive(Debug)]
pub struct PartScanExec {
    scan: PartScan,
    kind: TableKind,
    columns: Vec<TableColumn>,
    /// The table of parts.
    parts: Arc<dyn ExecutionPlan>,
    /// Where it is run; nowhere, where plans only pass by.
    site: Option<Arc<Site>>,
    properties: Arc<PlanProperties>,
}

impl PartScanExec {
    /// The scan of these parts.
    ///
    /// # Errors
    ///
    /// If there is no such table or column.
    pub fn new(
        scan: PartScan,
        parts: Arc<dyn ExecutionPlan>,
        site: Option<Arc<Site>>,
    ) -> Result<PartScanExec> {
        let Some(kind) = TableKind::ALL.into_iter().find(|kind| kind.name() == scan.table) else {
            return plan_err!("there is no table `{}`", scan.table);
        };
        let all = kind.columns();
        let column = |name: &String| match all.iter().find(|column| column.name() == name) {
            Some(column) => Ok(*column),
            None => plan_err!("there is no column `{name}` in `{}`", scan.table),
        };
        let columns = scan.columns.iter().map(column).collect::<Result<Vec<_>>>()?;
        let properties = PlanProperties::new(
            EquivalenceProperties::new(TableColumn::schema(&columns)),
            Partitioning::UnknownPartitioning(parts.output_partitioning().partition_count()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let properties = Arc::new(properties);
        Ok(PartScanExec { scan, kind, columns, parts, site, properties })
    }

    /// What it scans.
    #[must_use]
    pub fn scan(&self) -> &PartScan {
        &self.scan
    }
}

impl DisplayAs for PartScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartScanExec: table={}", self.scan.table)
    }
}

impl ExecutionPlan for PartScanExec {
    fn name(&self) -> &str {
        "PartScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.parts]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(parts), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("PartScanExec has one child");
        };
        Ok(Arc::new(PartScanExec::new(self.scan.clone(), parts, self.site.clone())?))
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
        let Some(site) = self.site.clone() else {
            return internal_err!("a part of a scan is read by executors only");
        };
        let part = self.parts.execute(partition, Arc::clone(&task))?;
        let reader = Reader {
            scan: self.scan.clone(),
            kind: self.kind,
            columns: self.columns.clone(),
            site,
            task,
        };
        let rows = stream::once(reader.begin(part)).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

/// What reads a part.
struct Reader {
    scan: PartScan,
    kind: TableKind,
    columns: Vec<TableColumn>,
    site: Arc<Site>,
    task: Arc<TaskContext>,
}

impl Reader {
    async fn begin(self, part: SendableRecordBatchStream) -> Result<SendableRecordBatchStream> {
        let (number, name) = only_part(part).await?;
        // A partition has one part.
        let cell = self.task.session_config().get_extension::<PartCell>().unwrap_or_default();
        let _ = cell.number.set(number);
        let external = |error: super::ClusterError| DataFusionError::Execution(error.0);
        if !self.site.is_wanted(&self.scan.run).await.map_err(external)? {
            return exec_err!("nobody waits for this run any more");
        }
        if let Some(lists) = &self.scan.lists {
            self.site.bring_lists(lists).await.map_err(external)?;
        }
        let context = self.site.context(&self.scan.setup, &name).await.map_err(external)?;
        let predicate = all_predicates(&self.scan.filters)?.map(Arc::new);
        let _ = cell.context.set(Arc::clone(&context));
        let filters = Vec::new();
        let scan = Arc::clone(&context);
        let scan = FlowLogExec::new(scan, self.kind, self.columns, filters, predicate, None, 1);
        let rows = scan.execute(0, Arc::clone(&self.task))?;
        let schema = rows.schema();
        let end = stream::once(async move {
            let done = Done { objects: context.catalog.found(), bytes: context.progress.bytes() };
            self.site.tell_done(&self.scan.run, number, done).await;
            Ok(None)
        });
        let rows = rows.map_ok(Some).chain(end).try_filter_map(|batch| async move { Ok(batch) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

/// The one row of a partition of the table of parts: a number, and the name of the objects.
async fn only_part(mut rows: SendableRecordBatchStream) -> Result<(u32, String)> {
    let mut parts = Vec::new();
    while let Some(batch) = rows.try_next().await? {
        parts.extend(parts_in(&batch)?);
    }
    match parts.len() {
        1 => Ok(parts.swap_remove(0)),
        n => internal_err!("a partition has one part, not {n}"),
    }
}

fn parts_in(batch: &RecordBatch) -> Result<Vec<(u32, String)>> {
    let numbers = batch.column_by_name("part").and_then(|c| c.as_primitive_opt::<UInt32Type>());
    let names = batch.column_by_name("objects").and_then(|names| names.as_string_opt::<i32>());
    let (Some(numbers), Some(names)) = (numbers, names) else {
        return internal_err!("the table of parts has other columns");
    };
    let names = names.iter().map(|name| name.unwrap_or_default().to_owned());
    Ok(numbers.values().iter().copied().zip(names).collect())
}
