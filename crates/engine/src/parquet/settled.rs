//! The times of rows, brought to whole seconds.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, TimestampNanosecondArray, UInt64Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::UInt64Type;
use flowproof_record::{BAD_ORDER, GOOD_SECONDS, Kind, RejectKind, settle_seconds};

/// What is wrong with rows, the first thing of each.
pub(super) type Faults = BTreeMap<usize, (RejectKind, String)>;

const SECOND: i64 = 1_000_000_000;

/// The times of the rows of a batch, in nanoseconds since 1970.
#[derive(Debug)]
pub(super) struct Settled {
    starts: TimestampNanosecondArray,
    ends: TimestampNanosecondArray,
    /// How many rows tell them in milliseconds.
    pub(super) milliseconds: u64,
}

impl Settled {
    /// Settles the times of rows without a fault so far. Those of others are missing.
    pub(super) fn of(columns: [Option<&ArrayRef>; 2], rows: usize, faults: &mut Faults) -> Settled {
        let times = columns.map(Times::of);
        match usual(&times, rows).filter(|_| faults.is_empty()) {
            Some(settled) => settled,
            None => one_by_one(&times, rows, faults),
        }
    }

    /// The columns of the starts and the ends.
    pub(super) fn columns(&self) -> [ArrayRef; 2] {
        [&self.starts, &self.ends]
            .map(|times| Arc::new(times.clone().with_data_type(Kind::Time.data_type())) as ArrayRef)
    }

    /// From the first to the last packet, in seconds; one of the two alone stands for both.
    pub(super) fn span(&self, row: usize) -> Option<(i64, i64)> {
        let at = |times: &TimestampNanosecondArray| {
            times.is_valid(row).then(|| times.value(row) / SECOND)
        };
        let (start, end) = (at(&self.starts), at(&self.ends));
        Some((start.or(end)?, end.or(start)?))
    }

    /// The rows that have a time; `None` if all have.
    pub(super) fn told(&self) -> Option<BooleanBuffer> {
        let (starts, ends) = (self.starts.nulls()?, self.ends.nulls()?);
        Some(starts.inner() | ends.inner())
    }

    /// The rows whose times pass; a row without times does not.
    pub(super) fn passing(&self, passes: impl Fn(i64, i64) -> bool) -> BooleanBuffer {
        let row_passes = |row| self.span(row).is_some_and(|(start, end)| passes(start, end));
        BooleanBuffer::collect_bool(self.starts.len(), row_passes)
    }

    /// The seconds from the first to the last packet of all rows.
    pub(super) fn whole_span(&self) -> Option<(i64, i64)> {
        if self.starts.null_count() + self.ends.null_count() == 0 {
            let first = self.starts.values().iter().min()?;
            return Some((first / SECOND, self.ends.values().iter().max()? / SECOND));
        }
        let spans = (0..self.starts.len()).filter_map(|row| self.span(row));
        spans.reduce(|all, span| (all.0.min(span.0), all.1.max(span.1)))
    }
}

/// Times of which there is nothing to say: all there, in seconds, good and in order.
fn usual([starts, ends]: &[Times; 2], rows: usize) -> Option<Settled> {
    let (starts, ends) = (starts.0.as_ref()?, ends.0.as_ref()?);
    let is_whole = starts.null_count() + ends.null_count() == 0;
    let range = GOOD_SECONDS.start as u64..GOOD_SECONDS.end as u64;
    let is_good = |(start, end): (&u64, &u64)| {
        (*start >= range.start) & (*start <= *end) & (*end < range.end)
    };
    let pairs = || starts.values().iter().zip(ends.values());
    // Without a branch, so that many are looked at at once.
    if !is_whole || starts.len() != rows || !pairs().fold(true, |all, pair| all & is_good(pair)) {
        return None;
    }
    // Good seconds have 32 bits, so that their nanoseconds fit in 63.
    let nanoseconds = |seconds: &u64| *seconds as i64 * SECOND;
    let column = |times: &UInt64Array| {
        TimestampNanosecondArray::from_iter_values(times.values().iter().map(nanoseconds))
    };
    Some(Settled { starts: column(starts), ends: column(ends), milliseconds: 0 })
}

fn one_by_one([starts, ends]: &[Times; 2], rows: usize, faults: &mut Faults) -> Settled {
    let mut settled = [Building::new(rows), Building::new(rows)];
    let mut in_milliseconds = 0;
    for row in 0..rows {
        let mut times = [None; 2];
        if let Entry::Vacant(fault) = faults.entry(row) {
            match settle(starts.get(row), ends.get(row)) {
                Ok((pair, milliseconds)) => {
                    times = pair;
                    in_milliseconds += u64::from(milliseconds);
                }
                Err(why) => {
                    let reason = format!("{why}: {} to {}", starts.shown(row), ends.shown(row));
                    fault.insert((RejectKind::BadTime, reason));
                }
            }
        }
        settled.iter_mut().zip(times).for_each(|(column, time)| column.push(time));
    }
    let [starts, ends] = settled.map(Building::finish);
    Settled { starts, ends, milliseconds: in_milliseconds }
}

/// A column of times as they are stored.
struct Times(Option<UInt64Array>);

impl Times {
    fn of(column: Option<&ArrayRef>) -> Times {
        Times(column.and_then(|column| column.as_primitive_opt::<UInt64Type>()).cloned())
    }

    fn get(&self, row: usize) -> Option<u64> {
        self.0.as_ref().filter(|times| times.is_valid(row)).map(|times| times.value(row))
    }

    fn shown(&self, row: usize) -> String {
        self.get(row).map_or_else(|| "-".to_owned(), |time| time.to_string())
    }
}

/// The times of a record in seconds, and whether they were told in milliseconds.
fn settle(start: Option<u64>, end: Option<u64>) -> Result<([Option<i64>; 2], bool), &'static str> {
    let mut times = [None; 2];
    let mut in_milliseconds = false;
    for (stored, settled) in [start, end].into_iter().zip(&mut times) {
        if let Some(stored) = stored {
            let (seconds, milliseconds) = settle_seconds(stored)?;
            *settled = Some(seconds);
            in_milliseconds |= milliseconds;
        }
    }
    match times {
        [Some(start), Some(end)] if end < start => Err(BAD_ORDER),
        _ => Ok((times, in_milliseconds)),
    }
}

/// A column of settled times under construction.
struct Building {
    nanoseconds: Vec<i64>,
    valid: Vec<bool>,
    nulls: usize,
}

impl Building {
    fn new(rows: usize) -> Building {
        Building {
            nanoseconds: Vec::with_capacity(rows),
            valid: Vec::with_capacity(rows),
            nulls: 0,
        }
    }

    fn push(&mut self, seconds: Option<i64>) {
        // Seconds are settled to at most 32 bits, so their nanoseconds fit in 63.
        self.nanoseconds.push(seconds.unwrap_or(0) * SECOND);
        self.valid.push(seconds.is_some());
        self.nulls += usize::from(seconds.is_none());
    }

    fn finish(self) -> TimestampNanosecondArray {
        let nulls = (self.nulls > 0).then(|| NullBuffer::from(self.valid));
        TimestampNanosecondArray::new(self.nanoseconds.into(), nulls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_are_settled_at_once_as_they_are_one_by_one(
            rows in prop::collection::vec((946_684_799u64..946_684_803, 0u64..4), 0..20),
            late in any::<bool>(),
        ) {
            let late = u64::from(late) * (GOOD_SECONDS.end as u64 - 946_684_803);
            let starts = rows.iter().map(|(start, _)| start + late);
            let ends = rows.iter().map(|(start, length)| start + late + length - 1);
            let columns: [ArrayRef; 2] = [
                Arc::new(UInt64Array::from_iter_values(starts)),
                Arc::new(UInt64Array::from_iter_values(ends)),
            ];
            let (mut faults, mut twin_faults) = (Faults::new(), Faults::new());
            let settled =
                Settled::of([Some(&columns[0]), Some(&columns[1])], rows.len(), &mut faults);
            let times = [Times::of(Some(&columns[0])), Times::of(Some(&columns[1]))];
            let twin = one_by_one(&times, rows.len(), &mut twin_faults);
            prop_assert_eq!(&settled.columns(), &twin.columns());
            prop_assert_eq!(settled.whole_span(), twin.whole_span());
            prop_assert_eq!(faults, twin_faults);
        }
    }
}
