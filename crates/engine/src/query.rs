//! `query`: the caller's own SQL.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SessionContext};
use flowproof_intel::Matcher;

use crate::answer::Answer;
use crate::error::EngineError;
use crate::order::in_order;
use crate::session::{Run, Session, Terms};
use crate::volumes::Rows;

/// Bytes of a result that are held until it is known that they are right.
const HELD: usize = 64 * 1024 * 1024;

impl Session {
    /// Answers SQL over the tables `flow_logs` and `traffic`. The functions for lists (`in_list`, say) ask `matcher`, and
    /// fail without one.
    ///
    /// Rows that the query leaves in no order are sorted by all columns, and rows that it leaves
    /// equal in its order are sorted by the others, so that the same input gives the same output
    /// whatever the threads. The same holds within it: `LIMIT` and `DISTINCT ON` take the first rows in
    /// such an order.
    ///
    /// It is planned on the thread that polls the future, and by recursion: a query of thousands of ORs needs a
    /// deep stack there (`thread_stack_size` of tokio's builder), which a [blocking](crate::blocking) session has.
    ///
    /// # Errors
    ///
    /// [`EngineError::Query`] if the SQL is wrong, is no query, or fails.
    pub async fn query(
        &self,
        sql: &str,
        matcher: Option<Arc<Matcher>>,
    ) -> Result<Answer<Rows>, EngineError> {
        let mut rows = Rows { schema: Arc::new(Schema::empty()), batches: Vec::new() };
        let keep = |schema: &SchemaRef, batch: Option<&RecordBatch>| -> Result<(), EngineError> {
            rows.schema = Arc::clone(schema);
            rows.batches.extend(batch.cloned());
            Ok(())
        };
        let answer = self.query_each(sql, matcher, keep).await?;
        Ok(answer.map(|()| rows))
    }

    /// As [`Session::query`], and hands each batch to `on_batch` as it comes, so that a large result
    /// need not be held. The first call has no batch: it tells the schema.
    ///
    /// # Errors
    ///
    /// As [`Session::query`], and what `on_batch` fails with.
    pub async fn query_each<E: From<EngineError>>(
        &self,
        sql: &str,
        matcher: Option<Arc<Matcher>>,
        on_batch: impl FnMut(&SchemaRef, Option<&RecordBatch>) -> Result<(), E>,
    ) -> Result<Answer<()>, E> {
        let plan = |context: SessionContext| async move { read_only(&context, sql).await };
        self.ask_each(matcher, plan, on_batch).await
    }

    /// Answers a plan over the tables, whatever it was made of, and hands on each batch.
    pub(crate) async fn ask_each<P, F, E: From<EngineError>>(
        &self,
        matcher: Option<Arc<Matcher>>,
        plan: P,
        mut on_batch: impl FnMut(&SchemaRef, Option<&RecordBatch>) -> Result<(), E>,
    ) -> Result<Answer<()>, E>
    where
        P: Fn(SessionContext) -> F,
        F: Future<Output = Result<DataFrame, EngineError>>,
    {
        let mut terms = Terms { matcher, ..self.terms() };
        if asks_for_sides(&plan(self.planning_context(&terms)?).await?)? {
            if let Some(run) = self.try_without_learning(&terms, &plan).await? {
                on_batch(&run.schema, None)?;
                run.batches.iter().try_for_each(|batch| on_batch(&run.schema, Some(batch)))?;
                return Ok(self.answer((), run.told).await?);
            }
            self.learn_sides(&mut terms).await?;
        }
        let mut pass = self.begin_pass(&terms, plan).await?;
        on_batch(pass.schema(), None)?;
        while let Some(batch) = pass.next().await? {
            on_batch(pass.schema(), Some(&batch))?;
        }
        Ok(self.answer((), pass.end().await?).await?)
    }

    /// The result, if it is not large and every record that it looks at told its sides, or the address
    /// book did: then there is nothing to learn.
    pub(crate) async fn try_without_learning<P, F>(
        &self,
        terms: &Terms,
        plan: P,
    ) -> Result<Option<Run>, EngineError>
    where
        P: FnOnce(SessionContext) -> F,
        F: Future<Output = Result<DataFrame, EngineError>>,
    {
        let mut pass = self.begin_pass(terms, plan).await?;
        let (mut batches, mut bytes) = (Vec::new(), 0);
        while let Some(batch) = pass.next().await? {
            bytes += batch.get_array_memory_size();
            batches.push(batch);
            if bytes > HELD {
                return Ok(None);
            }
        }
        let schema = Arc::clone(pass.schema());
        let told = pass.end().await?;
        let open = told.objects.iter().any(|(_, report)| report.sides.left_open);
        let known = told.learner.is_empty() && !open && !told.was_left;
        Ok(known.then_some(Run { schema, batches, told }))
    }
}

/// Whether the query looks at columns that need to know which side is local. Its own filters
/// would let the first reading see part of an interface's records only.
fn asks_for_sides(frame: &DataFrame) -> Result<bool, EngineError> {
    let (state, plan) = frame.clone().into_parts();
    let mut asks = false;
    state.optimize(&plan)?.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let of_sides = ["local", "remote", "local_port", "remote_port", "direction"];
            let names = scan.projected_schema.field_names();
            asks |= names.iter().any(|name| {
                let column = name.rsplit('.').next().unwrap_or(name);
                of_sides.contains(&column) || column == "own_interface"
            });
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(asks)
}

/// Plans a query that reads; anything else is refused.
async fn read_only(context: &SessionContext, sql: &str) -> Result<DataFrame, EngineError> {
    let options =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let frame = context.sql_with_options(sql, options).await?;
    let (state, plan) = frame.into_parts();
    Ok(DataFrame::new(state, in_order(plan)?))
}
