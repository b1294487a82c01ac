//! `flowproof lists check`.

use std::io::Write;

use anyhow::Result;
use flowproof_inquiry::not_in_use;
use flowproof_intel::{
    Lint, Lints, List, ListError, ListRole, Severity, covered_addresses, lint, overlapping_entries,
};
use flowproof_report::{counted, printable, thousands};
use serde_json::{Value, json};

use crate::args::{InspectFormat, ListCheck};
use crate::exit::Exit;
use crate::inputs::Inputs;
use crate::json::write_pretty;
use crate::lists::{options, read_list};
use crate::streams::Streams;

/// Findings of a kind that people are shown; JSON has more of them.
const SHOWN: usize = 10;

/// A list that was read, or why it was not.
struct Checked {
    path: String,
    read: Result<(List, Lints), ListError>,
}

pub(crate) fn run(args: &ListCheck, inputs: &Inputs, streams: &mut Streams) -> Result<Exit> {
    let options = options(&args.reading);
    let role = if args.as_trusted { ListRole::Trusted } else { ListRole::Threat };
    let mut checked = Vec::new();
    for pattern in &args.files {
        for path in inputs.files(pattern)? {
            let read = read_list(&path, role, &options, inputs).map(|list| {
                let lints = lint(&list);
                (list, lints)
            });
            checked.push(Checked { path: path.display().to_string(), read });
        }
    }
    let overlaps = overlaps(&checked);
    match args.format {
        InspectFormat::Json => json_out(&checked, &overlaps, streams.out())?,
        InspectFormat::Text => text_out(&checked, &overlaps, streams.out())?,
    }
    let is_bad = checked.iter().any(|one| match &one.read {
        Err(_) => true,
        Ok((_, lints)) => {
            lints.total(Severity::Error) > 0 || args.strict && lints.total(Severity::Warning) > 0
        }
    });
    Ok(if is_bad { Exit::Failed } else { Exit::Answered })
}

/// Two lists that share addresses, and how many entries of the first do.
struct Overlap<'a> {
    one: &'a str,
    other: &'a str,
    entries: u64,
}

fn overlaps(checked: &[Checked]) -> Vec<Overlap<'_>> {
    let lists: Vec<&List> =
        checked.iter().filter_map(|one| one.read.as_ref().ok()).map(|(list, _)| list).collect();
    let mut overlaps = Vec::new();
    for (at, one) in lists.iter().enumerate() {
        for (_, other) in lists.iter().enumerate().filter(|(other, _)| *other != at) {
            let entries = overlapping_entries(one, other);
            if entries > 0 {
                overlaps.push(Overlap { one: &one.name, other: &other.name, entries });
            }
        }
    }
    overlaps
}

fn json_out(checked: &[Checked], overlaps: &[Overlap<'_>], out: &mut dyn Write) -> Result<()> {
    let overlaps = overlaps
        .iter()
        .map(|of| json!({ "a": of.one, "b": of.other, "entries": of.entries }))
        .collect::<Vec<_>>();
    let lists = checked.iter().map(list_json).collect::<Vec<_>>();
    Ok(write_pretty(&json!({ "lists": lists, "overlaps": overlaps }), out)?)
}

fn list_json(checked: &Checked) -> Value {
    match &checked.read {
        Ok((list, lints)) => json!({
            "path": list.name,
            "sha256": list.sha256,
            "size": list.size,
            "format": list.format,
            "entries": list.entries.len(),
            "addresses": in_json(covered_addresses(list)),
            "rejected": list.rejects.total,
            "not_an_address": list.not_addresses,
            "expired": list.expired,
            "revoked": list.revoked,
            "errors": lints.total(Severity::Error),
            "warnings": lints.total(Severity::Warning),
            "findings": lints.findings,
        }),
        Err(error) => json!({
            "path": checked.path,
            "sha256": null,
            "format": null,
            "entries": 0,
            "errors": 1,
            "warnings": 0,
            "findings": [{
                "line": null,
                "kind": "unreadable",
                "severity": "error",
                "text": "",
                "message": whole(error),
            }],
        }),
    }
}

/// Counts of IPv6 addresses do not fit into the numbers of JSON, as most programs read them.
fn in_json(count: u128) -> Value {
    u64::try_from(count)
        .ok()
        .filter(|count| *count < 1 << 53)
        .map_or_else(|| Value::from(count.to_string()), Value::from)
}

/// The error and what lies behind it, in a line.
fn whole(error: &ListError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn text_out(checked: &[Checked], overlaps: &[Overlap<'_>], out: &mut dyn Write) -> Result<()> {
    for one in checked {
        match &one.read {
            Ok((list, lints)) => list_text(list, lints, out)?,
            Err(error) => {
                writeln!(out, "{}: not usable", printable(&one.path))?;
                writeln!(out, "  error    {}", printable(&whole(error)))?;
            }
        }
    }
    if !overlaps.is_empty() {
        writeln!(out, "Overlaps")?;
    }
    for of in overlaps {
        let entries = counted(of.entries, "entry", "entries");
        writeln!(out, "  {entries} of {} in {}", printable(of.one), printable(of.other))?;
    }
    Ok(())
}

fn list_text(list: &List, lints: &Lints, out: &mut dyn Write) -> Result<()> {
    let entries = counted(list.entries.len() as u64, "entry", "entries");
    let addresses = thousands(covered_addresses(list));
    let name = printable(&list.name);
    writeln!(out, "{name}: {}, {entries}, {addresses} addresses", list.format)?;
    if let Some(not_in_use) = not_in_use(list) {
        writeln!(out, "  not in use: {not_in_use}")?;
    }
    for ((severity, kind), count) in &lints.counts {
        let of_kind = |lint: &&Lint| lint.kind == *kind && lint.severity == *severity;
        let found: Vec<&Lint> = lints.findings.iter().filter(of_kind).collect();
        for lint in found.iter().take(SHOWN) {
            writeln!(out, "  {:<8} {}", word(*severity), printable(&lint.to_string()))?;
        }
        let more = count.saturating_sub(found.len().min(SHOWN) as u64);
        if more > 0 {
            writeln!(out, "  {:<8} and {} more like this", word(*severity), thousands(more))?;
        }
    }
    Ok(())
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
