//! Records by name, read straight off the JSON where the element before was one of the same members:
//! a tree of each costs several times as much. Whatever is unusual is left to the tree.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::json::text_of_number;
use super::row::{Likeness, Row, field_named};
use crate::field::FieldId;

/// Members of an element whose names are kept.
const MOST_NAMES: usize = 256;

/// What the members' names mean, by their place in the last element: most writers keep the order.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Vec<(String, Meaning)>,
}

#[derive(Debug, Clone, Copy)]
enum Meaning {
    Field(FieldId, Likeness),
    /// No field, and passed over.
    PassedOver,
}

impl Names {
    fn meaning(
        &mut self,
        idx: usize,
        name: &str,
        may_pass: impl Fn(&str) -> bool,
    ) -> Option<Meaning> {
        if let Some((_, meaning)) = self.known.get(idx).filter(|(known, _)| known == name) {
            return Some(*meaning);
        }
        let meaning = match field_named(name) {
            Some(id) => Meaning::Field(id, Likeness::of(id, name)),
            None if may_pass(name) => Meaning::PassedOver,
            None => return None,
        };
        if idx < self.known.len() {
            self.known[idx] = (name.to_owned(), meaning);
        } else if idx == self.known.len() && idx < MOST_NAMES {
            self.known.push((name.to_owned(), meaning));
        }
        Some(meaning)
    }
}

/// Reads the fields of one object into a cleared row. Tells whether that is all there is to say of
/// it: every value is a text, a number or null, and members that are no field `may_pass`.
pub(super) fn read_members(
    bytes: &[u8],
    row: &mut Row,
    names: &mut Names,
    may_pass: impl Fn(&str) -> bool,
) -> bool {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let members = Members { row, names, may_pass };
    json.deserialize_map(members).unwrap_or(false) && json.end().is_ok()
}

struct Members<'r, P> {
    row: &'r mut Row,
    names: &'r mut Names,
    may_pass: P,
}

/// A name, which is in the input as it is unless there are escapes in it.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, P: Fn(&str) -> bool> Visitor<'de> for Members<'_, P> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let mut usual = true;
        let mut idx = 0;
        while let Some(Name(name)) = members.next_key()? {
            match self.names.meaning(idx, &name, &self.may_pass) {
                Some(Meaning::Field(id, likeness)) => {
                    usual &= members.next_value_seed(Member { row: self.row, id, likeness })?;
                }
                Some(Meaning::PassedOver) => _ = members.next_value::<IgnoredAny>()?,
                None => {
                    usual = false;
                    members.next_value::<IgnoredAny>()?;
                }
            }
            idx += 1;
        }
        Ok(usual)
    }
}

/// The value of one field; tells whether a field has such values.
struct Member<'r> {
    row: &'r mut Row,
    id: FieldId,
    likeness: Likeness,
}

impl Member<'_> {
    fn put<E>(self, value: &str) -> Result<bool, E> {
        self.row.put_alike(self.id, self.likeness, value);
        Ok(true)
    }

    fn put_number<E>(self, number: Option<Number>) -> Result<bool, E> {
        match number.and_then(|number| text_of_number(&number, self.id)) {
            Some(text) => self.put(&text),
            None => Ok(false),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<bool, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        self.put(text)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        self.put("")
    }

    fn visit_u64<E>(self, number: u64) -> Result<bool, E> {
        self.put_number(Some(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<bool, E> {
        self.put_number(Some(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<bool, E> {
        self.put_number(Number::from_f64(number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<bool, A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}
