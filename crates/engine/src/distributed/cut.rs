//! Which part of a plan is run elsewhere.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::SimpleScalarUDF;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::scalar_subquery::ScalarSubqueryExpr;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning, replace_children_if_necessary};

use crate::scan::FlowLogExec;
use crate::table::TableColumn;

/// A node that takes the place of what was cut out.
type Stand = Result<Arc<dyn ExecutionPlan>>;

/// The plan with each scan, and what is done row by row above it, replaced by what `put_apart` makes of it.
pub(super) fn cut(
    plan: Arc<dyn ExecutionPlan>,
    put_apart: &mut impl FnMut(Arc<dyn ExecutionPlan>) -> Stand,
) -> Stand {
    if scan_of(&plan).is_some() {
        return put_apart(plan);
    }
    if let Some(best) = best_of_each(&plan) {
        // The best of each part are found there, and the best of those here.
        return replace_children_if_necessary(plan, vec![put_apart(best)?]);
    }
    let children = plan.children().into_iter().map(Arc::clone).collect::<Vec<_>>();
    if children.is_empty() {
        return Ok(plan);
    }
    let children = children.into_iter().map(|child| cut(child, put_apart));
    let children = children.collect::<Result<Vec<_>>>()?;
    replace_children_if_necessary(plan, children)
}

/// The scan at the bottom of a plan that works row by row, each partition for itself.
fn scan_of(plan: &Arc<dyn ExecutionPlan>) -> Option<&FlowLogExec> {
    if let Some(scan) = plan.downcast_ref::<FlowLogExec>() {
        return Some(scan);
    }
    match plan.children()[..] {
        [child] if is_row_by_row(plan) => scan_of(child),
        _ => None,
    }
}

/// The scan at the bottom of a plan that was put apart.
pub(super) fn leaf_of(plan: &Arc<dyn ExecutionPlan>) -> Option<&FlowLogExec> {
    match plan.children()[..] {
        [] => plan.downcast_ref::<FlowLogExec>(),
        [child] => leaf_of(child),
        _ => None,
    }
}

/// Whether what the node makes of several parts is what it makes of each, together. Partial aggregates
/// are what the final one takes, however many there are.
fn is_row_by_row(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if !travels(plan) {
        return false;
    }
    if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        return filter.fetch().is_none();
    }
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        return *aggregate.mode() == AggregateMode::Partial;
    }
    plan.is::<ProjectionExec>() || plan.is::<UnnestExec>() || is_idle(plan)
}

/// Whether all expressions of the node can be sent: none asks a subquery, or a function that was made for
/// this plan alone, and codes of a scan are handed on and nothing else.
fn travels(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let Some(input) = plan.children().first().map(|child| child.schema()) else { return true };
    let mut travels = true;
    let looked = plan.apply_expressions(&mut |root| {
        travels &= root.is::<Column>() || !looks_at_codes(root, &input);
        root.apply(|part| {
            let function = part.downcast_ref::<ScalarFunctionExpr>();
            let is_made_here = function.is_some_and(|it| it.fun().inner().is::<SimpleScalarUDF>());
            travels &= !is_made_here && !part.is::<ScalarSubqueryExpr>();
            Ok(TreeNodeRecursion::Continue)
        })
    });
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        let arguments = aggregate.aggr_expr().iter().flat_map(|function| function.expressions());
        travels &= arguments.into_iter().all(|argument| !looks_at_codes(&argument, &input));
    }
    travels && looked.is_ok()
}

/// Whether an expression looks at codes, which mean nothing before they are translated.
fn looks_at_codes(root: &Arc<dyn PhysicalExpr>, input: &Schema) -> bool {
    let is_coded = |part: &Arc<dyn PhysicalExpr>| {
        let column = part.downcast_ref::<Column>();
        column.is_some_and(|it| TableColumn::coded(input.field(it.index())).is_some())
    };
    root.exists(|part| Ok(is_coded(part))).unwrap_or(true)
}

/// Whether the node hands on all rows as they are, so that the parts need none.
pub(super) fn is_idle(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let deals_out =
        |it: &RepartitionExec| matches!(it.partitioning(), Partitioning::RoundRobinBatch(_));
    plan.is::<CooperativeExec>() || plan.downcast_ref::<RepartitionExec>().is_some_and(deals_out)
}

/// For a sort of which only the first rows are wanted: the same of each partition.
fn best_of_each(plan: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
    let sort = plan.downcast_ref::<SortExec>()?;
    let fetch = sort.fetch()?;
    scan_of(sort.input())?;
    let input = sort.input().schema();
    if sort.expr().iter().any(|key| looks_at_codes(&key.expr, &input)) {
        return None;
    }
    let each = SortExec::new(sort.expr().clone(), Arc::clone(sort.input()));
    Some(Arc::new(each.with_fetch(Some(fetch)).with_preserve_partitioning(true)))
}
