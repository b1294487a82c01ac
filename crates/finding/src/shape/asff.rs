//! A finding in the format of Security Hub (ASFF).

use serde_json::Value;

use crate::value::field;

/// Whether an object carries a mark of ASFF.
pub(super) fn is_finding(value: &Value) -> bool {
    let version = field(value, "schemaVersion").and_then(Value::as_str);
    let has = |name| field(value, name).is_some();
    version == Some("2018-10-08") || has("productFields") || has("productArn")
}
