//! How much of the evidence could be read, and what the answer stands on.

use super::inline::{code, inline};
use super::sheet::{NAME, TEXT, heading, line, more, names};
use crate::Investigation;
use crate::counts::{RecordTable, not_accounted_for, not_zero, object_counts, record_counts};
use crate::escape::shortened;
use crate::format::{counted, span, thousands, words};

/// Gaps, samples and lists told one by one.
const GAPS: usize = 5;
const SAMPLES: usize = 5;
const LISTS: usize = 20;

pub(super) fn coverage(investigation: &Investigation, text: &mut String) {
    let coverage = &investigation.coverage;
    let objects = &coverage.objects;
    heading(text, "Coverage");
    let mut told =
        vec![format!("{} read of {} listed", thousands(objects.read), thousands(objects.listed))];
    told.extend(not_zero(&object_counts(objects)));
    let missing = not_accounted_for(objects);
    if missing > 0 {
        told.push(format!("{} not accounted for", thousands(missing)));
    }
    line(text, &format!("- Objects: {}", told.join(", ")));
    let records = &coverage.records;
    let (ok, window) = (thousands(records.ok), thousands(records.in_window));
    let RecordTable { beside, of_those } = record_counts(records);
    let mut told = vec![format!("{ok} with traffic, {window} of them in the window")];
    told.extend(not_zero(&beside));
    line(text, &format!("- Records: {}", told.join(", ")));
    let of_those = not_zero(&of_those);
    if !of_those.is_empty() {
        line(text, &format!("- Of those with traffic: {}", of_those.join(", ")));
    }
    let silent = investigation.silent_interfaces();
    if !silent.is_empty() {
        line(text, &format!("- Never, no record at all: {}", names(&silent)));
    }
    for gap in coverage.gaps.iter().take(GAPS) {
        let stretch = span(Some(gap.from), Some(gap.to));
        let (name, why) = (shortened(&gap.interface, NAME), shortened(&gap.why, NAME));
        line(text, &format!("- Gap of {}: {stretch}, {}", code(&name), inline(&why)));
    }
    more(text, coverage.gaps.len(), GAPS, "gap", "gaps");
    if coverage.gaps.is_empty() {
        // Without any record "no gap" would be wrong: there, all is gap.
        let told = match coverage.observed.is_empty() {
            true => "- No interface of the subject left a record",
            false => "- No gap",
        };
        line(text, told);
    }
    for sample in coverage.samples.iter().take(SAMPLES) {
        let place = sample.line.map(|line| format!(" line {line}")).unwrap_or_default();
        let (object, reason) = (shortened(&sample.object, NAME), shortened(&sample.reason, TEXT));
        let kind = words(&sample.kind);
        line(text, &format!("- {kind}: {}{place}: {}", code(&object), inline(&reason)));
    }
    more(text, coverage.samples.len(), SAMPLES, "sample", "samples");
    line(text, "");
}

pub(super) fn sources(investigation: &Investigation, text: &mut String) {
    let evidence = &investigation.evidence;
    heading(text, "Sources");
    let records: u128 = evidence.iter().map(|object| u128::from(object.records)).sum();
    let objects = counted(evidence.len() as u64, "object", "objects");
    let records = counted(records, "record", "records");
    line(
        text,
        &format!(
            "- {objects} with {records} of the answer; the JSON report names them with their digests"
        ),
    );
    for list in investigation.lists.iter().take(LISTS) {
        let kind = if list.trusted { "Trusted list" } else { "List" };
        let mut entries = counted(list.entries, "entry", "entries");
        if list.rejected > 0 {
            entries.push_str(&format!(", {} refused", counted(list.rejected, "line", "lines")));
        }
        let (path, digest) = (shortened(&list.path, NAME), shortened(&list.sha256, NAME));
        line(text, &format!("- {kind} {}: {entries}, SHA-256 {}", code(&path), code(&digest)));
    }
    more(text, investigation.lists.len(), LISTS, "list", "lists");
    line(text, "");
}
