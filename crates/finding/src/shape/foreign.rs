//! What is no finding, by name, so that a user learns what they have.

use serde_json::Value;

use crate::value::{excerpt, field};

/// Members that tell what an object is.
const MARKS: &[(&str, &str)] = &[
    ("findingIds", "ListFindings output, which holds only ids: ask GetFindings for the findings"),
    ("reservations", "describe-instances output: it is an inventory (--inventory)"),
    ("networkInterfaces", "describe-network-interfaces output: it is an inventory (--inventory)"),
    ("configurationItems", "an AWS Config snapshot: it is an inventory (--inventory)"),
    ("logEvents", "events of CloudWatch Logs: take the findings out of them"),
    ("awslogs", "a Lambda event of CloudWatch Logs, whose data is encoded: not supported"),
    ("resourcesAffected", "a finding of Macie: only GuardDuty's findings are read"),
    ("eventSource", "a CloudTrail record: no finding"),
    ("alarmName", "an alarm of CloudWatch: no finding"),
    ("failedFindings", "the answer of BatchImportFindings, which holds no findings"),
];

/// Words for a value that is no finding.
pub(super) fn name(value: &Value) -> String {
    let object = match value {
        Value::Object(object) => object,
        Value::String(_) => return "a JSON string: no finding".to_owned(),
        _ => return "a JSON number, word or list: no finding".to_owned(),
    };
    if object.is_empty() {
        return "an empty object: no finding".to_owned();
    }
    if let Some((_, name)) = MARKS.iter().find(|(mark, _)| field(value, mark).is_some()) {
        return (*name).to_owned();
    }
    if field(value, "type").is_some_and(|kind| kind == "bundle") {
        return "a STIX bundle: it is a list (--list)".to_owned();
    }
    let keys: Vec<_> = object.keys().take(5).map(|key| format!("`{}`", excerpt(key))).collect();
    let more = if object.len() > keys.len() { ", ..." } else { "" };
    format!("no GuardDuty finding: an object with {}{more}", keys.join(", "))
}
