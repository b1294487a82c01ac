//! What a decoder met beside the records it hands out.

use serde::{Deserialize, Serialize};

use crate::format::{Format, FormatSource};

/// Lines of an object by what they are. `ok`, `nodata`, `skipdata`, `malformed`, `bad_time`,
/// `transit_gateway` and `passed_over` are disjoint; the rest say more about `ok` ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records with traffic: `log-status` is OK or the format lacks it.
    pub ok: u64,
    /// NODATA records.
    pub nodata: u64,
    /// SKIPDATA records.
    pub skipdata: u64,
    /// Lines that are no record of their format.
    pub malformed: u64,
    /// Records whose times cannot be.
    pub bad_time: u64,
    /// Transit gateway records with traffic.
    pub transit_gateway: u64,
    /// Lines that were passed over because they do not name what alone is asked for
    /// ([`DecoderOptions::pass_over`](crate::DecoderOptions::pass_over)). They are in no other count.
    pub passed_over: u64,
    /// Header lines.
    pub headers: u64,
    /// Of `ok`: without a byte counter.
    pub bytes_missing: u64,
    /// Of `ok`: without an action.
    pub action_missing: u64,
    /// Of `ok`: without `start` and `end`.
    pub time_missing: u64,
    /// Records whose times were in milliseconds.
    pub milliseconds: u64,
    /// Of `ok`: inside the decoder's time range.
    pub in_range: u64,
    /// Records handed out in batches, whatever their status.
    pub selected: u64,
}

/// Kinds of bad line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RejectKind {
    /// The line is no record of its format.
    Malformed,
    /// The record's times cannot be.
    BadTime,
}

/// One bad line.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
#[error("line {line}: {reason}")]
pub struct Reject {
    /// What is wrong with it.
    pub kind: RejectKind,
    /// The line in the inflated object, counted from 1.
    pub line: u64,
    /// What is wrong, in words: expected, got.
    pub reason: String,
}

/// All that a decoder met in one object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Lines by what they are.
    pub counts: Counts,
    /// The first bad lines of each kind, at most [`Tally::REJECTS_PER_KIND`] of each.
    pub rejects: Vec<Reject>,
    /// Formats met, with where each came from: each once, in their order.
    pub formats: Vec<(FormatSource, Format)>,
    /// Records' times, `start` of the first and `end` of the last, over all records of good time.
    pub span: Option<(i64, i64)>,
}

impl Tally {
    /// Bad lines kept of each kind. All are counted.
    pub const REJECTS_PER_KIND: usize = 5;

    /// Notes a format, once.
    pub fn meet(&mut self, source: FormatSource, format: &Format) {
        let is_before = |other: &(FormatSource, Format)| (other.0, &other.1) < (source, format);
        let place = self.formats.partition_point(is_before);
        if self.formats.get(place).is_none_or(|other| (other.0, &other.1) != (source, format)) {
            // Nearly all objects have one.
            self.formats.reserve_exact(1);
            self.formats.insert(place, (source, format.clone()));
        }
    }

    /// Counts a bad line, and keeps it if it is one of the first of its kind.
    pub fn reject(&mut self, kind: RejectKind, line: u64, reason: impl FnOnce() -> String) {
        match kind {
            RejectKind::Malformed => self.counts.malformed += 1,
            RejectKind::BadTime => self.counts.bad_time += 1,
        }
        let same = self.rejects.iter().filter(|reject| reject.kind == kind).count();
        if same < Self::REJECTS_PER_KIND {
            self.rejects.push(Reject { kind, line, reason: reason() });
        }
    }

    /// Takes the times of a record, seconds since 1970, into the span.
    pub fn widen_span(&mut self, start: i64, end: i64) {
        let (first, last) = self.span.unwrap_or((start, end));
        self.span = Some((first.min(start), last.max(end)));
    }
}
