//! Flow logs in the `SessionContext` of another DataFusion program.
//!
//! Such a program knows `flow_logs` and `traffic` by their columns ([`register`]); a plan over them is answered by a
//! session ([`Session::answer_frame`]), which puts its own tables in their place. So what makes figures right comes
//! along, whatever the program's context is like: sums and arithmetic that do not wrap, sides that are learned before
//! they are asked for, copies, memory, and the coverage of just this reading. A context that ran such a plan by itself
//! could tell none of it, and so it cannot.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session as PlanningSession, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::functions_aggregate::sum::Sum;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{
    AggregateUDF, Expr, LogicalPlan, ScalarUDF, TableScan, TableType, WindowFunctionDefinition,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{DataFrame, SessionContext};
use flowproof_intel::Matcher;

use crate::answer::Answer;
use crate::error::EngineError;
use crate::functions::{self, Lists};
use crate::order::in_order;
use crate::session::Session;
use crate::sum::checked_sum;
use crate::table::{TableColumn, TableKind};
use crate::volumes::Rows;

/// The tables that others know.
const TABLES: [TableKind; 2] = [TableKind::FlowLogs, TableKind::Traffic];

/// Makes `flow_logs`, `traffic` and the functions for addresses and lists known to a context, so that SQL and frames
/// can be made over them beside the program's own tables. They belong to no logs yet: [`Session::answer_frame`] answers
/// what is made over them, each time of the logs of that session. A context that runs such a plan itself gets an error.
///
/// # Errors
///
/// [`EngineError::Query`] if one of the names is taken; nothing is registered then.
pub fn register(context: &SessionContext) -> std::result::Result<(), EngineError> {
    let lists = Lists::of(None);
    for table in TABLES.map(TableKind::name) {
        if context.table_exist(table)? {
            return Err(taken(table));
        }
    }
    for function in functions::address_functions(&lists) {
        if context.udf(function.name()).is_ok() {
            return Err(taken(function.name()));
        }
    }
    for kind in TABLES {
        context.register_table(kind.name(), Arc::new(Unbound::new(kind)))?;
    }
    functions::register(context, &lists);
    Ok(())
}

fn taken(name: &str) -> EngineError {
    DataFusionError::Plan(format!("the context has something named {name} already")).into()
}

impl Session {
    /// Answers a frame that another program made over the tables of [`register`], and over its own tables if it likes.
    ///
    /// Rows are in an order that leaves nothing to chance, as those of [`Session::query`]. The program's own tables
    /// may be read twice.
    ///
    /// # Errors
    ///
    /// [`EngineError::Query`] if the frame does not read flow logs, does more than read, or fails.
    pub async fn answer_frame(
        &self,
        frame: DataFrame,
        matcher: Option<Arc<Matcher>>,
    ) -> std::result::Result<Answer<Rows>, EngineError> {
        let (state, plan) = frame.into_parts();
        let reads = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false);
        reads.with_allow_statements(false).verify_plan(&plan)?;
        if !reads_flow_logs(&plan)? {
            let reason = "the frame reads neither flow_logs nor traffic".to_owned();
            return Err(DataFusionError::Plan(reason).into());
        }
        let lists = self.lists(matcher.as_ref());
        let mut rows = Rows { schema: Arc::new(Schema::empty()), batches: Vec::new() };
        let keep = |schema: &SchemaRef,
                    batch: Option<&RecordBatch>|
         -> std::result::Result<(), EngineError> {
            rows.schema = Arc::clone(schema);
            rows.batches.extend(batch.cloned());
            Ok(())
        };
        let (state, plan, lists) = (&state, &plan, &lists);
        let bound = |context: SessionContext| async move {
            let plan = bind(plan.clone(), &context, lists).await?;
            Ok(DataFrame::new(with_stores_of(state, &context), in_order(plan)?))
        };
        let answer = self.ask_each(matcher, bound, keep).await?;
        Ok(answer.map(|()| rows))
    }
}

/// The state of a session's context, which finds the objects of the program's own tables too.
fn with_stores_of(program: &SessionState, context: &SessionContext) -> SessionState {
    let object_store_registry = Arc::clone(&program.runtime_env().object_store_registry);
    let own = RuntimeEnv::clone(&context.runtime_env());
    let runtime = Arc::new(RuntimeEnv { object_store_registry, ..own });
    SessionStateBuilder::new_from_existing(context.state()).with_runtime_env(runtime).build()
}

/// The plan over a session's own tables and functions.
async fn bind(
    plan: LogicalPlan,
    context: &SessionContext,
    lists: &Arc<Lists>,
) -> Result<LogicalPlan> {
    let mut tables = Vec::new();
    for kind in TABLES {
        tables.push((kind, provider_as_source(context.table_provider(kind.name()).await?)));
    }
    let sum = Arc::new(checked_sum());
    let bound = plan.transform_up_with_subqueries(|node| {
        let node = match node {
            LogicalPlan::TableScan(scan) => match unbound(&scan) {
                Some(meant) => {
                    let source = tables.iter().find(|(kind, _)| *kind == meant);
                    let source = source.map_or(scan.source.clone(), |(_, source)| source.clone());
                    LogicalPlan::TableScan(TableScan { source, ..scan })
                }
                None => LogicalPlan::TableScan(scan),
            },
            other => other,
        };
        let bind = |expr: Expr| expr.transform_up(|part| Ok(bind_function(part, lists, &sum)));
        Ok(Transformed::yes(node.map_expressions(bind)?.data))
    })?;
    Ok(bound.data)
}

/// The expression, with our own function at its root if it is one of those that [`register`] made known, or a sum.
fn bind_function(expr: Expr, lists: &Arc<Lists>, sum: &Arc<AggregateUDF>) -> Transformed<Expr> {
    match expr {
        Expr::ScalarFunction(mut call) if functions::lists_of(&call.func).is_some() => {
            let name = call.func.name();
            let own = functions::address_functions(lists).find(|own| own.name() == name);
            call.func = own.map_or(call.func, |own: ScalarUDF| Arc::new(own));
            Transformed::yes(Expr::ScalarFunction(call))
        }
        Expr::AggregateFunction(call) if call.func.inner().is::<Sum>() => {
            let func = Arc::clone(sum);
            Transformed::yes(Expr::AggregateFunction(AggregateFunction { func, ..call }))
        }
        Expr::WindowFunction(mut call) => {
            let wraps = match &call.fun {
                WindowFunctionDefinition::AggregateUDF(function) => function.inner().is::<Sum>(),
                WindowFunctionDefinition::WindowUDF(_) => false,
            };
            if wraps {
                call.fun = WindowFunctionDefinition::AggregateUDF(Arc::clone(sum));
            }
            Transformed::yes(Expr::WindowFunction(call))
        }
        other => Transformed::no(other),
    }
}

/// Which of our tables is meant, if one is.
fn unbound(scan: &TableScan) -> Option<TableKind> {
    let provider = source_as_provider(&scan.source).ok()?;
    provider.downcast_ref::<Unbound>().map(|table| table.kind)
}

fn reads_flow_logs(plan: &LogicalPlan) -> Result<bool> {
    let mut reads = false;
    plan.apply_with_subqueries(|node| {
        reads |= matches!(node, LogicalPlan::TableScan(scan) if unbound(scan).is_some());
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(reads)
}

/// A table of the right columns that belongs to no logs.
#[derive(Debug)]
struct Unbound {
    kind: TableKind,
    schema: SchemaRef,
}

impl Unbound {
    fn new(kind: TableKind) -> Unbound {
        Unbound { kind, schema: TableColumn::schema(&kind.columns()) }
    }
}

#[async_trait]
impl TableProvider for Unbound {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn PlanningSession,
        _: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan_err!(
            "{} is read by Session::answer_frame, which also tells what was read and what could not be",
            self.kind.name()
        )
    }
}
