//! Records of one reading that are gathered for many questions.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{Array, RecordBatch, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DataFusionError, Result};
use flowproof_record::{FieldId, MarkedTimes, TimeMarks};

use super::kept::Records;
use super::{CoverageScope, NO_INTERFACE};
use crate::table::{idle_rows, only_rows, row_spans, text_column};

/// In which times whose records are wanted.
#[derive(Debug, Default)]
pub(crate) struct WantedTimes {
    /// By interface and by instance.
    of: HashMap<String, Windows>,
    /// All of them together: those of whoever is looked for in another way.
    all: Windows,
    /// Whether anybody is.
    is_any_other: bool,
}

/// Windows in seconds since 1970, the earliest first, none of which meets another.
#[derive(Debug, Default)]
struct Windows(Vec<(i64, i64)>);

impl Windows {
    fn add(&mut self, (from, to): (Option<i64>, Option<i64>)) {
        let mut added = (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX));
        // For a window that ends before it begins nothing is gathered.
        if added.0 > added.1 {
            return;
        }
        self.0.retain(|window| {
            let apart = window.1 < added.0 || added.1 < window.0;
            if !apart {
                added = (added.0.min(window.0), added.1.max(window.1));
            }
            apart
        });
        let place = self.0.partition_point(|window| window.0 < added.0);
        self.0.insert(place, added);
    }

    /// Whether a record overlaps one of them. A record without times is in no bounded window.
    fn have(&self, span: Option<(i64, i64)>) -> bool {
        let Some((start, end)) = span else {
            return self.0.contains(&(i64::MIN, i64::MAX));
        };
        let next = self.0.partition_point(|window| window.1 <= start);
        self.0.get(next).is_some_and(|window| end >= window.0)
    }
}

impl WantedTimes {
    /// Wants what these interfaces and instances have in this window, and what others have if `others`.
    pub(crate) fn add<'a>(
        &mut self,
        whose: impl Iterator<Item = &'a String>,
        others: bool,
        window: (Option<i64>, Option<i64>),
    ) {
        whose.for_each(|id| self.of.entry(id.clone()).or_default().add(window));
        self.all.add(window);
        self.is_any_other |= others;
    }

    /// Whether records of this interface and this instance are wanted. Those of an interface that is not
    /// told may be anybody's.
    fn have(
        &self,
        interface: Option<&str>,
        instance: Option<&str>,
        span: Option<(i64, i64)>,
    ) -> bool {
        let ids = interface.into_iter().chain(instance);
        let mut known = ids.filter_map(|id| self.of.get(id)).peekable();
        let is_told = interface.is_some_and(|interface| interface != NO_INTERFACE);
        if self.is_any_other || !is_told || known.peek().is_none() {
            return self.all.have(span);
        }
        known.any(|windows| windows.have(span))
    }
}

/// Where the records of all objects are gathered, as long as they fit in a budget. They are not handed
/// up the plan.
#[derive(Debug)]
pub(crate) struct Gathering {
    pub(super) marks: Arc<TimeMarks>,
    times: WantedTimes,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    harvest: Harvest,
    /// Bytes left of the budget; `None` once something did not fit.
    left: Option<usize>,
}

/// What was gathered, by the object's number.
#[derive(Debug, Default)]
pub(crate) struct Harvest {
    pub(crate) records: Records,
    /// All records with traffic by time, whosever they are.
    pub(crate) marked: BTreeMap<usize, MarkedTimes>,
}

impl Gathering {
    /// Nothing yet, for questions about windows with these marks.
    pub(crate) fn new(marks: TimeMarks, times: WantedTimes, budget: usize) -> Gathering {
        let inner = Inner { harvest: Harvest::default(), left: Some(budget) };
        Gathering { marks: Arc::new(marks), times, inner: Mutex::new(inner) }
    }

    /// Gathers records of an object. Of records without traffic those alone are wanted that tell the times
    /// of interfaces in scope.
    ///
    /// # Errors
    ///
    /// If there is no room: nothing need be read any more.
    pub(super) fn take(
        &self,
        object_idx: usize,
        records: &RecordBatch,
        scope: &CoverageScope,
    ) -> Result<()> {
        let wanted = self.wanted(records, scope)?;
        if wanted.count_set_bits() == 0 {
            return Ok(());
        }
        let wanted = packed(&copied(records, wanted)?)?;
        let mut inner = self.lock();
        let bytes = wanted.get_array_memory_size();
        inner.left = inner.left.and_then(|left| left.checked_sub(bytes));
        if inner.left.is_none() {
            inner.harvest = Harvest::default();
            return Err(DataFusionError::ResourcesExhausted("no room to gather in".to_owned()));
        }
        inner.harvest.records.entry(object_idx).or_default().push(wanted);
        Ok(())
    }

    fn wanted(&self, records: &RecordBatch, scope: &CoverageScope) -> Result<BooleanBuffer> {
        let [interface, instance] = [
            text_column(records, FieldId::INTERFACE_ID)?,
            text_column(records, FieldId::INSTANCE_ID)?,
        ];
        let (idle, span) = (idle_rows(records)?, row_spans(records)?);
        let wants = |row: usize| {
            let ids = [interface, instance].map(|ids| ids.is_valid(row).then(|| ids.value(row)));
            let in_scope = || ids[0].is_none_or(|id| id == NO_INTERFACE || scope.includes(id));
            (!idle.value(row) || in_scope()) && self.times.have(ids[0], ids[1], span(row))
        };
        Ok(BooleanBuffer::collect_bool(records.num_rows(), wants))
    }

    /// Takes in the times of an object's records.
    pub(super) fn mark(&self, object_idx: usize, marked: MarkedTimes) {
        self.lock().harvest.marked.insert(object_idx, marked);
    }

    /// All that was gathered; `None` if it did not fit.
    pub(crate) fn harvest(&self) -> Option<Harvest> {
        let mut inner = self.lock();
        inner.left.map(|_| std::mem::take(&mut inner.harvest))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked in here left whole values behind: each is put in one move.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// These rows, in no more memory than they need: a filter that lets all pass copies nothing.
fn copied(records: &RecordBatch, rows: BooleanBuffer) -> Result<RecordBatch> {
    if rows.count_set_bits() < rows.len() {
        return only_rows(records, rows);
    }
    // Batches have fewer rows than 32 bits count.
    let rows = (0..records.num_rows()).map(|row| u32::try_from(row).unwrap_or(u32::MAX));
    Ok(take_record_batch(records, &UInt32Array::from_iter_values(rows))?)
}

/// Records in little memory: texts stand once in a batch, however often they are there.
fn packed(records: &RecordBatch) -> Result<RecordBatch> {
    with_texts_as(records, &DataType::Utf8View, &once())
}

/// Packed records as they were.
pub(crate) fn unpacked(records: &RecordBatch) -> Result<RecordBatch> {
    with_texts_as(records, &once(), &DataType::Utf8View)
}

/// The type of texts that stand once each.
fn once() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn with_texts_as(records: &RecordBatch, from: &DataType, to: &DataType) -> Result<RecordBatch> {
    let schema = records.schema();
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (field, column) in schema.fields().iter().zip(records.columns()) {
        let is_text = field.data_type() == from;
        columns.push(if is_text { cast(column, to)? } else { Arc::clone(column) });
        let of_text = || Arc::new(Field::clone(field).with_data_type(to.clone()));
        fields.push(if is_text { of_text() } else { Arc::clone(field) });
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bound() -> impl Strategy<Value = Option<i64>> {
        prop::option::weighted(0.8, 0_i64..20)
    }

    proptest! {
        #[test]
        fn a_record_is_wanted_if_it_is_in_any_of_the_windows(
            windows in prop::collection::vec((bound(), bound()), 0..6),
            span in prop::option::weighted(0.9, (0_i64..20, 0_i64..5)),
        ) {
            let forward = |(from, to): &(Option<i64>, Option<i64>)| {
                from.zip(*to).is_none_or(|(from, to)| from < to)
            };
            let windows: Vec<_> = windows.into_iter().filter(forward).collect();
            let span = span.map(|(start, length)| (start, start + length));
            let mut merged = Windows::default();
            windows.iter().for_each(|window| merged.add(*window));
            let twin = windows.iter().any(|(from, to)| match span {
                Some((start, end)) => {
                    from.is_none_or(|from| end >= from) && to.is_none_or(|to| start < to)
                }
                None => from.is_none() && to.is_none(),
            });
            match span {
                Some(_) => prop_assert_eq!(merged.have(span), twin),
                // Two windows that are open at one end each may be one that is open at both.
                None => prop_assert!(merged.have(span) >= twin),
            }
            prop_assert!(merged.0.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
