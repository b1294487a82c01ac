//! A finding that another system put under a key of its own, as an object or as JSON text.

use serde_json::Value;

use super::{Inner, asff, bare, ocsf};
use crate::value::{embedded, field};

/// The members of an object that are findings or events with one; `None` if there are none.
pub(super) fn open(value: &Value) -> Option<Vec<Inner<'_>>> {
    let members = value.as_object()?.iter().filter_map(|(key, member)| {
        let inner = embedded(member).filter(|inner| is_known(inner))?;
        let note = format!("taken from `{key}` of an object that another system made");
        Some(Inner::value(key, inner).with_note(note))
    });
    let members: Vec<_> = members.collect();
    (!members.is_empty()).then_some(members)
}

fn is_known(value: &Value) -> bool {
    let event = field(value, "detail-type").is_some() && field(value, "detail").is_some();
    event || bare::is_finding(value) || asff::is_finding(value) || ocsf::is_event(value)
}
