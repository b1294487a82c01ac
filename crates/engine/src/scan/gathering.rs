//! Records of one reading that are gathered for many questions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::common::{DataFusionError, HashMap, Result};
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
    /// By the object's number, the records that are not packed yet.
    loose: HashMap<usize, Loose>,
    harvest: Harvest,
    /// Bytes left of the budget; `None` once something did not fit.
    left: Option<usize>,
}

/// Records of one object as they were decoded.
#[derive(Debug, Default)]
struct Loose {
    batches: Vec<RecordBatch>,
    bytes: usize,
}

/// The loose records of an object are packed when there are so many bytes of them, and at its end.
const LOOSE_BYTES: usize = 8 * 1024 * 1024;

/// What was gathered, by the object's number.
#[derive(Debug, Default)]
pub(crate) struct Harvest {
    /// Packed, and each batch in the order of interfaces.
    pub(crate) records: Records,
    /// All records with traffic by time, whosever they are.
    pub(crate) marked: BTreeMap<usize, MarkedTimes>,
}

impl Gathering {
    /// Nothing yet, for questions about windows with these marks.
    pub(crate) fn new(marks: TimeMarks, times: WantedTimes, budget: usize) -> Gathering {
        let (loose, harvest) = (HashMap::new(), Harvest::default());
        let inner = Inner { loose, harvest, left: Some(budget) };
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
        let wanted = only_rows(records, wanted)?;
        let is_much = {
            let mut inner = self.lock();
            let loose = inner.loose.entry(object_idx).or_default();
            loose.bytes += wanted.get_array_memory_size();
            loose.batches.push(wanted);
            loose.bytes >= LOOSE_BYTES
        };
        if is_much { self.pack(object_idx) } else { Ok(()) }
    }

    /// Packs what is loose of an object.
    ///
    /// # Errors
    ///
    /// If there is no room for it.
    pub(super) fn pack(&self, object_idx: usize) -> Result<()> {
        let loose = self.lock().loose.remove(&object_idx).unwrap_or_default();
        let Some(first) = loose.batches.first() else { return Ok(()) };
        let packed = packed(&concat_batches(&first.schema(), &loose.batches)?)?;
        let mut inner = self.lock();
        let bytes = packed.get_array_memory_size();
        inner.left = inner.left.and_then(|left| left.checked_sub(bytes));
        if inner.left.is_none() {
            inner.harvest = Harvest::default();
            return Err(DataFusionError::ResourcesExhausted("no room to gather in".to_owned()));
        }
        inner.harvest.records.entry(object_idx).or_default().push(packed);
        Ok(())
    }

    /// Packs what is loose of an object, of which there are no more records. There is no harvest
    /// if they do not fit.
    pub(super) fn end(&self, object_idx: usize) {
        if self.pack(object_idx).is_err() {
            self.lock().left = None;
        }
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
    ///
    /// # Errors
    ///
    /// If records cannot be packed.
    pub(crate) fn harvest(&self) -> Result<Option<Harvest>> {
        let loose: Vec<usize> = self.lock().loose.keys().copied().collect();
        for object_idx in loose {
            match self.pack(object_idx) {
                Err(DataFusionError::ResourcesExhausted(_)) => return Ok(None),
                packed => packed?,
            }
        }
        let mut inner = self.lock();
        Ok(inner.left.map(|_| std::mem::take(&mut inner.harvest)))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked in here left whole values behind: each is put in one move.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records in little memory, in the order of their interfaces: texts stand once in a batch, however often
/// they are there, with as few bytes for each time as their number needs.
fn packed(records: &RecordBatch) -> Result<RecordBatch> {
    let (schema, copied, _) = by_interface(records)?.into_parts();
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (field, column) in schema.fields().iter().zip(copied) {
        let is_text = field.data_type() == &DataType::Utf8View;
        let mut column = if is_text { once(&column)? } else { column };
        // Nobody else has what was just made: builders keep room to spare.
        column.shrink_to_fit();
        fields.push(Field::clone(field).with_data_type(column.data_type().clone()));
        columns.push(column);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// Copies the records in the order of their interfaces; those of one interface stay in theirs.
fn by_interface(records: &RecordBatch) -> Result<RecordBatch> {
    let interfaces = text_column(records, FieldId::INTERFACE_ID)?;
    let interface =
        |row: &u32| interfaces.is_valid(*row as usize).then(|| interfaces.value(*row as usize));
    // Batches have fewer rows than 32 bits count.
    let mut order: Vec<u32> = (0..u32::try_from(records.num_rows()).unwrap_or(u32::MAX)).collect();
    order.sort_by(|a, b| interface(a).cmp(&interface(b)));
    Ok(take_record_batch(records, &UInt32Array::from(order))?)
}

/// Each text once, and its number in each row.
fn once(texts: &ArrayRef) -> Result<ArrayRef> {
    let of = |key| DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8));
    let once = cast(texts, &of(DataType::Int32))?;
    let count = once.as_dictionary::<Int32Type>().values().len();
    Ok(match count {
        0..=0xff => cast(&once, &of(DataType::UInt8))?,
        0x100..=0xffff => cast(&once, &of(DataType::UInt16))?,
        _ => once,
    })
}

/// Packed records as they were, but for their order.
pub(crate) fn unpacked(records: &RecordBatch) -> Result<RecordBatch> {
    let schema = records.schema();
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (field, column) in schema.fields().iter().zip(records.columns()) {
        let is_text = matches!(field.data_type(), DataType::Dictionary(..));
        let column = if is_text { cast(column, &DataType::Utf8View)? } else { Arc::clone(column) };
        fields.push(Field::clone(field).with_data_type(column.data_type().clone()));
        columns.push(column);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{StringViewArray, UInt64Array};
    use arrow::datatypes::UInt64Type;
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

    /// Rows of an interface and a text each, in an order that is not that of interfaces.
    fn records(texts: usize) -> RecordBatch {
        let interface = |row: usize| (!row.is_multiple_of(7)).then(|| format!("eni-{}", row % 5));
        let text = |row: usize| (!row.is_multiple_of(11)).then(|| format!("text {row}"));
        let columns: [(&str, ArrayRef); 3] = [
            ("interface_id", Arc::new((0..texts).map(interface).collect::<StringViewArray>())),
            ("srcaddr", Arc::new((0..texts).map(text).collect::<StringViewArray>())),
            ("bytes", Arc::new(UInt64Array::from_iter_values(0..texts as u64))),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, of)| (name, of, true)))
            .unwrap()
    }

    #[test]
    fn packed_records_come_back_in_the_order_of_interfaces_however_many_texts_there_are() {
        for (texts, key) in
            [(100, DataType::UInt8), (1000, DataType::UInt16), (80_000, DataType::Int32)]
        {
            let records = records(texts);
            let packed = packed(&records).unwrap();
            let is_key = |of: &DataType| matches!(of, DataType::Dictionary(of, _) if **of == key);
            assert!(is_key(packed.column(1).data_type()), "{texts}");
            let back = unpacked(&packed).unwrap();
            let numbers = back.column(2).as_primitive::<UInt64Type>();
            let order: Vec<usize> = numbers.values().iter().map(|row| *row as usize).collect();
            let mut twin: Vec<usize> = (0..texts).collect();
            twin.sort_by_key(|row| (!row.is_multiple_of(7)).then_some(row % 5));
            assert_eq!(order, twin);
            for column in 0..2 {
                let (back, of) = (back.column(column), records.column(column));
                let (back, of) = (back.as_string_view(), of.as_string_view());
                let text = |texts: &StringViewArray, row| {
                    texts.is_valid(row).then(|| texts.value(row).to_owned())
                };
                for (place, row) in order.iter().enumerate() {
                    assert_eq!(text(back, place), text(of, *row), "{texts} {row}");
                }
            }
        }
    }
}
