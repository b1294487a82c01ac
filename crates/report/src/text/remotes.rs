//! Who was on the other side.

use std::cmp::Reverse;

use flowproof_evidence::{ListMatch, Remote};

use super::page::{Align, Page, Table, more};
use crate::escape::shortened;
use crate::format::{counted, exact_bytes, human_bytes, joined, protocol, thousands};
use crate::{Enrichment, Investigation, TextOptions, enrichment_line};

/// Ports named of one remote.
const PORTS: usize = 6;

/// List entries named of one remote.
const MATCHES: usize = 5;

/// Characters shown of a list's entry or label.
const LABEL: usize = 100;

pub(super) fn write(investigation: &Investigation, options: &TextOptions, page: &mut Page) {
    if investigation.remotes.is_empty() {
        page.heading("Remotes: none, no record with traffic was found");
        return;
    }
    let mut remotes: Vec<&Remote> = investigation.remotes.iter().collect();
    // The sort is stable: remotes of equal rank keep the order that they came in.
    remotes.sort_by_key(|remote| Reverse(rank(remote)));
    page.heading(&title(&remotes));
    let (shown, hidden) = remotes.split_at(options.remotes.min(remotes.len()));
    table(shown, investigation.enrichment.as_ref()).write(page);
    if !hidden.is_empty() {
        page.hanging("  ", &left_out(hidden));
    }
}

/// Claimed ones first, then those on a threat list, then by bytes and by records.
pub(crate) fn rank(remote: &Remote) -> (bool, bool, u128, u128) {
    let traffic = &remote.traffic;
    let records = u128::from(traffic.flows) + u128::from(traffic.rejected_flows);
    (remote.claimed, is_listed(remote), bytes(remote), records)
}

pub(crate) fn is_listed(remote: &Remote) -> bool {
    remote.matches.iter().any(|entry| !entry.trusted)
}

/// Bytes of any direction, in a width that three counters cannot wrap.
pub(crate) fn bytes(remote: &Remote) -> u128 {
    let traffic = &remote.traffic;
    [traffic.bytes_in, traffic.bytes_out, traffic.bytes_unoriented].map(u128::from).iter().sum()
}

fn title(remotes: &[&Remote]) -> String {
    let claimed = remotes.iter().filter(|remote| remote.claimed).count();
    let listed = remotes.iter().filter(|remote| is_listed(remote)).count();
    format!(
        "Remotes ({}, {} claimed, {} on a threat list; in this order, then by bytes)",
        thousands(remotes.len() as u64),
        thousands(claimed as u64),
        thousands(listed as u64),
    )
}

fn table(remotes: &[&Remote], enrichment: Option<&Enrichment>) -> Table {
    use Align::{Left, Right};
    let unoriented = remotes.iter().any(|remote| remote.traffic.bytes_unoriented > 0);
    let mut columns = vec![("address", Left), ("bytes in", Right), ("bytes out", Right)];
    if unoriented {
        columns.push(("unoriented", Right));
    }
    columns.extend([("flows", Right), ("rejected", Right), ("service", Left)]);
    let mut table = Table::new(&columns);
    for remote in remotes {
        let line = enrichment.map(|enrichment| enrichment_line(enrichment.of(remote)));
        let mut notes = notes(remote);
        // What others wrote begins no line, so that it cannot pass for a match of a list.
        notes.extend(line.filter(|line| !line.is_empty()).map(|line| format!("note: {line}")));
        table.push(cells(remote, unoriented), notes);
    }
    table
}

fn cells(remote: &Remote, unoriented: bool) -> Vec<String> {
    let traffic = &remote.traffic;
    let mut cells = vec![address(remote), volume(traffic.bytes_in), volume(traffic.bytes_out)];
    if unoriented {
        cells.push(volume(traffic.bytes_unoriented));
    }
    cells.extend([thousands(traffic.flows), thousands(traffic.rejected_flows), service(remote)]);
    cells
}

fn address(remote: &Remote) -> String {
    let address = remote.address.map_or("unknown".to_owned(), |address| address.to_string());
    if remote.claimed { format!("{address} (claimed)") } else { address }
}

/// A cell's bytes: exact, and in words where that is shorter.
fn volume(bytes: u64) -> String {
    if bytes < 1000 {
        return bytes.to_string();
    }
    format!("{} ({})", thousands(bytes), human_bytes(bytes))
}

/// Protocols and ports, for example `TCP 443, 8443`.
pub(crate) fn service(remote: &Remote) -> String {
    let protocols = joined(remote.protocols.iter().map(|number| protocol(*number)));
    let (ports, hidden) = remote.ports.split_at(remote.ports.len().min(PORTS));
    let mut service = format!("{protocols} {}", joined(ports)).trim().to_owned();
    if !hidden.is_empty() {
        service.push_str(&format!(" and {}", more(hidden.len(), "port", "ports")));
    }
    service
}

fn notes(remote: &Remote) -> Vec<String> {
    let (shown, hidden) = remote.matches.split_at(remote.matches.len().min(MATCHES));
    let mut notes: Vec<String> = shown.iter().map(entry).collect();
    if !hidden.is_empty() {
        notes.push(format!("and {}", more(hidden.len(), "list entry", "list entries")));
    }
    notes
}

fn entry(found: &ListMatch) -> String {
    let kind = if found.trusted { "trusted list" } else { "list" };
    let entry = shortened(&found.entry, LABEL);
    let mut note = format!("{kind} {} line {}: {entry}", found.list, found.line);
    if !found.label.is_empty() {
        note.push_str(&format!(", \"{}\"", shortened(&found.label, LABEL)));
    }
    note
}

/// What the remotes that are not shown add up to, so that a cut never hides how much was cut.
pub(crate) fn left_out(hidden: &[&Remote]) -> String {
    let sum = |of: fn(&Remote) -> u64| hidden.iter().map(|remote| u128::from(of(remote))).sum();
    let bytes_in: u128 = sum(|remote| remote.traffic.bytes_in);
    let bytes_out: u128 = sum(|remote| remote.traffic.bytes_out);
    let unoriented: u128 = sum(|remote| remote.traffic.bytes_unoriented);
    let mut parts =
        vec![format!("{} in", exact_bytes(bytes_in)), format!("{} out", exact_bytes(bytes_out))];
    if unoriented > 0 {
        parts.push(format!("{} unoriented", exact_bytes(unoriented)));
    }
    parts.push(counted(sum(|remote| remote.traffic.flows), "flow", "flows"));
    let rejected: u128 = sum(|remote| remote.traffic.rejected_flows);
    if rejected > 0 {
        parts.push(format!("{} rejected", thousands(rejected)));
    }
    for (count, what) in [
        (hidden.iter().filter(|remote| remote.claimed).count(), "claimed"),
        (hidden.iter().filter(|remote| is_listed(remote)).count(), "on a threat list"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", thousands(count as u64)));
        }
    }
    format!("and {}: {}", more(hidden.len(), "remote", "remotes"), joined(parts))
}
