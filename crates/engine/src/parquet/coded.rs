//! Columns of texts as files have them: each text once, and by row the number of its text. What is to
//! be known of a text is then found out once, and not for each of its rows.

use std::sync::{Arc, OnceLock};

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray, StringViewArray,
    StringViewBuilder,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::take;
use arrow::datatypes::Int32Type;
use datafusion::common::Result;
use flowproof_record::{FieldId, Records};

use super::columns::{Verdict, judge};

/// The texts of a part of a file, in the spelling that records have.
#[derive(Debug)]
pub(super) struct Dictionary {
    stored: StringArray,
    /// NULL where the text stands for none, or is not what the field holds.
    texts: StringViewArray,
    /// Which texts are not what the field holds; empty if none is.
    bad: Vec<bool>,
    numbers: OnceLock<Vec<u64>>,
}

impl Dictionary {
    fn new(id: FieldId, stored: &StringArray) -> Dictionary {
        let mut texts = StringViewBuilder::with_capacity(stored.len());
        let mut bad = Vec::new();
        for (place, text) in stored.iter().enumerate() {
            match text.map_or(Verdict::Missing, |text| judge(id, text)) {
                Verdict::Good => texts.append_option(text),
                Verdict::Spelled(text) => texts.append_value(text),
                Verdict::Missing => texts.append_null(),
                Verdict::Bad => {
                    texts.append_null();
                    bad.resize(stored.len(), false);
                    bad[place] = true;
                }
            }
        }
        let (stored, numbers) = (stored.clone(), OnceLock::new());
        Dictionary { stored, texts: texts.finish(), bad, numbers }
    }

    /// Whether these are its texts, at the same place in memory: they are not looked at again.
    fn is_of(&self, stored: &StringArray) -> bool {
        is_same(&self.stored, stored)
    }

    /// By a text's number: the address that it is, in the numbers that records have.
    fn numbers(&self) -> &[u64] {
        self.numbers.get_or_init(|| {
            let number = |text: &str| text.parse::<std::net::Ipv4Addr>().ok();
            let numbers = self.texts.iter().map(|text| text.and_then(number));
            numbers.map(|ip| ip.map_or(Records::NONE, |ip| ip.to_bits().into())).collect()
        })
    }
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

    /// The texts by their numbers.
    pub(super) fn texts(&self) -> &StringViewArray {
        &self.dictionary.texts
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
        let (key, texts) = (self.key(row)?, &self.dictionary.texts);
        texts.is_valid(key).then(|| texts.value(key))
    }

    /// The row's address, by [`Coded::numbers`].
    #[inline(always)]
    pub(super) fn number(&self, numbers: &[u64], row: usize) -> u64 {
        self.key(row).and_then(|key| numbers.get(key)).map_or(Records::NONE, |number| *number)
    }

    /// By a text's number: the address that it is.
    pub(super) fn numbers(&self) -> &[u64] {
        self.dictionary.numbers()
    }

    /// The rows whose text passes; a row without one does not. No text is asked about twice.
    pub(super) fn ask(&self, passes: impl Fn(&str) -> bool) -> BooleanBuffer {
        let texts = &self.dictionary.texts;
        let mut answers: Vec<Option<bool>> = vec![None; texts.len()];
        BooleanBuffer::collect_bool(self.keys.len(), |row| {
            let Some(key) = self.key(row) else { return false };
            let ask = || texts.is_valid(key) && passes(texts.value(key));
            *answers[key].get_or_insert_with(ask)
        })
    }

    /// The rows without a text.
    pub(super) fn nulls(&self) -> Option<NullBuffer> {
        match self.dictionary.texts.null_count() {
            0 => self.keys.nulls().cloned(),
            _ => {
                let has = |row: usize| {
                    self.key(row).is_some_and(|key| self.dictionary.texts.is_valid(key))
                };
                Some(NullBuffer::new(BooleanBuffer::collect_bool(self.keys.len(), has)))
            }
        }
    }

    /// The texts row by row.
    pub(super) fn to_array(&self) -> Result<ArrayRef> {
        Ok(take(&self.dictionary.texts, &self.keys, None)?)
    }
}
