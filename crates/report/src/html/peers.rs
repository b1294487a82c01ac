//! Who else talked to the claimed remotes.

use maud::{Markup, html};

use super::shown::{cut, more, nothing, time, volume};
use crate::Peer;
use crate::format::{counted, thousands};

/// Peers shown.
const PEERS: usize = 200;

/// Characters shown of a name.
const NAME: usize = 200;

pub(super) fn section(peers: Option<&[Peer]>) -> Markup {
    let Some(peers) = peers else {
        return html! { p.note { "Not looked for: whether other instances talked to the claimed remotes was not asked." } };
    };
    if peers.is_empty() {
        return html! { p.note { "None: no other interface in these logs talked to the claimed remotes." } };
    }
    let unoriented = peers.iter().any(|peer| peer.traffic.bytes_unoriented > 0);
    html! {
        p.note { (counted(peers.len() as u64, "other interface or instance", "others")) " with traffic with the claimed remotes." }
        div.wide tabindex="0" role="group" aria-label="Peers" {
            table.peers {
                thead { tr {
                    th scope="col" { "Instance" } th scope="col" { "Interface" } th scope="col" { "Account" } th scope="col" { "Remote" }
                    th.n scope="col" { "Bytes in" } th.n scope="col" { "Bytes out" }
                    @if unoriented { th.n scope="col" { "Bytes unoriented" } }
                    th.n scope="col" { "Flows" } th.n scope="col" { "Rejected" }
                    th scope="col" { "First and last seen" }
                } }
                tbody { @for peer in peers.iter().take(PEERS) { (row(peer, unoriented)) } }
            }
        }
        (more(peers.len().saturating_sub(PEERS), "of them", "of them", ""))
    }
}

fn row(peer: &Peer, unoriented: bool) -> Markup {
    let name = |name: &Option<String>| match name {
        Some(name) => html! { code { (cut(name, NAME)) } },
        None => nothing(),
    };
    let traffic = &peer.traffic;
    html! {
        tr {
            th scope="row" { (name(&peer.instance)) }
            td { (name(&peer.interface)) }
            td { (name(&peer.account)) }
            td { code { (peer.remote) } }
            td.n { (volume(traffic.bytes_in, traffic.packets_in)) }
            td.n { (volume(traffic.bytes_out, traffic.packets_out)) }
            @if unoriented { td.n { (volume(traffic.bytes_unoriented, traffic.packets_unoriented)) } }
            td.n { (thousands(traffic.flows)) }
            td.n { (thousands(traffic.rejected_flows)) }
            td { (time(traffic.first_seen)) br; (time(traffic.last_seen)) }
        }
    }
}
