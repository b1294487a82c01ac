//! Reading loosely typed JSON.
//!
//! The same finding comes with camelCase or PascalCase keys, with numbers as text and text as
//! numbers. Keys are looked up in both spellings, rather than rewritten, so values and tag maps are
//! never touched.

use std::borrow::Cow;
use std::net::IpAddr;

use flowproof_evidence::end_of_values;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// The field `name` (in camelCase) of an object, in either case of its first letter. A `null` counts
/// as absent.
pub(crate) fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    let present = |value: &&Value| !value.is_null();
    object.get(name).filter(present).or_else(|| object.get(&pascal(name)).filter(present))
}

/// The field at the end of a path of names.
pub(crate) fn path<'v>(value: &'v Value, names: &[&str]) -> Option<&'v Value> {
    names.iter().try_fold(value, |value, name| field(value, name))
}

/// The items of a list; a value that is not in a list is a list of one.
pub(crate) fn items(value: Option<&Value>) -> &[Value] {
    match value {
        None => &[],
        Some(Value::Array(items)) => items,
        Some(one) => std::slice::from_ref(one),
    }
}

fn pascal(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Text; a number is written out.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An id. A number in the place of one is none.
pub(crate) fn name(value: &Value) -> Option<String> {
    value.as_str().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A finite number, or text that holds one.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A whole number from 0, or text that holds one.
pub(crate) fn integer(value: &Value) -> Option<u64> {
    let exact = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => return None,
    };
    // `3.0` and `"3.0"` are whole numbers too. Beyond 2^53 a float no longer tells neighbours apart.
    exact.or_else(|| {
        let float = number(value)?;
        let whole = float.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&float);
        whole.then_some(float as u64)
    })
}

/// A truth value, or text that holds one.
pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// An object or a list, or text that holds one.
pub(crate) fn embedded(value: &Value) -> Option<Cow<'_, Value>> {
    match value {
        Value::Object(_) | Value::Array(_) => Some(Cow::Borrowed(value)),
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            parsed(text).map(Cow::Owned)
        }
        _ => None,
    }
}

/// The most values of a JSON document within a text. Such texts are held beside one another.
const MAX_EMBEDDED_VALUES: usize = 200_000;

/// The document that a text is, if it is one to be held in memory.
pub(crate) fn parsed(text: &str) -> Option<Value> {
    end_of_values(text.as_bytes(), MAX_EMBEDDED_VALUES)?;
    serde_json::from_str(text).ok()
}

/// An IP address. One that is IPv4 in IPv6's clothes is taken as IPv4.
pub(crate) fn address(value: &Value) -> Option<IpAddr> {
    let address: IpAddr = value.as_str()?.trim().parse().ok()?;
    Some(address.to_canonical())
}

/// A time: RFC 3339, or the same without an offset, which then means UTC, or seconds since 1970.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = number(value) {
        return epoch(seconds);
    }
    let text = value.as_str()?.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp);
    }
    let civil: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

/// Seconds since 1970, or milliseconds if so many seconds would lie beyond the year 5000.
fn epoch(seconds: f64) -> Option<Timestamp> {
    let milliseconds = if seconds.abs() < 1e11 { seconds * 1000.0 } else { seconds };
    // The cast saturates, and what lies beyond the calendar is refused.
    Timestamp::from_millisecond(milliseconds.round() as i64).ok()
}

/// What was missing, unreadable or assumed while a finding was read.
#[derive(Debug, Default)]
pub(crate) struct Notes(pub(crate) Vec<String>);

impl Notes {
    /// Notes kept; a finding with more faults than that is not told about more of them.
    const KEPT: usize = 50;

    pub(crate) fn add(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.0.len() > Self::KEPT || self.0.contains(&note) {
            return;
        }
        let full = self.0.len() == Self::KEPT;
        self.0.push(if full { "and more of the kind".to_owned() } else { note });
    }

    /// The field `name` of `object`, read by `read`. A field that is there, not blank and cannot be
    /// read is noted.
    pub(crate) fn read<T>(
        &mut self,
        object: &Value,
        name: &str,
        read: fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = field(object, name).filter(|value| !is_blank(value))?;
        let result = read(value);
        if result.is_none() {
            self.add(format!("`{name}` cannot be read: {}", excerpt(&value.to_string())));
        }
        result
    }
}

fn is_blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The beginning of a text, short enough for a message.
pub(crate) fn excerpt(text: &str) -> String {
    clipped(text, 60)
}

/// The beginning of a text: so many letters, and `...` if there are more.
pub(crate) fn clipped(text: &str, letters: usize) -> String {
    let mut rest = text.chars();
    let mut short: String = rest.by_ref().take(letters).collect();
    if rest.next().is_some() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_found_in_either_case_and_null_is_absent() {
        let object = json!({"IpAddressV4": "a", "port": null, "Port": 5, "blocked": null});
        assert_eq!(field(&object, "ipAddressV4"), Some(&json!("a")));
        assert_eq!(field(&object, "port"), Some(&json!(5)));
        assert_eq!(field(&object, "blocked"), None);
        assert_eq!(field(&json!("text"), "port"), None);
    }

    #[test]
    fn numbers_and_text_stand_for_each_other() {
        assert_eq!(text(&json!(123456789012_u64)), Some("123456789012".into()));
        assert_eq!(number(&json!("5.0")), Some(5.0));
        assert_eq!(number(&json!("NaN")), None);
        for three in [json!(3), json!("3"), json!(3.0), json!(" 3.0 ")] {
            assert_eq!(integer(&three), Some(3), "{three}");
        }
        assert_eq!(integer(&json!(u64::MAX)), Some(u64::MAX));
        for no_count in [json!(-1), json!(1.5), json!("many"), json!(1e300), json!([])] {
            assert_eq!(integer(&no_count), None, "{no_count}");
        }
        assert_eq!(truth(&json!("True")), Some(true));
        assert_eq!(truth(&json!(1)), None);
    }

    #[test]
    fn every_spelling_of_a_time_is_the_same_time() {
        let expected: Timestamp = "2021-12-09T00:45:03Z".parse().unwrap();
        for spelling in [
            json!(1639010703),
            json!(1.639010703E9),
            json!("1.639010703E9"),
            json!(1639010703000_u64),
            json!("2021-12-09T00:45:03Z"),
            json!("2021-12-09T00:45:03.000Z"),
            json!("2021-12-08T20:45:03-04:00"),
            json!("2021-12-09T00:45:03"),
            json!("2021-12-09 00:45:03.000000000"),
        ] {
            assert_eq!(time(&spelling), Some(expected), "{spelling}");
        }
        for nonsense in [json!("soon"), json!(1e300), json!(true), json!("")] {
            assert_eq!(time(&nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn an_unreadable_field_is_noted_and_a_blank_one_is_absent() {
        let mut notes = Notes::default();
        let object = json!({"count": "many", "severity": ""});
        assert_eq!(notes.read(&object, "count", integer), None);
        assert_eq!(notes.read(&object, "severity", number), None);
        assert_eq!(notes.0, ["`count` cannot be read: \"many\""]);
    }

    #[test]
    fn notes_are_kept_once_each_and_not_without_end() {
        let mut notes = Notes::default();
        for round in 0..200 {
            notes.add("the same");
            notes.add(format!("number {round}"));
        }
        assert_eq!(notes.0.len(), Notes::KEPT + 1);
        assert_eq!(notes.0.iter().filter(|note| *note == "the same").count(), 1);
        assert_eq!(notes.0[Notes::KEPT], "and more of the kind");
    }

    #[test]
    fn text_that_holds_json_is_opened_and_other_text_is_not() {
        for value in [json!({"a": [1]}), json!([1, {"b": "c"}])] {
            assert_eq!(embedded(&value).as_deref(), Some(&value));
            let text = Value::from(format!("\n {value} "));
            assert_eq!(embedded(&text).as_deref(), Some(&value));
        }
        for other in
            [json!("7"), json!("\"text\""), json!("{\"cut"), json!(""), json!(7), json!(null)]
        {
            assert_eq!(embedded(&other), None, "{other}");
        }
        assert_eq!(name(&json!(" i-1 ")), Some("i-1".into()));
        for other in [json!(1), json!(" "), json!(null), json!({})] {
            assert_eq!(name(&other), None, "{other}");
        }
    }

    #[test]
    fn an_excerpt_never_cuts_a_letter() {
        assert_eq!(excerpt(&"ü".repeat(100)).chars().count(), 63);
        assert_eq!(excerpt("short"), "short");
    }
}
