//! From a finding's JSON to a [`Finding`].

mod action;
mod additional;
mod caller;
mod subject;

use jiff::Timestamp;
use serde_json::Value;

use crate::Finding;
use crate::value::{self, Notes, field, path};

/// Reads one finding. Nothing in it is mandatory: what is missing is noted, and the verdict says
/// what follows from it.
pub(crate) fn finding(json: &Value) -> Finding {
    let mut notes = Notes::default();
    let nothing = Value::Null;
    let service = field(json, "service").unwrap_or(&nothing);
    let resource = field(json, "resource").unwrap_or(&nothing);
    let title = notes.read(json, "title", value::text);
    let additional = additional::read(service, title.as_deref(), &mut notes);
    let connections = action::read(service, &mut notes);
    let whose = subject::read(json, resource, &connections.items, &mut notes);
    let claims = action::claims(&connections, additional.own_bytes, &mut notes);
    let (first_seen, last_seen) = times(json, service, &mut notes);
    let id = or_empty(json, "id", &mut notes);
    let finding_type = or_empty(json, "type", &mut notes);
    Finding {
        id,
        arn: notes.read(json, "arn", value::text),
        finding_type,
        severity: notes.read(json, "severity", value::number),
        title,
        subject: whose.subject,
        interfaces: whose.interfaces,
        resource_type: notes.read(resource, "resourceType", value::text),
        resource_role: notes.read(service, "resourceRole", value::text),
        count: notes.read(service, "count", value::integer),
        sample: additional.sample,
        first_seen,
        last_seen,
        own_bytes: additional.own_bytes,
        callers: caller::addresses(service, &mut notes),
        action: connections.action,
        claims,
        notes: notes.0,
    }
}

fn or_empty(json: &Value, name: &str, notes: &mut Notes) -> String {
    let text = notes.read(json, name, value::text);
    if text.is_none() {
        notes.add(format!("the finding has no `{name}`"));
    }
    text.unwrap_or_default()
}

/// The first and the last occurrence.
fn times(
    json: &Value,
    service: &Value,
    notes: &mut Notes,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let mut time = |event, record| {
        notes.read(service, event, value::time).or_else(|| {
            let instead = notes.read(json, record, value::time)?;
            notes.add(format!("`{event}` is missing: `{record}` is taken instead"));
            Some(instead)
        })
    };
    let first = time("eventFirstSeen", "createdAt");
    let last = time("eventLastSeen", "updatedAt");
    match (first, last) {
        (Some(first), Some(last)) if first > last => {
            notes.add("the first occurrence lies after the last: taken the other way round");
            (Some(last), Some(first))
        }
        (Some(_), Some(_)) => (first, last),
        (Some(_), None) | (None, Some(_)) => {
            notes.add("only one of the first and the last occurrence is known");
            (first, last)
        }
        (None, None) => {
            notes.add("the finding does not say when it happened");
            (None, None)
        }
    }
}

/// The text at the end of a path.
fn text_at(json: &Value, names: &[&str]) -> Option<String> {
    path(json, names).and_then(value::text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
