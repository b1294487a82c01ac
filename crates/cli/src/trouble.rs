//! Tells on standard error what was not read, for answers that have no place for it.

use flowproof_engine::Answer;
use flowproof_evidence::{Coverage, SampleKind};
use flowproof_report::counted;

use crate::streams::Streams;

/// Warns of everything that makes the answer partial, and notes what was assumed.
pub(crate) fn tell<T>(answer: &Answer<T>, streams: &mut Streams) {
    troubles_and_sides(&answer.coverage, streams);
    duplicates(answer, streams);
    notes(&answer.coverage, streams);
}

/// As [`tell`], for what was read in several answers.
pub(crate) fn tell_coverage(coverage: &Coverage, streams: &mut Streams) {
    troubles_and_sides(coverage, streams);
    notes(coverage, streams);
}

fn troubles_and_sides(coverage: &Coverage, streams: &mut Streams) {
    for (kind, count, one, many) in troubles(coverage) {
        if count == 0 {
            continue;
        }
        let sample = coverage.samples.iter().find(|sample| sample.kind == kind);
        let sample = sample.map_or_else(String::new, |sample| {
            let line = sample.line.map_or_else(String::new, |line| format!(":{line}"));
            format!("; first: {}{line}: {}", sample.object, sample.reason)
        });
        streams.warn(&format!("{}{sample}", counted(count, one, many)));
    }
    if coverage.records.unoriented > 0 {
        streams.warn(&format!(
            "{} of unknown direction: see bytes_unoriented; --inventory tells whose addresses are whose",
            counted(coverage.records.unoriented, "record", "records")
        ));
    }
}

/// Tells what was counted more than once, or what was left out so that it was not.
fn duplicates<T>(answer: &Answer<T>, streams: &mut Streams) {
    let coverage = &answer.coverage;
    let sample = coverage.samples.iter().find(|s| s.kind == SampleKind::Duplicate);
    match (sample, coverage.objects.duplicate) {
        (None, _) => {}
        (Some(sample), 0) => streams.warn(&format!(
            "counted more than once: {}: {}; --duplicates drop counts it once",
            sample.object, sample.reason
        )),
        (Some(sample), left_out) => streams.note(&format!(
            "{} left out; first: {}: {}",
            counted(left_out, "object", "objects"),
            sample.object,
            sample.reason
        )),
    }
    let dropped = coverage.records.duplicates;
    if let Some(dropped @ 1..) = dropped {
        let records = counted(dropped, "record", "records");
        streams.note(&format!("{records} dropped: another flow log has the same"));
    }
    let Some((interface, flow_logs)) = answer.overlaps.first_key_value() else { return };
    let named =
        |id: &String| if id.is_empty() { "objects of no known flow log" } else { id }.to_owned();
    let flow_logs = flow_logs.iter().map(named).collect::<Vec<_>>().join(", ");
    let interfaces = counted(answer.overlaps.len() as u64, "interface", "interfaces");
    let first =
        format!("{interfaces} in several flow logs at one time; first: {interface} in {flow_logs}");
    match dropped {
        None => streams.warn(&format!(
            "counted more than once: {first}; --duplicates drop counts each record once"
        )),
        Some(0) => streams.warn(&format!(
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

fn notes(coverage: &Coverage, streams: &mut Streams) {
    let mut told: Vec<&str> = Vec::new();
    for sample in &coverage.samples {
        let is_note = matches!(sample.kind, SampleKind::Assumed | SampleKind::UnknownField);
        if is_note && !told.contains(&sample.reason.as_str()) {
            streams.note(&format!("{}: {}", sample.object, sample.reason));
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
            streams.note(&format!("{} {what}", counted(count, "record", "records")));
        }
    }
}
