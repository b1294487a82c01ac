//! How much of the evidence could be read, and what could not.

use std::collections::BTreeMap;

use flowproof_evidence::{Coverage, ObjectCounts, RecordCounts, Sample};

use super::page::{Page, more};
use crate::Investigation;
use crate::counts::{RecordTable, not_accounted_for, not_zero, object_counts, record_counts};
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

fn objects(objects: &ObjectCounts, page: &mut Page) {
    let (read, listed) = (thousands(objects.read), thousands(objects.listed));
    page.field("objects", &format!("{read} read of {listed} listed"));
    let told = not_zero(&object_counts(objects));
    if !told.is_empty() {
        page.field("", &joined(told));
    }
    let missing = not_accounted_for(objects);
    if missing > 0 {
        page.field("", &format!("{} not accounted for", thousands(missing)));
    }
}

fn records(records: &RecordCounts, page: &mut Page) {
    let window = thousands(records.in_window);
    let ok = thousands(records.ok);
    page.field("records", &format!("{ok} with traffic, {window} of them in the window"));
    let RecordTable { beside, of_those } = record_counts(records);
    let beside = not_zero(&beside);
    if !beside.is_empty() {
        page.field("", &joined(beside));
    }
    let of_those = not_zero(&of_those);
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
