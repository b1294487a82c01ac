//! An EventBridge event: `{"detail-type": "GuardDuty Finding", "detail": {...}}`.

use serde_json::Value;

use crate::value::{excerpt, field};

/// The finding inside, or why there is none; `None` if the value is no event at all.
pub(super) fn open(value: &Value) -> Option<Result<&Value, String>> {
    let kind = field(value, "detail-type")?.as_str().unwrap_or_default();
    if kind.starts_with("Security Hub Findings") {
        return Some(Err("Security Hub event with ASFF findings: not supported yet".to_owned()));
    }
    if !kind.eq_ignore_ascii_case("GuardDuty Finding") {
        let kind = excerpt(kind);
        return Some(Err(format!("EventBridge event of type `{kind}`: no GuardDuty finding")));
    }
    let missing = || "EventBridge event of a GuardDuty finding without `detail`".to_owned();
    Some(field(value, "detail").ok_or_else(missing))
}
