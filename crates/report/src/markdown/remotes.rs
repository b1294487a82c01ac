//! Who was on the other side, and who else talked to them.

use std::cmp::Reverse;

use flowproof_evidence::Remote;

use super::inline::{code, inline};
use super::sheet::{NAME, heading, line, more};
use super::table::Table;
use crate::escape::shortened;
use crate::format::{counted, thousands};
use crate::text::remotes::{left_out, rank, service};
use crate::{Chapter, Investigation, enrichment_line};

/// List entries of a remote, and peers, told one by one.
const MATCHES: usize = 3;
const PEERS: usize = 10;

pub(super) fn remotes(investigation: &Investigation, limit: usize, text: &mut String) {
    heading(text, "Remotes");
    if investigation.remotes.is_empty() {
        line(text, "None: no record with traffic was found.\n");
        return;
    }
    let mut remotes: Vec<&Remote> = investigation.remotes.iter().collect();
    remotes.sort_by_key(|remote| Reverse(rank(remote)));
    let unoriented = remotes.iter().any(|remote| remote.traffic.bytes_unoriented > 0);
    let (shown, hidden) = remotes.split_at(limit.min(remotes.len()));
    let mut columns = vec![("Remote", false), ("Bytes in", true), ("Bytes out", true)];
    if unoriented {
        columns.push(("Unoriented", true));
    }
    columns.extend([
        ("Flows", true),
        ("Rejected", true),
        ("Service", false),
        ("Lists and notes", false),
    ]);
    let mut table = Table::new(&columns);
    for remote in shown {
        let note = investigation.enrichment.as_ref().map(|it| enrichment_line(it.of(remote)));
        table.row(&cells(remote, unoriented, &note.unwrap_or_default()));
    }
    table.write(text);
    if !hidden.is_empty() {
        line(text, &format!("{}.\n", left_out(hidden)));
    }
}

fn cells(remote: &Remote, unoriented: bool, note: &str) -> Vec<String> {
    let traffic = &remote.traffic;
    let address = remote.address.map_or("unknown".to_owned(), |it| code(&it.to_string()));
    let claimed = if remote.claimed { " (claimed)" } else { "" };
    let mut cells = vec![
        format!("{address}{claimed}"),
        thousands(traffic.bytes_in),
        thousands(traffic.bytes_out),
    ];
    if unoriented {
        cells.push(thousands(traffic.bytes_unoriented));
    }
    let rejected = thousands(traffic.rejected_flows);
    cells.extend([
        thousands(traffic.flows),
        rejected,
        inline(&service(remote)),
        lists(remote, note),
    ]);
    cells
}

/// The lists' entries that hold the remote, and what other sources say of it.
fn lists(remote: &Remote, note: &str) -> String {
    let entries = remote.matches.iter().take(MATCHES).map(|found| {
        let kind = if found.trusted { "trusted " } else { "" };
        let [list, entry, label] =
            [&found.list, &found.entry, &found.label].map(|it| shortened(it, NAME));
        let label = if label.is_empty() { String::new() } else { format!(" {}", inline(&label)) };
        format!("{kind}{} line {}: {}{label}", code(&list), found.line, code(&entry))
    });
    let mut text = entries.collect::<Vec<_>>().join("; ");
    if remote.matches.len() > MATCHES {
        let more = (remote.matches.len() - MATCHES) as u64;
        text.push_str(&format!("; and {}", counted(more, "more entry", "more entries")));
    }
    if !note.is_empty() {
        let separator = if text.is_empty() { "" } else { "; " };
        text.push_str(&format!("{separator}note: {}", inline(note)));
    }
    text
}

pub(super) fn peers(chapter: &Chapter<'_>, text: &mut String) {
    let Some(peers) = &chapter.peers else { return };
    heading(text, "Peers of the claimed remotes");
    if peers.is_empty() {
        line(text, "None: no other interface in these logs talked to them.\n");
        return;
    }
    let mut table = Table::new(&[
        ("Who", false),
        ("Remote", false),
        ("Bytes in", true),
        ("Bytes out", true),
        ("Flows", true),
        ("Rejected", true),
    ]);
    for peer in peers.iter().take(PEERS) {
        let names = [&peer.account, &peer.instance, &peer.interface].into_iter().flatten();
        let names: Vec<String> = names.map(|name| code(&shortened(name, NAME))).collect();
        let traffic = &peer.traffic;
        let figures = [traffic.bytes_in, traffic.bytes_out, traffic.flows, traffic.rejected_flows];
        let mut row = vec![names.join(" "), code(&peer.remote.to_string())];
        row.extend(figures.map(thousands));
        table.row(&row);
    }
    table.write(text);
    more(text, peers.len(), PEERS, "of them", "of them");
}
