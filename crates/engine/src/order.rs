//! Results in an order that leaves nothing to chance.
//!
//! Rows come as threads read them. So what takes the first rows of something (`LIMIT`, `DISTINCT ON`) takes them in an
//! order that has one outcome: the query's own, and by all columns where that leaves rows equal or there is none. The
//! result as a whole is handed out in such an order too.

use std::sync::Arc;

use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::expr::Sort as SortExpr;
use datafusion::logical_expr::{
    Analyze, Distinct, Explain, Expr, ExprSchemable, Limit, LogicalPlan, LogicalPlanBuilder, Sort,
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
            let schema = on.input.schema();
            let compares = |key: &Expr| key.get_type(schema).is_ok_and(|it| !it.is_nested());
            if on.sort_expr.is_some() || on.on_expr.iter().all(compares) {
                let by_key = || on.on_expr.iter().map(|key| key.clone().sort(true, true)).collect();
                let order = on.sort_expr.take().unwrap_or_else(by_key);
                // The first of a group is found by comparing values, which nested ones are not made for.
                let ties = with_ties(order, &on.input).into_iter();
                on.sort_expr = Some(ties.filter(|key| compares(&key.expr)).collect());
            }
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
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Distinct(Distinct::On(on)) => on.sort_expr.is_some(),
        // A subquery among the columns becomes a join.
        LogicalPlan::Projection(node) => !node.expr.iter().any(asks) && is_sorted(&node.input),
        LogicalPlan::SubqueryAlias(node) => is_sorted(&node.input),
        LogicalPlan::Limit(node) => is_sorted(&node.input),
        _ => false,
    }
}

/// Whether an expression asks a subquery.
fn asks(expr: &Expr) -> bool {
    let is_subquery = |expr: &Expr| {
        let asks = matches!(
            expr,
            Expr::ScalarSubquery(_)
                | Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::SetComparison(_)
        );
        Ok(asks)
    };
    // The question itself does not fail.
    expr.exists(is_subquery).unwrap_or(true)
}

/// The order, and where it leaves rows equal that by every other column that can be sorted by, ascending.
fn with_ties(mut order: Vec<SortExpr>, input: &LogicalPlan) -> Vec<SortExpr> {
    let sortable =
        |data_type: &DataType| RowConverter::supports_fields(&[SortField::new(data_type.clone())]);
    for field in input.schema().iter().filter(|(_, field)| sortable(field.data_type())) {
        let column = Expr::Column(Column::from(field));
        if order.iter().all(|key| key.expr != column) {
            order.push(column.sort(true, true));
        }
    }
    order
}
