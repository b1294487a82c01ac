//! The verdict, what to do now, and whose traffic it is.

use flowproof_finding::Status;

use super::inline::{code, inline};
use super::sheet::{NAME, TEXT, line, names, points};
use super::table::Table;
use crate::Investigation;
use crate::escape::shortened;
use crate::text::finding::{seen, severity_name, window};
use crate::text::tested;

pub(super) fn verdict(investigation: &Investigation, text: &mut String) {
    let word = match investigation.verdict.status {
        Status::Corroborated => "CORROBORATED",
        Status::Contradicted => "CONTRADICTED",
        Status::Inconclusive => "INCONCLUSIVE",
        Status::NotObservable => "NOT OBSERVABLE",
    };
    line(text, &format!("## Verdict: {word}\n"));
    points(text, &investigation.verdict.reasons);
    if investigation.coverage.is_partial() {
        line(text, "- **Part of the data could not be read**: see Coverage.");
    }
    line(text, "");
    if !investigation.verdict.next_steps.is_empty() {
        line(text, "Next steps:\n");
        points(text, &investigation.verdict.next_steps);
        line(text, "");
    }
}

/// What the tests of the finding's type gave.
pub(super) fn tests(investigation: &Investigation, text: &mut String) {
    let said = tested::told(investigation)
        .map(|result| format!("{}: {}", tested::title(result), result.said));
    let said: Vec<String> = said.collect();
    if said.is_empty() {
        return;
    }
    line(text, "### Tests\n");
    points(text, &said);
    line(text, "");
}

pub(super) fn facts(investigation: &Investigation, text: &mut String) {
    let subject = &investigation.subject;
    let mut table = Table::new(&[("What", false), ("Value", false)]);
    let mut row = |label: &str, value: String| table.row(&[label.to_owned(), value]);
    let named = [
        ("Instance", &subject.instance),
        ("Account", &subject.account),
        ("Region", &subject.region),
    ];
    for (label, value) in named {
        if let Some(value) = value {
            row(label, code(&shortened(value, NAME)));
        }
    }
    if !subject.interfaces.is_empty() {
        row("Interfaces", names(&subject.interfaces));
    }
    if !subject.addresses.is_empty() {
        row("Addresses", names(&subject.addresses));
    }
    match &investigation.finding {
        Some(finding) => {
            row("Finding", code(&shortened(&finding.finding_type, NAME)));
            row("Finding id", code(&shortened(&finding.id, NAME)));
            if let Some(title) = &finding.title {
                row("Title", inline(&shortened(title, TEXT)));
            }
            if let Some(severity) = finding.severity {
                row("Severity", format!("{severity} ({})", severity_name(severity)));
            }
            row("Seen", inline(&seen(finding)));
        }
        None => row("Finding", "none, the subject was given by hand".to_owned()),
    }
    row("Window", inline(&window(&investigation.window)));
    table.write(text);
}
