//! The investigation for a ticket: short, as Markdown.
//!
//! The Markdown is CommonMark with the tables of GitHub's dialect. What logs, lists and findings hold
//! never becomes markup, a link or a mention: see [`inline`](inline::inline).

mod inline;
mod table;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::io::{self, Write};

use flowproof_evidence::{Remote, Traffic};
use flowproof_finding::Status;

use crate::counts::{RecordTable, not_accounted_for, object_counts, record_counts};
use crate::escape::shortened;
use crate::format::{counted, exact_bytes, span, thousands, words};
use crate::text::finding::{claim, seen, severity_name, window};
use crate::text::remotes::{left_out, rank, service};
use crate::text::traffic::why_none;
use crate::{Chapter, Investigation, Tool, enrichment_line};
use inline::{code, inline};
use table::Table;

/// Claims, gaps, list entries of a remote and notes told one by one.
const CLAIMS: usize = 5;
const GAPS: usize = 5;
const MATCHES: usize = 3;
const PEERS: usize = 10;
const SAMPLES: usize = 5;
const LISTS: usize = 20;

/// Characters shown of a text and of a name.
const TEXT: usize = 500;
const NAME: usize = 200;

/// How long the Markdown may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkdownOptions {
    /// Remotes shown of each investigation.
    pub remotes: usize,
}

impl Default for MarkdownOptions {
    /// 10 remotes.
    fn default() -> MarkdownOptions {
        MarkdownOptions { remotes: 10 }
    }
}

/// Writes the investigations as Markdown in UTF-8, one after the other. The same investigations and
/// options give the same bytes.
///
/// Whatever logs, lists and findings hold, nothing of it becomes markup, and the text has no control
/// character but the line feed: see [`printable`](crate::printable).
///
/// # Errors
///
/// The error of `out`.
pub fn write_markdown<'a, C: Into<Chapter<'a>>>(
    chapters: impl IntoIterator<Item = C>,
    options: &MarkdownOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut separator = "";
    for chapter in chapters {
        out.write_all(separator.as_bytes())?;
        out.write_all(one(&chapter.into(), options).as_bytes())?;
        separator = "\n---\n\n";
    }
    Ok(())
}

fn one(chapter: &Chapter<'_>, options: &MarkdownOptions) -> String {
    let investigation = chapter.investigation;
    let mut text = String::new();
    verdict(investigation, &mut text);
    facts(investigation, &mut text);
    traffic(investigation, &mut text);
    claims(investigation, &mut text);
    remotes(investigation, options.remotes, &mut text);
    peers(chapter, &mut text);
    coverage(investigation, &mut text);
    sources(investigation, &mut text);
    let Tool { name, version } = &investigation.generated_by;
    line(&mut text, &format!("Made by {} {}. Times are UTC.", inline(name), inline(version)));
    text
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn heading(text: &mut String, title: &str) {
    line(text, &format!("### {title}\n"));
}

fn points<'a>(text: &mut String, points: impl IntoIterator<Item = &'a String>) {
    for point in points {
        line(text, &format!("- {}", inline(&shortened(point, TEXT))));
    }
}

fn verdict(investigation: &Investigation, text: &mut String) {
    let word = match investigation.verdict.status {
        Status::Corroborated => "CORROBORATED",
        Status::Contradicted => "CONTRADICTED",
        Status::Inconclusive => "INCONCLUSIVE",
        Status::NotObservable => "NOT OBSERVABLE",
    };
    line(text, &format!("## Verdict: {word}\n"));
    points(text, &investigation.verdict.reasons);
    if investigation.coverage.is_partial() {
        line(text, "- **Part of the data could not be read**: see Coverage.");
    }
    line(text, "");
    if !investigation.verdict.next_steps.is_empty() {
        line(text, "Next steps:\n");
        points(text, &investigation.verdict.next_steps);
        line(text, "");
    }
}

fn facts(investigation: &Investigation, text: &mut String) {
    let subject = &investigation.subject;
    let mut table = Table::new(&[("What", false), ("Value", false)]);
    let mut row = |label: &str, value: String| table.row(&[label.to_owned(), value]);
    let named = [
        ("Instance", &subject.instance),
        ("Account", &subject.account),
        ("Region", &subject.region),
    ];
    for (label, value) in named {
        if let Some(value) = value {
            row(label, code(&shortened(value, NAME)));
        }
    }
    if !subject.interfaces.is_empty() {
        row("Interfaces", names(&subject.interfaces));
    }
    if !subject.addresses.is_empty() {
        row("Addresses", names(&subject.addresses));
    }
    match &investigation.finding {
        Some(finding) => {
            row("Finding", code(&shortened(&finding.finding_type, NAME)));
            row("Finding id", code(&shortened(&finding.id, NAME)));
            if let Some(title) = &finding.title {
                row("Title", inline(&shortened(title, TEXT)));
            }
            if let Some(severity) = finding.severity {
                row("Severity", format!("{severity} ({})", severity_name(severity)));
            }
            row("Seen", inline(&seen(finding)));
        }
        None => row("Finding", "none, the subject was given by hand".to_owned()),
    }
    row("Window", inline(&window(&investigation.window)));
    table.write(text);
}

/// Names, each as code, the first few of them.
fn names<T: std::fmt::Display>(all: &[T]) -> String {
    const SHOWN: usize = 10;
    let shown = all.iter().take(SHOWN).map(|name| code(&shortened(&name.to_string(), NAME)));
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if all.len() > SHOWN {
        text.push_str(&format!(" and {} more", thousands((all.len() - SHOWN) as u64)));
    }
    text
}

fn traffic(investigation: &Investigation, text: &mut String) {
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

fn claims(investigation: &Investigation, text: &mut String) {
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

/// What a list leaves out, as its last point.
fn more(text: &mut String, all: usize, shown: usize, one: &str, many: &str) {
    if all > shown {
        let more = counted((all - shown) as u64, &format!("more {one}"), &format!("more {many}"));
        line(text, &format!("- and {more}"));
    }
}

fn remotes(investigation: &Investigation, limit: usize, text: &mut String) {
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

fn peers(chapter: &Chapter<'_>, text: &mut String) {
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

fn coverage(investigation: &Investigation, text: &mut String) {
    let coverage = &investigation.coverage;
    let objects = &coverage.objects;
    heading(text, "Coverage");
    let mut told =
        vec![format!("{} read of {} listed", thousands(objects.read), thousands(objects.listed))];
    told.extend(not_zero(&object_counts(objects)));
    let missing = not_accounted_for(objects);
    if missing > 0 {
        told.push(format!("{} not accounted for", thousands(missing)));
    }
    line(text, &format!("- Objects: {}", told.join(", ")));
    let records = &coverage.records;
    let (ok, window) = (thousands(records.ok), thousands(records.in_window));
    let RecordTable { beside, of_those } = record_counts(records);
    let mut told = vec![format!("{ok} with traffic, {window} of them in the window")];
    told.extend(not_zero(&beside));
    line(text, &format!("- Records: {}", told.join(", ")));
    let of_those = not_zero(&of_those);
    if !of_those.is_empty() {
        line(text, &format!("- Of those with traffic: {}", of_those.join(", ")));
    }
    silent(investigation, text);
    for gap in coverage.gaps.iter().take(GAPS) {
        let stretch = span(Some(gap.from), Some(gap.to));
        let (name, why) = (shortened(&gap.interface, NAME), shortened(&gap.why, NAME));
        line(text, &format!("- Gap of {}: {stretch}, {}", code(&name), inline(&why)));
    }
    more(text, coverage.gaps.len(), GAPS, "gap", "gaps");
    if coverage.gaps.is_empty() {
        // Without any record "no gap" would be wrong: there, all is gap.
        let told = match coverage.observed.is_empty() {
            true => "- No interface of the subject left a record",
            false => "- No gap",
        };
        line(text, told);
    }
    for sample in coverage.samples.iter().take(SAMPLES) {
        let place = sample.line.map(|line| format!(" line {line}")).unwrap_or_default();
        let (object, reason) = (shortened(&sample.object, NAME), shortened(&sample.reason, TEXT));
        let kind = words(&sample.kind);
        line(text, &format!("- {kind}: {}{place}: {}", code(&object), inline(&reason)));
    }
    more(text, coverage.samples.len(), SAMPLES, "sample", "samples");
    line(text, "");
}

/// Interfaces of the subject without any record: their silence must not pass for quiet.
fn silent(investigation: &Investigation, text: &mut String) {
    let observed = &investigation.coverage.observed;
    let silent = |name: &&String| !observed.iter().any(|it| it.interface == **name);
    let silent: Vec<&String> = investigation.subject.interfaces.iter().filter(silent).collect();
    if !silent.is_empty() {
        line(text, &format!("- Never, no record at all: {}", names(&silent)));
    }
}

/// What is not zero, as `3 truncated`.
fn not_zero(counts: &[(u64, &str)]) -> Vec<String> {
    let some = counts.iter().filter(|(count, _)| *count > 0);
    some.map(|(count, what)| format!("{} {what}", thousands(*count))).collect()
}

fn sources(investigation: &Investigation, text: &mut String) {
    let evidence = &investigation.evidence;
    heading(text, "Sources");
    let records: u128 = evidence.iter().map(|object| u128::from(object.records)).sum();
    let objects = counted(evidence.len() as u64, "object", "objects");
    let records = counted(records, "record", "records");
    line(
        text,
        &format!(
            "- {objects} with {records} of the answer; the JSON report names them with their digests"
        ),
    );
    for list in investigation.lists.iter().take(LISTS) {
        let kind = if list.trusted { "Trusted list" } else { "List" };
        let mut entries = counted(list.entries, "entry", "entries");
        if list.rejected > 0 {
            entries.push_str(&format!(", {} refused", counted(list.rejected, "line", "lines")));
        }
        let (path, digest) = (shortened(&list.path, NAME), shortened(&list.sha256, NAME));
        line(text, &format!("- {kind} {}: {entries}, SHA-256 {}", code(&path), code(&digest)));
    }
    more(text, investigation.lists.len(), LISTS, "list", "lists");
    line(text, "");
}
