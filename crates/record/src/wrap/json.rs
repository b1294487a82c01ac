//! Elements of JSON into record lines.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Number, Value};

use super::members::{Names, read_members};
use super::notes::{CONTROL, Notes};
use super::ocsf::{self, Reading};
use super::row::{Row, RowWriter, field_named};
use super::split::{Broken, MAX_ELEMENT, Piece, Splitter};
use super::{Wrapper, foreign};
use crate::address::is_address;
use crate::field::{FieldId, Kind};
use crate::line::excerpt;
use crate::refusal::LooksLike;

/// Where elements carry a record's line, in the order in which they are looked at: CloudWatch Logs and
/// Firehose, CloudWatch Logs Insights, OpenTelemetry, container log routers, ECS, Splunk.
const LINE_PLACES: [&[&str]; 6] =
    [&["message"], &["@message"], &["body"], &["log"], &["event", "original"], &["_raw"]];
/// Members that CloudWatch Logs puts beside a message; Firehose has the message alone.
const OF_CLOUDWATCH: [&str; 5] =
    ["timestamp", "logStreamName", "eventId", "ingestionTime", "@timestamp"];
/// Arrays that hold events in what CloudWatch Logs answers and sends.
const EVENT_ARRAYS: [&[u8]; 3] = [b"events", b"logEvents", b"results"];

/// Unwraps JSON: any bytes in, record lines out.
#[derive(Debug)]
pub(super) struct JsonReader {
    splitter: Splitter,
    elements: Elements,
}

impl JsonReader {
    pub(super) fn new() -> JsonReader {
        JsonReader { splitter: Splitter::new(), elements: Elements::default() }
    }

    /// A reader that reads every element by way of a tree.
    #[cfg(test)]
    pub(super) fn by_tree() -> JsonReader {
        let elements = Elements { by_tree: true, ..Elements::default() };
        JsonReader { splitter: Splitter::new(), elements }
    }

    pub(super) fn push(&mut self, bytes: &[u8], notes: &mut Notes, lines: &mut Vec<u8>) {
        let elements = &mut self.elements;
        self.splitter.push(bytes, |piece| elements.take(&piece, notes, lines));
    }

    /// Ends the input; `cut` if it is known to have been cut off.
    pub(super) fn finish(&mut self, cut: bool, notes: &mut Notes, lines: &mut Vec<u8>) {
        let elements = &mut self.elements;
        let Some(cut_at) = self.splitter.finish(|piece| elements.take(&piece, notes, lines)) else {
            return;
        };
        let line = cut_at.line;
        let what = if cut_at.within_element { "in the element" } else { "in the array or object" };
        notes.cut = Some(format!("the JSON ends {what} that begins on line {line}"));
        if cut_at.within_element && !cut {
            notes.malformed(line, || "the JSON ends in this element".to_owned());
        }
    }
}

/// What most elements are, for reading them without building a tree.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
}

#[derive(Debug, Default)]
struct Elements {
    writer: RowWriter,
    row: Row,
    /// Whether the last element was one whose message is its line.
    messages: bool,
    /// Whether the last element was a record by name, and what its members' names mean.
    records: bool,
    names: Names,
    /// Whether every element is read by way of a tree: the twin that tests compare with.
    by_tree: bool,
    /// A value's text, for its allocation.
    text: String,
}

impl Elements {
    fn take(&mut self, piece: &Piece<'_>, notes: &mut Notes, lines: &mut Vec<u8>) {
        if notes.refusal.is_some() {
            return;
        }
        match *piece {
            Piece::Container { name } => {
                if EVENT_ARRAYS.contains(&name) {
                    notes.recognise(Wrapper::CloudWatchJson);
                }
            }
            Piece::Element { bytes, line } => self.take_element(bytes, line, notes, lines),
            Piece::Frame { bytes, line } => take_frame(bytes, line, notes),
            Piece::Broken { head, line, why } => take_broken(head, line, why, notes),
        }
    }

    fn take_element(&mut self, bytes: &[u8], line: u64, notes: &mut Notes, lines: &mut Vec<u8>) {
        if self.messages && !self.writer.has_begun() {
            let event = serde_json::from_slice::<Event<'_>>(bytes);
            if let Ok(event) = event.as_ref().map(|event| event.message.as_ref())
                && is_record_line(event)
            {
                return notes.give_out(event, line, lines);
            }
        }
        if self.records && self.take_usual_record(bytes, line, notes, lines) {
            return;
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) => self.take_object(&members, line, notes, lines),
            Ok(Value::Array(pairs)) => match of_insights(&pairs) {
                Some(members) => self.take_object(&members, line, notes, lines),
                None => notes.malformed(line, || no_record(bytes)),
            },
            Ok(_) => notes.malformed(line, || no_record(bytes)),
            Err(error) => notes.malformed(line, || no_json(&error, bytes)),
        }
    }

    fn take_object(
        &mut self,
        members: &Map<String, Value>,
        line: u64,
        notes: &mut Notes,
        lines: &mut Vec<u8>,
    ) {
        if is_control(members) {
            notes.recognise(Wrapper::CloudWatchJson);
            notes.control_messages += 1;
            return;
        }
        let mut texts = LINE_PLACES.iter().filter_map(|path| text_at(members, path));
        if let Some(text) = texts.clone().find(|text| is_record_line(text)) {
            return self.take_line(text, members, line, notes, lines);
        }
        if members.contains_key("class_uid") && ocsf::is_flow_log(members) {
            return self.take_ocsf(members, line, notes, lines);
        }
        if foreign::name(members).is_none() && self.take_record(members, line, notes, lines) {
            return;
        }
        if let Some(inner) = texts.clone().find_map(object_in) {
            return self.take_object(&inner, line, notes, lines);
        }
        match (foreign::name(members), texts.next()) {
            (Some(foreign), _) => {
                notes.strange(line, foreign, || foreign.to_string());
            }
            // Records may lack all that tells them; the decoder knows by the format.
            (None, Some(text)) => self.take_line(text, members, line, notes, lines),
            (None, None) => notes.malformed(line, || names_of(members)),
        }
    }

    /// An element with the record's line in it.
    fn take_line(
        &mut self,
        text: &str,
        members: &Map<String, Value>,
        line: u64,
        notes: &mut Notes,
        lines: &mut Vec<u8>,
    ) {
        let has = |name: &&str| members.contains_key(*name);
        let of_cloudwatch =
            ["message", "@message"].iter().any(has) && OF_CLOUDWATCH.iter().any(has);
        notes.recognise(match of_cloudwatch {
            true => Wrapper::CloudWatchJson,
            false => Wrapper::MessageJson,
        });
        if self.writer.has_begun() {
            return notes.malformed(line, || {
                "a record's line among records by name, whose columns it need not have".to_owned()
            });
        }
        self.messages = members.get("message").is_some_and(Value::is_string);
        notes.give_out(text, line, lines);
    }

    /// An element that is a record by name like the one before, without anything that might make it
    /// something else; tells whether it is.
    fn take_usual_record(
        &mut self,
        bytes: &[u8],
        line: u64,
        notes: &mut Notes,
        lines: &mut Vec<u8>,
    ) -> bool {
        let may_pass = |name: &str| notes.is_unknown(name) && !is_telling(name);
        self.row.clear();
        let usual = read_members(bytes, &mut self.row, &mut self.names, may_pass)
            && self.row.is_record()
            && !self.row.has_failed();
        if usual {
            self.writer.write(&self.row, line, notes, lines);
        }
        usual
    }

    /// An element whose members are the record's fields; tells whether it is one.
    fn take_record(
        &mut self,
        members: &Map<String, Value>,
        line: u64,
        notes: &mut Notes,
        lines: &mut Vec<u8>,
    ) -> bool {
        self.row.clear();
        for (name, value) in members {
            if let Some(id) = field_named(name) {
                match text_of(value, id, &mut self.text) {
                    Some(text) => _ = self.row.put_named(name, text),
                    None => self.row.fail(|| no_value(name, value)),
                }
            }
        }
        if !self.row.is_record() {
            return false;
        }
        notes.recognise(Wrapper::JsonRecords);
        self.records = !self.by_tree;
        members
            .keys()
            .filter(|name| field_named(name).is_none())
            .for_each(|name| notes.unknown(name));
        self.writer.write(&self.row, line, notes, lines);
        true
    }

    fn take_ocsf(
        &mut self,
        members: &Map<String, Value>,
        line: u64,
        notes: &mut Notes,
        lines: &mut Vec<u8>,
    ) {
        notes.recognise(Wrapper::OcsfJson);
        self.row.clear();
        fill_from_ocsf(members, &mut self.row, &mut self.text);
        if self.row.is_record() {
            self.writer.write(&self.row, line, notes, lines);
        } else {
            notes.malformed(line, || "OCSF without the addresses of a flow".to_owned());
        }
    }
}

/// What is around the events must be JSON too. A control message's only event tells itself.
fn take_frame(bytes: &[u8], line: u64, notes: &mut Notes) {
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(bytes) {
        notes.malformed(line, || no_json(&error, bytes));
    }
}

fn take_broken(head: &[u8], line: u64, why: Broken, notes: &mut Notes) {
    if why == Broken::TooLong && head.windows(9).any(|part| part == b"\"awslogs\"") {
        let foreign = LooksLike::LambdaEvent;
        return notes.strange(line, foreign, || foreign.to_string());
    }
    notes.malformed(line, || {
        let got = excerpt(head);
        match why {
            Broken::Stray => format!("expected a JSON object, got `{got}`"),
            Broken::OpenString => format!("a line of JSON ends within a string: `{got}`"),
            Broken::Bracket => format!("no JSON: a bracket out of place after `{got}`"),
            Broken::TooDeep => format!("JSON too deep to be read: `{got}`"),
            Broken::TooLong => format!("a JSON element of more than {MAX_ELEMENT} bytes: `{got}`"),
        }
    });
}

/// Whether a member of this name may make its object something else than a record by name.
fn is_telling(name: &str) -> bool {
    let of_line = || LINE_PLACES.iter().any(|path| path[0] == name);
    matches!(name, "class_uid" | "messageType") || of_line() || foreign::is_telling(name)
}

/// Whether these are of CloudWatch's tests of a subscription.
fn is_control(members: &Map<String, Value>) -> bool {
    let text = |name| members.get(name).and_then(Value::as_str);
    text("messageType") == Some("CONTROL_MESSAGE")
        || text("message").is_some_and(|message| message.starts_with(CONTROL))
}

/// Whether the text is a record's line as far as can be told without its format: an address is in it,
/// or a status of no traffic, or the names of fields.
fn is_record_line(text: &str) -> bool {
    let telling =
        |token: &str| is_address(token.as_bytes()) || matches!(token, "NODATA" | "SKIPDATA");
    let tokens = || text.split_ascii_whitespace();
    let named = |token: &&str| FieldId::by_name(token.as_bytes()).is_some();
    let is_json = text.starts_with('{');
    !is_json
        && tokens().nth(1).is_some()
        && (tokens().any(telling) || tokens().take(4).filter(named).count() > 1)
}

fn text_at<'a>(members: &'a Map<String, Value>, path: &[&str]) -> Option<&'a str> {
    let (last, way) = path.split_last()?;
    let mut members = members;
    for name in way {
        members = members.get(*name)?.as_object()?;
    }
    members.get(*last)?.as_str()
}

/// The object that the text is, if it is one: some put JSON into JSON.
fn object_in(text: &str) -> Option<Map<String, Value>> {
    if text.starts_with('{') { serde_json::from_str(text).ok() } else { None }
}

/// A row of CloudWatch Logs Insights: a list of `{"field":...,"value":...}`.
fn of_insights(pairs: &[Value]) -> Option<Map<String, Value>> {
    let pair = |pair: &Value| {
        let members = pair.as_object()?;
        Some((members.get("field")?.as_str()?.to_owned(), members.get("value")?.clone()))
    };
    pairs.iter().map(pair).collect()
}

/// The text of a value; empty if it is null. `None` if no field has such values.
fn text_of<'a>(value: &'a Value, id: FieldId, room: &'a mut String) -> Option<&'a str> {
    match value {
        Value::Null => Some(""),
        Value::String(text) => Some(text),
        Value::Number(number) => {
            *room = text_of_number(number, id)?;
            Some(room)
        }
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The text of a number. Floats that are whole become whole; others stay for the decoder to refuse,
/// where the field is no text.
pub(super) fn text_of_number(number: &Number, id: FieldId) -> Option<String> {
    /// Whole numbers up to here are exact in a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = number.as_u64().or_else(|| {
        let float = number.as_f64().filter(|float| (0.0..=EXACT).contains(float))?;
        (float.fract() == 0.0).then_some(float as u64)
    });
    match whole {
        // An account has twelve digits: as a number it lost its leading zeros.
        Some(whole) if is_account(id) => Some(format!("{whole:012}")),
        Some(whole) => Some(whole.to_string()),
        None if id.field().kind == Kind::Text => None,
        None => Some(number.to_string()),
    }
}

fn is_account(id: FieldId) -> bool {
    [FieldId::ACCOUNT_ID, FieldId::TGW_SRC_VPC_ACCOUNT_ID, FieldId::TGW_DST_VPC_ACCOUNT_ID]
        .contains(&id)
}

/// Takes the fields out of an OCSF event.
fn fill_from_ocsf(members: &Map<String, Value>, row: &mut Row, room: &mut String) {
    let of_direction =
        ocsf::MAPPINGS.iter().filter(|mapping| mapping.field == FieldId::FLOW_DIRECTION);
    of_direction.for_each(|mapping| fill_mapped(mapping, None, members, row, room));
    let direction = row.get(FieldId::FLOW_DIRECTION).map(str::to_owned);
    for mapping in ocsf::MAPPINGS {
        if mapping.field != FieldId::FLOW_DIRECTION {
            fill_mapped(mapping, direction.as_deref(), members, row, room);
        }
    }
    for (name, value) in unmapped(members) {
        let Some(id) = field_named(name) else { continue };
        match text_of(value, id, room) {
            Some(text) => row.put_if_missing(id, text),
            None => row.fail(|| no_value(name, value)),
        }
    }
}

/// Takes one field out of the first of its places that says anything.
fn fill_mapped(
    mapping: &ocsf::Mapping,
    direction: Option<&str>,
    members: &Map<String, Value>,
    row: &mut Row,
    room: &mut String,
) {
    let mut is_there = false;
    for place in mapping.places(direction) {
        let Some(value) = value_at(members, place.path) else { continue };
        is_there = true;
        let value = if place.reading == Reading::First { first_of(value) } else { value };
        let Some(text) = text_of(value, mapping.field, room) else {
            return row.fail(|| no_value(place.path, value));
        };
        if let Some(text) = place.reading.read(text) {
            return row.put_if_missing(mapping.field, &text);
        }
    }
    // A status that says nothing is none: the record is as one of a format without it.
    if is_there && mapping.field != FieldId::LOG_STATUS {
        row.put_if_missing(mapping.field, "-");
    }
}

fn value_at<'a>(members: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let mut value = members.get(names.next()?)?;
    for name in names {
        value = value.as_object()?.get(name)?;
    }
    Some(value)
}

fn first_of(value: &Value) -> &Value {
    match value {
        Value::Array(list) => list.first().unwrap_or(&Value::Null),
        other => other,
    }
}

/// What AWS has no place for: an object, a list of pairs or a list of key and value, by version.
fn unmapped(members: &Map<String, Value>) -> Vec<(&str, &Value)> {
    match members.get("unmapped") {
        Some(Value::Object(members)) => {
            members.iter().map(|(name, value)| (name.as_str(), value)).collect()
        }
        Some(Value::Array(list)) => list.iter().filter_map(pair_of).collect(),
        _ => Vec::new(),
    }
}

fn pair_of(pair: &Value) -> Option<(&str, &Value)> {
    match pair {
        Value::Array(pair) => match pair.as_slice() {
            [name, value] => Some((name.as_str()?, value)),
            _ => None,
        },
        Value::Object(members) => Some((members.get("key")?.as_str()?, members.get("value")?)),
        _ => None,
    }
}

fn no_json(error: &serde_json::Error, bytes: &[u8]) -> String {
    let text = error.to_string();
    // The parser's place is one in the element.
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    format!("no JSON: {what}: `{}`", excerpt(bytes))
}

fn no_record(bytes: &[u8]) -> String {
    format!("expected an object, got `{}`", excerpt(bytes))
}

fn no_value(name: &str, value: &Value) -> String {
    format!("{name}: expected a text or number, got `{}`", excerpt(value.to_string().as_bytes()))
}

/// Says what an object without a record has.
fn names_of(members: &Map<String, Value>) -> String {
    let names: Vec<&str> = members.keys().take(6).map(String::as_str).collect();
    let names = excerpt(names.join(", ").as_bytes());
    format!("an object that is no flow log record: its members are {names}")
}
