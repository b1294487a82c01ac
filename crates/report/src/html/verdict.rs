//! The verdict with its reasons, whose traffic it is, the figures that matter, and what to do now.

use flowproof_evidence::Subject;
use flowproof_finding::Status;
use maud::{Markup, html};

use super::shown::{cut, figure, shown};
use super::{Number, title};
use crate::Investigation;
use crate::counts::not_accounted_for;
use crate::format::{counted, human_bytes, joined, thousands};
use crate::text::finding::{severity_name, window};

/// Characters shown of a title, a reason and a name.
const TEXT: usize = 2000;
const NAME: usize = 200;

/// Interfaces and addresses named of the subject.
const NAMES: usize = 50;

/// The verdict in a word.
pub(super) fn word(status: Status) -> &'static str {
    match status {
        Status::Corroborated => "Corroborated",
        Status::Contradicted => "Contradicted",
        Status::Inconclusive => "Inconclusive",
        Status::NotObservable => "Not observable",
    }
}

/// The class of the verdict's colours, and a sign that tells verdicts apart without any.
fn look(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Corroborated => ("corroborated", "\u{25b2}"),
        Status::Contradicted => ("contradicted", "\u{2713}"),
        Status::Inconclusive => ("inconclusive", "?"),
        Status::NotObservable => ("not-observable", "\u{2205}"),
    }
}

/// The verdict as a small label.
pub(super) fn badge(status: Status) -> Markup {
    let (class, sign) = look(status);
    html! { span class={ "verdict " (class) } { span aria-hidden="true" { (sign) " " } (word(status)) } }
}

fn meaning(investigation: &Investigation) -> &'static str {
    if investigation.finding.is_none() {
        return "There is no claim to judge. The figures stand for themselves.";
    }
    match investigation.verdict.status {
        Status::Corroborated => "The claimed traffic is in the records.",
        Status::Contradicted => {
            "The subject was observed through the whole window, and nothing of the claim is there."
        }
        Status::Inconclusive => "The records neither bear the claim out nor rule it out.",
        Status::NotObservable => {
            "Flow logs can never show this, or the subject was never logged: the records say nothing \
             for or against it."
        }
    }
}

pub(super) fn banner(investigation: &Investigation, place: Number) -> Markup {
    let Number { of, number } = place;
    let verdict = &investigation.verdict;
    let (class, sign) = look(verdict.status);
    html! {
        div class={ "banner " (class) } {
            p.word { span.sign aria-hidden="true" { (sign) } (word(verdict.status)) }
            div.why {
                h2 id={ "c" (number) "-title" } {
                    @if of > 1 { (number) ". " }
                    (cut(title(investigation), NAME))
                }
                @if let Some(text) = investigation.finding.as_ref().and_then(|finding| finding.title.as_ref()) {
                    p.finding-title { (cut(text, TEXT)) }
                }
                p { strong { (meaning(investigation)) } }
                ul.reasons {
                    @for reason in &verdict.reasons { li { (cut(reason, TEXT)) } }
                }
                @if investigation.coverage.is_partial() {
                    p.partial { strong { "Part of the data could not be read" } ": see "
                        a href={ "#c" (number) "-coverage" } { "Coverage" } "." }
                }
            }
        }
        (tiles(investigation))
        div.two {
            div.card { h3 { "Subject and time" } (facts(investigation)) }
            div.card { h3 { "Next steps" } (next_steps(&verdict.next_steps)) }
        }
    }
}

/// The few figures that are asked for first.
fn tiles(investigation: &Investigation) -> Markup {
    let (claimed, totals) = (&investigation.verdict.claimed_traffic, &investigation.totals);
    let bytes = |bytes: u64| match bytes {
        0 if totals.is_empty() => "no record".to_owned(),
        0..1000 => "bytes".to_owned(),
        _ => human_bytes(bytes),
    };
    let objects = &investigation.coverage.objects;
    let tile = |label: &str, exact: &str, below: &str| {
        html! { div { dt { (label) } dd { (figure(exact, below)) } } }
    };
    let others = match not_accounted_for(objects) {
        0 => format!("of {} listed", thousands(objects.listed)),
        missing => {
            format!(
                "of {} listed, {} not accounted for",
                thousands(objects.listed),
                thousands(missing)
            )
        }
    };
    let observed = observed(investigation);
    html! {
        dl.tiles {
            @if investigation.finding.is_some() {
                (tile("Claimed, bytes in", &thousands(claimed.bytes_in), &bytes(claimed.bytes_in)))
                (tile("Claimed, bytes out", &thousands(claimed.bytes_out), &bytes(claimed.bytes_out)))
            }
            (tile("All, bytes in", &thousands(totals.bytes_in), &bytes(totals.bytes_in)))
            (tile("All, bytes out", &thousands(totals.bytes_out), &bytes(totals.bytes_out)))
            @if totals.bytes_unoriented > 0 {
                (tile("All, unoriented", &thousands(totals.bytes_unoriented), &bytes(totals.bytes_unoriented)))
            }
            (tile("Flows", &thousands(totals.flows), &format!("accepted, {} rejected", thousands(totals.rejected_flows))))
            (tile("Objects read", &thousands(objects.read), &format!("{others}; {observed}")))
        }
    }
}

/// How well the subject was observed, in a few words.
fn observed(investigation: &Investigation) -> String {
    let gaps = investigation.coverage.gaps.len() as u64;
    // Without any record "no gap" would be wrong: there, all is gap.
    let told = match (investigation.coverage.observed.is_empty(), gaps) {
        (true, _) => return "no record of the subject".to_owned(),
        (false, 0) => "no gap".to_owned(),
        (false, gaps) => counted(gaps, "gap", "gaps"),
    };
    match investigation.silent_interfaces().len() as u64 {
        0 => told,
        silent => format!("{told}, {} never seen", counted(silent, "interface", "interfaces")),
    }
}

fn facts(investigation: &Investigation) -> Markup {
    let Subject { instance, interfaces, addresses, account, region } = &investigation.subject;
    html! {
        dl.facts {
            @for (label, value) in [("Instance", instance), ("Account", account), ("Region", region)] {
                @if let Some(value) = value { dt { (label) } dd { code { (cut(value, NAME)) } } }
            }
            (names("Interfaces", interfaces))
            (names("Addresses", addresses))
            @if investigation.subject.is_empty() { dt { "Subject" } dd { "nothing says whose traffic is meant" } }
            dt { "Window" } dd { (shown(&window(&investigation.window))) }
            (finding_facts(investigation))
        }
    }
}

fn names<T: std::fmt::Display>(label: &str, names: &[T]) -> Markup {
    let hidden = names.len().saturating_sub(NAMES);
    html! {
        @if !names.is_empty() {
            dt { (label) }
            dd { code { (cut(&joined(names.iter().take(NAMES)), TEXT)) }
                @if hidden > 0 { " and " (thousands(hidden as u64)) " more" } }
        }
    }
}

fn finding_facts(investigation: &Investigation) -> Markup {
    html! {
        @match &investigation.finding {
            Some(finding) => {
                dt { "Finding" }
                dd { code { (cut(if finding.id.is_empty() { "without an id" } else { &finding.id }, NAME)) } }
                @if let Some(arn) = &finding.arn { dt { "ARN" } dd { code { (cut(arn, NAME)) } } }
                @if let Some(severity) = finding.severity {
                    dt { "Severity" } dd { (severity) " (" (severity_name(severity)) ")" }
                }
                @if finding.sample { dt { "Sample" } dd { "made on request: no real traffic stands behind it" } }
                @if !finding.notes.is_empty() {
                    dt { "Notes" }
                    dd { ul.plain { @for note in &finding.notes { li { (cut(note, TEXT)) } } } }
                }
            },
            None => { dt { "Finding" } dd { "none, the subject was given by hand" } },
        }
    }
}

fn next_steps(steps: &[String]) -> Markup {
    html! {
        @if steps.is_empty() { p.note { "None." } }
        @else { ol { @for step in steps { li { (cut(step, TEXT)) } } } }
    }
}
