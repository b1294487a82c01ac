//! What the records add up to: the claimed traffic and all of it.

use flowproof_evidence::Traffic;

use super::page::Page;
use crate::Investigation;
use crate::format::{counted, exact_bytes, span};

pub(super) fn write(investigation: &Investigation, page: &mut Page) {
    let claimed = &investigation.verdict.claimed_traffic;
    if claimed.is_empty() {
        page.heading(&format!("Claimed traffic: none, {}", why_none(investigation)));
    } else {
        page.heading("Claimed traffic");
        figures(claimed, page);
    }
    if investigation.totals.is_empty() {
        page.heading("All traffic of the subject: none, no record of any was found");
    } else {
        page.heading("All traffic of the subject");
        figures(&investigation.totals, page);
    }
}

/// "Nothing was found" is said only where something could be looked for.
pub(crate) fn why_none(investigation: &Investigation) -> &'static str {
    match &investigation.finding {
        None => "no finding was given",
        Some(finding) if finding.remotes().is_empty() => "the finding names no remote to look for",
        Some(_) => "no record with a claimed remote was found",
    }
}

fn figures(traffic: &Traffic, page: &mut Page) {
    page.field("in", &bytes_and_packets(traffic.bytes_in, traffic.packets_in));
    page.field("out", &bytes_and_packets(traffic.bytes_out, traffic.packets_out));
    if traffic.bytes_unoriented > 0 || traffic.packets_unoriented > 0 {
        let volume = bytes_and_packets(traffic.bytes_unoriented, traffic.packets_unoriented);
        page.field("unoriented", &format!("{volume}, in a direction that the records do not tell"));
    }
    page.field("records", &format!("{} accepted", counted(traffic.flows, "flow", "flows")));
    if traffic.rejected_flows > 0 {
        let flows = counted(traffic.rejected_flows, "flow", "flows");
        let volume = bytes_and_packets(traffic.rejected_bytes, traffic.rejected_packets);
        page.field("rejected", &format!("{flows}, {volume}: blocked, not transferred"));
    }
    if traffic.first_seen.is_some() || traffic.last_seen.is_some() {
        page.field("seen", &span(traffic.first_seen, traffic.last_seen));
    }
}

fn bytes_and_packets(bytes: u64, packets: u64) -> String {
    format!("{} in {}", exact_bytes(bytes), counted(packets, "packet", "packets"))
}
