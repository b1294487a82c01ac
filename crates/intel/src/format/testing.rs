//! What the tests of several formats share.

use super::{Broken, ListFormat, detect};
use crate::content::Content;
use crate::list::ListOptions;

/// Options as of the middle of 2025.
pub(super) fn options() -> ListOptions {
    let now = "2025-06-15T00:00:00Z".parse().expect("a time");
    ListOptions { now: Some(now), ..ListOptions::default() }
}

/// What is in `text`, which must be recognised as `format`.
pub(super) fn read(format: ListFormat, text: &str) -> Content {
    assert_eq!(detect(text), Ok(format), "{text:?}");
    let content = format.parse(&mut text.as_bytes(), &options()).expect("a list");
    assert_eq!(told(&content), content.lines, "an item is lost or told twice");
    content
}

/// Line, entry and label of each entry.
pub(super) fn entries(content: &Content) -> Vec<(u64, &str, &str)> {
    content.entries.iter().map(|entry| (entry.line, entry.text(), &*entry.label)).collect()
}

/// The messages of all refusals.
pub(super) fn rejects(content: &Content) -> Vec<String> {
    content.rejects.samples.iter().map(ToString::to_string).collect()
}

/// Kinds of indicators that are no addresses, and how many there are of each.
pub(super) fn others(content: &Content) -> Vec<(String, u64)> {
    content.not_addresses.iter().map(|(kind, count)| (kind.to_string(), *count)).collect()
}

fn told(content: &Content) -> u64 {
    content.entries.len() as u64
        + content.rejects.total
        + content.not_addresses.values().sum::<u64>()
        + content.expired
        + content.revoked
}

/// Cuts the text off at every byte: what is left has only entries of the whole text, and every item
/// of it is accounted for.
pub(super) fn check_cut_anywhere(format: ListFormat, text: &str) {
    let parse = |bytes: &[u8]| format.parse(&mut &*bytes, &options());
    let whole = parse(text.as_bytes()).expect("a list");
    let known = entries(&whole);
    let is_known =
        |line: u64, text: &str| known.iter().any(|known| (known.0, known.1) == (line, text));
    for end in 0..text.len() {
        match parse(&text.as_bytes()[..end]) {
            Ok(content) => {
                assert_eq!(told(&content), content.lines, "cut off at {end}");
                for (line, text, _) in entries(&content) {
                    assert!(is_known(line, text), "cut off at {end}: {text} of line {line}");
                }
            }
            Err(Broken::Syntax { .. } | Broken::Column { .. }) => {}
            Err(Broken::Read(error)) => panic!("cut off at {end}: {error}"),
        }
    }
}

/// Puts any byte into the text anywhere: nothing panics, and every item is accounted for.
pub(super) fn check_damage(format: ListFormat, text: &str, at: usize, byte: u8) {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % bytes.len();
    bytes[at] = byte;
    match format.parse(&mut &*bytes, &options()) {
        Ok(content) => assert_eq!(told(&content), content.lines, "{byte} at {at}"),
        Err(Broken::Syntax { .. } | Broken::Column { .. }) => {}
        Err(Broken::Read(error)) => panic!("{byte} at {at}: {error}"),
    }
}
