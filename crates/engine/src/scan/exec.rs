//! The physical plan node.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning,
    PlanProperties, ReplaceChildrenOptions,
};
use flowproof_record::Predicate;

use super::ScanContext;
use super::partition::Partition;
use super::plan::ScanPlan;
use super::sums::ADDED_UP;
use super::tasks::Dealing;
use crate::table::{TableColumn, TableKind};

/// Reads flow log objects as record batches.
#[derive(Debug)]
pub(crate) struct FlowLogExec {
    plan: Arc<ScanPlan>,
    /// What the predicate was made of.
    filters: Vec<Expr>,
    /// What is read.
    dealing: Dealing,
    properties: Arc<PlanProperties>,
}

impl FlowLogExec {
    pub(crate) fn new(
        context: Arc<ScanContext>,
        kind: TableKind,
        columns: Vec<TableColumn>,
        filters: Vec<Expr>,
        predicate: Option<Arc<Predicate>>,
        asked: Option<Arc<Predicate>>,
        partitions: usize,
    ) -> FlowLogExec {
        let schema: SchemaRef = TableColumn::schema(&columns);
        let dealing = Dealing::new(&context, partitions);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(dealing.partitions()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let (columns, summed) = match kind {
            TableKind::Summed => (ADDED_UP.to_vec(), Some(columns)),
            _ => (columns, None),
        };
        let schema = TableColumn::schema(&columns);
        let plan = Arc::new(ScanPlan { context, kind, columns, schema, summed, predicate, asked });
        FlowLogExec { plan, filters, dealing, properties: Arc::new(properties) }
    }

    /// The table that is scanned.
    pub(crate) fn kind(&self) -> TableKind {
        self.plan.kind
    }

    /// The columns that it puts out.
    pub(crate) fn columns(&self) -> &[TableColumn] {
        self.plan.summed.as_ref().unwrap_or(&self.plan.columns)
    }

    /// What its predicate was made of.
    pub(crate) fn filters(&self) -> &[Expr] {
        &self.filters
    }
}

impl DisplayAs for FlowLogExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects = self.plan.context.catalog.found();
        write!(f, "FlowLogExec: table={:?}, objects={objects}", self.plan.kind)?;
        if let Some(predicate) = &self.plan.predicate {
            write!(f, ", on raw bytes={predicate:?}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for FlowLogExec {
    fn name(&self) -> &str {
        "FlowLogExec"
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

    fn execute(
        &self,
        partition: usize,
        task: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let tasks = self.dealing.begin(partition);
        let reader = Partition::new(Arc::clone(&self.plan), tasks, task);
        let batches = futures::stream::try_unfold(reader, |mut reader| async move {
            Ok(reader.next().await?.map(|batch| (batch, reader)))
        });
        let schema = self.schema();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}
