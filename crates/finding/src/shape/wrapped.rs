//! A finding that another system put under a key of its own, as an object or as JSON text.

use serde_json::Value;

use super::Inner;
use crate::value::{embedded, excerpt, field};

/// The members of an object that are findings or events with one; `None` if there are none.
pub(super) fn open(value: &Value) -> Option<Vec<Inner<'_>>> {
    let members = value.as_object()?.iter().filter_map(|(key, member)| {
        let inner = embedded(member).filter(|inner| is_known(inner))?;
        let key = excerpt(key);
        let note = format!("taken from `{key}` of an object that another system made");
        Some(Inner::value(&key, inner).with_note(note))
    });
    let members: Vec<_> = members.collect();
    (!members.is_empty()).then_some(members)
}

/// Whether a value is a finding, an event or an answer with one, or a list that begins with one.
fn is_known(value: &Value) -> bool {
    let value = match value {
        Value::Array(items) => items.first().unwrap_or(value),
        _ => value,
    };
    let event = field(value, "detail-type").is_some() && field(value, "detail").is_some();
    let answer = field(value, "findings").is_some_and(Value::is_array);
    event || answer || super::finding_format(value).is_some()
}
