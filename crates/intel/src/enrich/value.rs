//! [`Value`]: what a record of a database or a row of JSON holds, and how it becomes fields.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Any value, in the order in which it is written. Numbers and truths are text already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Nothing,
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
    Map(Vec<(Cow<'a, str>, Value<'a>)>),
}

/// The value of one field: a text, or several of one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flat {
    One(String),
    Many(Vec<String>),
}

impl Flat {
    /// All texts.
    pub(super) fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }

    /// As it is told.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::One(text) => text,
            Self::Many(texts) => texts.join(", "),
        }
    }
}

impl Value<'_> {
    /// All texts in it with the way to them, as `country.iso_code` and `subdivisions.0.iso_code`. A list
    /// of texts is one field. What holds nothing is no field.
    pub(super) fn flat(self) -> Vec<(String, Flat)> {
        let mut fields = Vec::new();
        self.flatten(String::new(), &mut fields);
        fields
    }

    fn flatten(self, path: String, fields: &mut Vec<(String, Flat)>) {
        match self {
            Self::Nothing => {}
            Self::Text(text) if text.trim().is_empty() => {}
            Self::Text(text) => fields.push((path, Flat::One(text.trim().to_owned()))),
            Self::List(items) => match texts(&items) {
                Some(texts) if texts.is_empty() => {}
                Some(texts) => fields.push((path, Flat::Many(texts))),
                None => {
                    for (at, item) in items.into_iter().enumerate() {
                        item.flatten(below(&path, &at.to_string()), fields);
                    }
                }
            },
            Self::Map(entries) => {
                for (key, value) in entries {
                    value.flatten(below(&path, &key), fields);
                }
            }
        }
    }
}

/// The texts of a list that has nothing else.
fn texts(items: &[Value<'_>]) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for item in items {
        match item {
            Value::Nothing => {}
            Value::Text(text) if text.trim().is_empty() => {}
            Value::Text(text) => texts.push(text.trim().to_owned()),
            _ => return None,
        }
    }
    Some(texts)
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The names with a number behind each that was there before, so that no field hides another.
pub(super) fn unique(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut told = Vec::new();
    for name in names {
        let mut candidate = name.clone();
        let mut number = 2_u64;
        while !known.insert(candidate.clone()) {
            candidate = format!("{name}_{number}");
            number += 1;
        }
        told.push(candidate);
    }
    told
}

impl<'de> Deserialize<'de> for Value<'static> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor { mark: || 0, element: |_, item| Some(item) })
    }
}

/// Reads any value. If it is a list, its items are handed to `element` one by one with what `mark` was
/// where each begins; what `element` gives back stays in the list.
pub(super) struct ValueVisitor<M, F> {
    pub(super) mark: M,
    pub(super) element: F,
}

impl<'de, M, F> DeserializeSeed<'de> for ValueVisitor<M, F>
where
    M: Fn() -> u64,
    F: FnMut(u64, Value<'static>) -> Option<Value<'static>>,
{
    type Value = Value<'static>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

struct Marked<'m, M>(&'m M);

impl<'de, M: Fn() -> u64> DeserializeSeed<'de> for Marked<'_, M> {
    type Value = (u64, Value<'static>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mark = (self.0)();
        Value::deserialize(deserializer).map(|value| (mark, value))
    }
}

fn text<E>(value: impl fmt::Display) -> Result<Value<'static>, E> {
    Ok(Value::Text(value.to_string().into()))
}

impl<'de, M, F> Visitor<'de> for ValueVisitor<M, F>
where
    M: Fn() -> u64,
    F: FnMut(u64, Value<'static>) -> Option<Value<'static>>,
{
    type Value = Value<'static>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value<'static>, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value<'static>, E> {
        text(truth)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'static>, E> {
        text(number)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'static>, E> {
        text(number)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'static>, E> {
        text(number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value<'static>, E> {
        text(value)
    }

    fn visit_string<E>(self, value: String) -> Result<Value<'static>, E> {
        Ok(Value::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value<'static>, A::Error> {
        let mut items = Vec::new();
        while let Some((mark, item)) = seq.next_element_seed(Marked(&self.mark))? {
            items.extend((self.element)(mark, item));
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'static>, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, _>()? {
            entries.push((key.into(), value));
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Vec<(String, String)> {
        let value: Value<'_> = serde_json::from_str(json).expect("JSON");
        value.flat().into_iter().map(|(name, flat)| (name, flat.into_text())).collect()
    }

    #[test]
    fn a_document_becomes_fields_in_its_order_and_nothing_is_lost() {
        let told = fields(
            r#"{"b": 1, "a": {"x": true, "y": [{"z": "deep"}, -2]}, "tags": ["one", " two ", null],
                "none": null, "empty": "", "void": [], "rate": 0.5, "large": 18446744073709551615}"#,
        );
        let expected = [
            ("b", "1"),
            ("a.x", "true"),
            ("a.y.0.z", "deep"),
            ("a.y.1", "-2"),
            ("tags", "one, two"),
            ("rate", "0.5"),
            ("large", "18446744073709551615"),
        ];
        assert_eq!(told, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }

    #[test]
    fn a_name_that_is_there_twice_is_told_twice() {
        let names = ["a", "b", "a", "a_2", "a"].map(str::to_owned);
        assert_eq!(unique(names), ["a", "b", "a_2", "a_2_2", "a_3"]);
    }
}
