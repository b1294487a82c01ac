//! Address lists, as they are named on the command line.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use flowproof_evidence::ListSource;
use flowproof_inquiry::list_source;
use flowproof_intel::{List, ListError, ListOptions, ListRole, Matcher, internal_entries};
use flowproof_report::{counted, thousands};

use crate::args::{ListReading, Lists};
use crate::inputs::Inputs;
use crate::streams::Streams;

/// Lists compiled for matching, and what is to be told of each.
pub(crate) struct LoadedLists {
    pub(crate) matcher: Option<Arc<Matcher>>,
    pub(crate) sources: Vec<ListSource>,
}

/// How lists are to be read.
pub(crate) fn options(reading: &ListReading) -> ListOptions {
    ListOptions {
        allow_wide: reading.allow_wide,
        format: reading.list_format,
        column: reading.list_column.clone(),
        ..ListOptions::default()
    }
}

/// Reads the lists; lines that were refused are told.
pub(crate) fn load(lists: &Lists, inputs: &Inputs, streams: &mut Streams) -> Result<LoadedLists> {
    let options = options(&lists.reading);
    let roles = lists.threat.iter().map(|path| (path, ListRole::Threat));
    let roles = roles.chain(lists.trusted.iter().map(|path| (path, ListRole::Trusted)));
    let mut loaded = Vec::new();
    let mut sources = Vec::new();
    for (pattern, role) in roles {
        for path in inputs.files(pattern)? {
            let list = read_list(&path, role, &options, inputs)?;
            tell_rejects(&list, streams);
            tell_internal(&list, streams);
            sources.push(list_source(&list));
            loaded.push(list);
        }
    }
    let matcher = (!loaded.is_empty()).then(|| Arc::new(Matcher::new(loaded)));
    Ok(LoadedLists { matcher, sources })
}

/// Reads a list.
pub(crate) fn read_list(
    path: &Path,
    role: ListRole,
    options: &ListOptions,
    inputs: &Inputs,
) -> std::result::Result<List, ListError> {
    let name = path.display().to_string();
    match inputs.open(path) {
        Ok(reader) => List::from_reader(&name, role, reader, options),
        Err(source) => Err(ListError::Read { name, source }),
    }
}

/// What is in good order and not in use: `3 domain, 1 expired`.
pub(crate) fn not_in_use(list: &List) -> Option<String> {
    let others =
        list.not_addresses.iter().map(|(kind, count)| format!("{} {kind}", thousands(*count)));
    let left_out = [(list.expired, "expired"), (list.revoked, "revoked")].into_iter();
    let left_out = left_out.filter(|(count, _)| *count > 0);
    let left_out = left_out.map(|(count, why)| format!("{} {why}", thousands(count)));
    let told: Vec<String> = others.chain(left_out).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// Tells what of a list is not in use, or not as it stands.
pub(crate) fn tell_rejects(list: &List, streams: &mut Streams) {
    if let Some(not_in_use) = not_in_use(list) {
        streams.note(&format!("{}: not in use: {not_in_use}", list.name));
    }
    if let Some(first) = list.rejects.samples.first() {
        let total = list.rejects.total;
        let lines = counted(total, "line", "lines");
        streams.warn(&format!("{}: {lines} not in use; first: {first}", list.name));
    }
    if let Some(first) = list.warnings.samples.first() {
        let total = list.warnings.total;
        let entries = counted(total, "entry", "entries");
        streams.warn(&format!("{}: {entries} not read as written; first: {first}", list.name));
    }
}

/// Tells that a threat list has entries which match flows within a VPC. Who is trusted may well be
/// within.
pub(crate) fn tell_internal(list: &List, streams: &mut Streams) {
    if list.role == ListRole::Trusted {
        return;
    }
    let mut internal = internal_entries(list);
    let Some(first) = internal.next() else { return };
    let entries = counted(1 + internal.count() as u64, "entry", "entries");
    let first = format!("line {}: {:?}", first.line, first.text());
    streams
        .warn(&format!("{}: {entries} in or around internal addresses; first: {first}", list.name));
}
