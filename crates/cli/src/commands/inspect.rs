//! `flowproof inspect`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::Result;
use flowproof_engine::{Answer, LoggedInterfaces, ReadObject, Session};
use flowproof_report::{counted, exact_bytes, printable, span};
use flowproof_source::Location;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Common;
use crate::args::{Inspect, InspectFormat};
use crate::exit::Exit;
use crate::inputs::Inputs;
use crate::streams::Streams;
use crate::{plan, progress, trouble};

pub(crate) async fn run(args: Inspect, common: &Common, streams: &mut Streams) -> Result<Exit> {
    let window = plan::window(&args.time, Timestamp::now())?;
    let inputs = Inputs::for_logs(&args.logs, []).await?;
    let session = plan::open(&args.logs, window, Default::default(), &inputs, streams).await?;
    let answer = if args.dry_run {
        session.list_only().await?
    } else {
        let _shown = progress::show(&session, common, streams);
        session.inspect().await?
    };
    let summary = summary(&session, &answer, args.files, requests(&session, &answer, args.dry_run));
    match args.format {
        InspectFormat::Json => {
            serde_json::to_writer_pretty(&mut *streams.out(), &summary)?;
            writeln!(streams.out())?;
        }
        InspectFormat::Text => text(&session, &answer, args.files, streams.out())?,
    }
    if args.dry_run {
        return Ok(if session.is_empty() { Exit::Nothing } else { Exit::Answered });
    }
    if args.format == InspectFormat::Text {
        trouble::tell(&answer, streams);
    }
    Ok(Exit::of(&answer))
}

/// Formats met: fields and encoding, with how many objects have them.
fn formats(answer: &Answer<LoggedInterfaces>) -> BTreeMap<(Vec<String>, String), u64> {
    let mut formats = BTreeMap::new();
    for object in &answer.objects {
        for (_, format) in &object.tally.formats {
            let encoding = encoding(object);
            *formats.entry((format.names().to_vec(), encoding)).or_default() += 1;
        }
    }
    formats
}

/// How an object is written: compressed with what, and what its records are wrapped in.
fn encoding(object: &ReadObject) -> String {
    let compressed = object.encoding.unwrap_or("plain");
    match object.wrapper {
        None | Some("plain") => compressed.to_owned(),
        Some(wrapper) if compressed == "plain" => wrapper.to_owned(),
        Some(wrapper) => format!("{wrapper}, {compressed}"),
    }
}

fn time_span(objects: &[ReadObject]) -> (Option<Timestamp>, Option<Timestamp>) {
    let spans = objects.iter().filter_map(|object| object.tally.span);
    let merged = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let at = |second| Timestamp::from_second(second).ok();
    merged.map_or((None, None), |(from, to)| (at(from), at(to)))
}

fn layouts<'a, T: Ord>(
    answer: &'a Answer<LoggedInterfaces>,
    part: impl Fn(&'a flowproof_source::Layout) -> Option<T>,
) -> BTreeSet<T> {
    answer.objects.iter().filter_map(|o| o.object.layout.as_ref()).filter_map(part).collect()
}

/// What was asked of S3, or what reading would ask at least.
fn requests(session: &Session, answer: &Answer<LoggedInterfaces>, dry_run: bool) -> Value {
    let made = session.requests();
    let in_bucket = |read: &&ReadObject| matches!(read.object.location, Location::S3 { .. });
    let get = match dry_run {
        true => answer.objects.iter().filter(in_bucket).count() as u64,
        false => made.get,
    };
    json!({ "list": made.list, "get": get })
}

fn summary(
    session: &Session,
    answer: &Answer<LoggedInterfaces>,
    files: bool,
    requests: Value,
) -> Value {
    let formats = formats(answer).into_iter().map(|((fields, encoding), objects)| {
        json!({ "fields": fields, "encoding": encoding, "objects": objects })
    });
    let unknown: BTreeSet<&str> = answer
        .objects
        .iter()
        .flat_map(|object| object.tally.formats.iter().flat_map(|(_, format)| format.unknown()))
        .collect();
    let overlaps =
        answer.value.overlaps().into_iter().map(
            |(interface, flow_logs)| json!({ "interface": interface, "flow_logs": flow_logs }),
        );
    let (from, to) = time_span(&answer.objects);
    let stored = session.found().bytes();
    let inflated: u64 = answer.objects.iter().map(|object| object.text_bytes).sum();
    let mut summary = json!({
        "objects": answer.coverage.objects,
        "records": answer.coverage.records,
        "formats": formats.collect::<Vec<_>>(),
        "flow_logs": layouts(answer, |layout| layout.flow_log_id.clone()),
        "accounts": layouts(answer, |layout| layout.account.clone()),
        "regions": layouts(answer, |layout| layout.region.clone()),
        "layouts": layouts(answer, |layout| Some(layout.kind.as_str())),
        "interfaces": answer.value.len(),
        "overlaps": overlaps.collect::<Vec<_>>(),
        "span": { "from": from, "to": to },
        "bytes": { "compressed": stored, "inflated": inflated },
        "requests": requests,
        "unknown_fields": unknown,
        "samples": answer.coverage.samples,
    });
    if files {
        summary["files"] = answer.objects.iter().map(file).collect();
    }
    summary
}

fn file(read: &ReadObject) -> Value {
    let fields = read.tally.formats.first().map(|(_, format)| format.names().to_vec());
    json!({
        "object": read.object.key,
        "outcome": read.outcome,
        "encoding": read.encoding.map(|_| encoding(read)),
        "fields": fields,
        "etag": read.object.etag.clone().or_else(|| read.digest.clone()),
        "size": read.object.size,
        "inflated": read.text_bytes,
        "records": read.records,
    })
}

fn text(
    session: &Session,
    answer: &Answer<LoggedInterfaces>,
    files: bool,
    out: &mut dyn Write,
) -> Result<()> {
    let objects = &answer.coverage.objects;
    let records = &answer.coverage.records;
    let stored = session.found().bytes();
    let inflated: u64 = answer.objects.iter().map(|object| object.text_bytes).sum();
    let (from, to) = time_span(&answer.objects);
    let left_out = match objects.duplicate {
        0 => String::new(),
        left_out => format!(", {left_out} left out (the same bytes as others)"),
    };
    writeln!(out, "Objects     {} listed, {} read{left_out}", objects.listed, objects.read)?;
    let of_keys = [
        ("Flow logs   ", layouts(answer, |layout| layout.flow_log_id.clone())),
        ("Accounts    ", layouts(answer, |layout| layout.account.clone())),
        ("Regions     ", layouts(answer, |layout| layout.region.clone())),
    ];
    for (label, names) in of_keys.into_iter().filter(|(_, names)| !names.is_empty()) {
        writeln!(out, "{label}{}", printable(&Vec::from_iter(names).join(", ")))?;
    }
    if objects.not_read == answer.objects.len() as u64 {
        writeln!(out, "Bytes       {} stored; nothing was opened", exact_bytes(stored))?;
        return Ok(());
    }
    writeln!(out, "Bytes       {} stored, {} of text", exact_bytes(stored), exact_bytes(inflated))?;
    writeln!(
        out,
        "Records     {} ok, {} NODATA, {} SKIPDATA, {} malformed, {} of bad time",
        records.ok, records.nodata, records.skipdata, records.malformed, records.bad_time
    )?;
    if records.transit_gateway > 0 {
        writeln!(out, "            {} of transit gateways, kept apart", records.transit_gateway)?;
    }
    if let Some(dropped @ 1..) = records.duplicates {
        writeln!(out, "            {dropped} of them dropped: another flow log has the same")?;
    }
    writeln!(out, "Interfaces  {}", answer.value.len())?;
    for (interface, flow_logs) in answer.value.overlaps() {
        let flow_logs = Vec::from_iter(flow_logs).join(", ");
        writeln!(out, "Overlap     {} is in several flow logs: {flow_logs}", printable(interface))?;
    }
    if from.is_some() {
        writeln!(out, "Span        {}", span(from, to))?;
    }
    for ((fields, encoding), count) in formats(answer) {
        let count = counted(count, "object", "objects");
        writeln!(out, "Format      {count}, {encoding}: {}", printable(&fields.join(" ")))?;
    }
    if files {
        writeln!(out)?;
        for read in &answer.objects {
            file_text(read, out)?;
        }
    }
    Ok(())
}

fn file_text(read: &ReadObject, out: &mut dyn Write) -> Result<()> {
    let records = &read.records;
    Ok(writeln!(
        out,
        "{}: {}, {} ok, {} NODATA, {} SKIPDATA, {} malformed, {} of bad time",
        printable(&read.object.key),
        read.outcome.replace('_', " "),
        records.ok + records.transit_gateway,
        records.nodata,
        records.skipdata,
        records.malformed,
        records.bad_time
    )?)
}
