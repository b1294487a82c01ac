//! Lists as they are, or as they were when they were last in order.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use flowproof_evidence::ListSource;
use flowproof_inquiry::list_source;
use flowproof_intel::{List, ListOptions, ListRole, Matcher};
use flowproof_report::thousands;
use flowproof_state::State;
use jiff::Timestamp;
use serde_json::json;

use super::births::Births;
use super::notes::{self, GoodList, Notes};
use crate::args::Lists;
use crate::inputs::Inputs;
use crate::lists::{options, tell_internal, tell_rejects};
use crate::streams::Streams;

/// Lists for a run.
pub(crate) struct ScheduledLists {
    pub(crate) matcher: Arc<Matcher>,
    pub(crate) sources: Vec<ListSource>,
    /// The same text for the same lists.
    pub(crate) name: String,
    /// Warnings of lists that are not in order.
    pub(crate) stale: Vec<String>,
    /// Whether a list is not in use at all.
    pub(crate) lacks: bool,
}

/// What was found of one list.
enum Found {
    Good(Box<List>, Vec<u8>),
    /// Why it is not in order.
    Bad(String),
}

/// Reads the lists. In the place of one that cannot be read or has shrunk by over half stands its last good
/// version, and that is told in every run.
pub(crate) async fn load(
    lists: &Lists,
    accept_shrunk: bool,
    inputs: &Inputs,
    state: &mut State,
    streams: &mut Streams,
) -> Result<ScheduledLists> {
    let options = options(&lists.reading);
    let roles = lists.threat.iter().map(|path| (path, ListRole::Threat));
    let roles = roles.chain(lists.trusted.iter().map(|path| (path, ListRole::Trusted)));
    let (mut loaded, mut stale, mut lacks) = (Vec::new(), Vec::new(), false);
    let mut changed = Vec::new();
    for (pattern, role) in roles {
        for path in inputs.files(pattern)? {
            let name = path.display().to_string();
            let good = notes::good_list(state, &name)?;
            let found = read(&path, role, &options, inputs);
            match judged(found, good.as_ref(), accept_shrunk) {
                Found::Good(list, bytes) => {
                    if good.as_ref().is_none_or(|good| good.sha256 != list.sha256) {
                        changed.push((loaded.len(), bytes, good));
                    }
                    tell_rejects(&list, streams);
                    tell_internal(&list, streams);
                    loaded.push(*list);
                }
                Found::Bad(why) => match last_good(&name, role, good, &options, state).await? {
                    Some((list, since)) => {
                        stale.push(format!("{why}; its last good version is used, of {since}"));
                        loaded.push(list);
                    }
                    None => {
                        lacks = true;
                        stale.push(format!("{why}; there is no good version, so it is not used"));
                    }
                },
            }
        }
    }
    let name = name(&loaded, &options);
    let epoch = state.epoch_number(&name)?;
    let mut left = Notes::new();
    for (number, bytes, good) in changed {
        left.append(&mut keep(state, &loaded[number], bytes, good, epoch).await?);
    }
    notes::leave(state, left).await?;
    forget(lists, inputs, state, streams).await?;
    if !loaded.iter().any(|list| list.role == ListRole::Threat) {
        bail!("{}", stale.first().map_or("no threat list could be read", String::as_str));
    }
    stale.iter().for_each(|why| streams.warn(why));
    let sources = loaded.iter().map(list_source).collect();
    let matcher = Arc::new(Matcher::new(loaded));
    Ok(ScheduledLists { matcher, sources, name, stale, lacks })
}

fn read(path: &Path, role: ListRole, options: &ListOptions, inputs: &Inputs) -> Found {
    let name = path.display().to_string();
    let bytes = match inputs.read(path) {
        Ok(bytes) => bytes,
        Err(error) => return Found::Bad(format!("{error:#}")),
    };
    match List::from_bytes_with(&name, role, &bytes, options) {
        Ok(list) => Found::Good(Box::new(list), bytes),
        Err(error) => Found::Bad(error.to_string()),
    }
}

/// A list that has lost most of its entries is hardly what its keeper meant.
fn judged(found: Found, good: Option<&GoodList>, accept_shrunk: bool) -> Found {
    match (found, good) {
        (Found::Good(list, _), Some(good))
            if !accept_shrunk && (list.entries.len() as u64) * 2 < good.entries =>
        {
            Found::Bad(format!(
                "{}: {} entries, {} before (--accept-shrunk takes it)",
                list.name,
                thousands(list.entries.len() as u64),
                thousands(good.entries)
            ))
        }
        (found, _) => found,
    }
}

/// Keeps a version of a list, and since when it has its entries.
async fn keep(
    state: &mut State,
    list: &List,
    bytes: Vec<u8>,
    before: Option<GoodList>,
    epoch: u32,
) -> Result<Notes> {
    let sha256 = state.keep(bytes).await?;
    let since = Timestamp::from_second(Timestamp::now().as_second())?;
    let births = match before {
        None => births_of(list, Births::default(), epoch, None, state).await?,
        Some(before) => {
            let births = Births::kept(state, &before.births).await?;
            births_of(list, births, epoch, Some(before.births), state).await?
        }
    };
    let entries = list.entries.len() as u64;
    notes::note_list(&list.name, &GoodList { sha256, entries, since, births })
}

/// The file with the births of all entries that were ever on a list: the one that there is, if none is new.
async fn births_of(
    list: &List,
    mut births: Births,
    epoch: u32,
    file: Option<String>,
    state: &mut State,
) -> Result<String> {
    match (births.add(list, epoch), file) {
        (false, Some(file)) => Ok(file),
        _ => Ok(state.keep(births.encode()).await?),
    }
}

/// What matches nothing but entries that the lists have gained after an epoch; `None` if there are none.
pub(crate) async fn gained(
    matcher: &Matcher,
    state: &State,
    epoch: u32,
) -> Result<Option<Arc<Matcher>>> {
    let (mut lists, mut is_any) = (Vec::new(), false);
    for list in matcher.lists() {
        match (list.role, notes::good_list(state, &list.name)?) {
            (ListRole::Threat, Some(good)) => {
                let gained = Births::kept(state, &good.births).await?.gained(list, epoch);
                is_any |= !gained.entries.is_empty();
                lists.push(gained);
            }
            (ListRole::Threat, None) => {}
            (ListRole::Trusted, _) => lists.push(list.clone()),
        }
    }
    Ok(is_any.then(|| Arc::new(Matcher::new(lists))))
}

async fn last_good(
    name: &str,
    role: ListRole,
    good: Option<GoodList>,
    options: &ListOptions,
    state: &State,
) -> Result<Option<(List, Timestamp)>> {
    let Some(good) = good else { return Ok(None) };
    let Some(bytes) = state.kept(&good.sha256).await? else { return Ok(None) };
    // Entries expire, and a list may have none left.
    let options = ListOptions { allow_empty: true, ..options.clone() };
    let list = List::from_bytes_with(name, role, &bytes, &options)?;
    Ok(Some((list, good.since)))
}

/// Forgets lists that are not named any more, and versions that are not the last. A list is known by its name: under
/// another one it is another list, which finds all anew.
async fn forget(
    lists: &Lists,
    inputs: &Inputs,
    state: &mut State,
    streams: &mut Streams,
) -> Result<()> {
    let mut named = BTreeSet::new();
    for pattern in lists.places() {
        named.extend(inputs.files(pattern)?.iter().map(|path| path.display().to_string()));
    }
    let good = notes::good_lists(state)?;
    let mut left = Notes::new();
    for list in good.keys().filter(|list| !named.contains(*list)) {
        streams.warn(&format!(
            "{list} was used before and is not named any more: nothing more is told of it; by another path it is \
             another list"
        ));
        left.append(&mut notes::forget_list(list));
    }
    notes::leave(state, left).await?;
    let good = notes::good_lists(state)?.into_values();
    let wanted = good.flat_map(|list| [list.sha256, list.births]).collect();
    Ok(state.keep_only(&wanted).await?)
}

/// What names lists and their content.
fn name(lists: &[List], options: &ListOptions) -> String {
    let lists: Vec<_> = lists
        .iter()
        .map(|list| json!({ "list": list.name, "role": list.role, "sha256": list.sha256 }))
        .collect();
    let column = options.column.as_deref();
    json!({ "lists": lists, "allow_wide": options.allow_wide, "column": column }).to_string()
}
