//! JSON: one object a row.
//!
//! ```text
//!   {"ip": "203.0.113.9", "asn": 64500}           one object a line, or
//!   [{"ip": "203.0.113.9"}, ..]                   an array, or
//!   {"prefixes": [{"ip_prefix": ".."}, ..]}       inside an object
//! ```
//!
//! Where there is one object a line, a line that is no JSON costs itself only. A document over several
//! lines that breaks off is refused as a whole.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::rows::{Builder, Fields, is_key};
use super::value::{Flat, Value, ValueVisitor, unique};
use super::{Broken, names};
use crate::counted::Counted;
use crate::format::lines::each_line;
use crate::note::RejectReason;

const NOT_JSON: RejectReason = RejectReason::Malformed("not a JSON object");
const AMBIGUOUS: RejectReason =
    RejectReason::Malformed("addresses under several keys, name the one to read");

/// Keys whose arrays hold rows, where they stand in the outermost object.
const ENTERED: [&str; 9] = [
    "prefixes",
    "ipv6_prefixes",
    "data",
    "results",
    "items",
    "entries",
    "records",
    "values",
    "rows",
];

/// Reads all rows. `named` is the key of the address.
pub(super) fn read(text: &mut dyn BufRead, named: Option<&str>) -> Result<Builder, Broken> {
    let named = named.map(names::normal);
    let mut taken = Taken { builder: Builder::default(), named: named.as_deref() };
    let head = text.fill_buf()?;
    if has_object_lines(head) {
        each_line(text, |number, line| taken.line(number, line))?;
    } else {
        let is_array = head.trim_ascii_start().starts_with(b"[");
        taken.document(text, is_array)?;
    }
    Ok(taken.builder)
}

/// Whether the first line that is not blank is an object of its own.
fn has_object_lines(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n' || *byte == b'\r');
    let first = lines.find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    first.trim_ascii_start().starts_with(b"{")
        && serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok()
}

/// Rows as they are found.
struct Taken<'a> {
    builder: Builder,
    named: Option<&'a str>,
}

impl Taken<'_> {
    fn line(&mut self, number: u64, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        match serde_json::from_str(line) {
            Ok(Value::Map(entries)) if self.has_address(&entries) => {
                self.item(number, Value::Map(entries));
            }
            // A whole document on one line, perhaps.
            Ok(Value::Map(mut entries)) => {
                let mut has_rows = false;
                for (_, value) in entries.iter_mut().filter(|(key, _)| is_entered(key)) {
                    let Value::List(items) = value else { continue };
                    for row in items.extract_if(.., |item| matches!(item, Value::Map(_))) {
                        has_rows = true;
                        self.item(number, row);
                    }
                }
                if !has_rows {
                    self.item(number, Value::Map(entries));
                }
            }
            _ => self.builder.reject(number, line, NOT_JSON),
        }
    }

    /// One value that is not held as a whole, or several one after the other.
    fn document(&mut self, text: &mut dyn BufRead, is_array: bool) -> Result<(), Broken> {
        let line = Cell::new(1);
        let counted = Counted { bytes: BufReader::new(text), line: &line };
        let mut document = serde_json::Deserializer::from_reader(counted);
        loop {
            match document.end() {
                Ok(()) => return Ok(()),
                Err(error) if error.is_io() => return Err(Broken::Read(error.into())),
                Err(_) => {}
            }
            let read = if is_array {
                let element = |line, value| {
                    self.item(line, value);
                    None
                };
                let array = ValueVisitor { mark: || line.get(), element };
                array.deserialize(&mut document).map(drop)
            } else {
                Outermost { taken: self, line: &line }.deserialize(&mut document)
            };
            read.map_err(broken)?;
        }
    }

    /// Takes in what should be an object.
    fn item(&mut self, line: u64, item: Value<'_>) {
        match item {
            Value::Map(_) => self.object(line, item),
            Value::Text(text) => self.builder.reject(line, &text, NOT_JSON),
            Value::Nothing | Value::List(_) => self.builder.reject(line, "...", NOT_JSON),
        }
    }

    /// Whether an object is a row by one of its own keys.
    fn has_address(&self, entries: &[(Cow<'_, str>, Value<'_>)]) -> bool {
        entries.iter().any(|(key, value)| {
            let name = names::normal(key);
            let is_named = self.named.map_or_else(
                || names::rank(&name).is_some(),
                |named| named == name || named.starts_with(&format!("{name}.")),
            );
            is_named && holds_key(value)
        })
    }

    /// Takes in an object that began on this line.
    fn object(&mut self, line: u64, object: Value<'_>) {
        let mut fields = object.flat();
        if fields.is_empty() {
            return self.builder.reject(line, "{}", RejectReason::NoAddressKey);
        }
        match self.keys(&fields) {
            Ok(places) => {
                let keys: Vec<Flat> = places.iter().rev().map(|at| fields.remove(*at).1).collect();
                let told = told(fields);
                for text in keys.iter().rev().flat_map(Flat::texts) {
                    self.builder.add(line, text, &told);
                }
            }
            Err(reason) => {
                let first = fields.swap_remove(0);
                let text = format!("{}: {}", first.0, first.1.into_text());
                self.builder.reject(line, &text, reason);
            }
        }
    }

    /// Which fields hold the addresses, ascending: one, or one for each family.
    fn keys(&self, fields: &[(String, Flat)]) -> Result<Vec<usize>, RejectReason> {
        let normal: Vec<String> = fields.iter().map(|(name, _)| names::normal(name)).collect();
        if let Some(named) = self.named {
            let place = normal.iter().position(|name| name == named);
            return place.map(|at| vec![at]).ok_or(RejectReason::NoAddressKey);
        }
        let mut ranked: Vec<(u8, usize)> =
            (0..).zip(&normal).filter_map(|(at, name)| Some((names::rank(name)?, at))).collect();
        ranked.sort_unstable();
        let holds = |at: usize| fields[at].1.texts().iter().any(|text| is_key(text));
        let Some((rank, first)) = ranked.iter().copied().find(|(_, at)| holds(*at)) else {
            // What stands under such a key is refused by name.
            let first = ranked.first().map(|(_, at)| vec![*at]);
            return first.ok_or(RejectReason::NoAddressKey);
        };
        let same: Vec<usize> = ranked
            .iter()
            .filter(|(other, at)| *other == rank && holds(*at))
            .map(|(_, at)| *at)
            .collect();
        let of_family = |at: &usize| normal[*at].contains("v4") || normal[*at].contains("v6");
        match &same[..] {
            [_] => Ok(vec![first]),
            [one, two] if of_family(one) && of_family(two) => Ok(same),
            _ => Err(AMBIGUOUS),
        }
    }
}

fn is_entered(key: &str) -> bool {
    ENTERED.contains(&key)
}

fn holds_key(value: &Value<'_>) -> bool {
    match value {
        Value::Nothing => false,
        Value::Text(text) => is_key(text.trim()),
        Value::List(items) => items.iter().any(holds_key),
        Value::Map(entries) => entries.iter().any(|(_, value)| holds_key(value)),
    }
}

fn told(fields: Vec<(String, Flat)>) -> Fields {
    let (names, flats): (Vec<String>, Vec<Flat>) = fields.into_iter().unzip();
    let names = unique(names).into_iter().map(Arc::from);
    names.zip(flats.into_iter().map(|flat| flat.into_text().into())).collect()
}

fn broken(error: serde_json::Error) -> Broken {
    if error.is_io() {
        return Broken::Read(error.into());
    }
    let line = error.line() as u64;
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
    Broken::Syntax { line, message: format!("not JSON: {message}") }
}

/// The object around all rows, or an object that is a row.
struct Outermost<'w, 't> {
    taken: &'w mut Taken<'t>,
    line: &'w Cell<u64>,
}

impl<'de> DeserializeSeed<'de> for Outermost<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Outermost<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { taken, line } = self;
        let begin = line.get();
        let mut entries = Vec::new();
        let mut has_rows = false;
        while let Some(key) = map.next_key::<String>()? {
            let value = if is_entered(&key) && !taken.has_address(&entries) {
                let element = |line, value| {
                    if !matches!(value, Value::Map(_)) {
                        return Some(value);
                    }
                    has_rows = true;
                    taken.item(line, value);
                    None
                };
                map.next_value_seed(ValueVisitor { mark: || line.get(), element })?
            } else {
                map.next_value()?
            };
            entries.push((Cow::Owned(key), value));
        }
        // What stands beside rows is about the document, unless it is a row itself.
        if !has_rows || taken.has_address(&entries) {
            taken.item(begin, Value::Map(entries));
        }
        Ok(())
    }
}
