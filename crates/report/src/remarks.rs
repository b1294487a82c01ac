//! What is told beside an answer that has no place for it: what was not read, what was assumed.

use std::collections::{BTreeMap, BTreeSet};

use flowproof_evidence::{Coverage, SampleKind};

use crate::format::counted;

/// Sentences for people about an answer, in the order in which they are told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks(Vec<Remark>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Whether people should know it and can act on it; else they may want to know it.
    pub is_warning: bool,
    /// The sentence. It may hold what logs and lists hold: see [`printable`](crate::printable).
    pub text: String,
}

impl Remarks {
    /// Warns of everything that makes the answer partial, and notes what was assumed. `overlaps` are the
    /// interfaces that several flow logs covered at one time, and these.
    pub fn add_answer(
        &mut self,
        coverage: &Coverage,
        overlaps: &BTreeMap<String, BTreeSet<String>>,
    ) {
        troubles_and_sides(coverage, self);
        duplicates(coverage, overlaps, self);
        notes(coverage, self);
    }

    /// As [`Remarks::add_answer`], for what was read in several answers.
    pub fn add_coverage(&mut self, coverage: &Coverage) {
        troubles_and_sides(coverage, self);
        notes(coverage, self);
    }

    /// Adds what people should know and can act on.
    pub fn warn(&mut self, text: &str) {
        self.0.push(Remark { is_warning: true, text: text.to_owned() });
    }

    /// Adds what people may want to know.
    pub fn note(&mut self, text: &str) {
        self.0.push(Remark { is_warning: false, text: text.to_owned() });
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Remark> {
        self.0.iter()
    }
}

fn troubles_and_sides(coverage: &Coverage, remarks: &mut Remarks) {
    for (kind, count, one, many) in troubles(coverage) {
        if count == 0 {
            continue;
        }
        let sample = coverage.samples.iter().find(|sample| sample.kind == kind);
        let sample = sample.map_or_else(String::new, |sample| {
            let line = sample.line.map_or_else(String::new, |line| format!(":{line}"));
            format!("; first: {}{line}: {}", sample.object, sample.reason)
        });
        remarks.warn(&format!("{}{sample}", counted(count, one, many)));
    }
    if coverage.records.unoriented > 0 {
        remarks.warn(&format!(
            "{} of unknown direction: see bytes_unoriented; --inventory tells whose addresses are whose",
            counted(coverage.records.unoriented, "record", "records")
        ));
    }
}

/// Tells what was counted more than once, or what was left out so that it was not.
fn duplicates(
    coverage: &Coverage,
    overlaps: &BTreeMap<String, BTreeSet<String>>,
    remarks: &mut Remarks,
) {
    let sample = coverage.samples.iter().find(|s| s.kind == SampleKind::Duplicate);
    match (sample, coverage.objects.duplicate) {
        (None, _) => {}
        (Some(sample), 0) => remarks.warn(&format!(
            "counted more than once: {}: {}; --duplicates drop counts it once",
            sample.object, sample.reason
        )),
        (Some(sample), left_out) => remarks.note(&format!(
            "{} left out; first: {}: {}",
            counted(left_out, "object", "objects"),
            sample.object,
            sample.reason
        )),
    }
    let dropped = coverage.records.duplicates;
    if let Some(dropped @ 1..) = dropped {
        let records = counted(dropped, "record", "records");
        remarks.note(&format!("{records} dropped: another flow log has the same"));
    }
    let Some((interface, flow_logs)) = overlaps.first_key_value() else { return };
    let named =
        |id: &String| if id.is_empty() { "objects of no known flow log" } else { id }.to_owned();
    let flow_logs = flow_logs.iter().map(named).collect::<Vec<_>>().join(", ");
    let interfaces = counted(overlaps.len() as u64, "interface", "interfaces");
    let first =
        format!("{interfaces} in several flow logs at one time; first: {interface} in {flow_logs}");
    match dropped {
        None => remarks.warn(&format!(
            "counted more than once: {first}; --duplicates drop counts each record once"
        )),
        Some(0) => remarks.warn(&format!(
            "{first}; they have no record in common: if their aggregation intervals differ, flows are \
             counted more than once"
        )),
        Some(_) => {}
    }
}

fn troubles(coverage: &Coverage) -> [(SampleKind, u64, &'static str, &'static str); 12] {
    let (objects, records) = (&coverage.objects, &coverage.records);
    [
        (SampleKind::Denied, objects.denied, "object denied", "objects denied"),
        (
            SampleKind::KmsDenied,
            objects.kms_denied,
            "object denied by its key in KMS",
            "objects denied by their key in KMS",
        ),
        (SampleKind::Archived, objects.archived, "object archived", "objects archived"),
        (SampleKind::Vanished, objects.vanished, "object vanished", "objects vanished"),
        (
            SampleKind::Unreachable,
            objects.unreachable,
            "object not handed out by the store",
            "objects not handed out by the store",
        ),
        (SampleKind::Truncated, objects.truncated, "object truncated", "objects truncated"),
        (SampleKind::Corrupt, objects.corrupt, "object corrupt", "objects corrupt"),
        (
            SampleKind::Unsupported,
            objects.unsupported,
            "object in a form that is not read",
            "objects in a form that is not read",
        ),
        (
            SampleKind::NotAFlowLog,
            objects.not_a_flow_log,
            "object is not a flow log",
            "objects are not flow logs",
        ),
        (SampleKind::Empty, objects.empty, "object is empty", "objects are empty"),
        (SampleKind::Malformed, records.malformed, "malformed line", "malformed lines"),
        (SampleKind::BadTime, records.bad_time, "record of bad time", "records of bad time"),
    ]
}

fn notes(coverage: &Coverage, remarks: &mut Remarks) {
    let left = coverage.objects.not_read;
    if left > 0 {
        let objects = counted(left, "object", "objects");
        remarks.note(&format!("{objects} not read to the end: nothing more was asked of them"));
    }
    let mut told: Vec<&str> = Vec::new();
    for sample in &coverage.samples {
        let is_note = matches!(sample.kind, SampleKind::Assumed | SampleKind::UnknownField);
        if is_note && !told.contains(&sample.reason.as_str()) {
            remarks.note(&format!("{}: {}", sample.object, sample.reason));
            told.push(&sample.reason);
        }
    }
    let records = &coverage.records;
    for (count, what) in [
        (records.skipdata, "of SKIPDATA: AWS lost records there, so totals are a lower bound"),
        (records.transit_gateway, "of transit gateways, kept apart: they are in no total"),
        (records.bytes_missing, "without a byte count: they count as flows and add no bytes"),
        (records.action_missing, "without an action: they are counted as accepted"),
        (records.time_missing, "without times: no bounded window can hold them"),
        (records.milliseconds, "with times in milliseconds, read as such"),
        (
            records.direction_conflicts,
            "whose flow-direction and own address disagree; the field is believed",
        ),
        (
            records.assumed_direction,
            "of assumed direction: of their two addresses the private one is taken as own",
        ),
    ] {
        if count > 0 {
            remarks.note(&format!("{} {what}", counted(count, "record", "records")));
        }
    }
}
