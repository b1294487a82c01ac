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
use flowproof_record::{FieldId, Kind, Records};

use super::columns::{Verdict, judge, respelled};

/// Texts that are more than so many times the rows that are read are not all looked at.
const MANY: usize = 4;

/// The texts of a part of a file, in the spelling that records have.
#[derive(Debug)]
pub(super) struct Dictionary {
    stored: StringArray,
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
            stored: stored.clone(),
            texts: StringViewArray::from(stored),
            missing: Vec::new(),
            bad: Vec::new(),
            numbers: Vec::with_capacity(if is_address { stored.len() } else { 0 }),
        };
        let mut spelled = Vec::new();
        for (place, text) in stored.iter().enumerate() {
            let text = text.unwrap_or_default();
            let is_ipv6 = text.contains(':');
            let mut number = if is_address && !is_ipv6 { number_of(text) } else { Records::NONE };
            if number == Records::NONE {
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

    /// Whether these are its texts, at the same place in memory: they are not looked at again.
    fn is_of(&self, stored: &StringArray) -> bool {
        is_same(&self.stored, stored)
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
    ipv4_of(text).map_or(Records::NONE, u64::from)
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

/// The texts of a column row by row, if they are so few that it does not pay to look at all texts.
pub(super) fn few(
    keys: &Int32Array,
    stored: &StringArray,
    last: Option<&Dictionary>,
) -> Result<Option<ArrayRef>> {
    let is_known = last.is_some_and(|last| last.is_of(stored));
    if is_known || keys.len().saturating_mul(MANY) > stored.len() {
        return Ok(None);
    }
    Ok(Some(cast(&take(stored, keys, None)?, &DataType::Utf8View)?))
}

/// A column of texts.
#[derive(Debug, Clone)]
pub(super) struct Coded {
    keys: Int32Array,
    dictionary: Arc<Dictionary>,
}

impl Coded {
    /// The column of a field, and the rows that are not what it holds. `last` are the texts of the
    /// column that was read before.
    pub(super) fn of(
        id: FieldId,
        keys: &Int32Array,
        stored: &StringArray,
        last: &mut Option<Arc<Dictionary>>,
    ) -> (Coded, Vec<usize>) {
        let dictionary = match last.take().filter(|last| last.is_of(stored)) {
            Some(last) => last,
            None => Arc::new(Dictionary::new(id, stored)),
        };
        *last = Some(Arc::clone(&dictionary));
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

    /// The row's address, by [`Coded::numbers`].
    #[inline(always)]
    pub(super) fn number(&self, numbers: &[u64], row: usize) -> u64 {
        self.key(row).and_then(|key| numbers.get(key)).map_or(Records::NONE, |number| *number)
    }

    /// By a text's number: the address that it is.
    pub(super) fn numbers(&self) -> &[u64] {
        &self.dictionary.numbers
    }

    /// The rows whose text passes; a row without one does not. No text is asked about twice.
    pub(super) fn ask(&self, passes: impl Fn(&str) -> bool) -> BooleanBuffer {
        let mut answers: Vec<Option<bool>> = vec![None; self.dictionary.texts.len()];
        BooleanBuffer::collect_bool(self.keys.len(), |row| {
            let Some(key) = self.key(row) else { return false };
            let ask = || self.dictionary.text(key).is_some_and(&passes);
            *answers[key].get_or_insert_with(ask)
        })
    }

    /// The rows without a text.
    pub(super) fn nulls(&self) -> Option<NullBuffer> {
        if self.dictionary.missing.is_empty() {
            return self.keys.nulls().cloned();
        }
        let has = |row: usize| {
            self.key(row).is_some_and(|key| self.dictionary.missing.get(key) != Some(&true))
        };
        Some(NullBuffer::new(BooleanBuffer::collect_bool(self.keys.len(), has)))
    }

    /// The texts row by row.
    pub(super) fn to_array(&self) -> Result<ArrayRef> {
        let keys = Int32Array::new(self.keys.values().clone(), self.nulls());
        Ok(take(&self.dictionary.texts, &keys, None)?)
    }
}
