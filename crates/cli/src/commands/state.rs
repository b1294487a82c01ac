//! `flowproof state`.

use anyhow::{Context, Result};
use flowproof_report::{counted, exact_bytes, printable, thousands};
use flowproof_state::{Mode, State, StateError, Trouble};
use serde_json::json;

use crate::args::{InspectFormat, StateArgs, StateCommand};
use crate::exit::Exit;
use crate::inputs::Inputs;
use crate::json::write_pretty;
use crate::scheduled::place;
use crate::streams::Streams;

pub(crate) async fn run(command: StateCommand, streams: &mut Streams) -> Result<Exit> {
    match command {
        StateCommand::Show(args) => show(args, streams).await,
        StateCommand::Verify(args) => verify(args, streams).await,
        StateCommand::Compact(args) => compact(args, streams).await,
    }
}

async fn open(args: &StateArgs, mode: Mode) -> Result<State> {
    let place = place(&args.place, &args.s3, &mut Inputs::default()).await?;
    Ok(State::open(place, mode).await?)
}

async fn show(args: StateArgs, streams: &mut Streams) -> Result<Exit> {
    let mut state = open(&args, Mode::Read).await?;
    let summary = state.summary();
    let findings = state.findings().await?.len() as u64;
    let trouble: Vec<Trouble> = state.trouble().await?.cloned().collect();
    let notes = state.notes().clone();
    let out = streams.out();
    if args.format == InspectFormat::Json {
        let answer = json!({
            "state": summary, "findings": findings, "trouble": trouble, "notes": notes,
        });
        write_pretty(&answer, out)?;
        return Ok(Exit::Answered);
    }
    writeln!(out, "State       {}", printable(&summary.place))?;
    writeln!(out, "Commits     {}", thousands(summary.generation))?;
    let shelves = summary.shelves.map(|(first, last)| format!(", from {first} to {last}"));
    let objects = thousands(summary.objects);
    writeln!(out, "Objects     {objects} known{}", shelves.unwrap_or_default())?;
    if summary.replaced > 0 {
        writeln!(out, "            {} read in a new edition", thousands(summary.replaced))?;
    }
    let segments = counted(summary.segments as u64, "file", "files");
    writeln!(out, "Size        {} in {segments}", exact_bytes(summary.bytes))?;
    writeln!(out, "Findings    {} rows", thousands(findings))?;
    for (name, value) in &summary.settings {
        writeln!(out, "Setting     {} {}", printable(name), printable(value))?;
    }
    for (name, note) in &notes {
        writeln!(out, "Note        {}: {}", printable(name), printable(note))?;
    }
    writeln!(out, "Trouble     {}", counted(trouble.len() as u64, "object", "objects"))?;
    for Trouble { object, kind, reason, tried } in &trouble {
        let tried = counted(*tried, "time", "times");
        writeln!(out, "  {}: {kind}, tried {tried}: {}", printable(object), printable(reason))?;
    }
    Ok(Exit::Answered)
}

async fn verify(args: StateArgs, streams: &mut Streams) -> Result<Exit> {
    let mut state = open(&args, Mode::Read).await?;
    let found = state.verify().await?;
    if args.format == InspectFormat::Json {
        write_pretty(&found, streams.out())?;
    } else {
        let (objects, segments) = (
            counted(found.objects, "object", "objects"),
            counted(found.segments as u64, "file", "files"),
        );
        writeln!(streams.out(), "{objects} in {segments}, {} findings", found.findings)?;
    }
    for problem in &found.problems {
        streams.problem(&format!("{}: {}", problem.file, problem.reason));
    }
    if !found.orphans.is_empty() {
        let orphans = counted(found.orphans.len() as u64, "file", "files");
        streams.note(&format!(
            "{orphans} of runs that died: they do no harm, and the next run removes them"
        ));
    }
    Ok(if found.is_whole() { Exit::Answered } else { Exit::Failed })
}

async fn compact(args: StateArgs, streams: &mut Streams) -> Result<Exit> {
    let settings = open(&args, Mode::Read).await?.settings().clone();
    let mut state = match open(&args, Mode::Run(settings)).await {
        Err(error) if matches!(error.downcast_ref(), Some(StateError::Busy { .. })) => {
            streams.problem(&error.to_string());
            return Ok(Exit::Busy);
        }
        opened => opened?,
    };
    let done = state.compact().await?;
    state.close().await.context("the state is compacted")?;
    let out = streams.out();
    if args.format == InspectFormat::Json {
        write_pretty(&done, out)?;
    } else {
        writeln!(
            out,
            "{} before, {} now",
            counted(done.before as u64, "file", "files"),
            done.after
        )?;
    }
    Ok(Exit::Answered)
}
