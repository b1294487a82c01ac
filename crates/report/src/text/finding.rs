//! Whose traffic it is, what was claimed of it, and over which time.

use flowproof_evidence::Subject;
use flowproof_finding::{Claim, ClaimDirection, Finding, Verdict};

use super::page::Page;
use crate::escape::shortened;
use crate::format::{counted, duration, exact_bytes, joined, protocol, span, utc, words};
use crate::{Investigation, WindowView};

/// Claims told one by one.
const CLAIMS: usize = 10;

/// Notes told.
const NOTES: usize = 10;

/// Characters shown of a title or a note.
const TEXT: usize = 300;

/// Characters shown of an id or a name.
const NAME: usize = 200;

/// Addresses and interfaces named of the subject.
const NAMES: usize = 20;

pub(super) fn write(investigation: &Investigation, page: &mut Page) {
    page.heading("Subject");
    subject(&investigation.subject, page);
    match &investigation.finding {
        Some(summary) => {
            page.heading("Finding");
            finding(summary, &investigation.verdict, page);
        }
        None => page.heading("Finding: none, the subject was given by hand"),
    }
    page.field("window", &window(&investigation.window));
}

fn subject(subject: &Subject, page: &mut Page) {
    let Subject { instance, interfaces, addresses, account, region } = subject;
    if subject.is_empty() {
        page.field("none", "nothing says whose traffic is meant");
    }
    for (label, value) in [("instance", instance), ("account", account), ("region", region)] {
        if let Some(value) = value {
            page.field(label, &shortened(value, NAME));
        }
    }
    names("interfaces", interfaces, page);
    names("addresses", addresses, page);
}

fn names<T: std::fmt::Display>(label: &str, names: &[T], page: &mut Page) {
    if !names.is_empty() {
        page.field(label, &joined(names.iter().take(NAMES)));
        page.more(names.len().saturating_sub(NAMES), "of them", "of them");
    }
}

fn finding(finding: &Finding, verdict: &Verdict, page: &mut Page) {
    let given = |text: &str| match text {
        "" => "not given".to_owned(),
        text => shortened(text, NAME),
    };
    page.field("type", &given(&finding.finding_type));
    page.field("id", &given(&finding.id));
    if let Some(title) = &finding.title {
        page.field("title", &shortened(title, TEXT));
    }
    if let Some(severity) = finding.severity {
        page.field("severity", &format!("{severity} ({})", severity_name(severity)));
    }
    page.field("seen", &seen(finding));
    let mut label = "claims";
    for (index, one) in finding.claims.iter().enumerate().take(CLAIMS) {
        // The verdict has the claims in the finding's order, or none if it could judge none.
        let outcome = verdict.claims.get(index).map(|result| words(&result.outcome) + ": ");
        page.field(label, &(outcome.unwrap_or_default() + &claim(one)));
        label = "";
    }
    page.more(finding.claims.len().saturating_sub(CLAIMS), "claim", "claims");
    let mut label = "notes";
    for note in finding.notes.iter().take(NOTES) {
        page.field(label, &shortened(note, TEXT));
        label = "";
    }
    page.more(finding.notes.len().saturating_sub(NOTES), "note", "notes");
}

/// GuardDuty's names for its scale of 1.0 to 10.0.
pub(crate) fn severity_name(severity: f64) -> &'static str {
    match severity {
        s if s < 4.0 => "low",
        s if s < 7.0 => "medium",
        s if s < 9.0 => "high",
        _ => "critical",
    }
}

pub(crate) fn seen(finding: &Finding) -> String {
    let times = finding.count.map(|count| counted(count, "time", "times"));
    let when = match (finding.first_seen, finding.last_seen) {
        (None, None) => None,
        (first, last) if first == last => first.map(utc),
        (first, last) => Some(span(first, last)),
    };
    match (times, when) {
        (Some(times), Some(when)) => format!("{times}, {when}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "the finding does not say when".to_owned(),
    }
}

/// A claim in words, for example `inbound TCP port probe, remote 203.0.113.9, local port 22`.
pub(crate) fn claim(claim: &Claim) -> String {
    let direction = match claim.direction {
        ClaimDirection::Inbound => "inbound ",
        ClaimDirection::Outbound => "outbound ",
        ClaimDirection::Unknown => "",
    };
    let number = claim.protocol.map(|number| protocol(number) + " ").unwrap_or_default();
    let mut text = format!("{direction}{number}{}, ", words(&claim.kind));
    let remotes: Vec<String> = claim.remotes().map(|remote| remote.to_string()).collect();
    match remotes.as_slice() {
        [] => text.push_str("no remote named"),
        some => text.push_str(&format!("remote {}", some.join(" or "))),
    }
    if let Some(port) = claim.remote_port {
        text.push_str(&format!(" port {port}"));
    }
    if let Some(port) = claim.local_port {
        text.push_str(&format!(", local port {port}"));
    }
    if claim.blocked == Some(true) {
        text.push_str(", blocked");
    }
    let own = [(claim.bytes_in, "in"), (claim.bytes_out, "out")];
    let own = own.into_iter().filter_map(|(bytes, way)| Some((bytes?, way)));
    let own = joined(own.map(|(bytes, way)| format!("{} {way}", exact_bytes(bytes))));
    if !own.is_empty() {
        text.push_str(&format!("; one occurrence by GuardDuty's count: {own}"));
    }
    text
}

pub(crate) fn window(window: &WindowView) -> String {
    let mut text = span(window.from, window.to);
    if let (Some(from), Some(to)) = (window.from, window.to) {
        let seconds = to.as_second().saturating_sub(from.as_second()).max(0);
        text.push_str(&format!(" ({})", duration(seconds.unsigned_abs())));
    }
    if window.slack_seconds > 0 {
        text.push_str(&format!(", with {} of slack at both ends", duration(window.slack_seconds)));
    }
    text
}
