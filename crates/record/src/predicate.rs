//! Questions about a record that are answered on its raw bytes, before any column is built.

use std::collections::HashSet;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::columns::other_spelling;
use crate::field::FieldId;

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Whether `left` compares so with `right`.
    #[must_use]
    pub fn holds(self, left: i128, right: i128) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
        }
    }
}

/// A question of the caller's own about the text of some fields, for example whether an address is
/// in a prefix set.
pub trait RawTest: Send + Sync + fmt::Debug {
    /// Whether a field's text passes. The text is never `-` or empty.
    fn passes(&self, text: &[u8]) -> bool;

    /// The same of the text of an IPv4 address, given as its number: `203.0.113.9` is `0xcb007109`.
    fn passes_ipv4(&self, address: u32) -> bool {
        self.passes(Ipv4Addr::from_bits(address).to_string().as_bytes())
    }
}

/// A question about one record. As in SQL's WHERE, a missing value (`-`, or no such column) passes
/// no test but [`Predicate::Missing`]; there is no negation but [`Predicate::TextNotIn`] and
/// [`Comparison::NotEqual`], which a missing value does not pass either.
#[derive(Debug, Clone)]
pub enum Predicate {
    /// All pass. An empty list passes.
    And(Vec<Predicate>),
    /// At least one passes. An empty list does not pass.
    Or(Vec<Predicate>),
    /// The field has no value.
    Missing(FieldId),
    /// The text of the field is one of these, byte for byte. Addresses are compared in the one
    /// spelling that batches have.
    TextIn(FieldId, HashSet<Box<[u8]>>),
    /// The text of the field is none of these.
    TextNotIn(FieldId, HashSet<Box<[u8]>>),
    /// The number in the field compares so with this one. Times are nanoseconds
    /// since 1970, as in the batches.
    Number(FieldId, Comparison, i128),
    /// A question of the caller's own.
    Raw(FieldId, Arc<dyn RawTest>),
}

/// What a predicate looks at: the values of one record.
pub(crate) trait Values {
    /// The text of a field; `None` if missing.
    fn text(&self, id: FieldId) -> Option<&[u8]>;
    /// The number in a field; `None` if missing.
    fn number(&self, id: FieldId) -> Option<i128>;
}

impl Predicate {
    /// The field is one of these texts.
    #[must_use]
    pub fn text_in<T: AsRef<[u8]>>(id: FieldId, texts: impl IntoIterator<Item = T>) -> Predicate {
        Predicate::TextIn(id, texts.into_iter().map(|text| text.as_ref().into()).collect())
    }

    /// Whether the predicate looks at the field.
    pub(crate) fn looks_at(&self, field: FieldId) -> bool {
        match self {
            Predicate::And(parts) | Predicate::Or(parts) => {
                parts.iter().any(|part| part.looks_at(field))
            }
            Predicate::Missing(id)
            | Predicate::TextIn(id, _)
            | Predicate::TextNotIn(id, _)
            | Predicate::Number(id, ..)
            | Predicate::Raw(id, _) => *id == field,
        }
    }

    pub(crate) fn passes(&self, values: &impl Values) -> bool {
        match self {
            Predicate::And(all) => all.iter().all(|part| part.passes(values)),
            Predicate::Or(any) => any.iter().any(|part| part.passes(values)),
            Predicate::Missing(id) => values.text(*id).is_none(),
            Predicate::TextIn(id, texts) => {
                values.text(*id).is_some_and(|text| is_among(*id, text, texts))
            }
            Predicate::TextNotIn(id, texts) => {
                values.text(*id).is_some_and(|text| !is_among(*id, text, texts))
            }
            Predicate::Number(id, comparison, right) => {
                values.number(*id).is_some_and(|left| comparison.holds(left, *right))
            }
            Predicate::Raw(id, test) => values.text(*id).is_some_and(|text| test.passes(text)),
        }
    }
}

/// Whether the text is in the set, in the spelling that a batch would show.
fn is_among(id: FieldId, text: &[u8], texts: &HashSet<Box<[u8]>>) -> bool {
    match std::str::from_utf8(text).ok().and_then(|text| other_spelling(id, text)) {
        Some(spelling) => texts.contains(spelling.as_bytes()),
        None => texts.contains(text),
    }
}
