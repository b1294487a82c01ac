//! A bulletin as one page that needs nothing else.

use maud::{DOCTYPE, Markup, html as page};

use super::digest::{ADDRESSES, Digest, Group, LABEL, short_id};
use super::{Bulletin, ListedFinding, Severity, words};
use crate::escape::is_unsafe;
use crate::format::{counted, thousands};
use crate::html::head::still_head;
use crate::html::shown::{cut, figure, nothing, shown, time, volume};

/// Characters shown of a name, and instances named of an interface.
const NAME: usize = 120;
const INSTANCES: usize = 10;

/// The bulletin for people, as one HTML page without a script, that asks no network for anything.
///
/// What is new stands first, then what is updated, by interface: the gravest first, and of equals the
/// one with the most bytes. The first 200 findings are told, and then how many more there are.
///
/// Whatever findings hold, nothing of it becomes markup, and the page has no control character but the
/// line feed: see [`printable`](crate::printable).
#[must_use]
pub fn html(bulletin: &Bulletin) -> String {
    let mut text = draw(bulletin).into_string();
    // Nothing that acts should be left, and the rest of the page does not rely on that.
    let acts = |character: char| character != '\n' && is_unsafe(character);
    if text.contains(acts) {
        text = text.replace(acts, "\u{fffd}");
    }
    text.push('\n');
    text
}

pub(super) fn draw(bulletin: &Bulletin) -> Markup {
    let digest = Digest::of(bulletin);
    page! {
        (DOCTYPE)
        html lang="en" {
            (still_head(&digest.title))
            body {
                header.page {
                    h1 { (digest.title) }
                    p.by { (digest.summary) }
                }
                main {
                    @for part in &digest.parts {
                        section {
                            h2 { (part.title) }
                            @for group in &part.groups { (table(group)) }
                        }
                    }
                    @if let Some(more) = &digest.more { p.note { (more) } }
                }
                footer { p { "Times are UTC. Bytes are exact; kB, MB and GB are decimal." } }
            }
        }
    }
}

fn table(group: &Group<'_>) -> Markup {
    let traffic = || group.findings.iter().map(|finding| &finding.traffic);
    let unoriented = traffic().any(|it| it.bytes_unoriented > 0 || it.packets_unoriented > 0);
    page! {
        h3 { @if let Some(first) = group.findings.first() { (whose(first)) } }
        div.wide {
            table {
                thead { tr {
                    th scope="col" { "Severity" }
                    th scope="col" { "Listed entry" }
                    th.n scope="col" { "Bytes out" }
                    th.n scope="col" { "Bytes in" }
                    @if unoriented { th.n scope="col" { "Bytes unoriented" } }
                    th.n scope="col" { "Flows" }
                    th.n scope="col" { "Rejected" }
                    th scope="col" { "Addresses" }
                    th scope="col" { "First seen" }
                    th scope="col" { "Last seen" }
                    th scope="col" { "Finding" }
                } }
                tbody { @for finding in &group.findings { (row(finding, unoriented)) } }
            }
        }
    }
}

/// The instances, the interface and where they are.
fn whose(finding: &ListedFinding) -> Markup {
    let instances = finding.instances.iter().take(INSTANCES);
    let more = finding.instances.len().saturating_sub(INSTANCES) as u64;
    let names: Vec<&String> = instances.chain(&finding.interface).collect();
    let places = [("account", &finding.account), ("region", &finding.region)];
    page! {
        @if names.is_empty() { "An unnamed interface" }
        @for (index, name) in names.iter().enumerate() {
            @if index > 0 { ", " }
            code { (cut(name, NAME)) }
        }
        @if more > 0 { ", " (counted(more, "more instance", "more instances")) }
        @for (kind, name) in places {
            @if let Some(name) = name { span.sub { (kind) " " (cut(name, NAME)) } }
        }
    }
}

fn row(finding: &ListedFinding, unoriented: bool) -> Markup {
    let traffic = &finding.traffic;
    let rejected = match traffic.rejected_flows {
        0 => String::new(),
        _ => counted(traffic.rejected_bytes, "byte", "bytes"),
    };
    page! {
        tr {
            td { (badge(finding.severity)) }
            th.text scope="row" {
                code { (cut(&finding.entry, LABEL)) }
                span.sub { (cut(&finding.list, LABEL)) }
                @if !finding.label.is_empty() { span.sub { (cut(&finding.label, LABEL)) } }
                @if finding.recounted { span.sub { (words::RECOUNTED) } }
            }
            td.n { (volume(traffic.bytes_out, traffic.packets_out)) }
            td.n { (volume(traffic.bytes_in, traffic.packets_in)) }
            @if unoriented {
                td.n { (volume(traffic.bytes_unoriented, traffic.packets_unoriented)) }
            }
            td.n { (thousands(traffic.flows)) }
            td.n { (figure(&thousands(traffic.rejected_flows), &rejected)) }
            td.text { (addresses(finding)) }
            td.when { (time(traffic.first_seen)) }
            td.when { (time(traffic.last_seen)) }
            td { code { (shown(&short_id(finding))) } }
        }
    }
}

fn badge(severity: Severity) -> Markup {
    let class = match severity {
        Severity::Critical => "badge claimed",
        Severity::High => "badge threat",
        _ => "badge plain",
    };
    page! { span class=(class) { (severity) } }
}

/// The first few addresses and how many more there are.
fn addresses(finding: &ListedFinding) -> Markup {
    let told = &finding.addresses[..finding.addresses.len().min(ADDRESSES)];
    page! {
        @for address in told { div { code { (address) } } }
        @match finding.remotes {
            None => span.sub { "and more than are kept" },
            Some(all) if all > told.len() as u64 => {
                span.sub { "and " (thousands(all - told.len() as u64)) " more" }
            }
            Some(_) => @if told.is_empty() { (nothing()) },
        }
    }
}
