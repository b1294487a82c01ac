//! Shapes that are not read, by name, so that a user learns what they have.

use serde_json::Value;

use super::bare;
use crate::value::{excerpt, field};

/// The name of a shape that carries the mark of another format.
pub(super) fn marked(value: &Value) -> Option<&'static str> {
    let is = |name, text: &str| field(value, name).and_then(Value::as_str) == Some(text);
    let has = |name| field(value, name).is_some();
    if is("schemaVersion", "2018-10-08") || has("productFields") || has("productArn") {
        Some("Security Hub ASFF finding: not supported yet")
    } else if has("class_uid") || has("finding_info") {
        Some("OCSF finding: not supported yet")
    } else if is("type", "Notification") && has("message") {
        Some("SNS notification: not supported yet")
    } else if has("records") {
        Some("a batch of SNS, SQS, S3 or CloudTrail records: not supported")
    } else if has("findingIds") {
        Some("ListFindings output, which holds only ids: ask GetFindings for the findings")
    } else {
        None
    }
}

/// Words for a value that is no finding and carries no known mark.
pub(super) fn unknown(value: &Value) -> String {
    let object = match value {
        Value::Object(object) => object,
        Value::String(_) => return "a JSON string: no finding".to_owned(),
        _ => return "a JSON number, word or list: no finding".to_owned(),
    };
    if let Some((key, _)) = object.iter().find(|(_, inner)| bare::is_finding(inner)) {
        let key = excerpt(key);
        return format!("a finding that another system wrapped under `{key}`: take that part out");
    }
    if object.is_empty() {
        return "an empty object: no finding".to_owned();
    }
    let keys: Vec<_> = object.keys().take(5).map(|key| format!("`{}`", excerpt(key))).collect();
    let more = if object.len() > keys.len() { ", ..." } else { "" };
    format!("no GuardDuty finding: an object with {}{more}", keys.join(", "))
}
