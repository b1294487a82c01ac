//! [`Column`]: one column of results, as Arrow.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::{DataType, Field};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use pyo3_arrow::ffi::to_array_pycapsules;

/// A column of true, false or null, which any library takes as Arrow.
///
/// `pyarrow.array(column)` and `polars.Series(column)` take it by the Arrow PyCapsule interface.
#[pyclass(frozen, module = "flowproof")]
pub(crate) struct Column(pub(crate) BooleanArray);

#[pymethods]
impl Column {
    /// The values as an Arrow array.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let field = Arc::new(Field::new("", DataType::Boolean, true));
        Ok(to_array_pycapsules(py, field, &self.0, requested_schema)?)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// The values as a list of True, False and None.
    fn to_list(&self) -> Vec<Option<bool>> {
        self.0.iter().collect()
    }
}
