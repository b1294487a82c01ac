//! What the records add up to, and what they say of each claim.

use flowproof_evidence::Traffic;

use super::inline::inline;
use super::sheet::{heading, line, more};
use super::table::Table;
use crate::Investigation;
use crate::format::{counted, exact_bytes, span, thousands, words};
use crate::text::finding::claim;
use crate::text::traffic::why_none;

/// Claims told one by one.
const CLAIMS: usize = 5;

pub(super) fn traffic(investigation: &Investigation, text: &mut String) {
    let (claimed, totals) = (&investigation.verdict.claimed_traffic, &investigation.totals);
    heading(text, "Traffic");
    if claimed.is_empty() {
        line(text, &format!("No claimed traffic: {}.\n", why_none(investigation)));
    }
    let mut table = Table::new(&[("", false), ("Claimed", true), ("All of the subject", true)]);
    let mut row = |label: &str, of: &dyn Fn(&Traffic) -> String| {
        table.row(&[label.to_owned(), of(claimed), of(totals)]);
    };
    row("In", &|it| volume(it.bytes_in, it.packets_in));
    row("Out", &|it| volume(it.bytes_out, it.packets_out));
    if totals.bytes_unoriented > 0 || totals.packets_unoriented > 0 {
        row("In an unknown direction", &|it| volume(it.bytes_unoriented, it.packets_unoriented));
    }
    row("Accepted flows", &|it| thousands(it.flows));
    row("Rejected flows", &|it| match it.rejected_flows {
        0 => "0".to_owned(),
        flows => {
            format!("{}: {}", thousands(flows), volume(it.rejected_bytes, it.rejected_packets))
        }
    });
    row("Seen", &|it| match it.first_seen.or(it.last_seen) {
        Some(_) => span(it.first_seen, it.last_seen),
        None => "never".to_owned(),
    });
    table.write(text);
}

fn volume(bytes: u64, packets: u64) -> String {
    format!("{} in {}", exact_bytes(bytes), counted(packets, "packet", "packets"))
}

pub(super) fn claims(investigation: &Investigation, text: &mut String) {
    let Some(finding) = investigation.finding.as_ref().filter(|it| !it.claims.is_empty()) else {
        return;
    };
    heading(text, "Claims");
    for (index, one) in finding.claims.iter().enumerate().take(CLAIMS) {
        // The verdict has the claims in the finding's order, or none if it could judge none.
        let outcome = investigation.verdict.claims.get(index);
        let outcome = outcome.map_or("not judged".to_owned(), |result| words(&result.outcome));
        line(text, &format!("- **{outcome}**: {}", inline(&claim(one))));
    }
    more(text, finding.claims.len(), CLAIMS, "claim", "claims");
    line(text, "");
}
