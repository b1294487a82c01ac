//! The answer of `GetFindings`: `{"Findings": [...]}`.

use serde_json::Value;

use crate::value::field;

/// What stands under `Findings`, which may be `null` and then is `Some(None)`; `None` if the value
/// has no such field.
pub(super) fn open(value: &Value) -> Option<Option<&Value>> {
    let object = value.as_object()?;
    let answer = object.contains_key("Findings") || object.contains_key("findings");
    answer.then(|| field(value, "findings"))
}
