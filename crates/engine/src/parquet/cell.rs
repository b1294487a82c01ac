//! Stored values one by one, whatever type they have.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, Float64Array, Int64Array, StringViewArray,
    UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, UInt64Type};
use datafusion::common::Result;
use flowproof_record::{FieldId, MAX_LINE};

/// One stored value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Number(i128),
    Text(&'a [u8]),
    /// Of a type that no field has, or a number that is not whole.
    Strange,
}

/// A column of stored values.
#[derive(Debug)]
pub(super) enum Cells {
    Signed(Int64Array),
    Unsigned(UInt64Array),
    Float(Float64Array),
    Text(StringViewArray),
    Bytes(BinaryViewArray),
    Strange(ArrayRef),
}

impl Cells {
    /// The values of a column. Points in time are whole seconds since 1970.
    pub(super) fn of(column: &ArrayRef) -> Result<Cells> {
        use DataType as T;
        let as_type = |to: &DataType| cast(column, to);
        Ok(match column.data_type() {
            T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::Null => {
                Cells::Signed(as_type(&T::Int64)?.as_primitive::<Int64Type>().clone())
            }
            T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => {
                Cells::Unsigned(as_type(&T::UInt64)?.as_primitive::<UInt64Type>().clone())
            }
            T::Float16 | T::Float32 | T::Float64 => {
                Cells::Float(as_type(&T::Float64)?.as_primitive::<Float64Type>().clone())
            }
            T::Timestamp(_, _) => {
                let seconds = as_type(&T::Timestamp(TimeUnit::Second, None))?;
                Cells::Signed(cast(&seconds, &T::Int64)?.as_primitive::<Int64Type>().clone())
            }
            T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Dictionary(_, _) => {
                Cells::Text(as_type(&T::Utf8View)?.as_string_view().clone())
            }
            T::Binary | T::LargeBinary | T::BinaryView => {
                Cells::Bytes(as_type(&T::BinaryView)?.as_binary_view().clone())
            }
            _ => Cells::Strange(ArrayRef::clone(column)),
        })
    }

    pub(super) fn get(&self, row: usize) -> Cell<'_> {
        let array: &dyn Array = match self {
            Cells::Signed(array) => array,
            Cells::Unsigned(array) => array,
            Cells::Float(array) => array,
            Cells::Text(array) => array,
            Cells::Bytes(array) => array,
            Cells::Strange(array) => array,
        };
        if array.is_null(row) {
            return Cell::Null;
        }
        match self {
            Cells::Signed(array) => Cell::Number(array.value(row).into()),
            Cells::Unsigned(array) => Cell::Number(array.value(row).into()),
            Cells::Float(array) => whole(array.value(row)),
            Cells::Text(array) => text(array.value(row).as_bytes()),
            Cells::Bytes(array) => text(array.value(row)),
            Cells::Strange(_) => Cell::Strange,
        }
    }

    /// The value as people see it.
    pub(super) fn shown(&self, row: usize) -> Vec<u8> {
        match self.get(row) {
            Cell::Null => b"-".to_vec(),
            Cell::Number(number) => number.to_string().into(),
            Cell::Text(text) => text.to_vec(),
            Cell::Strange => match self {
                Cells::Float(array) => array.value(row).to_string().into(),
                Cells::Strange(array) => format!("a value of type {}", array.data_type()).into(),
                Cells::Text(_) | Cells::Bytes(_) => {
                    format!("a text of more than {MAX_LINE} bytes").into()
                }
                _ => Vec::new(),
            },
        }
    }
}

/// A text, unless no line could hold it. A file has a text of megabytes once for all of its rows, so it is
/// not looked at for each.
fn text(text: &[u8]) -> Cell<'_> {
    if text.len() > MAX_LINE { Cell::Strange } else { Cell::Text(text) }
}

/// A number that some program kept as a float, for the sake of its NULLs.
fn whole(number: f64) -> Cell<'static> {
    // Beyond 2^53 floats skip whole numbers, so that the one that was meant is not known.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.fract() == 0.0 && number.abs() <= EXACT {
        true => Cell::Number(number as i128),
        false => Cell::Strange,
    }
}

/// Whether a stored text stands for no value: `-`, nothing, or the `None` of programs in Python,
/// except where people choose the text.
pub(super) fn is_missing(id: FieldId, text: &[u8]) -> bool {
    match text {
        b"" | b"-" => true,
        b"None" => !(FieldId::INSTANCE_TAG..=FieldId::ASG_TAG_2).contains(&id),
        _ => false,
    }
}
