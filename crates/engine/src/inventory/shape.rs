//! The JSON shapes, looked at loosely: recordings differ in which keys they have.

use std::collections::BTreeMap;
use std::net::IpAddr;

use flowproof_evidence::{InterfaceIdentity, end_of_values};
use serde_json::Deserializer;
use serde_json_borrow::Value;

use super::InventoryError;
use super::merge::Mention;

/// The most values of one JSON document. Each costs up to 200 bytes of memory, and an interface has some 60.
const MOST_VALUES: usize = 8_000_000;

/// The most values of a JSON document within a text, as AWS Config has one for each resource.
const MOST_EMBEDDED_VALUES: usize = 200_000;

/// What was not taken over, counted, with the first case of each kind.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    kinds: BTreeMap<&'static str, (u64, String)>,
}

impl LeftOut {
    pub(super) fn count(&mut self, what: &'static str, example: impl FnOnce() -> String) {
        self.kinds.entry(what).or_insert_with(|| (0, example())).0 += 1;
    }

    /// One note for each kind.
    pub(super) fn notes(self) -> Vec<String> {
        let note = |(what, (count, first))| format!("left out: {what} ({count}), first {first}");
        self.kinds.into_iter().map(note).collect()
    }
}

/// Calls `found` with each interface of the input, in order. One interface can occur several times.
pub(super) fn each_interface(
    bytes: &[u8],
    found: &mut dyn FnMut(Mention),
) -> Result<LeftOut, InventoryError> {
    // A byte order mark is what some shells put before redirected output.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.trim_ascii_start() {
        [] => return Err(InventoryError::Empty),
        [b'{' | b'[', ..] => {}
        rest => return Err(InventoryError::NotJson { looks_like: kind_of_bytes(rest) }),
    }
    let mut reader = Reader { found, left_out: LeftOut::default() };
    let mut documents = Deserializer::from_slice(bytes).into_iter::<Value<'_>>();
    let (mut line, mut counted) = (1, 0);
    loop {
        let rest = &bytes[documents.byte_offset()..];
        let start = bytes.len() - rest.trim_ascii_start().len();
        line += newlines(&bytes[counted..start]);
        counted = start;
        if end_of_values(&bytes[start..], MOST_VALUES).is_none() {
            return Err(InventoryError::TooManyValues { line, limit: MOST_VALUES });
        }
        match documents.next() {
            None => return Ok(reader.left_out),
            Some(Ok(document)) => reader.document(&document, line)?,
            Some(Err(error)) => return Err(invalid(&error)),
        }
    }
}

/// The document that a text is, if it is one to be held in memory.
pub(super) fn embedded(text: &str) -> Option<Value<'_>> {
    end_of_values(text.as_bytes(), MOST_EMBEDDED_VALUES)?;
    serde_json::from_str(text).ok()
}

pub(super) struct Reader<'f> {
    pub(super) found: &'f mut dyn FnMut(Mention),
    pub(super) left_out: LeftOut,
}

impl Reader<'_> {
    fn document(&mut self, document: &Value<'_>, line: u64) -> Result<(), InventoryError> {
        let known = match document {
            Value::Array(documents) => documents.iter().try_for_each(|each| self.answer(each)),
            one => self.answer(one),
        };
        known.map_err(|looks_like| InventoryError::OtherShape { line, looks_like })
    }

    /// The answer of one call. An error says what it is instead.
    fn answer(&mut self, answer: &Value<'_>) -> Result<(), String> {
        if let Some(Value::Array(interfaces)) = field(answer, "NetworkInterfaces") {
            interfaces.iter().for_each(|interface| self.described(interface, None));
            return Ok(());
        }
        if let Some(Value::Array(reservations)) = field(answer, "Reservations") {
            for instance in reservations.iter().flat_map(|each| list(each, "Instances")) {
                self.instance(instance, None);
            }
            return Ok(());
        }
        if let Some(items) = Reader::items(answer) {
            items.iter().for_each(|item| self.item(item));
            return Ok(());
        }
        Err(kind_of_value(answer))
    }

    /// An interface that tells its instance itself, as it was seen at a time.
    pub(super) fn described(&mut self, interface: &Value<'_>, seen: Option<i64>) {
        let attachment = field(interface, "Attachment");
        // Gateways and endpoints have an attachment too, but no instance.
        let instance = attachment.and_then(|attachment| text(attachment, "InstanceId"));
        self.interface(interface, instance, seen);
    }

    /// An instance with its interfaces.
    pub(super) fn instance(&mut self, instance: &Value<'_>, seen: Option<i64>) {
        let id = text(instance, "InstanceId");
        if id.is_none() {
            self.left_out.count("the id of instances that have none", || excerpt(instance));
        }
        for interface in list(instance, "NetworkInterfaces") {
            self.interface(interface, id, seen);
        }
    }

    fn interface(&mut self, interface: &Value<'_>, instance: Option<&str>, seen: Option<i64>) {
        let Some(id) = text(interface, "NetworkInterfaceId") else {
            self.left_out.count("interfaces without an id", || excerpt(interface));
            return;
        };
        let private = list(interface, "PrivateIpAddresses").iter();
        let version_6 = list(interface, "Ipv6Addresses").iter();
        let addresses = field(interface, "PrivateIpAddress")
            .into_iter()
            .chain(private.filter_map(|each| field(each, "PrivateIpAddress")))
            .chain(version_6.filter_map(|each| field(each, "Ipv6Address")))
            .filter_map(|address| self.address(id, address))
            .collect();
        for key in ["Ipv4Prefixes", "Ipv6Prefixes"] {
            if !list(interface, key).is_empty() {
                self.left_out.count("address prefixes given to interfaces", || shown(id));
            }
        }
        let attached = field(interface, "Attachment").filter(|_| instance.is_some());
        let since = self.time(attached.and_then(|attachment| field(attachment, "AttachTime")));
        let (interface, instance) = (id.to_owned(), instance.map(str::to_owned));
        let identity = InterfaceIdentity { interface, instance, addresses };
        (self.found)(Mention { identity, seen, since, is_gone: false });
    }

    fn address(&mut self, interface: &str, value: &Value<'_>) -> Option<IpAddr> {
        let address = value.as_str().and_then(|text| text.trim().parse::<IpAddr>().ok());
        if address.is_none() {
            let example = || format!("of {}: {}", shown(interface), excerpt(value));
            self.left_out.count("addresses that cannot be read", example);
        }
        address.map(|address| address.to_canonical())
    }
}

/// The field `name`, given in PascalCase, of an object in either case of its first letter. A `null`
/// counts as absent; of several fields of one name the last is taken.
pub(super) fn field<'v, 'j>(value: &'v Value<'j>, name: &str) -> Option<&'v Value<'j>> {
    let (first, rest) = name.as_bytes().split_first()?;
    let mut in_camel_case = None;
    for (key, value) in value.as_object()?.as_vec().iter().rev() {
        match key.as_bytes().split_first() {
            Some((_, others)) if others != rest || value.is_null() => {}
            Some((start, _)) if start == first => return Some(value),
            Some((start, _)) if *start == first.to_ascii_lowercase() => {
                in_camel_case = in_camel_case.or(Some(value));
            }
            _ => {}
        }
    }
    in_camel_case
}

/// The text of a field, if it has some.
pub(super) fn text<'v>(value: &'v Value<'_>, name: &str) -> Option<&'v str> {
    field(value, name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The items of a field that is a list; none if it is not there.
pub(super) fn list<'v, 'j>(value: &'v Value<'j>, name: &str) -> &'v [Value<'j>] {
    field(value, name).and_then(Value::as_array).unwrap_or_default()
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn invalid(error: &serde_json::Error) -> InventoryError {
    let text = error.to_string();
    // The parser repeats the place at the end of its words.
    let reason = text.split(" at line ").next().unwrap_or_default().to_owned();
    let (line, column) = (error.line() as u64, error.column() as u64);
    InventoryError::InvalidJson { line, column, reason }
}

fn kind_of_bytes(bytes: &[u8]) -> String {
    let known = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16 text, save it as UTF-8",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        [b'<', ..] => "XML or HTML",
        _ => {
            let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or(bytes);
            let start = &line[..line.len().min(LONGEST_EXCERPT * 4)];
            return format!("{}, use --output json", shown(&String::from_utf8_lossy(start)));
        }
    };
    known.to_owned()
}

fn kind_of_value(value: &Value<'_>) -> String {
    let Some(object) = value.as_object() else { return excerpt(value) };
    if object.is_empty() {
        return "an empty object".to_owned();
    }
    let mut keys: Vec<String> = object.keys().take(5).map(shown).collect();
    if object.len() > keys.len() {
        keys.push("...".to_owned());
    }
    format!("an object with the keys {}", keys.join(", "))
}

/// The most characters of the input that a message repeats.
const LONGEST_EXCERPT: usize = 60;

/// A value of the input for a message.
pub(super) fn excerpt(value: &Value<'_>) -> String {
    match value {
        Value::Array(items) => format!("a list of {} values", items.len()),
        Value::Object(_) => kind_of_value(value),
        Value::Str(text) => format!("{text:?}", text = shortened(text)),
        other => shown(&other.to_string()),
    }
}

/// Text of the input for a message: short and harmless.
pub(super) fn shown(text: &str) -> String {
    shortened(text).escape_debug().to_string()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_EXCERPT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}
