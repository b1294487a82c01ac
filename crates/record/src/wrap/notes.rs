//! What was met beside the lines given out.

use std::collections::BTreeSet;

use super::Wrapper;
use super::places::Places;
use crate::refusal::{LooksLike, Refusal};
use crate::tally::{Reject, RejectKind, Tally};

/// What CloudWatch Logs begins the message with by which it tests a subscription.
pub(super) const CONTROL: &str = "CWL CONTROL MESSAGE";
/// Names of unknown members that are told.
const MOST_UNKNOWN: usize = 64;
/// Elements that may be no record before the input is refused, if none was one.
const STRANGE_ELEMENTS: u64 = 16;

/// What a reader of wrapped lines gives out and notes.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) wrapper: Option<Wrapper>,
    pub(super) refusal: Option<Refusal>,
    /// Where the input ends before it is whole, in words.
    pub(super) cut: Option<String>,
    pub(super) control_messages: u64,
    pub(super) unknown: BTreeSet<String>,
    /// Header lines that were made.
    pub(super) headers: u64,
    /// Header lines of the input.
    pub(super) own_headers: u64,
    malformed: u64,
    rejects: Vec<Reject>,
    places: Places,
    /// What the first element that is no record looks like.
    first_strange: Option<LooksLike>,
}

impl Notes {
    /// Notes what the input is wrapped in; the first word counts.
    pub(super) fn recognise(&mut self, wrapper: Wrapper) {
        self.wrapper.get_or_insert(wrapper);
    }

    /// Gives out the lines of `text`, of which each is ended.
    pub(super) fn give_out(&mut self, text: &str, input_line: u64, lines: &mut Vec<u8>) {
        for line in text.lines().filter(|line| !line.trim_ascii().is_empty()) {
            lines.extend_from_slice(line.as_bytes());
            lines.push(b'\n');
            self.places.add(input_line);
        }
    }

    /// Counts an element that is no record because it is damaged.
    pub(super) fn malformed(&mut self, line: u64, reason: impl FnOnce() -> String) {
        self.malformed += 1;
        if self.rejects.len() < Tally::REJECTS_PER_KIND {
            self.rejects.push(Reject { kind: RejectKind::Malformed, line, reason: reason() });
        }
        if self.malformed >= STRANGE_ELEMENTS {
            self.refuse_if_barren();
        }
    }

    /// Counts an element that is something else than a record.
    pub(super) fn strange(
        &mut self,
        line: u64,
        looks_like: LooksLike,
        reason: impl FnOnce() -> String,
    ) {
        self.first_strange.get_or_insert(looks_like);
        self.malformed(line, reason);
    }

    /// Tells a member that is no field of the record.
    pub(super) fn unknown(&mut self, name: &str) {
        if self.unknown.len() < MOST_UNKNOWN && !self.unknown.contains(name) {
            self.unknown.insert(name.to_owned());
        }
    }

    /// Whether the name was told as unknown.
    pub(super) fn is_unknown(&self, name: &str) -> bool {
        self.unknown.contains(name)
    }

    /// Refuses input that held elements, and none of them a record.
    pub(super) fn refuse_if_barren(&mut self) {
        if self.places.given_out() == 0 && self.malformed > 0 && self.refusal.is_none() {
            let looks_like = self.first_strange.unwrap_or(LooksLike::Json);
            self.refusal = Some(Refusal { looks_like });
        }
    }

    /// Brings the tally of the lines given out to the input: what never became a line is counted, and
    /// lines are placed where they come from.
    pub(super) fn settle(&self, tally: &mut Tally) {
        for reject in &mut tally.rejects {
            match self.places.input_line(reject.line) {
                Some(line) => reject.line = line,
                None => reject.reason.push_str(" (the line is that of the unwrapped text)"),
            }
        }
        tally.counts.malformed += self.malformed;
        tally.counts.headers = tally.counts.headers.saturating_sub(self.headers) + self.own_headers;
        tally.rejects.extend(self.rejects.iter().cloned());
        tally.rejects.sort_by_key(|reject| (reject.line, reject.kind));
        let mut of_kind = [0; 2];
        tally.rejects.retain(|reject| {
            let count = &mut of_kind[usize::from(reject.kind == RejectKind::BadTime)];
            *count += 1;
            *count <= Tally::REJECTS_PER_KIND
        });
    }
}
