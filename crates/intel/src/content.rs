//! What a format's parser collects from a list.

use std::borrow::Cow;
use std::collections::BTreeMap;

use flowproof_prefix::PrefixSet;
use ipnet::IpNet;
use jiff::Timestamp;

use crate::entry::{Details, Entry};
use crate::list::ListOptions;
use crate::note::{Indicator, Reject, RejectReason, Tally, Warning, WarningKind};
use crate::token::{self, Token};

/// Entries, refusals and warnings, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// Lines that are not blank; in formats that are no lines, the items that could be entries.
    pub(crate) lines: u64,
    pub(crate) entries: Vec<Entry>,
    pub(crate) rejects: Tally<Reject>,
    pub(crate) warnings: Tally<Warning>,
    /// Refusals of entries that are too wide.
    pub(crate) too_wide: u64,
    /// Warnings by kind.
    pub(crate) warning_kinds: BTreeMap<WarningKind, u64>,
    /// Indicators of other kinds, which are well-formed and of no use here.
    pub(crate) not_addresses: BTreeMap<Indicator, u64>,
    /// Entries whose time is over.
    pub(crate) expired: u64,
    /// Entries that the list has taken back, or does not mean for detection.
    pub(crate) revoked: u64,
    /// Prefixes that all entries take together, also those for which there was no room.
    n_prefixes: usize,
    /// Lines by the other format that they look like.
    other_formats: BTreeMap<&'static str, u64>,
}

/// What may be an entry, as a format's parser finds it.
#[derive(Debug, Default)]
pub(crate) struct Candidate<'a> {
    pub(crate) line: u64,
    /// The address, prefix or range as it stands there.
    pub(crate) text: &'a str,
    pub(crate) label: &'a str,
    pub(crate) details: Details,
}

/// The most prefixes that the entries of a list may take together.
///
/// A range takes up to 222 (254 if wide entries are allowed), and each takes about 160 bytes until it
/// is compiled: a file of 80 MB with a million such ranges would take 34 GB. This many take less
/// than 3 GB, and are ten times those of the largest lists there are.
pub(crate) const MOST_PREFIXES: usize = 10_000_000;

/// Characters of a label that are kept. A rule has one message for thousands of addresses.
const LONGEST_LABEL: usize = 500;

/// Characters of a refused line that are kept.
const LONGEST_SAMPLE: usize = 120;

impl Content {
    /// Takes the entry `text` in, or counts its refusal.
    pub(crate) fn add(&mut self, line: u64, text: &str, label: &str, options: &ListOptions) {
        self.take(Candidate { line, text, label, details: Details::default() }, options);
    }

    /// Takes an entry in, unless its time is over, or counts its refusal.
    pub(crate) fn take(&mut self, candidate: Candidate<'_>, options: &ListOptions) {
        match token::parse(candidate.text, options) {
            Ok(token) => self.accept(candidate, token, options),
            Err(reason) => self.reject(candidate.line, candidate.text, reason),
        }
    }

    /// Takes in an entry whose text was read as `token`, unless its time is over.
    pub(crate) fn accept(&mut self, candidate: Candidate<'_>, token: Token, options: &ListOptions) {
        let Candidate { line, text, label, details } = candidate;
        let now = || options.now.unwrap_or_else(Timestamp::now);
        if details.valid_until.is_some_and(|until| until <= now()) {
            self.expired += 1;
            return;
        }
        self.n_prefixes += token.prefixes.len();
        if self.has_too_many_prefixes() {
            return;
        }
        for kind in token.warnings {
            *self.warning_kinds.entry(kind).or_default() += 1;
            self.warnings.count(|| Warning {
                line,
                text: text.to_owned(),
                kind,
                read_as: token::canonical_text(&token.prefixes),
            });
        }
        self.entries.push(Entry {
            line,
            text: text.into(),
            prefixes: token.prefixes.into(),
            label: shortened(label, LONGEST_LABEL).into(),
            details: (details != Details::default()).then(|| Box::new(details)),
        });
    }

    /// Takes addresses out of the entries from the one with this number on: what an indicator excludes is
    /// no entry, and no part of one.
    pub(crate) fn take_out(&mut self, from: usize, excluded: &[IpNet]) {
        if excluded.is_empty() {
            return;
        }
        let excluded: PrefixSet = excluded.iter().copied().collect();
        for mut entry in self.entries.split_off(from) {
            let held: PrefixSet = entry.prefixes.iter().copied().collect();
            if !held.intersection(&excluded).is_empty() {
                entry.prefixes = held.difference(&excluded).iter().collect::<Vec<_>>().into();
            }
            match entry.prefixes.is_empty() {
                true => self.revoked += 1,
                false => self.entries.push(entry),
            }
        }
    }

    /// Counts a refusal. `text` is what stands there.
    pub(crate) fn reject(&mut self, line: u64, text: &str, reason: RejectReason) {
        if let RejectReason::OtherFormat(format) = reason {
            *self.other_formats.entry(format).or_default() += 1;
        }
        self.too_wide += u64::from(matches!(reason, RejectReason::TooWide { .. }));
        self.rejects.count(|| Reject { line, text: sample(text), reason });
    }

    /// Counts an indicator that is no address and does not claim to be one.
    pub(crate) fn not_an_address(&mut self, kind: Indicator) {
        *self.not_addresses.entry(kind).or_default() += 1;
    }

    /// Whether there was no room for all entries, so that the list is not to be used.
    pub(crate) fn has_too_many_prefixes(&self) -> bool {
        self.n_prefixes > MOST_PREFIXES
    }

    /// The other format that more lines look like than there are entries.
    pub(crate) fn other_format(&self) -> Option<&'static str> {
        let (format, lines) = self.other_formats.iter().max_by_key(|(_, lines)| **lines)?;
        (*lines > self.entries.len() as u64).then_some(format)
    }
}

/// What is shown of a text that may be long.
pub(crate) fn sample(text: &str) -> String {
    shortened(text, LONGEST_SAMPLE).into_owned()
}

/// At most `longest` characters of a text.
fn shortened(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_kept_as_long_as_there_is_room_for_their_prefixes() {
        let options = ListOptions::default();
        let mut content = Content { n_prefixes: MOST_PREFIXES - 3, ..Content::default() };
        content.add(1, "192.0.2.1", "", &options);
        content.add(2, "192.0.2.2-192.0.2.4", "", &options); // A /31 and a /32.
        assert_eq!((content.entries.len(), content.has_too_many_prefixes()), (2, false));
        content.add(3, "192.0.2.5", "", &options);
        assert_eq!((content.entries.len(), content.has_too_many_prefixes()), (2, true));
    }

    #[test]
    fn a_label_is_kept_up_to_its_length_in_characters() {
        let options = ListOptions::default();
        let mut content = Content::default();
        for n_signs in [LONGEST_LABEL, LONGEST_LABEL + 1] {
            content.add(1, "192.0.2.1", &"\u{e9}".repeat(n_signs), &options);
        }
        let whole = "\u{e9}".repeat(LONGEST_LABEL);
        assert_eq!(&*content.entries[0].label, whole);
        assert_eq!(*content.entries[1].label, format!("{whole}..."));
    }
}
