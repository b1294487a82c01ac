//! How much of the evidence could be read, where it has holes, and what was refused.

use flowproof_evidence::{Coverage, Gap, ObjectCounts, RecordCounts, Sample};
use maud::{Markup, html};

use super::shown::{cut, more, nothing, shown, time};
use crate::Investigation;
use crate::counts::{Counts, RecordTable, not_accounted_for, object_counts, record_counts};
use crate::format::{duration, joined, thousands, words};

/// Stretches shown of those with records and of those without.
const STRETCHES: usize = 200;

/// Samples shown.
const SAMPLES: usize = 200;

/// Characters shown of a name and of a reason.
const NAME: usize = 500;
const REASON: usize = 500;

pub(super) fn section(investigation: &Investigation) -> Markup {
    let coverage = &investigation.coverage;
    html! {
        div.two {
            div { h4 { "Objects" } (objects(&coverage.objects)) }
            div { h4 { "Records" } (records(&coverage.records)) }
        }
        h4 { "Gaps" }
        (gaps(coverage))
        h4 { "Observed" }
        (observed(investigation))
    }
}

fn objects(objects: &ObjectCounts) -> Markup {
    let missing = not_accounted_for(objects);
    html! {
        table.counts { tbody {
            (count("listed", objects.listed))
            (count("read to the end", objects.read))
            (not_zero(&object_counts(objects)))
            @if missing > 0 { (count("not accounted for", missing)) }
        } }
        (zero(&object_counts(objects)))
    }
}

fn records(records: &RecordCounts) -> Markup {
    let RecordTable { beside, of_those } = record_counts(records);
    html! {
        table.counts { tbody {
            (count("with traffic", records.ok))
            (count("of these in the window", records.in_window))
            @for (number, what) in of_those.iter().filter(|(number, _)| *number > 0) {
                (count(&format!("of these {what}"), *number))
            }
            (not_zero(&beside))
        } }
        (zero(&beside.into_iter().chain(of_those).collect::<Counts>()))
    }
}

fn count(what: &str, number: impl Into<u128>) -> Markup {
    html! { tr { th scope="row" { (what) } td.n { (thousands(number)) } } }
}

fn not_zero(counts: &Counts) -> Markup {
    html! {
        @for (number, what) in counts.iter().filter(|(number, _)| *number > 0) { (count(what, *number)) }
    }
}

/// The kinds that there are none of, so that a kind that is not told is not mistaken for one.
fn zero(counts: &Counts) -> Markup {
    let none = joined(counts.iter().filter(|(number, _)| *number == 0).map(|(_, what)| *what));
    html! { @if !none.is_empty() { p.note { "None: " (none) "." } } }
}

fn gaps(coverage: &Coverage) -> Markup {
    // Without any record "no gap" would be wrong: there, all is gap.
    if coverage.gaps.is_empty() {
        let text = match coverage.observed.is_empty() {
            true => "No interface of the subject left a record: all of the window is a gap.",
            false => "None of the interfaces that left records has one.",
        };
        return html! { p.note { (text) } };
    }
    html! {
        div.wide tabindex="0" role="group" aria-label="Gaps" {
            table {
                thead { tr {
                    th scope="col" { "Interface" } th scope="col" { "From" } th scope="col" { "To" }
                    th.n scope="col" { "Length" } th scope="col" { "Why" }
                } }
                tbody { @for gap in coverage.gaps.iter().take(STRETCHES) { (gap_row(gap)) } }
            }
        }
        (more(coverage.gaps.len().saturating_sub(STRETCHES), "gap", "gaps", ", which the JSON report names"))
    }
}

fn gap_row(gap: &Gap) -> Markup {
    let seconds = gap.to.as_second().saturating_sub(gap.from.as_second()).max(0);
    html! {
        tr {
            th scope="row" { code { (cut(&gap.interface, NAME)) } }
            td { (time(Some(gap.from))) }
            td { (time(Some(gap.to))) }
            td.n { (duration(seconds.unsigned_abs())) }
            td.text { (cut(&gap.why, REASON)) }
        }
    }
}

/// Where each interface left records. An interface of the subject without any is named as such.
fn observed(investigation: &Investigation) -> Markup {
    let coverage = &investigation.coverage;
    let silent = investigation.silent_interfaces();
    if coverage.observed.is_empty() && silent.is_empty() {
        return html! { p.note { "No interface of the subject left a record." } };
    }
    let hidden =
        [coverage.observed.len(), silent.len()].map(|count| count.saturating_sub(STRETCHES));
    html! {
        div.wide tabindex="0" role="group" aria-label="Stretches with records" {
            table {
                thead { tr { th scope="col" { "Interface" } th scope="col" { "From" } th scope="col" { "To" } } }
                tbody {
                    @for interface in silent.iter().take(STRETCHES) {
                        tr { th scope="row" { code { (cut(interface, NAME)) } } td colspan="2" { "never, no record at all" } }
                    }
                    @for stretch in coverage.observed.iter().take(STRETCHES) {
                        tr {
                            th scope="row" { code { (cut(&stretch.interface, NAME)) } }
                            td { (time(Some(stretch.from))) }
                            td { (time(Some(stretch.to))) }
                        }
                    }
                }
            }
        }
        (more(hidden.into_iter().sum(), "stretch", "stretches", ", which the JSON report names"))
    }
}

pub(super) fn rejects(investigation: &Investigation) -> Markup {
    let samples = &investigation.coverage.samples;
    html! {
        @if samples.is_empty() { p.note { "None: nothing was refused, skipped or assumed." } }
        @else {
            p.note { "Examples of what was refused, skipped or assumed: the first few of each kind. Coverage counts all of them." }
            div.wide tabindex="0" role="group" aria-label="Rejects" {
                table {
                    thead { tr {
                        th scope="col" { "Kind" } th scope="col" { "Object" } th.n scope="col" { "Line" } th scope="col" { "Reason" }
                    } }
                    tbody { @for sample in samples.iter().take(SAMPLES) { (sample_row(sample)) } }
                }
            }
            (more(samples.len().saturating_sub(SAMPLES), "sample", "samples", ", which the JSON report names"))
        }
    }
}

fn sample_row(sample: &Sample) -> Markup {
    html! {
        tr {
            th scope="row" { (shown(&words(&sample.kind))) }
            td.text { code { (cut(&sample.object, NAME)) } }
            td.n { @match sample.line { Some(line) => { (thousands(line)) }, None => { (nothing()) } } }
            td.text { (cut(&sample.reason, REASON)) }
        }
    }
}
