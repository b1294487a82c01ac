//! A predicate asked of records in columns: the exact meaning, whatever a filter on the stored values
//! let through.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Int32Type, TimestampNanosecondType, UInt64Type};
use datafusion::common::{DataFusionError, Result};
use flowproof_record::{FieldId, Predicate};

use super::cell::is_missing;
use super::sheet::Values;

/// Which records pass, see [`passing`].
pub(crate) fn passing_records(
    predicate: &Predicate,
    records: &RecordBatch,
) -> Result<BooleanBuffer> {
    let mut fields = Vec::new();
    fields_of(predicate, &mut fields);
    let values = |id: &FieldId| {
        let column = records.column_by_name(id.field().column);
        column.map(|column| (*id, Values::Array(Arc::clone(column)))).ok_or_else(|| missing(*id))
    };
    let values = fields.iter().map(values).collect::<Result<HashMap<_, _>>>()?;
    passing(predicate, records.num_rows(), &|id| values.get(&id).ok_or_else(|| missing(id)))
}

fn missing(id: FieldId) -> DataFusionError {
    DataFusionError::Internal(format!("the scan does not read {}", id.field().column))
}

/// Which of so many records pass, by the columns of their fields. As on raw bytes, what is missing
/// passes no test but that for it.
pub(super) fn passing<'s>(
    predicate: &Predicate,
    rows: usize,
    column: &impl Fn(FieldId) -> Result<&'s Values>,
) -> Result<BooleanBuffer> {
    match predicate {
        Predicate::And(all) => all.iter().try_fold(BooleanBuffer::new_set(rows), |so_far, part| {
            Ok(&so_far & &passing(part, rows, column)?)
        }),
        Predicate::Or(any) => {
            any.iter().try_fold(BooleanBuffer::new_unset(rows), |so_far, part| {
                Ok(&so_far | &passing(part, rows, column)?)
            })
        }
        Predicate::Missing(id) => Ok(match column(*id)?.nulls() {
            Some(nulls) => !nulls.inner(),
            None => BooleanBuffer::new_unset(rows),
        }),
        Predicate::TextIn(id, texts) => {
            Ok(column(*id)?.ask(|text| texts.contains(text.as_bytes())))
        }
        Predicate::TextNotIn(id, texts) => {
            Ok(column(*id)?.ask(|text| !texts.contains(text.as_bytes())))
        }
        Predicate::Number(id, comparison, right) => {
            numbers(column(*id)?.array(), |left| comparison.holds(left, *right))
        }
        Predicate::Raw(id, test) => {
            let passes =
                |text: &str| !is_missing(*id, text.as_bytes()) && test.passes(text.as_bytes());
            Ok(column(*id)?.ask(passes))
        }
    }
}

/// The fields that a predicate looks at.
pub(crate) fn fields_of(predicate: &Predicate, fields: &mut Vec<FieldId>) {
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => {
            parts.iter().for_each(|part| fields_of(part, fields));
        }
        Predicate::Missing(id)
        | Predicate::TextIn(id, _)
        | Predicate::TextNotIn(id, _)
        | Predicate::Number(id, ..)
        | Predicate::Raw(id, _) => {
            if !fields.contains(id) {
                fields.push(*id);
            }
        }
    }
}

fn numbers(column: Option<&ArrayRef>, passes: impl Fn(i128) -> bool) -> Result<BooleanBuffer> {
    let column = column.ok_or_else(|| DataFusionError::Internal("no numbers in texts".into()))?;
    let rows = column.len();
    let number: Box<dyn Fn(usize) -> i128> = match column.data_type() {
        DataType::Int32 => {
            let column = column.as_primitive::<Int32Type>();
            Box::new(|row| column.value(row).into())
        }
        DataType::UInt64 => {
            let column = column.as_primitive::<UInt64Type>();
            Box::new(|row| column.value(row).into())
        }
        DataType::Timestamp(..) => {
            let column = column.as_primitive::<TimestampNanosecondType>();
            Box::new(|row| column.value(row).into())
        }
        other => return Err(DataFusionError::Internal(format!("no numbers in {other}"))),
    };
    Ok(BooleanBuffer::collect_bool(rows, |row| column.is_valid(row) && passes(number(row))))
}
