//! The envelopes that findings come in: one file per envelope.
//!
//! Each envelope says whether a value is one of its kind and what is inside. Envelopes may be nested
//! and mixed: a list of EventBridge events is as good as a stream of `GetFindings` answers.

mod bare;
mod event_bridge;
mod foreign;
mod get_findings;

use serde_json::Value;

use crate::read::Findings;
use crate::{parse, value};

/// Opens a value down to its findings. `line` and `at` say where it stands.
pub(crate) fn open(value: &Value, line: u64, at: &str, read: &mut Findings) {
    if let Value::Array(items) = value {
        open_all(items, line, at, read);
    } else if let Some(name) = foreign::marked(value) {
        read.refuse(line, at, name);
    } else if let Some(event) = event_bridge::open(value) {
        match event {
            Ok(detail) => open(detail, line, &below(at, "detail"), read),
            Err(reason) => read.refuse(line, at, reason),
        }
    } else if let Some(findings) = get_findings::open(value) {
        open_all(value::items(findings), line, &below(at, "Findings"), read);
    } else if bare::is_finding(value) {
        read.findings.push(parse::finding(value));
    } else {
        read.refuse(line, at, foreign::unknown(value));
    }
}

fn open_all(items: &[Value], line: u64, at: &str, read: &mut Findings) {
    for (index, item) in items.iter().enumerate() {
        open(item, line, &format!("{at}[{index}]"), read);
    }
}

fn below(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

#[cfg(test)]
mod tests;
