//! Which rows of a batch of records.

use arrow::array::{Array, BooleanArray, RecordBatch, TimestampNanosecondArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use datafusion::common::Result;
use flowproof_record::FieldId;

use super::{text_column, time_column};

/// In a second.
const NANOSECONDS: i64 = 1_000_000_000;

/// The rows that are NODATA or SKIPDATA.
pub(crate) fn idle_rows(batch: &RecordBatch) -> Result<BooleanBuffer> {
    let status = text_column(batch, FieldId::LOG_STATUS)?;
    let is_idle = |row| status.is_valid(row) && matches!(status.value(row), "NODATA" | "SKIPDATA");
    Ok(BooleanBuffer::collect_bool(batch.num_rows(), is_idle))
}

/// These of the rows.
pub(crate) fn only_rows(batch: &RecordBatch, rows: BooleanBuffer) -> Result<RecordBatch> {
    match rows.count_set_bits() == rows.len() {
        true => Ok(batch.clone()),
        false => Ok(filter_record_batch(batch, &BooleanArray::new(rows, None))?),
    }
}

/// From the first to the last packet of each row, in seconds since 1970. As a decoder has it, one of the two
/// times alone stands for both.
pub(crate) fn row_spans(
    batch: &RecordBatch,
) -> Result<impl Fn(usize) -> Option<(i64, i64)> + use<'_>> {
    let (starts, ends) = (time_column(batch, FieldId::START)?, time_column(batch, FieldId::END)?);
    let second = |times: &TimestampNanosecondArray, row| {
        times.is_valid(row).then(|| times.value(row).div_euclid(NANOSECONDS))
    };
    Ok(move |row| {
        let (start, end) = (second(starts, row), second(ends, row));
        Some((start.or(end)?, end.or(start)?))
    })
}

/// The rows whose time overlaps `[from, to)`. A record without times is in no bounded range.
pub(crate) fn times_within(
    batch: &RecordBatch,
    (from, to): (Option<i64>, Option<i64>),
) -> Result<BooleanBuffer> {
    let span = row_spans(batch)?;
    Ok(BooleanBuffer::collect_bool(batch.num_rows(), |row| match span(row) {
        Some((start, end)) => from.is_none_or(|from| end >= from) && to.is_none_or(|to| start < to),
        None => from.is_none() && to.is_none(),
    }))
}
