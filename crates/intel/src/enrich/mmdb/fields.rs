//! A record as fields that are called the same in whichever database they stand.

use std::borrow::Cow;

use crate::enrich::value::{Value, unique};

/// Where records of MaxMind's databases have what people ask for, and what we call it. The way to a name
/// in several languages is the way to the thing.
const KNOWN: [(&str, &str); 12] = [
    ("autonomous_system_number", "asn"),
    ("autonomous_system_organization", "as_organization"),
    ("country.iso_code", "country"),
    ("country", "country_name"),
    ("registered_country.iso_code", "registered_country"),
    ("registered_country", "registered_country_name"),
    ("represented_country.iso_code", "represented_country"),
    ("represented_country", "represented_country_name"),
    ("continent.code", "continent"),
    ("continent", "continent_name"),
    ("subdivisions.0.iso_code", "subdivision"),
    ("subdivisions.0", "subdivision_name"),
];

/// The fields of a record, in its order. Of names in several languages the English one is told, else
/// the first; numbers that only lead into MaxMind's own tables are left out. All else is a field, under
/// a short name if it has one and under the way to it if not.
pub(super) fn of(record: Value<'_>) -> Vec<(String, String)> {
    let mut named = Vec::new();
    let record = without_languages(record, String::new(), &mut named);
    let flat = record.flat().into_iter().map(|(path, flat)| {
        let name = short(&path, named.contains(&path));
        (name, flat.into_text())
    });
    let (names, texts): (Vec<String>, Vec<String>) = flat.unzip();
    unique(names).into_iter().zip(texts).collect()
}

/// The record with one name for each thing. `named` are the ways to such things: their name has taken
/// the place of the list of names.
fn without_languages<'a>(value: Value<'a>, path: String, named: &mut Vec<String>) -> Value<'a> {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Map(entries) => {
            let mut kept = Vec::new();
            for (key, value) in entries {
                match (&*key, value) {
                    ("geoname_id", _) => {}
                    ("names", Value::Map(names)) => {
                        named.push(below("name"));
                        kept.push((Cow::Borrowed("name"), one_of(names)));
                    }
                    (_, value) => {
                        let value = without_languages(value, below(&key), named);
                        kept.push((key, value));
                    }
                }
            }
            Value::Map(kept)
        }
        Value::List(items) => {
            let each =
                |(at, item): (usize, _)| without_languages(item, below(&at.to_string()), named);
            Value::List(items.into_iter().enumerate().map(each).collect())
        }
        scalar => scalar,
    }
}

fn one_of<'a>(names: Vec<(Cow<'a, str>, Value<'a>)>) -> Value<'a> {
    let english = names.iter().position(|(language, _)| language == "en").unwrap_or(0);
    names.into_iter().nth(english).map_or(Value::Nothing, |(_, name)| name)
}

fn short(path: &str, is_name: bool) -> String {
    // Many databases gather what is said of the address itself under this key.
    let path = path.strip_prefix("traits.").unwrap_or(path);
    let path = if is_name { path.strip_suffix(".name").unwrap_or(path) } else { path };
    let known =
        KNOWN.iter().find(|(known, name)| *known == path && (is_name || !name.ends_with("_name")));
    known.map_or(path, |(_, name)| name).to_owned()
}
