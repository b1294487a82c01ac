//! What the finding says against what the records say.

use flowproof_evidence::Traffic;
use flowproof_finding::{Claim, ClaimResult, Finding, Outcome};
use maud::{Markup, html};

use super::shown::{cut, figure, more, nothing, shown, time, volume};
use crate::Investigation;
use crate::format::{counted, exact_bytes, thousands, words};
use crate::text::finding::{claim as claim_words, seen};
use crate::text::traffic::why_none;

/// Claims told one by one.
const CLAIMS: usize = 100;

/// Characters shown of a claim.
const TEXT: usize = 600;

pub(super) fn section(investigation: &Investigation) -> Markup {
    let claimed = &investigation.verdict.claimed_traffic;
    html! {
        div.wide tabindex="0" role="group" aria-label="The finding's figures beside those of the records" {
            table.versus {
                thead { tr {
                    td {}
                    @if investigation.finding.is_some() { th.n scope="col" { "The finding says" span.sub { "of one occurrence" } } }
                    @if investigation.finding.is_some() { th.n scope="col" { "The records show" span.sub { "with the claimed remotes" } } }
                    th.n scope="col" { "All traffic" span.sub { "of the subject" } }
                } }
                tbody { @for row in rows(investigation.finding.as_ref(), claimed, &investigation.totals) { (row) } }
            }
        }
        @if claimed.is_empty() { p.note { "No claimed traffic: " (why_none(investigation)) "." } }
        @if let Some(finding) = &investigation.finding {
            p.note { "Seen, by the finding: " (shown(&seen(finding))) ". Its own byte counts are those of its newest \
                occurrence; the records' are of all traffic in the window." }
            (claims(finding, &investigation.verdict.claims))
        }
    }
}

/// One figure in three places: with the finding, in the claimed records, in all records.
fn rows(finding: Option<&Finding>, claimed: &Traffic, totals: &Traffic) -> Vec<Markup> {
    let own = finding.and_then(|finding| finding.own_bytes);
    let told = |bytes: Option<u64>| bytes.map_or_else(nothing, |bytes| volume(bytes, 0));
    let own_in = told(own.and_then(|own| own.in_bytes));
    let own_out = told(own.and_then(|own| own.out_bytes));
    let of_both = |of: &dyn Fn(&Traffic) -> Markup| [of(claimed), of(totals)];
    let row = |label: &str, says: Markup, [claimed, all]: [Markup; 2]| {
        html! {
            tr {
                th scope="row" { (label) }
                @if finding.is_some() { td.n { (says) } td.n { (claimed) } }
                td.n { (all) }
            }
        }
    };
    let mut rows = vec![
        row("Bytes in", own_in, of_both(&|it| volume(it.bytes_in, it.packets_in))),
        row("Bytes out", own_out, of_both(&|it| volume(it.bytes_out, it.packets_out))),
    ];
    if totals.bytes_unoriented > 0 || totals.packets_unoriented > 0 {
        let cells = of_both(&|it| volume(it.bytes_unoriented, it.packets_unoriented));
        rows.push(row("Bytes, direction unknown", nothing(), cells));
    }
    rows.push(row("Accepted flows", nothing(), of_both(&|it| html! { (thousands(it.flows)) })));
    rows.push(row("Rejected flows", nothing(), of_both(&rejected)));
    let first = time(finding.and_then(|finding| finding.first_seen));
    rows.push(row("First seen", first, of_both(&|it| time(it.first_seen))));
    let last = time(finding.and_then(|finding| finding.last_seen));
    rows.push(row("Last seen", last, of_both(&|it| time(it.last_seen))));
    rows
}

fn rejected(traffic: &Traffic) -> Markup {
    let below = match traffic.rejected_flows {
        0 => String::new(),
        _ => format!(
            "{} in {}, not transferred",
            exact_bytes(traffic.rejected_bytes),
            counted(traffic.rejected_packets, "packet", "packets")
        ),
    };
    figure(&thousands(traffic.rejected_flows), &below)
}

fn claims(finding: &Finding, results: &[ClaimResult]) -> Markup {
    html! {
        h4 { (counted(finding.claims.len() as u64, "claim", "claims")) }
        @if finding.claims.is_empty() { p.note { "The finding claims no traffic with a remote." } }
        @else {
            div.wide tabindex="0" role="group" aria-label="Claims one by one" {
                table {
                    thead { tr {
                        th scope="col" { "Claim" } th scope="col" { "In the records" }
                        th.n scope="col" { "Bytes in" } th.n scope="col" { "Bytes out" }
                        th.n scope="col" { "Flows" } th.n scope="col" { "Rejected" }
                        th scope="col" { "First and last seen" }
                    } }
                    // The verdict has the claims in the finding's order, or none if it could judge none.
                    tbody {
                        @for (index, claim) in finding.claims.iter().enumerate().take(CLAIMS) {
                            (claim_row(claim, results.get(index)))
                        }
                    }
                }
            }
            (more(finding.claims.len().saturating_sub(CLAIMS), "claim", "claims", ", which the JSON report names"))
        }
    }
}

fn claim_row(claim: &Claim, result: Option<&ClaimResult>) -> Markup {
    html! {
        tr {
            th.claim scope="row" { (cut(&claim_words(claim), TEXT)) }
            @match result {
                Some(ClaimResult { outcome, traffic, .. }) => {
                    td { (outcome_badge(*outcome)) }
                    td.n { (volume(traffic.bytes_in, traffic.packets_in)) }
                    td.n { (volume(traffic.bytes_out, traffic.packets_out)) }
                    td.n { (thousands(traffic.flows)) }
                    td.n { (rejected(traffic)) }
                    td { (time(traffic.first_seen)) br; (time(traffic.last_seen)) }
                },
                None => {
                    td { "not judged" }
                    @for _ in 0..5 { td { (nothing()) } }
                },
            }
        }
    }
}

fn outcome_badge(outcome: Outcome) -> Markup {
    let class = match outcome {
        Outcome::Seen => "threat",
        Outcome::NotSeen => "trusted",
        _ => "plain",
    };
    html! { span class={ "badge " (class) } { (words(&outcome)) } }
}
