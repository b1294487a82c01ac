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
use crate::json::write_pretty;
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
    let overview = Overview::of(&answer);
    match args.format {
        InspectFormat::Json => {
            let mut summary = summary(&session, &answer, &overview, args.dry_run);
            if args.files {
                summary["files"] = answer.objects.iter().map(|read| file(&read)).collect();
            }
            write_pretty(&summary, streams.out())?;
        }
        InspectFormat::Text => {
            text(&session, &answer, &overview, streams.out())?;
            if args.files && !args.dry_run {
                writeln!(streams.out())?;
            }
            for read in answer.objects.iter().filter(|_| args.files && !args.dry_run) {
                file_text(&read, streams.out())?;
            }
        }
    }
    if args.dry_run {
        return Ok(if session.is_empty() { Exit::Nothing } else { Exit::Answered });
    }
    if args.format == InspectFormat::Text {
        trouble::tell(&answer, streams);
    }
    Ok(Exit::of(&answer))
}

/// What all objects come to.
#[derive(Debug, Default)]
struct Overview {
    /// Fields and encoding, with how many objects have them.
    formats: BTreeMap<(Vec<String>, String), u64>,
    unknown_fields: BTreeSet<String>,
    layouts: BTreeSet<&'static str>,
    flow_logs: BTreeSet<String>,
    accounts: BTreeSet<String>,
    regions: BTreeSet<String>,
    /// The first start and the last end.
    span: Option<(i64, i64)>,
    /// Bytes of text.
    inflated: u64,
    in_bucket: u64,
}

impl Overview {
    fn of(answer: &Answer<LoggedInterfaces>) -> Overview {
        let mut overview = Overview::default();
        answer.objects.iter().for_each(|object| overview.add(&object));
        overview
    }

    fn add(&mut self, read: &ReadObject) {
        for (_, format) in &read.tally.formats {
            *self.formats.entry((format.names().to_vec(), encoding(read))).or_default() += 1;
            self.unknown_fields.extend(format.unknown().map(str::to_owned));
        }
        if let Some(layout) = &read.object.layout {
            self.layouts.insert(layout.kind.as_str());
            self.flow_logs.extend(layout.flow_log_id.clone());
            self.accounts.extend(layout.account.clone());
            self.regions.extend(layout.region.clone());
        }
        let spans = self.span.into_iter().chain(read.tally.span);
        self.span = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        self.inflated += read.text_bytes;
        self.in_bucket += u64::from(matches!(read.object.location, Location::S3 { .. }));
    }

    fn times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let at = |second| Timestamp::from_second(second).ok();
        self.span.map_or((None, None), |(from, to)| (at(from), at(to)))
    }

    /// What was asked of S3, or what reading would ask at least.
    fn requests(&self, session: &Session, dry_run: bool) -> Value {
        let made = session.requests();
        let get = if dry_run { self.in_bucket } else { made.get };
        json!({ "list": made.list, "get": get })
    }
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

fn summary(
    session: &Session,
    answer: &Answer<LoggedInterfaces>,
    overview: &Overview,
    dry_run: bool,
) -> Value {
    let formats = overview.formats.iter().map(|((fields, encoding), objects)| {
        json!({ "fields": fields, "encoding": encoding, "objects": objects })
    });
    let overlaps =
        answer.value.overlaps().into_iter().map(
            |(interface, flow_logs)| json!({ "interface": interface, "flow_logs": flow_logs }),
        );
    let (from, to) = overview.times();
    json!({
        "objects": answer.coverage.objects,
        "records": answer.coverage.records,
        "formats": formats.collect::<Vec<_>>(),
        "flow_logs": overview.flow_logs,
        "accounts": overview.accounts,
        "regions": overview.regions,
        "layouts": overview.layouts,
        "interfaces": answer.value.len(),
        "overlaps": overlaps.collect::<Vec<_>>(),
        "span": { "from": from, "to": to },
        "bytes": { "compressed": session.found().bytes(), "inflated": overview.inflated },
        "requests": overview.requests(session, dry_run),
        "unknown_fields": overview.unknown_fields,
        "samples": answer.coverage.samples,
    })
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
    overview: &Overview,
    out: &mut dyn Write,
) -> Result<()> {
    let objects = &answer.coverage.objects;
    let records = &answer.coverage.records;
    let stored = session.found().bytes();
    let (inflated, (from, to)) = (overview.inflated, overview.times());
    let left_out = match objects.duplicate {
        0 => String::new(),
        left_out => format!(", {left_out} left out (the same bytes as others)"),
    };
    writeln!(out, "Objects     {} listed, {} read{left_out}", objects.listed, objects.read)?;
    let of_keys = [
        ("Flow logs   ", &overview.flow_logs),
        ("Accounts    ", &overview.accounts),
        ("Regions     ", &overview.regions),
    ];
    for (label, names) in of_keys.into_iter().filter(|(_, names)| !names.is_empty()) {
        writeln!(out, "{label}{}", printable(&joined(names)))?;
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
    for ((fields, encoding), count) in &overview.formats {
        let count = counted(*count, "object", "objects");
        writeln!(out, "Format      {count}, {encoding}: {}", printable(&fields.join(" ")))?;
    }
    Ok(())
}

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
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
