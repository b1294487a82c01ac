//! A bulletin for a ticket or a chat, as Markdown.

use super::digest::{ADDRESSES, Digest, Group, LABEL, short_id};
use super::{Bulletin, ListedFinding, words};
use crate::escape::shortened;
use crate::format::{span, thousands};
use crate::markdown::inline::{code, inline};
use crate::markdown::sheet::{NAME, heading, line, names};
use crate::markdown::table::Table;

/// The bulletin for people, as CommonMark with the tables of GitHub's dialect.
///
/// What is new stands first, then what is updated, by interface: the gravest first, and of equals the
/// one with the most bytes. The first 200 findings are told, and then how many more there are.
///
/// Whatever findings hold, nothing of it becomes markup, and the text has no control character but the
/// line feed: see [`printable`](crate::printable).
#[must_use]
pub fn markdown(bulletin: &Bulletin) -> String {
    let digest = Digest::of(bulletin);
    let mut text = String::new();
    line(&mut text, &format!("## {}\n", digest.title));
    line(&mut text, &digest.summary);
    for part in &digest.parts {
        line(&mut text, "");
        heading(&mut text, &part.title);
        let groups: Vec<String> = part.groups.iter().map(group).collect();
        text.push_str(&groups.join("\n"));
    }
    if let Some(more) = &digest.more {
        line(&mut text, &format!("\n{more}"));
    }
    if !bulletin.findings.is_empty() {
        line(&mut text, "\nTimes are UTC. Bytes are exact; kB, MB and GB are decimal.");
    }
    text
}

fn group(group: &Group<'_>) -> String {
    let mut text = String::new();
    if let Some(first) = group.findings.first() {
        line(&mut text, &format!("{}\n", whose(first)));
    }
    let columns = ["Severity", "Listed entry", "Traffic", "Addresses", "Seen", "Finding"];
    let mut table = Table::new(&columns.map(|title| (title, false)));
    for finding in &group.findings {
        table.row(&cells(finding));
    }
    table.write(&mut text);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The instances, the interface and where they are.
fn whose(finding: &ListedFinding) -> String {
    let name = |text: &String| code(&shortened(text, NAME));
    let instances = (!finding.instances.is_empty()).then(|| names(&finding.instances));
    let parts = [
        instances,
        finding.interface.as_ref().map(name),
        finding.account.as_ref().map(|account| format!("account {}", name(account))),
        finding.region.as_ref().map(|region| format!("region {}", name(region))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match parts.is_empty() {
        true => "An unnamed interface".to_owned(),
        false => parts.join(", "),
    }
}

fn cells(finding: &ListedFinding) -> [String; 6] {
    let mut entry = format!(
        "{} on {}",
        code(&shortened(&finding.entry, LABEL)),
        code(&shortened(&finding.list, LABEL))
    );
    if !finding.label.is_empty() {
        entry.push_str(&format!(": {}", inline(&shortened(&finding.label, LABEL))));
    }
    let mut traffic = words::figures(&finding.traffic);
    if finding.recounted {
        traffic.push_str(&format!(". {}", words::RECOUNTED));
    }
    let seen = match (finding.traffic.first_seen, finding.traffic.last_seen) {
        (None, None) => String::new(),
        (first, last) => span(first, last),
    };
    let severity = finding.severity.to_string();
    [severity, entry, traffic, addresses(finding), seen, code(&short_id(finding))]
}

/// The first few addresses and how many more there are.
fn addresses(finding: &ListedFinding) -> String {
    let told = &finding.addresses[..finding.addresses.len().min(ADDRESSES)];
    let mut parts: Vec<String> = told.iter().map(|it| code(&it.to_string())).collect();
    match finding.remotes {
        None => parts.push("and more than are kept".to_owned()),
        Some(all) if all > told.len() as u64 => {
            parts.push(format!("and {} more", thousands(all - told.len() as u64)));
        }
        Some(_) => {}
    }
    parts.join(", ")
}
