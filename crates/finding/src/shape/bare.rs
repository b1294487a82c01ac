//! A finding without an envelope: an S3 export line, or the inside of any envelope.

use serde_json::Value;

use crate::value::field;

/// Whether an object has at least two of the three things that make a finding: a type such as
/// `Recon:EC2/Portscan`, a `service` and a `resource`. Two are enough, so that a finding from which
/// something was lost is read and its loss noted.
pub(super) fn is_finding(value: &Value) -> bool {
    let has_type = field(value, "type").and_then(Value::as_str).is_some_and(|t| t.contains(':'));
    let has = |name| field(value, name).is_some_and(Value::is_object);
    usize::from(has_type) + usize::from(has("service")) + usize::from(has("resource")) >= 2
}
