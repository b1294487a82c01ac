//! The physical plan node.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning,
    PlanProperties, ReplaceChildrenOptions,
};
use flowproof_record::Predicate;
use flowproof_source::Object;

use super::ScanContext;
use super::partition::Partition;
use super::plan::ScanPlan;
use crate::table::{TableColumn, TableKind};

/// Reads flow log objects as record batches.
#[derive(Debug)]
pub(crate) struct FlowLogExec {
    plan: Arc<ScanPlan>,
    /// Places of objects in the listing, by partition.
    partitions: Vec<Vec<usize>>,
    properties: Arc<PlanProperties>,
}

impl FlowLogExec {
    pub(crate) fn new(
        context: Arc<ScanContext>,
        kind: TableKind,
        columns: Vec<TableColumn>,
        predicate: Option<Arc<Predicate>>,
        asked: Option<Arc<Predicate>>,
        partitions: usize,
    ) -> FlowLogExec {
        let schema: SchemaRef = TableColumn::schema(&columns);
        let left_out = |object_idx: &usize| context.copies.leaves_out(*object_idx);
        let partitions = deal_out(&context.objects, left_out, partitions);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let plan = Arc::new(ScanPlan { context, kind, columns, schema, predicate, asked });
        FlowLogExec { plan, partitions, properties: Arc::new(properties) }
    }
}

/// Deals objects out so that partitions have about the same number of bytes: the largest first,
/// each to the partition that has least. The same listing is always dealt out in the same way.
fn deal_out(
    objects: &[Object],
    left_out: impl Fn(&usize) -> bool,
    partitions: usize,
) -> Vec<Vec<usize>> {
    let mut by_size: Vec<usize> = (0..objects.len()).filter(|idx| !left_out(idx)).collect();
    let mut hands = vec![(0u64, Vec::new()); partitions.clamp(1, by_size.len().max(1))];
    by_size.sort_by_key(|idx| (std::cmp::Reverse(objects[*idx].size), *idx));
    for idx in by_size {
        // There is at least one hand.
        if let Some(least) = hands.iter_mut().min_by_key(|(bytes, _)| *bytes) {
            least.0 += objects[idx].size.max(1);
            least.1.push(idx);
        }
    }
    hands.into_iter().map(|(_, hand)| hand).collect()
}

impl DisplayAs for FlowLogExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects = self.plan.context.objects.len();
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
        let objects = self.partitions[partition].clone();
        let reader = Partition::new(Arc::clone(&self.plan), objects, task);
        let batches = futures::stream::try_unfold(reader, |mut reader| async move {
            Ok(reader.next().await?.map(|batch| (batch, reader)))
        });
        let schema = Arc::clone(&self.plan.schema);
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowproof_source::Location;

    fn object(size: u64) -> Object {
        Object {
            key: String::new(),
            location: Location::Local(String::new().into()),
            size,
            etag: None,
            layout: None,
        }
    }

    #[test]
    fn objects_are_dealt_out_by_bytes_and_each_once() {
        let objects: Vec<_> = [10, 90, 40, 50, 0].map(object).into();
        let none = |_: &usize| false;
        assert_eq!(deal_out(&objects, none, 2), [vec![1, 0], vec![3, 2, 4]]);
        assert_eq!(deal_out(&objects, none, 9).len(), 5, "no partition without an object");
        assert_eq!(deal_out(&[], none, 4), [Vec::<usize>::new()]);
        assert_eq!(deal_out(&objects, |idx| *idx == 1, 2), [vec![3, 4], vec![2, 0]]);
    }
}
