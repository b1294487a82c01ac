//! The pass over a document.
//!
//! ```text
//!   {"Event": {"info": "..", "Attribute": [{"type": "..", "value": ".."}, ..], "Org": {..}}}
//!    entered    kept          entered        kept          kept                  skipped
//! ```
//!
//! A format says which keys lead on to items and which keys of an item it asks for; all others are
//! skipped unread. It is told of an object when its end is reached, so of an inner one before the
//! one around it.

use std::cell::Cell;
use std::fmt::{self, Write as _};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Scalar;

/// What a format wants to know of a document.
pub(in crate::format) trait Shape {
    /// Keys whose arrays and objects hold items.
    const ENTERED: &'static [&'static str];
    /// Keys of items whose values are asked for.
    const KEPT: &'static [&'static str];

    /// Whether [`Self::ENTERED`] counts for the object at `place`.
    fn enters(&self, _place: &Place<'_>) -> bool {
        true
    }

    /// A number that an object is given where it begins, see [`Item::mark`].
    fn mark(&self) -> usize {
        0
    }

    /// An object at its end.
    fn object(&mut self, item: &Item, place: &Place<'_>);

    /// A value without keys in an array, or alone.
    fn scalar(&mut self, scalar: &Scalar, place: &Place<'_>);
}

/// What is kept of one object.
#[derive(Debug)]
pub(in crate::format) struct Item {
    /// Where it begins, from 1.
    pub(in crate::format) line: u64,
    /// What [`Shape::mark`] was there.
    pub(in crate::format) mark: usize,
    fields: Vec<(&'static str, Scalar)>,
}

impl Item {
    /// The value of a key, `Null` if it has none.
    pub(in crate::format) fn get(&self, key: &str) -> &Scalar {
        const MISSING: &Scalar = &Scalar::Null;
        self.fields.iter().find(|(name, _)| *name == key).map_or(MISSING, |(_, scalar)| scalar)
    }

    /// The text of a key, empty if it has none.
    pub(in crate::format) fn text(&self, key: &str) -> &str {
        self.get(key).text()
    }

    /// Whether the key is there, whatever its value.
    pub(in crate::format) fn has(&self, key: &str) -> bool {
        self.fields.iter().any(|(name, _)| *name == key)
    }
}

/// Where the pass is.
#[derive(Debug)]
pub(in crate::format) struct Place<'a> {
    line: &'a Cell<u64>,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Key(&'static str),
    Index(usize),
}

impl<'a> Place<'a> {
    pub(super) fn new(line: &'a Cell<u64>) -> Self {
        Self { line, steps: Vec::new() }
    }

    /// The line that was read last, from 1.
    pub(in crate::format) fn line(&self) -> u64 {
        self.line.get()
    }

    /// Whether nothing is around what stands here.
    pub(in crate::format) fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// The key that led here last, through an array or not.
    pub(in crate::format) fn key(&self) -> Option<&'static str> {
        self.keys().next()
    }

    /// Whether what stands here is part of something under `key`.
    pub(in crate::format) fn is_within(&self, key: &str) -> bool {
        self.keys().skip(1).any(|outer| outer == key)
    }

    /// The path of `key` in the object here, as `objects[3].pattern`, or of the place itself.
    pub(in crate::format) fn path(&self, key: &'static str) -> String {
        let last = (!key.is_empty()).then_some(Step::Key(key));
        self.steps.iter().copied().chain(last).fold(String::new(), |mut path, step| {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Key(key) if path.is_empty() => write!(path, "{key}"),
                Step::Key(key) => write!(path, ".{key}"),
                Step::Index(index) => write!(path, "[{index}]"),
            };
            path
        })
    }

    /// The keys that led here, the last one first.
    fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.steps.iter().rev().filter_map(|step| match step {
            Step::Key(key) => Some(*key),
            Step::Index(_) => None,
        })
    }
}

/// The pass over one value.
pub(super) struct Walk<'w, 'p, S> {
    pub(super) shape: &'w mut S,
    pub(super) place: &'w mut Place<'p>,
}

impl<'p, S: Shape> Walk<'_, 'p, S> {
    fn inner(&mut self) -> Walk<'_, 'p, S> {
        Walk { shape: self.shape, place: self.place }
    }

    /// Values right under a key are either kept or no items.
    fn scalar(self, scalar: Scalar) {
        if !matches!(self.place.steps.last(), Some(Step::Key(_))) {
            self.shape.scalar(&scalar, self.place);
        }
    }

    /// Reads the value of `key`, and keeps it if it is asked for.
    fn value<'de, A: MapAccess<'de>>(
        &mut self,
        key: Key,
        map: &mut A,
        fields: &mut Vec<(&'static str, Scalar)>,
    ) -> Result<(), A::Error> {
        match key {
            Key::Entered(key) if self.shape.enters(self.place) => {
                self.place.steps.push(Step::Key(key));
                map.next_value_seed(self.inner())?;
                self.place.steps.pop();
            }
            Key::Kept(key) if fields.iter().any(|(name, _)| *name == key) => {
                return Err(A::Error::custom(format_args!("key {key:?} stands twice")));
            }
            Key::Kept(key) => fields.push((key, map.next_value()?)),
            Key::Entered(_) | Key::Skipped => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de, S: Shape> DeserializeSeed<'de> for Walk<'_, '_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Shape> Visitor<'de> for Walk<'_, '_, S> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let (line, mark) = (self.place.line(), self.shape.mark());
        let mut fields = Vec::new();
        while let Some(key) = map.next_key_seed(KeySeed { entered: S::ENTERED, kept: S::KEPT })? {
            self.value(key, &mut map, &mut fields)?;
        }
        self.shape.object(&Item { line, mark, fields }, self.place);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.place.steps.push(Step::Index(index));
            let element = seq.next_element_seed(self.inner())?;
            self.place.steps.pop();
            if element.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar(Scalar::Null);
        Ok(())
    }

    fn visit_bool<E>(self, truth: bool) -> Result<(), E> {
        self.scalar(Scalar::Bool(truth));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.scalar(Scalar::Number(number));
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.scalar(Scalar::Other);
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.scalar(Scalar::Other);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.scalar(Scalar::Text(text.to_owned()));
        Ok(())
    }
}

/// What is to be done with the value of a key.
enum Key {
    Entered(&'static str),
    Kept(&'static str),
    Skipped,
}

/// Reads a key. It is only looked at, since most keys of most lists are skipped.
struct KeySeed {
    entered: &'static [&'static str],
    kept: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        let find = |keys: &[&'static str]| keys.iter().find(|name| **name == key).copied();
        let kept = || find(self.kept).map_or(Key::Skipped, Key::Kept);
        Ok(find(self.entered).map_or_else(kept, Key::Entered))
    }
}
