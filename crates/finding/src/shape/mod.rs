//! The shapes that findings come in: one file per envelope and per format.
//!
//! Each says whether a value is one of its kind; envelopes say what is inside. They may be nested and
//! mixed: a list of EventBridge events is as good as a stream of `GetFindings` answers.

mod asff;
mod bare;
mod event_bridge;
mod foreign;
mod lists;
mod messages;
mod ocsf;
pub(crate) mod sentinel;
mod wrapped;

use std::borrow::Cow;

use serde_json::Value;

use crate::read::Findings;
use crate::{Finding, parse};

/// How many envelopes and lists may stand inside one another. An EventBridge event in an SNS
/// notification in a batch of SQS messages takes three. Each may hold the next as text, so this bounds
/// memory as well: to so many times the input.
pub(crate) const MAX_NESTING: usize = 8;

/// Where a value stands.
struct Place {
    line: u64,
    at: String,
    depth: usize,
}

impl Place {
    fn below(&self, name: &str) -> Place {
        let separator =
            if self.at.is_empty() || name.is_empty() || name.starts_with('[') { "" } else { "." };
        Place {
            line: self.line,
            at: format!("{}{separator}{name}", self.at),
            depth: self.depth + 1,
        }
    }
}

/// A part of an envelope.
struct Inner<'v> {
    /// Its place in the envelope.
    at: String,
    /// The value, or why there is none.
    value: Result<Cow<'v, Value>, String>,
    /// What every finding in it is to say.
    note: Option<String>,
}

impl<'v> Inner<'v> {
    fn value(at: &str, value: Cow<'v, Value>) -> Inner<'v> {
        Inner { at: at.to_owned(), value: Ok(value), note: None }
    }

    fn refused(at: &str, reason: String) -> Inner<'v> {
        Inner { at: at.to_owned(), value: Err(reason), note: None }
    }

    fn with_note(self, note: String) -> Inner<'v> {
        Inner { note: Some(note), ..self }
    }

    /// The same part, seen from outside of `name`.
    fn below(self, name: &str) -> Inner<'v> {
        let separator = if self.at.is_empty() { "" } else { "." };
        Inner { at: format!("{name}{separator}{}", self.at), ..self }
    }

    fn into_owned(self) -> Inner<'static> {
        let value = self.value.map(|value| Cow::Owned(value.into_owned()));
        Inner { at: self.at, value, note: self.note }
    }
}

/// The items of a list.
fn all<'v>(name: &str, items: &'v [Value]) -> Vec<Inner<'v>> {
    let item = |(index, item)| Inner::value(&format!("{name}[{index}]"), Cow::Borrowed(item));
    items.iter().enumerate().map(item).collect()
}

/// Opens a value down to its findings. `line` says where it begins.
pub(crate) fn open(value: &Value, line: u64, read: &mut Findings) {
    open_at(value, &Place { line, at: String::new(), depth: 0 }, read);
}

fn open_at(value: &Value, place: &Place, read: &mut Findings) {
    if read.is_full() {
        return;
    }
    if place.depth > MAX_NESTING {
        let reason = format!("more than {MAX_NESTING} envelopes and lists inside one another");
        read.refuse(place.line, &place.at, reason);
    } else if let Some(inner) = envelope(value) {
        for inner in inner {
            open_inner(inner, place, read);
        }
    } else if let Some(read_as) = finding_format(value) {
        match read_as(value) {
            Ok(finding) => read.findings.push(finding),
            Err(reason) => read.refuse(place.line, &place.at, reason),
        }
    } else if let Some(inner) = wrapped::open(value) {
        for inner in inner {
            open_inner(inner, place, read);
        }
    } else {
        read.refuse(place.line, &place.at, foreign::name(value));
    }
}

/// The parts of an envelope; `None` if the value is none. A finding of another format is none, whatever
/// members it has.
fn envelope(value: &Value) -> Option<Vec<Inner<'_>>> {
    if asff::is_finding(value) || ocsf::is_event(value) {
        return None;
    }
    match value {
        Value::Array(items) => Some(all("", items)),
        _ => messages::open(value)
            .or_else(|| event_bridge::open(value))
            .or_else(|| lists::open(value)),
    }
}

type Reader = fn(&Value) -> Result<Finding, String>;

/// What reads a value as a finding; `None` if it is none.
fn finding_format(value: &Value) -> Option<Reader> {
    if asff::is_finding(value) {
        Some(parse::asff)
    } else if ocsf::is_event(value) {
        Some(parse::ocsf)
    } else if sentinel::is_row(value) {
        Some(|row| Ok(parse::sentinel(row)))
    } else if bare::is_finding(value) {
        Some(|finding| Ok(parse::guardduty(finding)))
    } else {
        None
    }
}

fn open_inner(inner: Inner<'_>, place: &Place, read: &mut Findings) {
    let place = place.below(&inner.at);
    let before = read.findings.len();
    match &inner.value {
        Ok(value) => open_at(value, &place, read),
        Err(reason) => read.refuse(place.line, &place.at, reason.as_str()),
    }
    if let Some(note) = inner.note {
        for finding in &mut read.findings[before..] {
            finding.notes.insert(0, note.clone());
        }
    }
}

#[cfg(test)]
mod tests;
