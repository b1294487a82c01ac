//! Interface ids as small numbers.
//!
//! To group twelve million records by a text of 21 bytes costs several times what it costs to group
//! them by a number. The ids come in runs, so that their numbers cost next to nothing.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, UInt32Array};
use arrow::datatypes::UInt32Type;
use datafusion::common::{DataFusionError, HashMap, Result};

/// The numbers of texts, shared by all threads of a scan.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    codes: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Interner {
    /// The number of a text.
    pub(crate) fn code(&self, text: &str) -> Result<u32> {
        let mut inner = self.lock();
        if let Some(code) = inner.codes.get(text) {
            return Ok(*code);
        }
        let code = u32::try_from(inner.texts.len());
        let code = code.map_err(|error| DataFusionError::External(Box::new(error)))?;
        inner.texts.push(text.to_owned());
        inner.codes.insert(text.to_owned(), code);
        Ok(code)
    }

    /// All texts so far, in the order of their numbers.
    pub(crate) fn all(&self) -> Vec<String> {
        self.lock().texts.clone()
    }

    /// The texts of a column of numbers.
    pub(crate) fn texts(&self, codes: &ArrayRef) -> Result<ArrayRef> {
        let wrong = || DataFusionError::Internal("numbers of interfaces were expected".to_owned());
        let codes = codes.as_primitive_opt::<UInt32Type>().ok_or_else(wrong)?;
        let inner = self.lock();
        let texts = codes.iter().map(|code| Some(inner.texts.get(code? as usize)?.as_str()));
        Ok(Arc::new(texts.collect::<StringViewArray>()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A thread that panicked in here left a text without its number at worst.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread's view of an [`Interner`].
#[derive(Debug, Default)]
pub(crate) struct LocalCodes {
    codes: HashMap<String, u32>,
}

impl LocalCodes {
    /// The numbers of a column of texts.
    pub(crate) fn codes(&mut self, shared: &Interner, texts: &StringViewArray) -> Result<ArrayRef> {
        let mut codes = Vec::with_capacity(texts.len());
        let mut last: Option<(u128, u32)> = None;
        for (row, view) in texts.views().iter().enumerate() {
            if texts.is_null(row) {
                codes.push(0);
                continue;
            }
            let code = match last {
                Some((same, code)) if same == *view => code,
                _ => self.code(shared, texts.value(row))?,
            };
            last = Some((*view, code));
            codes.push(code);
        }
        Ok(Arc::new(UInt32Array::new(codes.into(), texts.nulls().cloned())))
    }

    fn code(&mut self, shared: &Interner, text: &str) -> Result<u32> {
        if let Some(code) = self.codes.get(text) {
            return Ok(*code);
        }
        let code = shared.code(text)?;
        self.codes.insert(text.to_owned(), code);
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_turn_into_the_texts_they_came_from(
            batches in prop::collection::vec(
                prop::collection::vec(prop::option::of("[ab]{1,2}|eni-0a1b2c3d4e5f6000[1-3]"), 0..30),
                1..4,
            ),
        ) {
            let shared = Interner::default();
            let mut threads = [LocalCodes::default(), LocalCodes::default()];
            for (n, texts) in batches.iter().enumerate() {
                let texts: StringViewArray = texts.iter().map(Option::as_deref).collect();
                let codes = threads[n % 2].codes(&shared, &texts).unwrap();
                let back = shared.texts(&codes).unwrap();
                prop_assert_eq!(back.as_string_view(), &texts);
            }
        }
    }
}
