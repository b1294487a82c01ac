//! [`Record`]: what a database says of a prefix, borrowed from its bytes.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::enrich::value::Value;

/// Values in one record, however they are nested. Records that are published have about a hundred;
/// pointers can make many more of few bytes.
const MOST_VALUES: usize = 4096;

/// Values around a value.
const DEEPEST: usize = 32;

/// A record that has been read. Always a map.
pub(super) struct Record<'a>(pub(super) Value<'a>);

impl<'de> Deserialize<'de> for Record<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let left = Cell::new(MOST_VALUES);
        deserializer.deserialize_map(Part { depth: 0, left: &left }).map(Self)
    }
}

/// Reads one value of a record.
struct Part<'c> {
    depth: usize,
    /// How many values the record may still have.
    left: &'c Cell<usize>,
}

impl Part<'_> {
    /// For a value within this one.
    fn within(&self) -> Self {
        Self { depth: self.depth + 1, left: self.left }
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| D::Error::custom("it has too many values"))?);
        if self.depth > DEEPEST {
            return Err(D::Error::custom("its values are nested too deeply"));
        }
        deserializer.deserialize_any(self)
    }
}

fn told<'de, E>(value: impl fmt::Display) -> Result<Value<'de>, E> {
    Ok(Value::Text(value.to_string().into()))
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of a MaxMind database")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value<'de>, E> {
        told(truth)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        told(number)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        told(number)
    }

    fn visit_u128<E>(self, number: u128) -> Result<Value<'de>, E> {
        told(number)
    }

    /// As its own type: made a double, 0.1 would be told as 0.10000000149011612.
    fn visit_f32<E>(self, number: f32) -> Result<Value<'de>, E> {
        told(number)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        told(number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        told(text)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    /// In hex.
    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value<'de>, E> {
        told(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.within())? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<&str>()? {
            entries.push((Cow::Borrowed(key), map.next_value_seed(self.within())?));
        }
        Ok(Value::Map(entries))
    }
}
