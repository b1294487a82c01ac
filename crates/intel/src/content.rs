//! What a format's parser collects from a list.

use std::collections::BTreeMap;

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
            label: label.into(),
            details: (details != Details::default()).then(|| Box::new(details)),
        });
    }

    /// Counts a refusal. `text` is what stands there.
    pub(crate) fn reject(&mut self, line: u64, text: &str, reason: RejectReason) {
        if let RejectReason::OtherFormat(format) = reason {
            *self.other_formats.entry(format).or_default() += 1;
        }
        self.too_wide += u64::from(matches!(reason, RejectReason::TooWide { .. }));
        self.rejects.count(|| Reject { line, text: shortened(text), reason });
    }

    /// Counts an indicator that is no address and does not claim to be one.
    pub(crate) fn not_an_address(&mut self, kind: Indicator) {
        *self.not_addresses.entry(kind).or_default() += 1;
    }

    /// The other format that more lines look like than there are entries.
    pub(crate) fn other_format(&self) -> Option<&'static str> {
        let (format, lines) = self.other_formats.iter().max_by_key(|(_, lines)| **lines)?;
        (*lines > self.entries.len() as u64).then_some(format)
    }
}

/// The beginning of a text that may be long.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_SAMPLE) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
