//! An event in the Open Cybersecurity Schema Framework (OCSF).

use serde_json::Value;

use crate::value::field;

/// Whether an object carries a mark of OCSF.
pub(super) fn is_event(value: &Value) -> bool {
    field(value, "class_uid").is_some() || field(value, "finding_info").is_some()
}
