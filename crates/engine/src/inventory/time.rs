//! Times as AWS prints them.

use jiff::{SignedDuration, Timestamp};
use serde_json_borrow::Value;

/// Seconds since 1970 of a time in RFC 3339 or in such seconds; what is less than a second is cut off.
pub(super) fn seconds(value: &Value<'_>) -> Option<i64> {
    let nanoseconds = match value {
        Value::Str(text) => text.trim().parse::<Timestamp>().ok()?.as_nanosecond(),
        Value::Number(number) => {
            SignedDuration::try_from_secs_f64(number.as_f64()?).ok()?.as_nanos()
        }
        _ => return None,
    };
    let time = Timestamp::from_nanosecond(nanoseconds).ok()?;
    i64::try_from(time.as_nanosecond().div_euclid(1_000_000_000)).ok()
}
