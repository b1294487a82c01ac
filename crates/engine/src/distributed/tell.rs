//! [`TellExec`]: rows of parts, each part's followed by what was told of it.

use std::fmt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, RecordBatch, RecordBatchOptions, UInt64Array,
    new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, UInt64Type};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use futures::{TryStreamExt, stream};

use serde::{Deserialize, Serialize};

use super::part::PartCell;
use crate::error::message_of;

/// The plan node that adds two columns: which execution of which part the row is of, and what was told of
/// the part, which is NULL but for one row at the end of each partition. That row has nothing in the other
/// columns.
#[derive(Debug)]
pub struct TellExec {
    input: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl TellExec {
    /// Tells of the scan beneath `input`, which works row by row down to one
    /// [`PartScanExec`](super::PartScanExec).
    #[must_use]
    pub fn new(input: Arc<dyn ExecutionPlan>) -> TellExec {
        let nullable = |field: &FieldRef| Arc::new(field.as_ref().clone().with_nullable(true));
        let added = [
            Arc::new(Field::new("flowproof.execution", DataType::UInt64, false)),
            Arc::new(Field::new("flowproof.told", DataType::Binary, true)),
        ];
        let fields: Vec<FieldRef> =
            input.schema().fields().iter().map(nullable).chain(added).collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        TellExec { input, schema, properties: Arc::new(properties) }
    }
}

/// One execution of a part: a part that is run again has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Execution(u64);

impl Execution {
    fn of(part: u32) -> Execution {
        Execution(u64::from(fastrand::u32(..)) << 32 | u64::from(part))
    }

    /// The part's number.
    pub(super) fn part(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }
}

/// What ends a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Telling {
    /// Rows before it. Fewer have come if some were lost on the way.
    pub(super) rows: u64,
    /// What was told of the part; or why there is no answer, as a plan here would say it.
    pub(super) told: Result<Vec<u8>, String>,
}

/// Rows with the columns of their part.
fn widened(schema: &SchemaRef, batch: &RecordBatch, execution: Execution) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let mut columns: Vec<ArrayRef> = batch.columns().iter().map(compact).collect();
    columns.push(Arc::new(UInt64Array::from_value(execution.0, rows)));
    columns.push(new_null_array(&DataType::Binary, rows));
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// The column without the texts that its rows do not show: views may hold on to those of many more rows.
fn compact(column: &ArrayRef) -> ArrayRef {
    match column.as_string_view_opt() {
        Some(texts) => Arc::new(texts.gc()),
        None => Arc::clone(column),
    }
}

/// The row that tells of a part.
fn telling(schema: &SchemaRef, execution: Execution, telling: &Telling) -> Result<RecordBatch> {
    let others = schema.fields().len().saturating_sub(2);
    let nulls = schema.fields()[..others].iter().map(|field| new_null_array(field.data_type(), 1));
    let mut columns: Vec<ArrayRef> = nulls.collect();
    columns.push(Arc::new(UInt64Array::from_value(execution.0, 1)));
    let bytes = postcard::to_stdvec(telling);
    let bytes = bytes.map_err(|error| DataFusionError::External(Box::new(error)))?;
    columns.push(Arc::new(BinaryArray::from_vec(vec![&bytes])));
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// What came back of parts: rows as they were before they were widened, and what was told.
#[derive(Debug)]
pub(super) enum Came {
    /// Rows of a part.
    Rows(Execution, RecordBatch),
    /// The end of a part.
    End(Execution, Telling),
}

/// Takes apart what [`TellExec`] put together. `schema` is that of its input.
pub(super) fn take_apart(batch: &RecordBatch, schema: &SchemaRef) -> Result<Vec<Came>> {
    let others = schema.fields().len();
    let wrong = || DataFusionError::Internal("what came back is not what was asked for".to_owned());
    if batch.num_columns() != others + 2 {
        return Err(wrong());
    }
    let executions = batch.column(others).as_primitive_opt::<UInt64Type>().ok_or_else(wrong)?;
    let told = batch.column(others + 1).as_binary_opt::<i32>().ok_or_else(wrong)?;
    let mut came = Vec::new();
    let mut from = 0;
    while from < batch.num_rows() {
        let execution = Execution(executions.value(from));
        if told.is_valid(from) {
            let telling = postcard::from_bytes(told.value(from)).map_err(|_| wrong())?;
            came.push(Came::End(execution, telling));
            from += 1;
            continue;
        }
        let is_alike = |row: &usize| told.is_null(*row) && executions.value(*row) == execution.0;
        let rows = (from..batch.num_rows()).take_while(is_alike).count();
        let columns = batch.columns()[..others].iter().zip(schema.fields());
        let columns = columns.map(|(column, field)| whole_type(&column.slice(from, rows), field));
        let columns = columns.collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?;
        came.push(Came::Rows(execution, batch));
        from += rows;
    }
    Ok(came)
}

/// A part that is being executed.
struct Part {
    schema: SchemaRef,
    cell: Arc<PartCell>,
    execution: Option<Execution>,
    /// Rows so far.
    rows: u64,
}

impl Part {
    fn execution(&mut self) -> Result<Execution> {
        let part = self.cell.part()?;
        Ok(*self.execution.get_or_insert_with(|| Execution::of(part)))
    }

    fn widened(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        self.rows += batch.num_rows() as u64;
        let execution = self.execution()?;
        widened(&self.schema, batch, execution)
    }

    /// Whether it is known which part it is.
    fn is_begun(&self) -> bool {
        self.cell.part().is_ok()
    }

    fn end(&mut self, told: Result<Vec<u8>, String>) -> Result<RecordBatch> {
        let execution = self.execution()?;
        telling(&self.schema, execution, &Telling { rows: self.rows, told })
    }
}

/// The column in the type that it had. Dictionaries come as what they stand for.
fn whole_type(column: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    match column.data_type() == field.data_type() {
        true => Ok(Arc::clone(column)),
        false => Ok(cast(column, field.data_type())?),
    }
}

impl DisplayAs for TellExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TellExec")
    }
}

impl ExecutionPlan for TellExec {
    fn name(&self) -> &str {
        "TellExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
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
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(TellExec::new(input))),
            _ => internal_err!("TellExec has one child"),
        }
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
        let cell = Arc::new(PartCell::default());
        let config = task.session_config().clone().with_extension(Arc::clone(&cell));
        let rows = self.input.execute(partition, Arc::new(with_config(&task, config)))?;
        let part = Part { schema: Arc::clone(&self.schema), cell, execution: None, rows: 0 };
        let all = stream::try_unfold(Some((part, rows)), |state| async move {
            let Some((mut part, mut rows)) = state else { return Ok(None) };
            match rows.try_next().await {
                Ok(Some(batch)) => Ok(Some((part.widened(&batch)?, Some((part, rows))))),
                Ok(None) => {
                    // What is read is told of by then, whatever of it was wanted.
                    drop(rows);
                    let told = part.cell.told()?;
                    Ok(Some((part.end(Ok(told))?, None)))
                }
                // A total that does not fit, say: it is so wherever it is added up.
                Err(error) if part.is_begun() => {
                    Ok(Some((part.end(Err(message_of(&error)))?, None)))
                }
                Err(error) => Err(error),
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), all)))
    }
}

/// The task with other settings.
fn with_config(task: &TaskContext, config: datafusion::prelude::SessionConfig) -> TaskContext {
    TaskContext::new(
        task.task_id(),
        task.session_id(),
        config,
        task.scalar_functions().clone(),
        task.higher_order_functions().clone(),
        task.aggregate_functions().clone(),
        task.window_functions().clone(),
        task.runtime_env(),
    )
}
