//! The entries of lists that remotes were found under.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use flowproof_evidence::{ListMatch, Remote};
use maud::{Markup, html};

use super::shown::{cut, more, shown, volume};
use crate::Investigation;
use crate::format::{counted, joined, thousands};

/// Entries shown.
const ENTRIES: usize = 100;

/// Remotes named of an entry.
const REMOTES: usize = 5;

/// Characters shown of a list's name, entry and label.
const TEXT: usize = 200;

/// What one entry's remotes add up to.
#[derive(Default)]
struct Sum<'a> {
    remotes: Vec<&'a Remote>,
    bytes_in: u128,
    bytes_out: u128,
    bytes_unoriented: u128,
    flows: u128,
    rejected: u128,
}

impl<'a> Sum<'a> {
    fn add(&mut self, remote: &'a Remote) {
        let traffic = &remote.traffic;
        self.remotes.push(remote);
        self.bytes_in += u128::from(traffic.bytes_in);
        self.bytes_out += u128::from(traffic.bytes_out);
        self.bytes_unoriented += u128::from(traffic.bytes_unoriented);
        self.flows += u128::from(traffic.flows);
        self.rejected += u128::from(traffic.rejected_flows);
    }

    fn bytes(&self) -> u128 {
        self.bytes_in + self.bytes_out + self.bytes_unoriented
    }
}

pub(super) fn section(investigation: &Investigation) -> Markup {
    let mut sums: BTreeMap<&ListMatch, Sum<'_>> = BTreeMap::new();
    for remote in &investigation.remotes {
        for entry in &remote.matches {
            sums.entry(entry).or_default().add(remote);
        }
    }
    if sums.is_empty() {
        let why = match investigation.lists.is_empty() {
            true => "no list was given",
            false => "no remote is on any of the lists",
        };
        return html! { p.note { "None: " (why) "." } };
    }
    let mut entries: Vec<(&ListMatch, Sum<'_>)> = sums.into_iter().collect();
    entries.sort_by_key(|(entry, sum)| (entry.trusted, Reverse(sum.bytes())));
    table(&entries)
}

fn table(entries: &[(&ListMatch, Sum<'_>)]) -> Markup {
    let unoriented = entries.iter().any(|(_, sum)| sum.bytes_unoriented > 0);
    html! {
        p.note { "Threat lists first, then by bytes. A remote under several entries is counted under each." }
        div.wide tabindex="0" role="group" aria-label="List entries with remotes" {
            table {
                thead { tr {
                    th scope="col" { "Entry" } th scope="col" { "List" } th scope="col" { "Label" }
                    th scope="col" { "Remotes" }
                    th.n scope="col" { "Bytes in" } th.n scope="col" { "Bytes out" }
                    @if unoriented { th.n scope="col" { "Bytes unoriented" } }
                    th.n scope="col" { "Flows" } th.n scope="col" { "Rejected" }
                } }
                tbody { @for (entry, sum) in entries.iter().take(ENTRIES) { (row(entry, sum, unoriented)) } }
            }
        }
        (more(entries.len().saturating_sub(ENTRIES), "entry", "entries", ", which the JSON report names"))
    }
}

fn row(entry: &ListMatch, sum: &Sum<'_>, unoriented: bool) -> Markup {
    let (class, kind) =
        if entry.trusted { ("trusted", "trusted list") } else { ("threat", "list") };
    let count = sum.remotes.len();
    let name = |remote: &&Remote| remote.address.map_or("unknown".to_owned(), |it| it.to_string());
    let names = joined(sum.remotes.iter().take(REMOTES).map(name));
    let hidden = count.saturating_sub(REMOTES);
    html! {
        tr {
            th scope="row" { code { (cut(&entry.entry, TEXT)) } }
            td.text { span class={ "badge " (class) } { (kind) " " (cut(&entry.list, TEXT)) } " line " (entry.line) }
            td.text { (cut(&entry.label, TEXT)) }
            td.text { (counted(count as u64, "remote", "remotes"))
                span.sub { (shown(&names)) @if hidden > 0 { " and " (thousands(hidden as u64)) " more" } } }
            td.n { (volume(sum.bytes_in, 0)) }
            td.n { (volume(sum.bytes_out, 0)) }
            @if unoriented { td.n { (volume(sum.bytes_unoriented, 0)) } }
            td.n { (thousands(sum.flows)) }
            td.n { (thousands(sum.rejected)) }
        }
    }
}
