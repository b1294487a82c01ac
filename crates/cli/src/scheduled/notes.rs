//! What runs leave in the state for one another.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use flowproof_state::{Delta, State};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::sinks::Cursor;

/// The last bulletin.
const BULLETIN: &str = "bulletin";
/// The last run.
const LAST: &str = "last";
/// Before the name of a target.
const SINK: &str = "sink ";
/// Before the name of a list.
const LIST: &str = "list ";

/// The number of a bulletin, and when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastBulletin {
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
}

/// The last run that came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastRun {
    /// When it ended.
    pub(crate) at: Timestamp,
    /// Its exit code.
    pub(crate) exit: i32,
    /// Objects that it read.
    pub(crate) read: u64,
    /// The latest stamp in the names of objects that this run or an earlier one read.
    #[serde(default)]
    pub(crate) newest: Option<Timestamp>,
}

/// A list as it was when it was in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GoodList {
    pub(crate) sha256: String,
    pub(crate) entries: u64,
    /// When it was first seen like that.
    pub(crate) since: Timestamp,
    /// The file that says since when it has each of its entries.
    pub(crate) births: String,
}

/// Notes to be left, by name.
pub(crate) type Notes = BTreeMap<String, Option<String>>;

/// The last bulletin that was made, if one was.
pub(crate) fn bulletin(state: &State) -> Result<Option<LastBulletin>> {
    read(state, BULLETIN)
}

pub(crate) fn note_bulletin(bulletin: LastBulletin) -> Result<Notes> {
    write(BULLETIN.to_owned(), &bulletin)
}

/// The last run that came to its end, if one did.
pub(crate) fn last_run(state: &State) -> Result<Option<LastRun>> {
    read(state, LAST)
}

pub(crate) fn note_last_run(run: LastRun) -> Result<Notes> {
    write(LAST.to_owned(), &run)
}

/// How far a target has come; nowhere if it is new.
pub(crate) fn cursor(state: &State, sink: &str) -> Result<Cursor> {
    Ok(read(state, &format!("{SINK}{sink}"))?.unwrap_or_default())
}

pub(crate) fn note_cursor(sink: &str, cursor: Cursor) -> Result<Notes> {
    write(format!("{SINK}{sink}"), &cursor)
}

/// The last good version of a list, if there is one.
pub(crate) fn good_list(state: &State, list: &str) -> Result<Option<GoodList>> {
    read(state, &format!("{LIST}{list}"))
}

pub(crate) fn note_list(list: &str, good: &GoodList) -> Result<Notes> {
    write(format!("{LIST}{list}"), good)
}

/// The lists of which a good version is noted, by name.
pub(crate) fn good_lists(state: &State) -> Result<BTreeMap<String, GoodList>> {
    let names = state.notes().keys().filter_map(|name| name.strip_prefix(LIST));
    let lists = names.map(|name| Ok((name.to_owned(), good_list(state, name)?)));
    let lists: Result<Vec<_>> = lists.collect();
    Ok(lists?.into_iter().filter_map(|(name, list)| Some((name, list?))).collect())
}

/// Forgets a list.
pub(crate) fn forget_list(list: &str) -> Notes {
    [(format!("{LIST}{list}"), None)].into()
}

/// Commits notes, if there are any.
pub(crate) async fn leave(state: &mut State, notes: Notes) -> Result<()> {
    state.commit(Delta { notes, ..Delta::default() }).await?;
    Ok(())
}

fn read<T: DeserializeOwned>(state: &State, name: &str) -> Result<Option<T>> {
    let note = state.notes().get(name).map(|note| serde_json::from_str(note));
    note.transpose().with_context(|| format!("the state's note `{name}` cannot be read"))
}

fn write(name: String, note: &impl Serialize) -> Result<Notes> {
    Ok([(name, Some(serde_json::to_string(note)?))].into())
}
