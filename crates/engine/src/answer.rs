//! An answer with what it stands on: objects, coverage, samples of trouble.

mod objects;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use flowproof_evidence::{
    Completeness, Coverage, ObjectCounts, ObjectEvidence, RecordCounts, Sample, SampleKind,
};
use flowproof_record::{Counts, FieldId, FormatSource, RejectKind, Tally};
use flowproof_source::{ListCounts, Listing, Location, Object, Skipped, SkippedKind};

use crate::scan::{ObjectReport, Outcome};
pub use objects::ReadObjects;

/// A result and what it stands on.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// The result.
    pub value: T,
    /// What was read for it and what could not be.
    pub coverage: Coverage,
    /// Each object that was listed and what was in it.
    pub objects: ReadObjects,
    /// Interfaces that several flow logs covered at one time, and these, among the records that were
    /// looked at: each of their flows was logged several times. The flow log whose id no key tells is
    /// the empty text.
    pub overlaps: BTreeMap<String, BTreeSet<String>>,
}

/// One object and what was in it.
#[derive(Debug, Clone)]
pub struct ReadObject {
    /// The object.
    pub object: Arc<Object>,
    /// What became of it, as the counts of objects name it.
    pub outcome: &'static str,
    /// `plain`, `gzip`, or what it was found to be; `None` if it was not opened.
    pub encoding: Option<&'static str>,
    /// What its records are wrapped in, for example `cloudwatch-json`; `plain` if in nothing.
    pub wrapper: Option<&'static str>,
    /// `sha256:` and the digest of the stored bytes, if they were read to the end and the question
    /// needed it.
    pub digest: Option<String>,
    /// The version that was read, in a bucket that keeps them.
    pub version_id: Option<String>,
    /// Inflated bytes.
    pub text_bytes: u64,
    /// What was in it, line by line.
    pub tally: Tally,
    /// Records in it that the question is about.
    pub rows: u64,
    /// The counts of its lines.
    pub records: RecordCounts,
    unknown_members: Vec<String>,
    reason: Option<(SampleKind, String)>,
}

impl ReadObject {
    pub(crate) fn new(object: Arc<Object>, report: ObjectReport) -> ReadObject {
        ReadObject {
            object,
            outcome: report.outcome.name(),
            encoding: report.encoding.map(|encoding| encoding.name()),
            wrapper: report.wrapper.map(|wrapper| wrapper.name()),
            records: record_counts(&report.tally.counts, &report),
            reason: trouble(&report.outcome),
            unknown_members: report.unknown_members,
            digest: report.digest,
            version_id: report.version_id,
            text_bytes: report.text_bytes,
            tally: report.tally,
            rows: report.rows,
        }
    }

    /// An object that is not read, since `first` has the same bytes.
    pub(crate) fn left_out(object: Arc<Object>, first: &Object) -> ReadObject {
        let reason = format!("the same bytes as {}: it was left out", first.key);
        let outcome = Outcome::Duplicate(reason);
        ReadObject::new(object, ObjectReport { outcome, ..ObjectReport::default() })
    }

    /// What is wrong with it; empty if nothing is.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.reason.as_ref().map_or("", |(_, reason)| reason)
    }

    /// The file of a set that holds it.
    fn holder(&self) -> Option<&str> {
        match &self.object.location {
            Location::Within { holder, .. } => Some(&holder.key),
            _ => None,
        }
    }

    /// How another object is named that has the same bytes: a set's has the same key too.
    fn told_beside(&self, other: &ReadObject) -> String {
        let key = &self.object.key;
        match self.holder().or(other.holder()).filter(|_| *key == other.object.key) {
            Some(holder) => format!("{key}, which {holder} holds"),
            None => key.clone(),
        }
    }

    /// What is told of it where an answer names its evidence.
    #[must_use]
    pub fn evidence(&self) -> ObjectEvidence {
        ObjectEvidence {
            object: self.object.key.clone(),
            etag: self.object.etag.clone().or_else(|| self.digest.clone()),
            version_id: self.version_id.clone(),
            size: self.object.size,
            records: self.rows,
            collected_in: match &self.object.location {
                Location::Within { holder, .. } => Some(holder.key.clone()),
                _ => None,
            },
        }
    }

    fn count(&self, objects: &mut ObjectCounts) {
        let count = match self.outcome {
            "read" => &mut objects.read,
            "empty" => &mut objects.empty,
            "not_a_flow_log" => &mut objects.not_a_flow_log,
            "unsupported" => &mut objects.unsupported,
            "truncated" => &mut objects.truncated,
            "corrupt" => &mut objects.corrupt,
            "denied" => &mut objects.denied,
            "kms_denied" => &mut objects.kms_denied,
            "archived" => &mut objects.archived,
            "vanished" => &mut objects.vanished,
            "unreachable" => &mut objects.unreachable,
            "duplicate" => &mut objects.duplicate,
            _ => &mut objects.not_read,
        };
        *count += 1;
    }

    fn samples(&self) -> Vec<Sample> {
        let sample = |kind, line, reason: String| Sample {
            kind,
            object: self.object.key.clone(),
            line,
            reason,
        };
        let mut samples = Vec::new();
        if let Some((kind, reason)) = &self.reason {
            samples.push(sample(*kind, None, reason.clone()));
        }
        for reject in &self.tally.rejects {
            let kind = match reject.kind {
                RejectKind::Malformed => SampleKind::Malformed,
                RejectKind::BadTime => SampleKind::BadTime,
            };
            samples.push(sample(kind, Some(reject.line), reject.reason.clone()));
        }
        for name in &self.unknown_members {
            let reason = format!("field `{name}` is not known to this version and was skipped");
            samples.push(sample(SampleKind::UnknownField, None, reason));
        }
        for (source, format) in &self.tally.formats {
            let unknown = format.unknown().map(|name| {
                let reason = format!("field `{name}` is not known to this version and was skipped");
                sample(SampleKind::UnknownField, None, reason)
            });
            samples.extend(unknown);
            let assumed = match source {
                FormatSource::AssumedDefault => "no header: the default format was assumed",
                FormatSource::Given => "no header: the given format string was used",
                _ => continue,
            };
            samples.push(sample(SampleKind::Assumed, None, assumed.to_owned()));
        }
        samples
    }
}

/// What an outcome is told as, if it is trouble.
fn trouble(outcome: &Outcome) -> Option<(SampleKind, String)> {
    let kind = match outcome {
        Outcome::NotRead | Outcome::Read => return None,
        Outcome::Empty => SampleKind::Empty,
        Outcome::NotAFlowLog(_) => SampleKind::NotAFlowLog,
        Outcome::Unsupported(_) => SampleKind::Unsupported,
        Outcome::Truncated(_) => SampleKind::Truncated,
        Outcome::Corrupt(_) => SampleKind::Corrupt,
        Outcome::Denied(_) => SampleKind::Denied,
        Outcome::KmsDenied(_) => SampleKind::KmsDenied,
        Outcome::Archived(_) => SampleKind::Archived,
        Outcome::Vanished(_) => SampleKind::Vanished,
        Outcome::Unreachable(_) => SampleKind::Unreachable,
        Outcome::Duplicate(_) => SampleKind::Duplicate,
    };
    Some((kind, outcome.reason().to_owned()))
}

fn record_counts(counts: &Counts, report: &ObjectReport) -> RecordCounts {
    RecordCounts {
        ok: counts.ok,
        nodata: counts.nodata,
        skipdata: counts.skipdata,
        malformed: counts.malformed,
        bad_time: counts.bad_time,
        transit_gateway: counts.transit_gateway,
        passed_over: counts.passed_over,
        in_window: counts.in_range,
        bytes_missing: counts.bytes_missing,
        action_missing: counts.action_missing,
        time_missing: counts.time_missing,
        milliseconds: counts.milliseconds,
        unoriented: report.sides.unoriented,
        direction_conflicts: report.sides.conflicts,
        assumed_direction: report.sides.assumed,
        duplicates: None,
    }
}

/// Samples that are kept before all but the first few of each kind are dropped.
const SAMPLES: usize = 4096;

/// Adds samples. However many there are, few are kept.
fn add_samples(coverage: &mut Coverage, samples: impl IntoIterator<Item = Sample>) {
    coverage.samples.extend(samples);
    if coverage.samples.len() > SAMPLES {
        coverage.settle_samples();
    }
}

/// Tells of objects whose bytes are those of an object before them. What they hold is counted twice, and
/// the reader must know.
fn add_duplicates(objects: &ReadObjects, coverage: &mut Coverage) {
    let twice = digests_met_twice(objects);
    if twice.is_empty() {
        return;
    }
    let mut first_with: HashMap<String, ReadObject> = HashMap::new();
    for (digest, read) in objects.iter_as_large().filter_map(with_digest) {
        if !twice.contains(&short(&digest)) {
            continue;
        }
        match first_with.get(&digest) {
            // What a set holds has the key of what it was collected from: the key says nothing here.
            Some(first) => {
                let sample = Sample {
                    kind: SampleKind::Duplicate,
                    object: read.object.key.clone(),
                    line: None,
                    reason: format!(
                        "the same bytes as {}: its records are counted again",
                        first.told_beside(&read)
                    ),
                };
                add_samples(coverage, [sample]);
            }
            None => {
                first_with.insert(digest, read);
            }
        }
    }
}

/// Short forms of the digests that several objects have, and maybe of others.
fn digests_met_twice(objects: &ReadObjects) -> HashSet<u64> {
    let digests = objects.iter_as_large().filter_map(with_digest);
    let mut all: Vec<u64> = digests.map(|(digest, _)| short(&digest)).collect();
    all.sort_unstable();
    all.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}

/// The digest of an object with records.
fn with_digest(mut read: ReadObject) -> Option<(String, ReadObject)> {
    let digest = read.digest.take().filter(|_| read.tally.counts.ok > 0)?;
    Some((digest, read))
}

/// A digest in few bytes. Digests that differ may have the same.
fn short(digest: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    digest.hash(&mut hasher);
    hasher.finish()
}

/// What a listing counted and passed over, as coverage tells it.
pub(crate) fn passed_over(listing: &Listing) -> (ObjectCounts, Vec<Sample>) {
    let ListCounts { listed, not_a_flow_log, empty, denied, archived, vanished, .. } =
        listing.counts;
    let counts = ObjectCounts {
        listed,
        not_a_flow_log,
        empty,
        denied,
        archived,
        vanished,
        ..ObjectCounts::default()
    };
    let sample = |skipped: &Skipped| Sample {
        kind: match skipped.kind {
            SkippedKind::Empty => SampleKind::Empty,
            SkippedKind::Denied => SampleKind::Denied,
            SkippedKind::Archived => SampleKind::Archived,
            SkippedKind::Vanished => SampleKind::Vanished,
            _ => SampleKind::NotAFlowLog,
        },
        object: skipped.key.clone(),
        line: None,
        reason: skipped.reason.clone(),
    };
    (counts, listing.skipped.iter().map(sample).collect())
}

impl<T> Answer<T> {
    pub(crate) fn new(value: T, listing: &Listing, objects: ReadObjects) -> Answer<T> {
        let (counts, samples) = passed_over(listing);
        let mut coverage = Coverage { objects: counts, samples, ..Coverage::default() };
        for object in objects.iter() {
            object.count(&mut coverage.objects);
            coverage.records.merge(&object.records);
            add_samples(&mut coverage, object.samples());
        }
        add_duplicates(&objects, &mut coverage);
        coverage.settle_samples();
        Answer { value, coverage, objects, overlaps: BTreeMap::new() }
    }

    /// Whether it stands on all the data that was asked for.
    pub fn completeness(&self) -> Completeness {
        self.coverage.completeness()
    }

    /// Whether any flow log tells the instance of its records.
    pub(crate) fn tells_instances(&self) -> bool {
        let mut formats = self.objects.iter().flat_map(|object| object.tally.formats);
        formats.any(|(_, format)| format.has(FieldId::INSTANCE_ID))
    }

    /// The same answer with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        let Answer { value, coverage, objects, overlaps } = self;
        Answer { value: f(value), coverage, objects, overlaps }
    }
}

impl<T> Answer<T> {
    /// The objects that were read, in the order of their keys.
    #[must_use]
    pub fn evidence(&self) -> Vec<ObjectEvidence> {
        let read = |read: &ReadObject| !matches!(read.outcome, "not_read" | "duplicate");
        self.objects.iter().filter(read).map(|read| read.evidence()).collect()
    }
}
