//! `service.additionalInfo`, which comes flattened, as escaped JSON text under `value`, or both.

use serde_json::Value;

use crate::OwnBytes;
use crate::value::{self, Notes, field};

/// What is of use in it.
pub(super) struct Additional {
    pub(super) sample: bool,
    pub(super) own_bytes: Option<OwnBytes>,
}

pub(super) fn read(service: &Value, title: Option<&str>, notes: &mut Notes) -> Additional {
    let nothing = Value::Null;
    let flattened = field(service, "additionalInfo").unwrap_or(&nothing);
    let inner = inner(flattened, notes).unwrap_or_default();
    let mut bytes = |name| {
        let outer = notes.read(flattened, name, value::integer);
        outer.or_else(|| notes.read(&inner, name, value::integer))
    };
    let (in_bytes, out_bytes) = (bytes("inBytes"), bytes("outBytes"));
    let marked = [flattened, &inner]
        .iter()
        .any(|info| notes.read(info, "sample", value::truth) == Some(true));
    // The console puts the mark into the title.
    let titled = title.is_some_and(|title| title.starts_with("[SAMPLE]"));
    let counted = in_bytes.is_some() || out_bytes.is_some();
    Additional {
        sample: marked || titled,
        own_bytes: counted.then_some(OwnBytes { in_bytes, out_bytes }),
    }
}

/// The object inside the text under `value`.
fn inner(info: &Value, notes: &mut Notes) -> Option<Value> {
    match field(info, "value")? {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => {
            let parsed = value::parsed(text);
            if parsed.is_none() {
                notes.add("`additionalInfo.value` is not JSON and was left out");
            }
            parsed
        }
        other => Some(other.clone()),
    }
}
