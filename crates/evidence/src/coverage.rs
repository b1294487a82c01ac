//! How much of the evidence could be read, and what could not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{IntervalSet, Window};

/// Objects by what became of them. Every object that was listed is in exactly one other count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectCounts {
    /// Objects that the selection named and that its window, accounts and Regions did not rule out.
    pub listed: u64,
    /// Read to the end.
    pub read: u64,
    /// Zero bytes long, or nothing in them but blanks.
    pub empty: u64,
    /// Not flow logs: by name, or by their content.
    pub not_a_flow_log: u64,
    /// In a form that this version does not read, for example Parquet or JSON.
    pub unsupported: u64,
    /// Access denied.
    pub denied: u64,
    /// Encrypted with a key in KMS that the reader must not use.
    pub kms_denied: u64,
    /// In a storage class that cannot be read at once.
    pub archived: u64,
    /// Listed but gone when they were to be read.
    pub vanished: u64,
    /// Not handed out by the store, as often as was tried: it asked to slow down, failed, or could not be
    /// reached.
    pub unreachable: u64,
    /// Ended in mid stream; what came before the cut is counted.
    pub truncated: u64,
    /// Damaged: a checksum or the compressed form is wrong. Records before the damage are counted.
    pub corrupt: u64,
    /// Not read, because the question could be answered without.
    pub not_read: u64,
    /// Not read, because their bytes are those of an object before them and each record was to be
    /// counted once.
    pub duplicate: u64,
}

impl ObjectCounts {
    /// Adds `other`.
    pub fn merge(&mut self, other: &ObjectCounts) {
        self.listed += other.listed;
        self.read += other.read;
        self.empty += other.empty;
        self.not_a_flow_log += other.not_a_flow_log;
        self.unsupported += other.unsupported;
        self.denied += other.denied;
        self.kms_denied += other.kms_denied;
        self.archived += other.archived;
        self.vanished += other.vanished;
        self.unreachable += other.unreachable;
        self.truncated += other.truncated;
        self.corrupt += other.corrupt;
        self.not_read += other.not_read;
        self.duplicate += other.duplicate;
    }

    /// Objects that should have been read whole and were not.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        let kept_back = self.denied + self.kms_denied + self.archived;
        let failed = self.vanished + self.unreachable + self.truncated + self.corrupt;
        kept_back + failed + self.unsupported
    }
}

/// Lines by what they are. `ok`, `nodata`, `skipdata`, `malformed`, `bad_time`,
/// `transit_gateway` and `passed_over` are disjoint; the others say something more about `ok` ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordCounts {
    /// Records with traffic: `log-status` is OK or the format has no such field.
    pub ok: u64,
    /// Intervals without traffic: the interface was observed idle.
    pub nodata: u64,
    /// Intervals whose records AWS lost: a hole in the evidence.
    pub skipdata: u64,
    /// Lines that are no record of their format.
    pub malformed: u64,
    /// Records whose times cannot be: `end` before `start`, zero, or outside 2000 to 2106. They are
    /// kept out of every total.
    pub bad_time: u64,
    /// Transit gateway records with traffic, kept apart: they have no interface of ours.
    pub transit_gateway: u64,
    /// Records that were not looked at, since they cannot be what was asked about: lines that do not
    /// name it, and rows that a Parquet file's own figures rule out. They are in no other count.
    pub passed_over: u64,
    /// Of `ok`: inside the window.
    pub in_window: u64,
    /// Of `ok`: without a byte counter (`-` or no such field). They count as flows and add no bytes.
    pub bytes_missing: u64,
    /// Of `ok`: without an action (`-` or no such field). They are counted as accepted.
    pub action_missing: u64,
    /// Of `ok`: without `start` and `end`. No bounded window can hold them.
    pub time_missing: u64,
    /// Of `ok`: with times in milliseconds, which were read as such.
    pub milliseconds: u64,
    /// Of `ok` inside the window: with a direction that cannot be known.
    pub unoriented: u64,
    /// Of `ok` inside the window: `flow-direction` says one thing and the interface's own address
    /// another. The field is believed.
    pub direction_conflicts: u64,
    /// Of `ok` inside the window: oriented by the guess that of a private and a public address the
    /// private one is the interface's own.
    pub assumed_direction: u64,
    /// Records of one flow log that another had as well and that were dropped, among those that were
    /// looked at; `None` where nobody looked. All other counts hold them.
    pub duplicates: Option<u64>,
}

impl RecordCounts {
    /// Adds `other`.
    pub fn merge(&mut self, other: &RecordCounts) {
        self.ok += other.ok;
        self.in_window += other.in_window;
        self.nodata += other.nodata;
        self.skipdata += other.skipdata;
        self.malformed += other.malformed;
        self.bad_time += other.bad_time;
        self.transit_gateway += other.transit_gateway;
        self.passed_over += other.passed_over;
        self.bytes_missing += other.bytes_missing;
        self.action_missing += other.action_missing;
        self.time_missing += other.time_missing;
        self.milliseconds += other.milliseconds;
        self.unoriented += other.unoriented;
        self.direction_conflicts += other.direction_conflicts;
        self.assumed_direction += other.assumed_direction;
        self.duplicates = match (self.duplicates, other.duplicates) {
            (Some(a), Some(b)) => Some(a + b),
            (one, None) | (None, one) => one,
        };
    }
}

/// A stretch in which an interface left records, idle or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Observed {
    /// The interface id.
    pub interface: String,
    /// The first record's start.
    pub from: Timestamp,
    /// The last record's end.
    pub to: Timestamp,
}

/// A stretch of the window about which an interface's records say nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// The interface id.
    pub interface: String,
    /// Where the hole begins.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
    /// Why: `no record` or `SKIPDATA`.
    pub why: String,
}

/// What a [`Sample`] is an example of. The order is that of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SampleKind {
    /// An object that access is denied to.
    Denied,
    /// An object whose key in KMS must not be used.
    KmsDenied,
    /// An object in cold storage.
    Archived,
    /// An object that was gone when it was to be read, or another one.
    Vanished,
    /// An object that the store did not hand out.
    Unreachable,
    /// An object that ends in mid stream.
    Truncated,
    /// An object that is damaged.
    Corrupt,
    /// An object with the same bytes as another: its records are counted again, or it was left out.
    Duplicate,
    /// An object with nothing in it.
    Empty,
    /// An object in a form that this version does not read.
    Unsupported,
    /// An object that is no flow log.
    NotAFlowLog,
    /// A line that is no record.
    Malformed,
    /// A record whose times cannot be.
    BadTime,
    /// A field that this version does not know; its column is skipped.
    UnknownField,
    /// An assumption that had to be made about an object, for example its format.
    Assumed,
}

/// The first example of a kind of trouble.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sample {
    /// What it is an example of.
    pub kind: SampleKind,
    /// The object.
    pub object: String,
    /// The line in the inflated object, counted from 1; `None` if the whole object is meant.
    pub line: Option<u64>,
    /// What is wrong, in words.
    pub reason: String,
}

/// What was read for an answer and what could not be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Coverage {
    /// Objects by what became of them.
    pub objects: ObjectCounts,
    /// Lines by what they are, over all objects that were read.
    pub records: RecordCounts,
    /// Where the subject's interfaces left records, by interface and time.
    pub observed: Vec<Observed>,
    /// Where they did not, by interface and time. Whoever fills this by hand must fill it: a verdict takes an
    /// interface to be observed without a break if no gap of it stands here. [`Coverage::fill_gaps`] does it.
    pub gaps: Vec<Gap>,
    /// Examples of trouble, the first few of each kind.
    pub samples: Vec<Sample>,
}

/// Whether an answer stands on all the data that was asked for: on all that lies there. Times of which there is no
/// record are another matter: see [`Coverage::gaps`], which answers about a subject fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum Completeness {
    /// On all of it.
    Complete,
    /// Part of it could not be read: the coverage says which.
    Partial,
    /// On nothing: there was no flow log. That is never "no traffic".
    Nothing,
}

impl Coverage {
    /// Samples kept of each kind.
    pub const SAMPLES_PER_KIND: usize = 5;

    /// Adds as gaps what `observed` leaves of a window, for evidence that was gathered elsewhere: for each interface
    /// that was observed at any time, the times within the window at which it was not. Of a window that is open,
    /// the ends of what was observed stand for its own.
    pub fn fill_gaps(&mut self, window: Window) {
        let mut observed: BTreeMap<&str, IntervalSet> = BTreeMap::new();
        for Observed { interface, from, to } in &self.observed {
            observed.entry(interface).or_default().insert(from.as_second(), to.as_second());
        }
        let ends = observed.values().flat_map(IntervalSet::iter);
        let (first, last) = ends.fold((i64::MAX, i64::MIN), |(first, last), (from, to)| {
            (first.min(from), last.max(to))
        });
        let from = window.from.map_or(first, Timestamp::as_second);
        let to = window.to.map_or(last, Timestamp::as_second);
        let mut gaps = Vec::new();
        for (interface, intervals) in observed {
            for (from, to) in intervals.gaps(from, to, 0) {
                let times = (Timestamp::from_second(from), Timestamp::from_second(to));
                let (Ok(from), Ok(to)) = times else { continue }; // Both come from timestamps.
                gaps.push(Gap {
                    interface: interface.to_owned(),
                    from,
                    to,
                    why: "no record".to_owned(),
                });
            }
        }
        self.gaps.append(&mut gaps);
        self.gaps.sort();
        self.gaps.dedup();
    }

    /// Whether an answer with this coverage stands on all the data that was asked for.
    pub fn completeness(&self) -> Completeness {
        match (self.has_flow_logs(), self.is_partial()) {
            (false, _) => Completeness::Nothing,
            (true, true) => Completeness::Partial,
            (true, false) => Completeness::Complete,
        }
    }

    /// Whether any flow log was there to answer from: an object that is one, or could not be read.
    #[must_use]
    pub fn has_flow_logs(&self) -> bool {
        let objects = &self.objects;
        objects.read + objects.unreadable() + objects.not_read > 0
    }

    /// Whether part of the data could not be read or understood: the answer is then partial.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.objects.unreadable() > 0 || self.records.malformed > 0 || self.records.bad_time > 0
    }

    /// Sorts samples by kind, object and line, and keeps the first few of each kind.
    pub fn settle_samples(&mut self) {
        self.samples.sort();
        self.samples.dedup();
        let mut kept: Vec<Sample> = Vec::new();
        for sample in self.samples.drain(..) {
            let same = kept.iter().rev().take_while(|s| s.kind == sample.kind).count();
            if same < Self::SAMPLES_PER_KIND {
                kept.push(sample);
            }
        }
        self.samples = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_only_if_there_were_flow_logs_and_all_could_be_read() {
        let of = |objects, malformed| {
            let records = RecordCounts { malformed, ..RecordCounts::default() };
            Coverage { objects, records, ..Coverage::default() }.completeness()
        };
        let none = ObjectCounts::default();
        let read = ObjectCounts { read: 2, ..none };
        assert_eq!(of(none, 0), Completeness::Nothing);
        // None of these is a flow log, or may be one.
        let others = ObjectCounts { listed: 3, empty: 1, not_a_flow_log: 1, duplicate: 1, ..none };
        assert_eq!(of(others, 0), Completeness::Nothing);
        assert_eq!(of(read, 0), Completeness::Complete);
        assert_eq!(of(ObjectCounts { not_read: 1, ..none }, 0), Completeness::Complete);
        assert_eq!(of(read, 1), Completeness::Partial);
        assert_eq!(of(ObjectCounts { denied: 1, ..none }, 0), Completeness::Partial);
        assert_eq!(of(ObjectCounts { truncated: 1, ..read }, 0), Completeness::Partial);
    }

    #[test]
    fn samples_settle_to_the_first_few_of_each_kind() {
        let sample = |kind, line| Sample {
            kind,
            object: "a.log".into(),
            line: Some(line),
            reason: "r".into(),
        };
        let mut coverage = Coverage::default();
        for line in (1..=9).rev() {
            coverage.samples.push(sample(SampleKind::Malformed, line));
            coverage.samples.push(sample(SampleKind::BadTime, line));
        }
        coverage.settle_samples();
        let lines: Vec<_> = coverage.samples.iter().map(|s| (s.kind, s.line.unwrap())).collect();
        let expected: Vec<_> = [SampleKind::Malformed, SampleKind::BadTime]
            .into_iter()
            .flat_map(|kind| (1..=5).map(move |line| (kind, line)))
            .collect();
        assert_eq!(lines, expected);
    }
}
