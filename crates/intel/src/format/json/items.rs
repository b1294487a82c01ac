//! [`Items`]: what a format found in a document, each item told once.

use ipnet::IpNet;

use crate::content::{Candidate, Content};
use crate::list::ListOptions;
use crate::note::{Indicator, RejectReason};
use crate::token;

use super::{Place, Scalar};

/// Collects items. Each call tells one, so that the entries, the refusals and all that was left out
/// add up to the number of items.
pub(in crate::format) struct Items<'a> {
    content: Content,
    options: &'a ListOptions,
}

impl<'a> Items<'a> {
    pub(in crate::format) fn new(options: &'a ListOptions) -> Self {
        Self { content: Content::default(), options }
    }

    pub(in crate::format) fn into_content(self) -> Content {
        self.content
    }

    /// How many there are.
    pub(in crate::format) fn len(&self) -> usize {
        self.content.lines as usize
    }

    /// How many of them are entries.
    pub(in crate::format) fn entries(&self) -> usize {
        self.content.entries.len()
    }

    /// Takes addresses out of the entries from the one with this number on.
    pub(in crate::format) fn take_out(&mut self, from: usize, excluded: &[IpNet]) {
        self.content.take_out(from, excluded);
    }

    /// An address, prefix or range.
    pub(in crate::format) fn add(&mut self, candidate: Candidate<'_>) {
        let text = candidate.text.trim();
        if text.contains(char::is_control) {
            return self.reject(candidate.line, text, RejectReason::NotAnAddress);
        }
        self.content.lines += 1;
        self.content.take(Candidate { text, ..candidate }, self.options);
    }

    /// An address that the list has taken back. A damaged one is refused all the same.
    pub(in crate::format) fn revoke(&mut self, line: u64, text: &str) {
        match self.checked(text.trim()) {
            Ok(()) => {
                self.content.lines += 1;
                self.content.revoked += 1;
            }
            Err(reason) => self.reject(line, text.trim(), reason),
        }
    }

    /// What would be an entry and is damaged.
    pub(in crate::format) fn reject(&mut self, line: u64, text: &str, reason: RejectReason) {
        self.content.lines += 1;
        self.content.reject(line, text, reason);
    }

    /// A value where an object should be, or an object without what makes it an item.
    pub(in crate::format) fn reject_shape(&mut self, line: u64, place: &Place<'_>) {
        let path = place.path("");
        let text = if path.is_empty() { "{...}" } else { &path };
        self.reject(line, text, RejectReason::NoAddressKey);
    }

    /// A value without keys, where objects are expected.
    pub(in crate::format) fn reject_scalar(&mut self, scalar: &Scalar, place: &Place<'_>) {
        self.reject(place.line(), &scalar.to_string(), RejectReason::NoAddressKey);
    }

    /// An indicator that is no address.
    pub(in crate::format) fn count(&mut self, kind: Indicator) {
        self.content.lines += 1;
        self.content.not_an_address(kind);
    }

    /// Adds to the labels of all entries from number `first` on.
    pub(in crate::format) fn label_from(&mut self, first: usize, text: &str) {
        if text.is_empty() {
            return;
        }
        for entry in &mut self.content.entries[first..] {
            entry.label = label([&*entry.label, text]).into();
        }
    }

    /// Takes back the entries from number `first` on.
    pub(in crate::format) fn revoke_from(&mut self, first: usize) {
        self.content.revoked += (self.content.entries.len() - first) as u64;
        self.content.entries.truncate(first);
    }

    /// Whether `text` is an entry. JSON can put line ends into it, a list of lines could not.
    pub(in crate::format) fn checked(&self, text: &str) -> Result<(), RejectReason> {
        if text.contains(char::is_control) {
            return Err(RejectReason::NotAnAddress);
        }
        token::parse(text, self.options).map(|_| ())
    }
}

/// Characters of a label that are kept. A description can be pages long.
const LONGEST_LABEL: usize = 200;

/// A label of all parts that are not empty, on one line.
pub(in crate::format) fn label<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let is_blank = |sign: char| sign.is_whitespace() || sign.is_control();
    let words = |text: &'a str| text.split(is_blank).filter(|word| !word.is_empty());
    let mut label = String::new();
    for part in parts {
        for (number, word) in words(part).enumerate() {
            match (label.is_empty(), number) {
                (true, _) => {}
                (false, 0) => label.push_str("; "),
                (false, _) => label.push(' '),
            }
            label.push_str(word);
        }
    }
    if let Some((end, _)) = label.char_indices().nth(LONGEST_LABEL) {
        label.truncate(end);
        label.push_str("...");
    }
    label
}
