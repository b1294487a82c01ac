use std::io::{BufReader, Read};
use std::rc::Rc;

use super::*;
use crate::content::Content;
use crate::entry::Entry;
use crate::format::ListFormat;
use crate::list::ListOptions;

/// Line, text, label and path of an entry.
pub(in crate::format) type Row<'a> = (u64, &'a str, &'a str, &'a str);

pub(in crate::format) fn row(entry: &Entry) -> Row<'_> {
    let path = entry.details.as_ref().map_or("", |details| &details.path);
    (entry.line, entry.text(), &entry.label, path)
}

pub(in crate::format) fn rows(content: &Content) -> Vec<Row<'_>> {
    content.entries.iter().map(row).collect()
}

/// The messages of all refusals.
pub(in crate::format) fn rejects(content: &Content) -> Vec<String> {
    content.rejects.samples.iter().map(ToString::to_string).collect()
}

pub(in crate::format) fn parse(format: ListFormat, text: &str) -> Result<Content, Broken> {
    format.parse(&mut text.as_bytes(), &options())
}

/// The clock stands on 1 June 2025.
pub(in crate::format) fn options() -> ListOptions {
    let now = "2025-06-01T00:00:00Z".parse().expect("a time");
    ListOptions { now: Some(now), ..ListOptions::default() }
}

/// Each item is an entry, a refusal, or left out, and only one of them.
pub(in crate::format) fn check_told(content: &Content) {
    let others: u64 = content.not_addresses.values().sum();
    let left_out = content.expired + content.revoked;
    let told = content.entries.len() as u64 + content.rejects.total + others + left_out;
    assert_eq!(told, content.lines, "an item is lost or told twice");
}

/// A document that is cut off anywhere is refused, with the line of the cut.
pub(in crate::format) fn check_cuts(format: ListFormat, text: &str) {
    check_told(&parse(format, text).expect("whole"));
    let first = text.find(|sign: char| !sign.is_whitespace()).expect("not empty");
    for end in (first + 1..text.trim_end().len()).filter(|end| text.is_char_boundary(*end)) {
        let cut = &text[..end];
        match parse(format, cut) {
            Err(Broken::Syntax { line, .. }) => {
                let lines = cut.matches('\n').count() as u64 + 1;
                assert_eq!(line, lines, "of the cut at {end}");
            }
            other => panic!("{other:?} at {end}"),
        }
    }
}

/// Notes all objects.
#[derive(Default)]
struct Notes(Vec<String>);

impl Shape for Notes {
    const ENTERED: &'static [&'static str] = &["in"];
    const KEPT: &'static [&'static str] = &["a", "b"];

    fn object(&mut self, item: &Item, place: &Place<'_>) {
        let Item { line, .. } = item;
        self.0.push(format!("{line} {}: {} {}", place.path(""), item.get("a"), item.get("b")));
    }

    fn scalar(&mut self, scalar: &Scalar, place: &Place<'_>) {
        self.0.push(format!("{} {}: {scalar}", place.line(), place.path("")));
    }
}

fn notes(text: &str) -> Vec<String> {
    let mut notes = Notes::default();
    read(&mut text.as_bytes(), &mut notes).expect("whole");
    notes.0
}

fn fault(text: &str) -> String {
    match read(&mut text.as_bytes(), &mut Notes::default()) {
        Err(Broken::Syntax { line, message } | Broken::Column { line, message }) => {
            format!("{line}: {message}")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_object_is_told_with_the_line_it_begins_in_and_its_place() {
    let text = "\n{\"in\": [\n\n  {\"b\": 1,\n   \"a\": \"x\"}, {\"c\": {\"a\": 1}}\n,\n [{\"a\": null}]],\n\"a\": true}\n";
    assert_eq!(
        notes(text),
        ["4 in[0]: x 1", "5 in[1]: null null", "7 in[2][0]: null null", "2 : true null",]
    );
    assert_eq!(notes("\r\n[\r\n{\r\n\"a\":2}\r\n]"), ["3 [0]: 2 null"]);
}

#[test]
fn a_document_may_be_several_values() {
    assert_eq!(
        notes("{\"a\":1}\n\n{\"a\":2} {\"a\":3}\n[\"x\",\n4]\n"),
        ["1 : 1 null", "3 : 2 null", "3 : 3 null", "4 [0]: x", "5 [1]: 4"]
    );
    assert_eq!(notes(" \n"), Vec::<String>::new());
}

#[test]
fn values_of_any_kind_are_taken_as_they_are_and_only_entered_keys_are_walked() {
    assert_eq!(
        notes("{\"a\": [{\"a\": 1}], \"b\": -1.5, \"in\": \"x\", \"d\": [{\"a\": 1}]}"),
        ["1 : ... ..."]
    );
    assert_eq!(
        notes("[null, true, -1, 0.5, 1e300, []]"),
        ["1 [0]: null", "1 [1]: true", "1 [2]: ...", "1 [3]: ...", "1 [4]: ...",]
    );
}

#[test]
fn damage_is_told_by_line_and_column() {
    assert_eq!(fault("[\n{\"a\":1},\n]"), "3: trailing comma (column 1)");
    assert_eq!(fault("{\"a\":1\n"), "2: EOF while parsing an object (column 0)");
    assert_eq!(fault("{\"a\":1,\n\"a\":2}"), "2: key \"a\" stands twice (column 4)");
    assert_eq!(fault("{\"a\":1}\n{\"a\":2},\n"), "2: expected value (column 8)");
    assert_eq!(fault("{\"a\":1}\n# no\n"), "2: expected value (column 1)");
    assert_eq!(fault("{\"a\":'x'}"), "1: expected value (column 6)");
    assert_eq!(
        fault("{\"a\":\"\u{1}\"}"),
        "1: control character (\\u0000-\\u001F) found while parsing a string (column 7)"
    );
}

#[test]
fn deep_nesting_is_refused() {
    let skipped = format!("{{\"c\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(notes(&skipped), ["1 : null null"], "what is skipped may be as deep as it likes");
    assert!(fault(&"[".repeat(100_000)).contains("recursion limit exceeded"));
    assert!(fault(&"{\"in\":".repeat(100_000)).contains("recursion limit exceeded"));
    assert!(fault(&format!("{{\"a\":{}", "[".repeat(100_000))).contains("EOF"));
}

#[test]
fn a_label_is_one_line_of_what_there_is() {
    assert_eq!(label(["", " a\n\tb ", "", "c\u{1b}[1m"]), "a b; c [1m");
    assert_eq!(label(["", " "]), "");
    assert_eq!(label([&*"x".repeat(300)]), format!("{}...", "x".repeat(200)));
}

#[test]
fn a_time_is_read_or_refused() {
    let text = |text: &str| time(&Scalar::Text(text.to_owned()));
    assert_eq!(time(&Scalar::Null).expect("none"), None);
    assert_eq!(text(" ").expect("none"), None);
    assert_eq!(
        text("2025-06-01T02:00:00.500+02:00").expect("a time").expect("there").as_millisecond(),
        1_748_736_000_500
    );
    assert!(text("soon").is_err());
    assert!(time(&Scalar::Number(1_748_736_000)).is_err());
}

/// An array of objects, each of the same length, made while it is read.
pub(in crate::format) struct Generated<F> {
    objects: u64,
    /// The object of a number, from 0.
    object: F,
    after: &'static str,
    made: u64,
    bytes: Rc<Cell<u64>>,
    pending: Vec<u8>,
}

impl<F: Fn(u64) -> String> Generated<F> {
    pub(in crate::format) fn new(
        before: &str,
        objects: u64,
        object: F,
        after: &'static str,
    ) -> Self {
        let (made, bytes, pending) = (0, Rc::default(), before.as_bytes().to_vec());
        Self { objects, object, after, made, bytes, pending }
    }
}

impl<F: Fn(u64) -> String> Read for Generated<F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.pending.is_empty() && self.made < self.objects {
            self.pending = (self.object)(self.made).into_bytes();
            self.made += 1;
            let last = self.made == self.objects;
            self.pending.extend(if last { self.after.bytes() } else { ",\n".bytes() });
        }
        let length = self.pending.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.pending[..length]);
        self.pending.drain(..length);
        self.bytes.set(self.bytes.get() + length as u64);
        Ok(length)
    }
}

/// Sees how far the reader is when an object is told.
struct Pace {
    read: Rc<Cell<u64>>,
    told: u64,
    furthest_ahead: u64,
}

const OBJECT: u64 = 1000;

impl Shape for Pace {
    const ENTERED: &'static [&'static str] = &[];
    const KEPT: &'static [&'static str] = &["a"];

    fn object(&mut self, _: &Item, _: &Place<'_>) {
        self.told += 1;
        let ahead = self.read.get().saturating_sub(self.told * OBJECT);
        self.furthest_ahead = self.furthest_ahead.max(ahead);
    }

    fn scalar(&mut self, _: &Scalar, _: &Place<'_>) {}
}

#[test]
fn objects_are_told_as_they_come_and_not_when_all_is_read() {
    let object = |_| format!("{{\"a\":\"{:990}\"}}", "");
    let generated = Generated::new("[", 5_000, object, "]\n");
    let mut pace = Pace { read: Rc::clone(&generated.bytes), told: 0, furthest_ahead: 0 };
    read(&mut BufReader::new(generated), &mut pace).expect("whole");
    assert_eq!((pace.told, pace.read.get()), (5_000, 1 + 5_000 * OBJECT));
    assert!(pace.furthest_ahead < 32 * 1024, "{} bytes ahead", pace.furthest_ahead);
}
