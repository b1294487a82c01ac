//! [`Answer`]: rows and what they stand on.

use arrow::array::RecordBatch;
use flowproof_engine::{Answer as Answered, ReadObject, ReadObjects, Rows};
use flowproof_evidence::Coverage;
use flowproof_report::{Remarks, counted};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::standing::Standing;
use crate::table;

/// Rows, which any library takes as Arrow, and what they stand on.
///
/// `pyarrow.table(answer)`, `polars.DataFrame(answer)`, `pandas.DataFrame.from_arrow(answer)` and DuckDB's
/// `FROM answer` take the rows by the Arrow PyCapsule interface, as often as wanted.
#[pyclass(frozen, subclass, module = "flowproof")]
pub(crate) struct Answer {
    rows: Rows,
    coverage: Coverage,
    objects: ReadObjects,
    standing: Standing,
}

impl Answer {
    /// An answer with what was told before it.
    pub(crate) fn new(answered: Answered<Rows>, mut remarks: Remarks) -> Answer {
        remarks.add_answer(&answered.coverage, &answered.overlaps);
        let standing = Standing::new(&answered.coverage, remarks);
        let Answered { value: rows, coverage, objects, .. } = answered;
        Answer { rows, coverage, objects, standing }
    }
}

#[pymethods]
impl Answer {
    /// The rows as an Arrow stream.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        table::stream(py, &self.rows.schema, self.rows.batches.clone(), requested_schema)
    }

    /// How many rows there are.
    #[getter]
    fn num_rows(&self) -> usize {
        self.rows.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Whether the answer stands on all the data that was asked for.
    ///
    /// True only where the command would end with exit code 0: there were flow logs to read, and every object
    /// and line of them could be read.
    #[getter]
    fn complete(&self) -> bool {
        self.standing.is_complete()
    }

    /// What was read for the answer and what could not be, with the names of the command's JSON.
    #[getter]
    fn coverage<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_python(py, &self.coverage)
    }

    /// Each object that was listed, and what became of it.
    #[getter]
    fn objects<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_python(py, &self.objects.iter().map(|read| object(&read)).collect::<Vec<_>>())
    }

    /// What people should know and can act on, as the command warns of it.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.standing.warnings()
    }

    /// What people may want to know, as the command notes it.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.standing.notes()
    }

    /// Raise IncompleteError unless the answer is complete; else return the answer itself.
    fn raise_if_incomplete(this: Bound<'_, Answer>) -> PyResult<Bound<'_, Answer>> {
        this.get().standing.check().map(|()| this)
    }

    fn __repr__(this: &Bound<'_, Answer>) -> PyResult<String> {
        let (kind, answer) = (this.get_type().qualname()?, this.get());
        let rows = counted(answer.num_rows() as u64, "row", "rows");
        Ok(format!("<flowproof.{kind}: {rows}, {}>", answer.standing.words()))
    }
}

/// What is told of an object: what became of it, and its evidence as an investigation has it.
fn object(read: &ReadObject) -> Value {
    let mut told = json!({ "outcome": read.outcome, "reason": read.reason() });
    if let (Value::Object(told), Value::Object(evidence)) = (&mut told, json!(read.evidence())) {
        told.extend(evidence);
    }
    told
}

/// A value as Python has it after it read its JSON: the names are those of the command's output.
pub(crate) fn as_python<'py>(
    py: Python<'py>,
    value: &impl Serialize,
) -> PyResult<Bound<'py, PyAny>> {
    let text = serde_json::to_string(value).map_err(|error| Failure::Other(error.to_string()))?;
    py.import("json")?.call_method1("loads", (text,))
}
