//! What a format's parser collects from a list.

use std::collections::BTreeMap;

use crate::entry::Entry;
use crate::list::ListOptions;
use crate::note::{Reject, RejectReason, Tally, Warning};
use crate::token;

/// Entries, refusals and warnings, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// Lines that are not blank.
    pub(crate) lines: u64,
    pub(crate) entries: Vec<Entry>,
    pub(crate) rejects: Tally<Reject>,
    pub(crate) warnings: Tally<Warning>,
    /// Lines by the other format that they look like.
    other_formats: BTreeMap<&'static str, u64>,
}

/// Characters of a refused line that are kept.
const LONGEST_SAMPLE: usize = 120;

impl Content {
    /// Takes the entry `text` in, or counts its refusal.
    pub(crate) fn add(&mut self, line: u64, text: &str, label: &str, options: &ListOptions) {
        let token = match token::parse(text, options) {
            Ok(token) => token,
            Err(reason) => return self.reject(line, text, reason),
        };
        for kind in token.warnings {
            self.warnings.count(|| Warning {
                line,
                text: text.to_owned(),
                kind,
                read_as: token::canonical_text(&token.prefixes),
            });
        }
        self.entries.push(Entry {
            line,
            text: text.to_owned(),
            prefixes: token.prefixes,
            label: label.to_owned(),
        });
    }

    /// Counts a refusal. `text` is what stands there.
    pub(crate) fn reject(&mut self, line: u64, text: &str, reason: RejectReason) {
        if let RejectReason::OtherFormat(format) = reason {
            *self.other_formats.entry(format).or_default() += 1;
        }
        self.rejects.count(|| Reject { line, text: shortened(text), reason });
    }

    /// The other format that more lines look like than there are entries.
    pub(crate) fn other_format(&self) -> Option<&'static str> {
        let (format, lines) = self.other_formats.iter().max_by_key(|(_, lines)| **lines)?;
        (*lines > self.entries.len() as u64).then_some(format)
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_SAMPLE) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
