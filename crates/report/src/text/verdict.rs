//! The verdict, first of all, and what to do now, last of all.

use flowproof_finding::Status;

use super::page::Page;
use crate::{Investigation, TextOptions};

pub(super) fn write(investigation: &Investigation, options: &TextOptions, page: &mut Page) {
    let (word, color) = word(investigation.verdict.status);
    page.raw("Verdict: ");
    if options.color {
        page.raw(color);
        page.raw(word);
        page.raw("\u{1b}[0m\n");
    } else {
        page.raw(word);
        page.raw("\n");
    }
    for reason in &investigation.verdict.reasons {
        page.point(reason);
    }
    if investigation.coverage.is_partial() {
        page.point("Part of the data could not be read: see Coverage.");
    }
}

/// The word, and the colour code that goes before it: what is borne out is red, since it is bad
/// news; what could not be settled is yellow.
fn word(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Corroborated => ("CORROBORATED", "\u{1b}[1;31m"),
        Status::Contradicted => ("CONTRADICTED", "\u{1b}[1;32m"),
        Status::Inconclusive => ("INCONCLUSIVE", "\u{1b}[1;33m"),
        Status::NotObservable => ("NOT OBSERVABLE", "\u{1b}[1;36m"),
    }
}

pub(super) fn write_next_steps(investigation: &Investigation, page: &mut Page) {
    if investigation.verdict.next_steps.is_empty() {
        return;
    }
    page.heading("Next steps");
    for step in &investigation.verdict.next_steps {
        page.point(step);
    }
}
