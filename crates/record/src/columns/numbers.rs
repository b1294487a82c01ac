//! A column of numbers under construction.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, NullBufferBuilder, PrimitiveArray};
use arrow::datatypes::DataType;

/// Builds a column of numbers.
#[derive(Debug)]
pub(super) struct Numbers<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
}

impl<T: ArrowPrimitiveType> Numbers<T> {
    pub(super) fn new(rows: usize) -> Numbers<T> {
        Numbers { values: Vec::with_capacity(rows), nulls: NullBufferBuilder::new(rows) }
    }

    pub(super) fn push(&mut self, value: Option<T::Native>) {
        self.values.push(value.unwrap_or_default());
        self.nulls.append(value.is_some());
    }

    pub(super) fn push_nulls(&mut self, rows: usize) {
        self.values.resize(self.values.len() + rows, T::Native::default());
        self.nulls.append_n_nulls(rows);
    }

    /// Pushes numbers, none of them NULL.
    #[inline(always)]
    pub(super) fn extend(&mut self, values: impl ExactSizeIterator<Item = T::Native>) {
        self.nulls.append_n_non_nulls(values.len());
        self.values.extend(values);
    }

    /// The finished column; the builder starts anew.
    pub(super) fn finish(&mut self, data_type: DataType) -> ArrayRef {
        let values = std::mem::take(&mut self.values);
        self.values.reserve(values.len());
        let column = PrimitiveArray::<T>::new(values.into(), self.nulls.finish());
        Arc::new(column.with_data_type(data_type))
    }
}
