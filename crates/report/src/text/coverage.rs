//! How much of the evidence could be read, and what could not.

use std::collections::BTreeMap;

use flowproof_evidence::{Coverage, ObjectCounts, RecordCounts, Sample};

use super::page::{Page, more};
use crate::Investigation;
use crate::escape::shortened;
use crate::format::{duration, joined, span, thousands, words};

/// Interfaces named.
const INTERFACES: usize = 10;

/// Stretches named of one interface.
const STRETCHES: usize = 4;

/// Samples shown.
const SAMPLES: usize = 15;

/// Characters shown of a sample's reason.
const REASON: usize = 300;

pub(super) fn write(investigation: &Investigation, page: &mut Page) {
    let coverage = &investigation.coverage;
    page.heading("Coverage");
    objects(&coverage.objects, page);
    records(&coverage.records, page);
    observed(coverage, &investigation.subject.interfaces, page);
    gaps(coverage, page);
    samples(&coverage.samples, page);
}

/// What is not zero, as `3 truncated, 1 denied`.
fn not_zero(counts: &[(u64, &str)]) -> Vec<String> {
    let some = counts.iter().filter(|(count, _)| *count > 0);
    some.map(|(count, what)| format!("{} {what}", thousands(*count))).collect()
}

fn objects(objects: &ObjectCounts, page: &mut Page) {
    // Taken apart by name, so that a count added later cannot be left out here.
    let ObjectCounts {
        listed,
        read,
        empty,
        not_a_flow_log,
        unsupported,
        denied,
        kms_denied,
        archived,
        vanished,
        unreachable,
        truncated,
        corrupt,
        not_read,
        duplicate,
    } = *objects;
    let others = [
        (empty, "empty"),
        (not_a_flow_log, "not a flow log"),
        (unsupported, "in a form that is not read yet"),
        (denied, "denied"),
        (kms_denied, "denied by their key in KMS"),
        (archived, "archived in cold storage"),
        (vanished, "vanished before the read"),
        (unreachable, "not handed out by the store"),
        (truncated, "truncated"),
        (corrupt, "corrupt"),
        (not_read, "not read to the end"),
        (duplicate, "left out (the same bytes as another)"),
    ];
    page.field("objects", &format!("{} read of {} listed", thousands(read), thousands(listed)));
    let told = not_zero(&others);
    if !told.is_empty() {
        page.field("", &joined(told));
    }
    let accounted = others.iter().map(|(count, _)| u128::from(*count)).sum::<u128>();
    let missing = u128::from(listed).saturating_sub(accounted + u128::from(read));
    if missing > 0 {
        page.field("", &format!("{} not accounted for", thousands(missing)));
    }
}

fn records(records: &RecordCounts, page: &mut Page) {
    let RecordCounts {
        ok,
        nodata,
        skipdata,
        malformed,
        bad_time,
        transit_gateway,
        passed_over,
        in_window,
        bytes_missing,
        action_missing,
        time_missing,
        milliseconds,
        unoriented,
        direction_conflicts,
        assumed_direction,
        duplicates,
    } = *records;
    let window = thousands(in_window);
    page.field(
        "records",
        &format!("{} with traffic, {window} of them in the window", thousands(ok)),
    );
    let beside = not_zero(&[
        (nodata, "NODATA (observed idle)"),
        (skipdata, "SKIPDATA (lost by AWS)"),
        (malformed, "malformed"),
        (bad_time, "with impossible times"),
        (transit_gateway, "of a transit gateway (kept apart)"),
        (passed_over, "passed over (they cannot be the subject's)"),
        (duplicates.unwrap_or(0), "met before (duplicates)"),
    ]);
    if !beside.is_empty() {
        page.field("", &joined(beside));
    }
    let of_those = not_zero(&[
        (bytes_missing, "without a byte counter"),
        (action_missing, "without an action (counted as accepted)"),
        (time_missing, "without times"),
        (milliseconds, "with times in milliseconds"),
        (unoriented, "with an unknown direction"),
        (direction_conflicts, "whose direction field and address disagree"),
        (assumed_direction, "with a direction guessed from which address is private"),
    ]);
    if !of_those.is_empty() {
        page.field("", &format!("of those with traffic: {}", joined(of_those)));
    }
}

/// Where each interface left records. An interface of the subject without any is named as such:
/// its silence must not pass for quiet.
fn observed(coverage: &Coverage, subject: &[String], page: &mut Page) {
    let mut by_interface: BTreeMap<&str, Vec<String>> =
        subject.iter().map(|interface| (interface.as_str(), Vec::new())).collect();
    for observed in &coverage.observed {
        let stretches = by_interface.entry(&observed.interface).or_default();
        stretches.push(span(Some(observed.from), Some(observed.to)));
    }
    if by_interface.is_empty() {
        page.field("observed", "no interface of the subject left a record");
    }
    per_interface("observed", &by_interface, page);
}

fn gaps(coverage: &Coverage, page: &mut Page) {
    let mut by_interface: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for gap in &coverage.gaps {
        let seconds = gap.to.as_second().saturating_sub(gap.from.as_second()).max(0);
        let length = duration(seconds.unsigned_abs());
        let stretch = format!("{} ({length}, {})", span(Some(gap.from), Some(gap.to)), gap.why);
        by_interface.entry(&gap.interface).or_default().push(stretch);
    }
    // Without any record "no gaps" would be wrong: there, all is gap.
    if by_interface.is_empty() && !coverage.observed.is_empty() {
        page.field("gaps", "none");
    }
    per_interface("gaps", &by_interface, page);
}

fn per_interface(label: &str, by_interface: &BTreeMap<&str, Vec<String>>, page: &mut Page) {
    let mut label = label;
    for (interface, stretches) in by_interface.iter().take(INTERFACES) {
        if stretches.is_empty() {
            page.field(label, &format!("{interface}: never, no record at all"));
            label = "";
        }
        for stretch in stretches.iter().take(STRETCHES) {
            page.field(label, &format!("{interface}: {stretch}"));
            label = "";
        }
        let hidden = stretches.len().saturating_sub(STRETCHES);
        if hidden > 0 {
            let hidden = more(hidden, "stretch", "stretches");
            page.field(label, &format!("{interface}: and {hidden}"));
        }
    }
    page.more(by_interface.len().saturating_sub(INTERFACES), "interface", "interfaces");
}

fn samples(samples: &[Sample], page: &mut Page) {
    let mut label = "samples";
    for sample in samples.iter().take(SAMPLES) {
        let place = match sample.line {
            Some(line) => format!("{}:{line}", sample.object),
            None => sample.object.clone(),
        };
        let reason = shortened(&sample.reason, REASON);
        page.field(label, &format!("{}: {place}: {reason}", words(&sample.kind)));
        label = "";
    }
    page.more(samples.len().saturating_sub(SAMPLES), "sample", "samples");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(coverage: &Coverage, subject: &[&str]) -> String {
        let mut page = Page::new(200);
        let subject: Vec<String> = subject.iter().map(|id| (*id).to_owned()).collect();
        objects(&coverage.objects, &mut page);
        observed(coverage, &subject, &mut page);
        page.into_text()
    }

    #[test]
    fn objects_that_no_count_explains_are_told() {
        let objects = ObjectCounts { listed: 9, read: 5, corrupt: 1, ..ObjectCounts::default() };
        let coverage = Coverage { objects, ..Coverage::default() };
        let text = told(&coverage, &[]);
        assert!(text.contains("5 read of 9 listed"), "{text}");
        assert!(text.contains("1 corrupt"), "{text}");
        assert!(text.contains("3 not accounted for"), "{text}");
    }

    #[test]
    fn an_interface_without_records_is_named() {
        let text = told(&Coverage::default(), &["eni-1"]);
        assert!(text.contains("eni-1: never, no record at all"), "{text}");
    }
}
