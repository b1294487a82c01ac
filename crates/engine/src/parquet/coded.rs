//! Columns of texts as files have them: each text once, and by row the number of its text. What is to
//! be known of a text is then found out once, and not for each of its rows.

use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray, StringViewArray,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::Result;
use flowproof_prefix::parse_ip;
use flowproof_record::{FieldId, Kind, RecordGroup};

use super::columns::{Verdict, judge, respelled};

/// Texts that are more than so many times the rows that are read are not all looked at.
const MANY: usize = 4;

/// More bytes than this are not copied row by row: a long text may stand in every row.
const MOST_COPIED: usize = 16 << 20;

/// The texts of a part of a file, in the spelling that records have.
#[derive(Debug)]
pub(super) struct Dictionary {
    texts: StringViewArray,
    /// Which texts stand for none, or are not what the field holds; empty if none does.
    missing: Vec<bool>,
    /// Which texts are not what the field holds; empty if none is.
    bad: Vec<bool>,
    /// What the texts of addresses are in the numbers that records have; empty for other fields.
    numbers: Vec<u64>,
}

impl Dictionary {
    fn new(id: FieldId, stored: &StringArray) -> Dictionary {
        let is_address = id.field().kind == Kind::Address;
        let mut dictionary = Dictionary {
            texts: StringViewArray::from(stored),
            missing: Vec::new(),
            bad: Vec::new(),
            numbers: Vec::with_capacity(if is_address { stored.len() } else { 0 }),
        };
        let mut spelled = Vec::new();
        for (place, text) in stored.iter().enumerate() {
            let text = text.unwrap_or_default();
            // Its first group has four digits at most.
            let is_ipv6 = text.bytes().take(5).any(|byte| byte == b':');
            let mut number =
                if is_address && !is_ipv6 { number_of(text) } else { RecordGroup::NONE };
            if number == RecordGroup::NONE {
                match judge(id, text) {
                    Verdict::Good => {}
                    Verdict::Missing => mark(&mut dictionary.missing, stored.len(), place),
                    Verdict::Bad => {
                        mark(&mut dictionary.missing, stored.len(), place);
                        mark(&mut dictionary.bad, stored.len(), place);
                    }
                    Verdict::Spelled(text) => {
                        number = number_of(&text);
                        spelled.push((place, text));
                    }
                }
            }
            if is_address {
                dictionary.numbers.push(number);
            }
        }
        if !spelled.is_empty() {
            dictionary.texts = respelled(&dictionary.texts, &spelled);
        }
        dictionary
    }

    /// The text of this number, if it stands for one.
    #[inline(always)]
    fn text(&self, key: usize) -> Option<&str> {
        (self.missing.get(key) != Some(&true)).then(|| self.texts.value(key))
    }
}

/// The number of an IPv4 address. There is one spelling of each.
pub(super) fn ipv4_of(text: &str) -> Option<u32> {
    match parse_ip(text.as_bytes())? {
        IpAddr::V4(address) => Some(address.to_bits()),
        IpAddr::V6(_) => None,
    }
}

/// The same, as records have it.
fn number_of(text: &str) -> u64 {
    ipv4_of(text).map_or(RecordGroup::NONE, u64::from)
}

fn mark(marks: &mut Vec<bool>, length: usize, place: usize) {
    marks.resize(length, false);
    marks[place] = true;
}

/// Whether two columns of texts are one, at the same place in memory.
pub(super) fn is_same(one: &StringArray, other: &StringArray) -> bool {
    one.len() == other.len()
        && one.value_data().as_ptr() == other.value_data().as_ptr()
        && one.value_offsets().as_ptr() == other.value_offsets().as_ptr()
}

/// The numbers and the texts of a stored column, if it is one of numbers of texts.
pub(super) fn parts(stored: &dyn Array) -> Option<(&Int32Array, &StringArray)> {
    let stored: &DictionaryArray<Int32Type> = stored.as_dictionary_opt()?;
    Some((stored.keys(), stored.values().as_string_opt()?))
}

/// The texts that one column had last.
#[derive(Debug, Default)]
pub(super) struct LastTexts {
    stored: Option<StringArray>,
    /// Rows that were read of them one by one.
    rows: usize,
    /// All of them, looked at once that pays.
    dictionary: Option<Arc<Dictionary>>,
}

impl LastTexts {
    /// The texts, looked at; `None` while so few rows were read of them that it does not pay.
    pub(super) fn look(
        &mut self,
        id: FieldId,
        keys: &Int32Array,
        stored: &StringArray,
    ) -> Option<Arc<Dictionary>> {
        // Texts at the same place in memory are the same: they are kept here, so that no others come
        // to lie there.
        if !self.stored.as_ref().is_some_and(|last| is_same(last, stored)) {
            *self = LastTexts { stored: Some(stored.clone()), ..LastTexts::default() };
        }
        self.rows = self.rows.saturating_add(keys.len());
        let pays = || {
            self.rows.saturating_mul(MANY) >= stored.len() || bytes_of(keys, stored) > MOST_COPIED
        };
        if self.dictionary.is_none() && pays() {
            self.dictionary = Some(Arc::new(Dictionary::new(id, stored)));
        }
        self.dictionary.clone()
    }
}

/// How many bytes the texts of these rows have.
fn bytes_of(keys: &Int32Array, stored: &StringArray) -> usize {
    // They are not negative: Arrow looked at them.
    keys.iter().flatten().map(|key| stored.value_length(key as usize) as usize).sum()
}

/// The texts of a column row by row.
pub(super) fn row_by_row(keys: &Int32Array, stored: &StringArray) -> Result<ArrayRef> {
    Ok(cast(&take(stored, keys, None)?, &DataType::Utf8View)?)
}

/// A column of texts.
#[derive(Debug, Clone)]
pub(super) struct Coded {
    keys: Int32Array,
    dictionary: Arc<Dictionary>,
}

impl Coded {
    /// The column, and the rows that are not what its field holds.
    pub(super) fn of(keys: &Int32Array, dictionary: Arc<Dictionary>) -> (Coded, Vec<usize>) {
        let coded = Coded { keys: keys.clone(), dictionary };
        let bad = match coded.dictionary.bad.is_empty() {
            true => Vec::new(),
            false => (0..keys.len()).filter(|row| coded.is_bad(*row)).collect(),
        };
        (coded, bad)
    }

    fn is_bad(&self, row: usize) -> bool {
        self.key(row).is_some_and(|key| self.dictionary.bad.get(key) == Some(&true))
    }

    /// By the number of a text, what is found of it; of none, the `none`.
    pub(super) fn find<T: Copy>(&self, none: T, find: impl Fn(&str) -> T) -> Vec<T> {
        let dictionary = &self.dictionary;
        (0..dictionary.texts.len()).map(|key| dictionary.text(key).map_or(none, &find)).collect()
    }

    pub(super) fn keys(&self) -> &Int32Array {
        &self.keys
    }

    pub(super) fn with_keys(&self, keys: Int32Array) -> Coded {
        Coded { keys, dictionary: Arc::clone(&self.dictionary) }
    }

    /// The number of the row's text; `None` if nothing is stored there.
    #[inline(always)]
    pub(super) fn key(&self, row: usize) -> Option<usize> {
        // They are not negative: Arrow looked at them.
        self.keys.is_valid(row).then(|| self.keys.values()[row] as usize)
    }

    /// The row's text.
    #[inline(always)]
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        self.dictionary.text(self.key(row)?)
    }

    /// By row, the address in the numbers that records have.
    pub(super) fn numbers(&self) -> Vec<u64> {
        let numbers = &self.dictionary.numbers;
        self.by_row(RecordGroup::NONE, |key| numbers[key])
    }

    /// By row, what is known of its text's number; of none, the `none`.
    pub(super) fn by_row<T: Copy>(&self, none: T, known: impl Fn(usize) -> T) -> Vec<T> {
        match self.keys.nulls() {
            None => self.keys.values().iter().map(|key| known(*key as usize)).collect(),
            Some(_) => (0..self.keys.len()).map(|row| self.key(row).map_or(none, &known)).collect(),
        }
    }

    /// The rows whose text passes; a row without one does not. No text is asked about twice.
    pub(super) fn ask(&self, passes: impl Fn(&str) -> bool) -> BooleanBuffer {
        let texts = self.dictionary.texts.len();
        if texts <= self.keys.len() {
            let answers = self.find(false, passes);
            return match answers.contains(&true) {
                true => self.rows(|key| answers[key]),
                false => BooleanBuffer::new_unset(self.keys.len()),
            };
        }
        let mut answers: Vec<Option<bool>> = vec![None; texts];
        self.rows(|key| {
            let ask = || self.dictionary.text(key).is_some_and(&passes);
            *answers[key].get_or_insert_with(ask)
        })
    }

    /// The rows for whose text's number an answer is yes; a row without one is none of them.
    fn rows(&self, mut answer: impl FnMut(usize) -> bool) -> BooleanBuffer {
        let keys = self.keys.values();
        match self.keys.nulls() {
            None => BooleanBuffer::collect_bool(keys.len(), |row| answer(keys[row] as usize)),
            Some(nulls) => BooleanBuffer::collect_bool(keys.len(), |row| {
                nulls.is_valid(row) && answer(keys[row] as usize)
            }),
        }
    }

    /// The rows without a text.
    pub(super) fn nulls(&self) -> Option<NullBuffer> {
        if self.dictionary.missing.is_empty() {
            return self.keys.nulls().cloned();
        }
        let missing = &self.dictionary.missing;
        Some(NullBuffer::new(self.rows(|key| !missing[key])))
    }

    /// The texts row by row.
    pub(super) fn to_array(&self) -> Result<ArrayRef> {
        let keys = Int32Array::new(self.keys.values().clone(), self.nulls());
        Ok(take(&self.dictionary.texts, &keys, None)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parquet::columns::Column;
    use arrow::compute::cast;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn text() -> impl Strategy<Value = Option<String>> {
        let known = prop::sample::select(vec![
            "-",
            "",
            "10.0.1.5",
            "10.0.1",
            "2001:db8::5",
            "2001:DB8::5",
            "::ffff:10.0.1.5",
            "eni-1",
            "OK",
            "REJECT",
        ]);
        prop::option::weighted(0.8, known.prop_map(str::to_owned))
    }

    proptest! {
        #[test]
        fn texts_stored_once_are_those_of_the_rows(
            rows in prop::collection::vec(text(), 0..30),
            id in prop::sample::select(vec![
                FieldId::SRCADDR, FieldId::INTERFACE_ID, FieldId::ACTION, FieldId::LOG_STATUS,
            ]),
        ) {
            let views: ArrayRef = Arc::new(rows.iter().map(Option::as_deref).collect::<StringViewArray>());
            let stored: DictionaryArray<Int32Type> = rows.iter().map(Option::as_deref).collect();
            let (keys, texts) = parts(&stored).unwrap();
            let (coded, bad) = Coded::of(keys, Arc::new(Dictionary::new(id, texts)));
            let expected = Column::of(id, &views).unwrap();
            prop_assert_eq!(&bad, &expected.bad);
            let array = coded.to_array().unwrap();
            prop_assert_eq!(&array, &expected.values);
            let expected = expected.values.as_string_view();
            for row in 0..rows.len() {
                let text = expected.is_valid(row).then(|| expected.value(row));
                prop_assert_eq!(coded.get(row), text);
                prop_assert_eq!(coded.nulls().is_some_and(|n| n.is_null(row)), text.is_none());
                prop_assert_eq!(coded.ask(|text| text != "OK").value(row), text.is_some_and(|t| t != "OK"));
                if id == FieldId::SRCADDR {
                    let number = text.and_then(|text| text.parse::<Ipv4Addr>().ok());
                    let number = number.map_or(RecordGroup::NONE, |ip| ip.to_bits().into());
                    prop_assert_eq!(coded.numbers()[row], number);
                }
            }
            let one_by_one = Column::of(id, &row_by_row(keys, texts).unwrap()).unwrap();
            prop_assert_eq!(&cast(&one_by_one.values, &DataType::Utf8).unwrap(), &cast(&array, &DataType::Utf8).unwrap());
        }
    }

    #[test]
    fn texts_are_looked_at_once_that_pays_and_not_again() {
        let texts = StringArray::from((0..40).map(|n| format!("eni-{n}")).collect::<Vec<_>>());
        let mut last = LastTexts::default();
        let mut look = |rows, texts: &StringArray| {
            last.look(FieldId::INTERFACE_ID, &Int32Array::from(vec![0; rows]), texts)
        };
        assert!(look(6, &texts).is_none(), "six rows of forty texts");
        let looked = look(6, &texts).unwrap();
        assert!(Arc::ptr_eq(&looked, &look(1, &texts).unwrap()));
        let others = StringArray::from(vec!["eni-x"]);
        assert_eq!(look(1, &others).unwrap().texts.value(0), "eni-x");
    }
}
