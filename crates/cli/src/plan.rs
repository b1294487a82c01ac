//! From what was typed to what is to be done: times resolved, files opened, lists compiled.

use std::path::PathBuf;

use anyhow::{Context, Result};
use flowproof_engine::{
    self as engine, AddressBook, Duplicates, Session, SessionOptions, read_inventory,
};
use flowproof_evidence::Window;
use flowproof_record::Format;
use flowproof_report::{Remarks, parse_size};
use flowproof_source::{Selection, Slack, is_in_bucket};
use jiff::Timestamp;

use crate::args::{Inventory, Logs, OnDuplicates, RowOutput, Time};
use crate::cluster;
use crate::exit::UsageError;
use crate::inputs::Inputs;
use crate::output;
use crate::streams::Streams;
use crate::time::parse_time;

/// More threads than any machine has cores cost memory and win nothing.
const MOST_THREADS: usize = 1024;

/// The window that was typed. An end that was left out is open.
pub(crate) fn window(time: &Time, now: Timestamp) -> Result<Window> {
    window_between((&time.from, "--from"), (&time.to, "--to"), now)
}

/// The window between two times, each with the option that it was typed with.
pub(crate) fn window_between(
    (from, from_option): (&Option<String>, &str),
    (to, to_option): (&Option<String>, &str),
    now: Timestamp,
) -> Result<Window> {
    let parse = |text: &Option<String>, option: &str| {
        let time = text.as_deref().map(|text| parse_time(text, now)).transpose();
        time.map_err(UsageError::of(option))
    };
    let window = Window { from: parse(from, from_option)?, to: parse(to, to_option)? };
    if let (Some(from), Some(to)) = (window.from, window.to)
        && to <= from
    {
        return Err(
            UsageError(format!("{to_option} {to} is not after {from_option} {from}")).into()
        );
    }
    Ok(window)
}

/// Rows must not take the place of the logs that they are made from.
pub(crate) fn refuse_input(logs: &Logs, rows: &RowOutput) -> Result<()> {
    output::refuse_input(rows.output.as_deref(), logs.wheres.iter().map(PathBuf::from))
}

/// The objects to read.
pub(crate) fn selection(logs: &Logs, window: Window, inputs: &Inputs) -> Selection {
    Selection {
        wheres: logs.wheres.clone(),
        s3: inputs.s3().cloned(),
        window,
        slack: Slack::default(),
        accounts: logs.account.clone(),
        regions: logs.region.clone(),
        include_all: logs.include_all,
        ..Selection::default()
    }
}

/// How to read them.
pub(crate) fn session_options(logs: &Logs, book: AddressBook) -> Result<SessionOptions> {
    let mut options = SessionOptions { book, ..SessionOptions::default() };
    if let Some(threads) = logs.threads {
        if !(1..=MOST_THREADS).contains(&threads) {
            let text = format!("--threads must be from 1 to {MOST_THREADS}");
            return Err(UsageError(text).into());
        }
        options.threads = threads;
    }
    options.duplicates = match logs.duplicates {
        OnDuplicates::Keep => Duplicates::Keep,
        OnDuplicates::Drop => Duplicates::Drop,
    };
    options.memory = parse_size(&logs.memory).map_err(UsageError::of("--memory"))?;
    if let Some(text) = &logs.format_string {
        let format = Format::parse_format_string(text);
        options.format = Some(format.map_err(UsageError::of("--format-string"))?);
    }
    Ok(options)
}

/// Lists the objects; says it if there are none, and what there is instead.
pub(crate) async fn open(
    logs: &Logs,
    window: Window,
    book: AddressBook,
    inputs: &Inputs,
    streams: &mut Streams,
) -> Result<Session> {
    open_selection(logs, selection(logs, window, inputs), book, streams).await
}

/// As [`open`], with all that is passed over listed too.
pub(crate) async fn open_with_skipped(
    logs: &Logs,
    window: Window,
    inputs: &Inputs,
    streams: &mut Streams,
) -> Result<Session> {
    let selection = Selection { all_skipped: true, ..selection(logs, window, inputs) };
    open_selection(logs, selection, AddressBook::default(), streams).await
}

async fn open_selection(
    logs: &Logs,
    selection: Selection,
    book: AddressBook,
    streams: &mut Streams,
) -> Result<Session> {
    let mut options = session_options(logs, book)?;
    options.fleet = cluster::fleet(logs.cluster.as_deref()).await?;
    let session = Session::open(&selection, options).await?;
    tell_if_empty(&session, logs, streams);
    Ok(session)
}

/// Says it if there are no objects, and what there is instead.
pub(crate) fn tell_if_empty(session: &Session, logs: &Logs, streams: &mut Streams) {
    let mut remarks = Remarks::default();
    flowproof_inquiry::tell_if_empty(session, &logs.wheres, &mut remarks);
    streams.remark(&remarks);
}

/// The files that places in buckets stand for, and the others as they are.
pub(crate) fn files(places: &[PathBuf], inputs: &Inputs) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for place in places {
        match is_in_bucket(&place.to_string_lossy()) {
            true => files.extend(inputs.files(place)?),
            false => files.push(place.clone()),
        }
    }
    Ok(files)
}

/// The address book that inventories make.
pub(crate) fn book(
    inventory: &Inventory,
    inputs: &Inputs,
    streams: &mut Streams,
) -> Result<AddressBook> {
    let mut inventories = Vec::new();
    for path in files(&inventory.files, inputs)? {
        let bytes = inputs.read(&path)?;
        let mut read = read_inventory(&bytes).with_context(|| path.display().to_string())?;
        let notes = std::mem::take(&mut read.notes);
        notes.iter().for_each(|note| streams.note(&format!("{}: {note}", path.display())));
        inventories.push(read);
    }
    // What is left to note is of several of them.
    let all = engine::Inventory::merge_all(inventories);
    all.notes.iter().for_each(|note| streams.note(&format!("--inventory: {note}")));
    let mut book = AddressBook::default();
    book.add_inventory(&all);
    Ok(book)
}
