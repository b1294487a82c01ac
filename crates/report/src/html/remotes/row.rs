//! One remote, as the page and its script draw it.

use flowproof_evidence::{ListMatch, Remote};
use maud::{Markup, html};
use serde::{Serialize, Serializer};

use crate::escape::{printable, shortened};
use crate::format::{counted, thousands, utc};
use crate::html::shown::{below_bytes, figure, shown};
use crate::text::remotes::{is_listed, service};
use crate::{Enrichment, enrichment_line};

/// List entries named of one remote.
const MATCHES: usize = 5;

/// Characters shown of a list's name, entry and label.
const LABEL: usize = 100;

/// A row of the table. All texts are [`printable`].
pub(super) struct Row {
    claimed: bool,
    listed: bool,
    rejected: bool,
    address: String,
    /// The address's place among all remotes in the order of addresses.
    order: usize,
    figures: Vec<Figure>,
    service: String,
    first_seen: String,
    last_seen: String,
    badges: Vec<Badge>,
    note: String,
}

struct Figure {
    exact: u64,
    below: String,
}

/// A list entry that holds the address.
struct Badge {
    trusted: bool,
    list: String,
    detail: String,
}

/// The names of the figures, in the order of the columns.
pub(super) fn figures(unoriented: bool) -> Vec<&'static str> {
    let unoriented = unoriented.then_some("bytes unoriented");
    ["bytes in", "bytes out"].into_iter().chain(unoriented).chain(["flows", "rejected"]).collect()
}

/// The rows of the remotes, in their order.
pub(super) fn rows(
    remotes: &[&Remote],
    unoriented: bool,
    enrichment: Option<&Enrichment>,
) -> Vec<Row> {
    let mut by_address: Vec<usize> = (0..remotes.len()).collect();
    by_address.sort_by_key(|index| (remotes[*index].address.is_none(), remotes[*index].address));
    let mut orders = vec![0; remotes.len()];
    for (order, index) in by_address.into_iter().enumerate() {
        orders[index] = order;
    }
    let rows = remotes.iter().zip(orders);
    rows.map(|(remote, order)| {
        let line = enrichment.map(|enrichment| enrichment_line(enrichment.of(remote)));
        Row::of(remote, order, unoriented, line.unwrap_or_default())
    })
    .collect()
}

impl Row {
    fn of(remote: &Remote, order: usize, unoriented: bool, note: String) -> Row {
        let time = |time: Option<jiff::Timestamp>| time.map(utc).unwrap_or_default();
        Row {
            claimed: remote.claimed,
            listed: is_listed(remote),
            rejected: remote.traffic.rejected_flows > 0,
            address: remote.address.map_or("unknown".to_owned(), |it| it.to_string()),
            order,
            figures: of_traffic(remote, unoriented),
            service: printable(&service(remote)).into_owned(),
            first_seen: time(remote.traffic.first_seen),
            last_seen: time(remote.traffic.last_seen),
            badges: badges(&remote.matches),
            note,
        }
    }

    /// The row as the page opens with it.
    pub(super) fn draw(&self) -> Markup {
        html! {
            tr class=[self.claimed.then_some("claimed")] {
                th scope="row" {
                    code { (shown(&self.address)) }
                    @if self.claimed { " " span.badge.claimed { "claimed" } }
                }
                td.text {
                    @for badge in &self.badges {
                        div {
                            span class={ "badge " (badge.class()) } { (badge.kind()) " " (shown(&badge.list)) }
                            " " (shown(&badge.detail))
                        }
                    }
                    @if !self.note.is_empty() { div.sub { "note: " (shown(&self.note)) } }
                }
                @for each in &self.figures { td.n { (figure(&thousands(each.exact), &each.below)) } }
                td.text { (shown(&self.service)) }
                td.when { (self.first_seen) }
                td.when { (self.last_seen) }
            }
        }
    }
}

/// As the script takes it apart again: flags, order and then the cells in their order.
impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let flags =
            u8::from(self.claimed) | u8::from(self.listed) << 1 | u8::from(self.rejected) << 2;
        // As text, since a script's numbers are exact to 53 bits only.
        let figures: Vec<(String, &str)> =
            self.figures.iter().map(|it| (it.exact.to_string(), &*it.below)).collect();
        let badges: Vec<(u8, &str, &str)> =
            self.badges.iter().map(|it| (u8::from(it.trusted), &*it.list, &*it.detail)).collect();
        let Row { order, address, service, first_seen, last_seen, note, .. } = self;
        (flags, order, address, figures, service, first_seen, last_seen, badges, note)
            .serialize(serializer)
    }
}

impl Badge {
    fn class(&self) -> &'static str {
        if self.trusted { "trusted" } else { "threat" }
    }

    fn kind(&self) -> &'static str {
        if self.trusted { "trusted list" } else { "list" }
    }
}

fn of_traffic(remote: &Remote, unoriented: bool) -> Vec<Figure> {
    let traffic = &remote.traffic;
    let volume =
        |bytes: u64, packets| Figure { exact: bytes, below: below_bytes(bytes.into(), packets) };
    let mut figures = vec![
        volume(traffic.bytes_in, traffic.packets_in),
        volume(traffic.bytes_out, traffic.packets_out),
    ];
    if unoriented {
        figures.push(volume(traffic.bytes_unoriented, traffic.packets_unoriented));
    }
    figures.push(Figure { exact: traffic.flows, below: String::new() });
    let rejected = match traffic.rejected_flows {
        0 => String::new(),
        _ => format!(
            "{} in {}",
            counted(traffic.rejected_bytes, "byte", "bytes"),
            counted(traffic.rejected_packets, "packet", "packets")
        ),
    };
    figures.push(Figure { exact: traffic.rejected_flows, below: rejected });
    figures
}

fn badges(matches: &[ListMatch]) -> Vec<Badge> {
    let (shown, hidden) = matches.split_at(matches.len().min(MATCHES));
    let mut badges: Vec<Badge> = shown.iter().map(badge).collect();
    if let Some(last) = badges.last_mut().filter(|_| !hidden.is_empty()) {
        let more = counted(hidden.len() as u64, "more entry", "more entries");
        last.detail.push_str(&format!("; and {more}, see List matches"));
    }
    badges
}

fn badge(found: &ListMatch) -> Badge {
    let mut detail = format!("line {}: {}", found.line, shortened(&found.entry, LABEL));
    if !found.label.is_empty() {
        detail.push_str(&format!(", \"{}\"", shortened(&found.label, LABEL)));
    }
    Badge { trusted: found.trusted, list: shortened(&found.list, LABEL), detail }
}
