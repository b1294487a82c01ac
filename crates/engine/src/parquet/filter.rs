//! A predicate asked of records in columns: the exact meaning, whatever a filter on the stored values
//! let through.

use std::collections::HashSet;

use arrow::array::{Array, AsArray, RecordBatch, StringViewArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Int32Type, TimestampNanosecondType, UInt64Type};
use datafusion::common::{DataFusionError, Result};
use flowproof_record::{FieldId, Predicate};

use super::rawtest::passing_texts;
use super::views::ByView;
use crate::table::text_column;

/// Which records pass. As on raw bytes, what is missing passes no test but that for it.
pub(crate) fn passing(predicate: &Predicate, records: &RecordBatch) -> Result<BooleanBuffer> {
    let rows = records.num_rows();
    match predicate {
        Predicate::And(all) => all.iter().try_fold(BooleanBuffer::new_set(rows), |so_far, part| {
            Ok(&so_far & &passing(part, records)?)
        }),
        Predicate::Or(any) => {
            any.iter().try_fold(BooleanBuffer::new_unset(rows), |so_far, part| {
                Ok(&so_far | &passing(part, records)?)
            })
        }
        Predicate::Missing(id) => {
            let column = column(records, *id)?;
            Ok(BooleanBuffer::collect_bool(rows, |row| column.is_null(row)))
        }
        Predicate::TextIn(id, texts) => Ok(among(text_column(records, *id)?, texts, true)),
        Predicate::TextNotIn(id, texts) => Ok(among(text_column(records, *id)?, texts, false)),
        Predicate::Number(id, comparison, right) => {
            numbers(records, *id, |left| comparison.holds(left, *right))
        }
        Predicate::Raw(id, test) => {
            Ok(passing_texts(*id, text_column(records, *id)?, test.as_ref()))
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

fn column(records: &RecordBatch, id: FieldId) -> Result<&dyn Array> {
    let column = records.column_by_name(id.field().column);
    column.map(AsRef::as_ref).ok_or_else(|| {
        DataFusionError::Internal(format!("the scan does not read {}", id.field().column))
    })
}

fn among(column: &StringViewArray, texts: &HashSet<Box<[u8]>>, wanted: bool) -> BooleanBuffer {
    let mut answers = ByView::new();
    BooleanBuffer::collect_bool(column.len(), |row| {
        let is_among = || texts.contains(column.value(row).as_bytes());
        column.is_valid(row) && wanted == answers.get(column.views()[row], is_among)
    })
}

fn numbers(
    records: &RecordBatch,
    id: FieldId,
    passes: impl Fn(i128) -> bool,
) -> Result<BooleanBuffer> {
    let column = column(records, id)?;
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
