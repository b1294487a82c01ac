//! `flowproof lists lookup`.

use std::io::Write;
use std::net::IpAddr;

use anyhow::{Result, bail};
use flowproof_intel::{ListRole, Match};
use flowproof_report::printable;
use serde_json::{Value, json};

use crate::args::{InspectFormat, ListLookup};
use crate::exit::{Exit, UsageError};
use crate::inputs::Inputs;
use crate::json::write_pretty;
use crate::lists::load;
use crate::streams::Streams;

pub(crate) fn run(args: &ListLookup, inputs: &Inputs, streams: &mut Streams) -> Result<Exit> {
    let Some(matcher) = load(&args.lists, inputs, streams)?.matcher else {
        bail!(UsageError("a list is needed to look into: --list FILE".to_owned()));
    };
    let found = args.addresses.iter().map(|address| (*address, matcher.matches(*address)));
    match args.format {
        InspectFormat::Json => {
            let found: Vec<Value> = found.map(|(address, found)| answer(address, &found)).collect();
            write_pretty(&found, streams.out())?;
        }
        InspectFormat::Text => {
            for (address, found) in found {
                text(address, &found, streams.out())?;
            }
        }
    }
    Ok(Exit::Answered)
}

fn answer(address: IpAddr, found: &[Match<'_>]) -> Value {
    let matches = found.iter().map(|found| {
        let details = found.entry.details.as_deref();
        json!({
            "list": found.list.name,
            "line": found.entry.line,
            "path": details.map(|details| &details.path).filter(|path| !path.is_empty()),
            "entry": found.entry.text(),
            "prefix": found.prefix.to_string(),
            "label": found.entry.label,
            "confidence": details.and_then(|details| details.confidence),
            "valid_from": details.and_then(|details| details.valid_from),
            "valid_until": details.and_then(|details| details.valid_until),
            "trusted": found.list.role == ListRole::Trusted,
        })
    });
    json!({ "address": address, "matches": matches.collect::<Vec<_>>() })
}

fn text(address: IpAddr, found: &[Match<'_>], out: &mut dyn Write) -> Result<()> {
    if found.is_empty() {
        return Ok(writeln!(out, "{address}: in no list")?);
    }
    for found in found {
        let trusted = if found.list.role == ListRole::Trusted { " (trusted)" } else { "" };
        let name = printable(&found.list.name);
        write!(out, "{address}: {} in {name}{trusted}", printable(found.entry.text()))?;
        write!(out, ", line {}", found.entry.line)?;
        match &*found.entry.label {
            "" => writeln!(out)?,
            label => writeln!(out, ": {}", printable(label))?,
        }
    }
    Ok(())
}
