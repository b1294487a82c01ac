//! Address lists, as they are named on the command line.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use flowproof_evidence::ListSource;
use flowproof_inquiry::list_source;
use flowproof_intel::{List, ListError, ListOptions, ListRole, Matcher};
use flowproof_report::Remarks;

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

/// Tells what of a list is not in use, or not as it stands.
pub(crate) fn tell_rejects(list: &List, streams: &mut Streams) {
    let mut remarks = Remarks::default();
    flowproof_inquiry::tell_rejects(list, &mut remarks);
    streams.remark(&remarks);
}

/// Tells that a threat list has entries which match flows within a VPC.
pub(crate) fn tell_internal(list: &List, streams: &mut Streams) {
    let mut remarks = Remarks::default();
    flowproof_inquiry::tell_internal(list, &mut remarks);
    streams.remark(&remarks);
}
