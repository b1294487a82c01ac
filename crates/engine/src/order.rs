//! Results in an order that leaves nothing to chance.
//!
//! Rows come as threads read them. So what takes the first rows of something (`LIMIT`, `DISTINCT ON`) takes them in an
//! order that has one outcome: the query's own, and by all columns where that leaves rows equal or there is none. The
//! result as a whole is handed out in such an order too.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::error::Result;
use datafusion::logical_expr::expr::Sort as SortExpr;
use datafusion::logical_expr::{
    Analyze, Distinct, Explain, Expr, Limit, LogicalPlan, LogicalPlanBuilder, Sort,
};

/// The plan with its result, and all that it takes the first rows of, in such an order.
pub(crate) fn in_order(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Explain(explain) => {
            let plan = Arc::new(in_order(Arc::unwrap_or_clone(explain.plan))?);
            Ok(LogicalPlan::Explain(Explain { plan, ..explain }))
        }
        LogicalPlan::Analyze(analyze) => {
            let input = Arc::new(in_order(Arc::unwrap_or_clone(analyze.input))?);
            Ok(LogicalPlan::Analyze(Analyze { input, ..analyze }))
        }
        LogicalPlan::DescribeTable(_) => Ok(plan),
        plan => {
            let settle = |node| settled(node).map(Transformed::yes);
            sorted(plan.transform_up_with_subqueries(settle).data()?)
        }
    }
}

/// A node that looks at the order of its input, so that the order has one outcome. One that looks at rows outside of
/// its subquery stays as it is, since it could not be planned otherwise: of `EXISTS`, the order does not matter.
fn settled(node: LogicalPlan) -> Result<LogicalPlan> {
    Ok(match node {
        node @ (LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Distinct(Distinct::On(_)))
            if !node.all_out_ref_exprs().is_empty() =>
        {
            node
        }
        LogicalPlan::Sort(Sort { expr, input, fetch }) => {
            LogicalPlan::Sort(Sort { expr: with_ties(expr, &input), input, fetch })
        }
        LogicalPlan::Limit(limit) => {
            let input = Arc::new(sorted(Arc::unwrap_or_clone(limit.input))?);
            LogicalPlan::Limit(Limit { input, ..limit })
        }
        LogicalPlan::Distinct(Distinct::On(mut on)) => {
            let by_key = || on.on_expr.iter().map(|key| key.clone().sort(true, true)).collect();
            let order = on.sort_expr.take().unwrap_or_else(by_key);
            on.sort_expr = Some(with_ties(order, &on.input));
            LogicalPlan::Distinct(Distinct::On(on))
        }
        node => node,
    })
}

/// The plan, sorted by all columns unless it has an order.
fn sorted(plan: LogicalPlan) -> Result<LogicalPlan> {
    let order = if is_sorted(&plan) { Vec::new() } else { with_ties(Vec::new(), &plan) };
    if order.is_empty() {
        return Ok(plan);
    }
    LogicalPlanBuilder::from(plan).sort(order)?.build()
}

/// Whether rows come in an order that was asked for. It may be by columns that are not handed out.
fn is_sorted(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) | LogicalPlan::Distinct(Distinct::On(_)) => true,
        LogicalPlan::Projection(node) => is_sorted(&node.input),
        LogicalPlan::SubqueryAlias(node) => is_sorted(&node.input),
        LogicalPlan::Limit(node) => is_sorted(&node.input),
        _ => false,
    }
}

/// The order, and where it leaves rows equal that by every other column that can be sorted by, ascending.
fn with_ties(mut order: Vec<SortExpr>, input: &LogicalPlan) -> Vec<SortExpr> {
    let sortable = |data_type: &DataType| !data_type.is_nested();
    for field in input.schema().iter().filter(|(_, field)| sortable(field.data_type())) {
        let column = Expr::Column(Column::from(field));
        if order.iter().all(|key| key.expr != column) {
            order.push(column.sort(true, true));
        }
    }
    order
}
