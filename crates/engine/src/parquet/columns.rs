//! Stored columns brought to the types and the spelling that records have.
//!
//! Columns as AWS writes them are taken over as they are, once they are checked; any other column is
//! read value by value.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, NullBufferBuilder, StringViewArray, StringViewBuilder,
    UInt64Array,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Int32Type, Int64Type, UInt64Type};
use datafusion::common::Result;
use flowproof_record::{FieldId, Kind, MAX_LINE, check_value, one_spelling};

use super::cell::{Cell, Cells, is_missing};
use super::views::ByView;

/// A column of records. Times are the numbers that were stored: whether they are seconds or
/// milliseconds is settled for the record as a whole.
#[derive(Debug)]
pub(super) struct Column {
    /// NULL also where the stored value is not what the field holds.
    pub(super) values: ArrayRef,
    /// The rows of those values, in order.
    pub(super) bad: Vec<usize>,
}

impl Column {
    /// A column of a file that `collect` wrote: its values were checked before they were written, and
    /// stand there as records have them.
    pub(super) fn as_written(id: FieldId, stored: &ArrayRef) -> Result<Column> {
        let written = match id.field().kind {
            Kind::Text | Kind::Address | Kind::Action | Kind::LogStatus => DataType::Utf8View,
            Kind::Int(_) => DataType::Int32,
            Kind::Counter => DataType::UInt64,
            Kind::Time => return Column::of(id, stored),
        };
        match stored.data_type() == &written {
            true => Ok(Column { values: Arc::clone(stored), bad: Vec::new() }),
            false => Column::of(id, stored),
        }
    }

    pub(super) fn of(id: FieldId, stored: &ArrayRef) -> Result<Column> {
        match id.field().kind {
            Kind::Text | Kind::Address | Kind::Action | Kind::LogStatus => {
                match stored.as_string_view_opt() {
                    Some(texts) => Ok(texts_as_stored(id, texts)),
                    None => Ok(texts(id, &Cells::of(stored)?, stored.len())),
                }
            }
            Kind::Int(most) => ints(id, most, stored),
            Kind::Counter | Kind::Time => numbers(id, u64::MAX, stored),
        }
    }
}

/// What a stored text comes to.
pub(super) enum Verdict {
    Good,
    Missing,
    Bad,
    /// Good, in another spelling.
    Spelled(String),
}

pub(super) fn judge(id: FieldId, text: &str) -> Verdict {
    // As in a log of text, where it would be longer than a line may be.
    if text.len() > MAX_LINE {
        return Verdict::Bad;
    }
    if is_missing(id, text.as_bytes()) {
        return Verdict::Missing;
    }
    match check_value(id, text.as_bytes()) {
        None => Verdict::Bad,
        Some(_) => one_spelling(id, text).map_or(Verdict::Good, Verdict::Spelled),
    }
}

/// A column of texts that is taken over, but for what is missing, bad or spelled otherwise.
fn texts_as_stored(id: FieldId, texts: &StringViewArray) -> Column {
    let mut good = ByView::<()>::new();
    let (mut missing, mut bad, mut spelled) = (Vec::new(), Vec::new(), Vec::new());
    for (row, view) in texts.views().iter().enumerate() {
        if texts.is_null(row) || good.knows(*view) {
            continue;
        }
        match judge(id, texts.value(row)) {
            Verdict::Good => good.remember(*view),
            Verdict::Missing => missing.push(row),
            Verdict::Bad => {
                missing.push(row);
                bad.push(row);
            }
            Verdict::Spelled(text) => spelled.push((row, text)),
        }
    }
    let nulls = without(texts.nulls(), texts.len(), &missing);
    let (views, buffers, _) = texts.clone().into_parts();
    let taken = StringViewArray::try_new(views, buffers, nulls);
    let taken = taken.expect("the views and buffers are those of an array, and as many NULLs");
    let values = if spelled.is_empty() { taken } else { respelled(&taken, &spelled) };
    Column { values: Arc::new(values), bad }
}

/// The NULLs of a column, with those of some rows more.
fn without(nulls: Option<&NullBuffer>, length: usize, missing: &[usize]) -> Option<NullBuffer> {
    if missing.is_empty() {
        return nulls.cloned();
    }
    let mut valid = vec![true; length];
    missing.iter().for_each(|row| valid[*row] = false);
    NullBuffer::union(nulls, Some(&NullBuffer::from(valid)))
}

pub(super) fn respelled(texts: &StringViewArray, spelled: &[(usize, String)]) -> StringViewArray {
    let mut builder = StringViewBuilder::with_capacity(texts.len());
    let mut spelled = spelled.iter().peekable();
    for (row, text) in texts.iter().enumerate() {
        match spelled.next_if(|(other, _)| *other == row) {
            Some((_, spelling)) => builder.append_value(spelling),
            None => builder.append_option(text),
        }
    }
    builder.finish()
}

/// A column of texts that is not stored as such.
fn texts(id: FieldId, cells: &Cells, length: usize) -> Column {
    let mut builder = StringViewBuilder::with_capacity(length);
    let mut bad = Vec::new();
    for row in 0..length {
        let text = match cells.get(row) {
            Cell::Null => Ok(None),
            Cell::Text(text) => {
                std::str::from_utf8(text).map(|text| Some(text.to_owned())).ok().ok_or(())
            }
            Cell::Number(number) => text_of_number(id, number).map(Some).ok_or(()),
            Cell::Strange => Err(()),
        };
        let judged = text.map(|text| text.map(|text| (judge(id, &text), text)));
        match judged {
            Ok(None) | Ok(Some((Verdict::Missing, _))) => builder.append_null(),
            Ok(Some((Verdict::Good, text))) => builder.append_value(text),
            Ok(Some((Verdict::Spelled(spelling), _))) => builder.append_value(spelling),
            Ok(Some((Verdict::Bad, _))) | Err(()) => {
                builder.append_null();
                bad.push(row);
            }
        }
    }
    Column { values: Arc::new(builder.finish()), bad }
}

/// The text that was a number before somebody stored it as one. Account ids have twelve digits.
fn text_of_number(id: FieldId, number: i128) -> Option<String> {
    match (id.field().kind, number) {
        (Kind::Text, 0..) if is_account(id) => Some(format!("{number:012}")),
        (Kind::Text, 0..) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether the field is an account's id.
pub(super) fn is_account(id: FieldId) -> bool {
    [FieldId::ACCOUNT_ID, FieldId::TGW_SRC_VPC_ACCOUNT_ID, FieldId::TGW_DST_VPC_ACCOUNT_ID]
        .contains(&id)
}

fn ints(id: FieldId, most: u32, stored: &ArrayRef) -> Result<Column> {
    if let Some(ints) = stored.as_primitive_opt::<Int32Type>() {
        // A negative number is beyond any bound when it is read without its sign. What stands in
        // the place of a NULL is looked at too; if it is beyond, the careful way sorts it out.
        if are_all(ints.values(), |int| int as u32 <= most) {
            return Ok(Column { values: Arc::clone(stored), bad: Vec::new() });
        }
    }
    let Column { values, bad } = numbers(id, most.into(), stored)?;
    // The kind's bound fits in 31 bits.
    let ints: Int32Array = values.as_primitive::<UInt64Type>().unary(|number| number as i32);
    Ok(Column { values: Arc::new(ints), bad })
}

/// Whether all numbers are so. It looks at all of them, so that it can look at many at once.
fn are_all<T: Copy>(numbers: &[T], are: impl Fn(T) -> bool) -> bool {
    numbers.iter().fold(true, |all, number| all & are(*number))
}

/// Whole numbers up to a bound.
fn numbers(id: FieldId, most: u64, stored: &ArrayRef) -> Result<Column> {
    if let Some(numbers) = stored.as_primitive_opt::<Int64Type>()
        && are_all(numbers.values(), |number| number as u64 <= most.min(i64::MAX as u64))
    {
        let bytes = numbers.values().inner().clone();
        let values = ScalarBuffer::<u64>::new(bytes, 0, numbers.len());
        let values = UInt64Array::new(values, numbers.nulls().cloned());
        return Ok(Column { values: Arc::new(values), bad: Vec::new() });
    }
    let cells = Cells::of(stored)?;
    let mut values = Vec::with_capacity(stored.len());
    let mut nulls = NullBufferBuilder::new(stored.len());
    let mut bad = Vec::new();
    for row in 0..stored.len() {
        let number = match cells.get(row) {
            Cell::Null => Ok(None),
            Cell::Text(text) if is_missing(id, text) => Ok(None),
            Cell::Text(text) => check_value(id, text).map(Some).ok_or(()),
            Cell::Number(number) => {
                u64::try_from(number).ok().filter(|number| *number <= most).map(Some).ok_or(())
            }
            Cell::Strange => Err(()),
        };
        if number.is_err() {
            bad.push(row);
        }
        let number = number.ok().flatten();
        values.push(number.unwrap_or(0));
        nulls.append(number.is_some());
    }
    let values = UInt64Array::new(values.into(), nulls.finish());
    Ok(Column { values: Arc::new(values), bad })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{BinaryArray, Float64Array, Int64Array, StringArray};
    use arrow::compute::cast;
    use arrow::datatypes::DataType;
    use proptest::prelude::*;

    fn shown(column: &Column) -> Vec<Option<String>> {
        let texts = cast(&column.values, &DataType::Utf8View).unwrap();
        texts.as_string_view().iter().map(|text| text.map(str::to_owned)).collect()
    }

    fn of(id: FieldId, stored: impl Array + 'static) -> (Vec<Option<String>>, Vec<usize>) {
        let column = Column::of(id, &(Arc::new(stored) as ArrayRef)).unwrap();
        let shown = shown(&column);
        (shown, column.bad)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn what_is_missing_is_null_however_it_is_stored() {
        let texts = vec![Some("-"), Some(""), Some("None"), None, Some("x")];
        let nulls = vec![None, None, None, None, some("x")];
        assert_eq!(
            of(FieldId::VPC_ID, StringViewArray::from(texts.clone())),
            (nulls.clone(), vec![])
        );
        assert_eq!(of(FieldId::VPC_ID, StringArray::from(texts.clone())), (nulls, vec![]));
        let (tags, _) = of(FieldId::ASG_TAG, StringViewArray::from(texts));
        assert_eq!(tags[2], some("None"), "people may call things so");
        assert_eq!(
            of(FieldId::BYTES, StringArray::from(vec!["-", "7"])),
            (vec![None, some("7")], vec![])
        );
    }

    #[test]
    fn accounts_stored_as_numbers_get_their_zeros_back() {
        let accounts = Int64Array::from(vec![Some(1_234_567_890), Some(-1), None]);
        let expected = vec![some("001234567890"), None, None];
        assert_eq!(of(FieldId::ACCOUNT_ID, accounts), (expected, vec![1]));
    }

    #[test]
    fn addresses_have_one_spelling_and_others_are_bad() {
        let addresses = StringViewArray::from(vec![
            "10.0.1.5",
            "::FFFF:10.0.1.5",
            "2001:DB8:0::9",
            "10.0.1",
            "-",
        ]);
        let expected = vec![some("10.0.1.5"), some("10.0.1.5"), some("2001:db8::9"), None, None];
        assert_eq!(of(FieldId::SRCADDR, addresses), (expected, vec![3]));
    }

    #[test]
    fn numbers_beyond_their_fields_are_bad() {
        let ports = Int32Array::from(vec![Some(443), Some(-1), Some(65_536), None]);
        assert_eq!(of(FieldId::SRCPORT, ports), (vec![some("443"), None, None, None], vec![1, 2]));
        let bytes = Int64Array::from(vec![i64::MAX, -1]);
        assert_eq!(of(FieldId::BYTES, bytes), (vec![some("9223372036854775807"), None], vec![1]));
        let floats = Float64Array::from(vec![Some(443.0), Some(1.5), None, Some(f64::NAN)]);
        assert_eq!(of(FieldId::DSTPORT, floats), (vec![some("443"), None, None, None], vec![1, 3]));
        let most = UInt64Array::from(vec![u64::MAX]);
        assert_eq!(of(FieldId::BYTES, most), (vec![some("18446744073709551615")], vec![]));
    }

    #[test]
    fn bytes_that_are_no_text_are_bad() {
        let bytes = BinaryArray::from(vec![&b"vpc-1"[..], b"\xff"]);
        assert_eq!(of(FieldId::VPC_ID, bytes), (vec![some("vpc-1"), None], vec![1]));
    }

    /// Texts that fields may be given.
    fn text() -> impl Strategy<Value = Option<String>> {
        let known = prop_oneof![
            Just("ACCEPT"),
            Just("OK"),
            Just("NODATA"),
            Just("-"),
            Just(""),
            Just("10.0.1.5"),
            Just("2001:DB8::5"),
            Just("eni-0a1b2c3d4e5f60001"),
            Just("None"),
            Just("443"),
        ];
        prop::option::of(prop_oneof![known.prop_map(str::to_owned), "\\PC{0,20}"])
    }

    proptest! {
        #[test]
        fn columns_are_taken_over_as_they_are_read_value_by_value(
            stored in prop::collection::vec(text(), 0..60),
            id in prop::sample::select(FieldId::all().collect::<Vec<_>>()),
        ) {
            let array: ArrayRef = Arc::new(StringViewArray::from(stored.clone()));
            let fast = Column::of(id, &array).unwrap();
            if let Some(views) = fast.values.as_string_view_opt() {
                views.to_data().validate_full().unwrap();
                let slow = texts(id, &Cells::of(&array).unwrap(), array.len());
                prop_assert_eq!(shown(&fast), shown(&slow));
                prop_assert_eq!(&fast.bad, &slow.bad);
            }
            for (row, text) in stored.iter().enumerate() {
                let good = text.as_deref().filter(|text| !is_missing(id, text.as_bytes()));
                let passes = good.is_none_or(|text| check_value(id, text.as_bytes()).is_some());
                prop_assert_eq!(fast.bad.contains(&row), !passes);
                prop_assert_eq!(fast.values.is_valid(row), good.is_some() && passes);
            }
        }

        #[test]
        fn numbers_are_taken_over_as_they_are_read_one_by_one(
            stored in prop::collection::vec(prop::option::of(prop_oneof![any::<i64>(), -2i64..70_000]), 0..40),
            id in prop::sample::select(vec![FieldId::BYTES, FieldId::START, FieldId::SRCPORT, FieldId::TRAFFIC_PATH]),
        ) {
            let texts = stored.iter().map(|number| number.map(|number| number.to_string()));
            let texts = StringArray::from(texts.collect::<Vec<_>>());
            prop_assert_eq!(of(id, Int64Array::from(stored.clone())), of(id, texts.clone()));
            let narrow: Option<Vec<Option<i32>>> = stored.iter()
                .map(|number| number.map(|number| i32::try_from(number).ok()).map_or(Some(None), |n| n.map(Some)))
                .collect();
            if let Some(narrow) = narrow {
                prop_assert_eq!(of(id, Int32Array::from(narrow)), of(id, texts));
            }
        }
    }
}
