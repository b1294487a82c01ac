//! Lists of findings: the answer of `GetFindings`, of GuardDuty or Security Hub, and what
//! `BatchImportFindings` is given. `{"Findings": [...]}`.

use serde_json::Value;

use super::{Inner, all};
use crate::value::{field, items};

/// What stands under `Findings`, which may be `null`; `None` if the value has no such field.
pub(super) fn open(value: &Value) -> Option<Vec<Inner<'_>>> {
    let object = value.as_object()?;
    let answer = object.contains_key("Findings") || object.contains_key("findings");
    answer.then(|| all("Findings", items(field(value, "findings"))))
}
