//! A finding in a few words, as several formats say it.

use flowproof_evidence::Traffic;

use super::ListedFinding;
use crate::escape::shortened;
use crate::format::{counted, exact_bytes, span, thousands};

/// Characters told of a name within a sentence.
const NAME: usize = 100;

/// Whose traffic it is, by one name.
pub(super) fn subject(finding: &ListedFinding) -> String {
    let instance = finding.instances.first().map(|first| match finding.instances.len() {
        1 => shortened(first, NAME),
        all => format!("{} and {} more", shortened(first, NAME), thousands(all as u64 - 1)),
    });
    let interface = finding.interface.as_ref().map(|name| shortened(name, NAME));
    instance.or(interface).unwrap_or_else(|| "an unnamed interface".to_owned())
}

/// What it is called. It tells nothing that a later telling may tell otherwise, but for instances.
pub(super) fn title(finding: &ListedFinding) -> String {
    let (entry, list) = (shortened(&finding.entry, NAME), shortened(&finding.list, NAME));
    format!("Traffic of {} with {entry}, which is on the list {list}", subject(finding))
}

/// All of it in a few sentences.
pub(super) fn description(finding: &ListedFinding) -> String {
    let traffic = &finding.traffic;
    let mut text = format!("The flow logs show {} with {}", figures(traffic), remotes(finding));
    if traffic.first_seen.is_some() || traffic.last_seen.is_some() {
        text.push_str(&format!(", {}", span(traffic.first_seen, traffic.last_seen)));
    }
    text.push_str(&format!(". The list {} has it", shortened(&finding.list, NAME)));
    if !finding.label.is_empty() {
        text.push_str(&format!(" as \"{}\"", shortened(&finding.label, NAME)));
    }
    text.push('.');
    if finding.is_update {
        text.push_str(" It was told before, with smaller figures.");
    }
    if finding.recounted {
        text.push_str(&format!(" {RECOUNTED}"));
    }
    text
}

/// Why figures may be too large.
pub(super) const RECOUNTED: &str =
    "An object of the logs was rewritten: records in both editions are counted twice.";

/// How much each way, and whether somebody only knocked. Bytes are exact.
pub(super) fn figures(traffic: &Traffic) -> String {
    let mut parts = Vec::new();
    if traffic.flows > 0 || traffic.rejected_flows == 0 {
        parts.push(format!("{} out", exact_bytes(traffic.bytes_out)));
        parts.push(format!("{} in", exact_bytes(traffic.bytes_in)));
        if traffic.bytes_unoriented > 0 {
            parts
                .push(format!("{} in an unknown direction", exact_bytes(traffic.bytes_unoriented)));
        }
        parts.push(counted(traffic.flows, "accepted flow", "accepted flows"));
    }
    if traffic.rejected_flows > 0 {
        parts.push(counted(traffic.rejected_flows, "rejected flow", "rejected flows"));
    }
    parts.join(", ")
}

/// The entry, and how many addresses of it were seen, unless it is itself the only one.
fn remotes(finding: &ListedFinding) -> String {
    let entry = shortened(&finding.entry, NAME);
    match (finding.remotes, &*finding.addresses) {
        (Some(1), [address]) if address.to_string() == finding.entry => entry,
        (Some(count), _) => format!("{} of {entry}", counted(count, "address", "addresses")),
        (None, _) => format!("more addresses than are kept of {entry}"),
    }
}
