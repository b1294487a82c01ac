//! Address lists, as they are named by keyword arguments.

use std::sync::Arc;

use flowproof_evidence::ListSource;
use flowproof_intel::{List, ListFormat, ListOptions, ListRole, Matcher, internal_entries};
use flowproof_report::{Remarks, counted, thousands};
use pyo3::prelude::*;

use crate::failure::Failure;
use crate::keywords::{Keywords, Texts};
use crate::logs::read;

/// Where lists are, and how they are read.
pub(crate) struct Lists {
    threat: Vec<String>,
    trusted: Vec<String>,
    options: ListOptions,
}

/// Lists compiled for matching, and what is to be told of each.
pub(crate) struct LoadedLists {
    pub(crate) matcher: Option<Arc<Matcher>>,
    pub(crate) sources: Vec<ListSource>,
}

impl Lists {
    /// The threat lists at these places, with the arguments that name others and say how to read them.
    pub(crate) fn take(threat: Texts, keywords: &Keywords<'_>) -> PyResult<Lists> {
        let format = keywords.take::<String>("list_format")?.map(|name| name.parse::<ListFormat>());
        let options = ListOptions {
            allow_wide: keywords.take_flag("allow_wide")?,
            format: format.transpose().map_err(Failure::of("list_format"))?,
            column: keywords.take("list_column")?,
            ..ListOptions::default()
        };
        Ok(Lists { threat: threat.0, trusted: keywords.take_texts("trusted")?, options })
    }

    /// Whether there is a list to be matched.
    pub(crate) fn has_threats(&self) -> bool {
        !self.threat.is_empty()
    }

    /// Reads the lists; lines that were refused are told.
    pub(crate) fn load(&self, remarks: &mut Remarks) -> Result<LoadedLists, Failure> {
        let threat = self.threat.iter().map(|path| (path, ListRole::Threat));
        let all = threat.chain(self.trusted.iter().map(|path| (path, ListRole::Trusted)));
        let (mut lists, mut sources) = (Vec::new(), Vec::new());
        for (path, role) in all {
            let list = List::from_bytes_with(path, role, &read(path)?, &self.options)?;
            tell(&list, remarks);
            sources.push(source(&list));
            lists.push(list);
        }
        let matcher = (!lists.is_empty()).then(|| Arc::new(Matcher::new(lists)));
        Ok(LoadedLists { matcher, sources })
    }
}

fn source(list: &List) -> ListSource {
    ListSource {
        path: list.name.clone(),
        sha256: list.sha256.clone(),
        entries: list.entries.len() as u64,
        rejected: list.rejects.total,
        trusted: list.role == ListRole::Trusted,
    }
}

/// Tells what of a list is not in use, is not as it stands, or matches flows within a VPC.
fn tell(list: &List, remarks: &mut Remarks) {
    let others = list.not_addresses.iter().map(|(kind, count)| format!("{} {kind}", thousands(*count)));
    let left_out = [(list.expired, "expired"), (list.revoked, "revoked")].into_iter();
    let left_out = left_out.filter(|(count, _)| *count > 0);
    let left_out = left_out.map(|(count, why)| format!("{} {why}", thousands(count)));
    let not_in_use: Vec<String> = others.chain(left_out).collect();
    if !not_in_use.is_empty() {
        remarks.note(&format!("{}: not in use: {}", list.name, not_in_use.join(", ")));
    }
    if let Some(first) = list.rejects.samples.first() {
        let lines = counted(list.rejects.total, "line", "lines");
        remarks.warn(&format!("{}: {lines} not in use; first: {first}", list.name));
    }
    if let Some(first) = list.warnings.samples.first() {
        let entries = counted(list.warnings.total, "entry", "entries");
        remarks.warn(&format!("{}: {entries} not read as written; first: {first}", list.name));
    }
    if list.role == ListRole::Trusted {
        return; // Who is trusted may well be within.
    }
    let mut internal = internal_entries(list);
    if let Some(first) = internal.next() {
        let entries = counted(1 + internal.count() as u64, "entry", "entries");
        let first = format!("line {}: {:?}", first.line, first.text());
        let text = "in or around internal addresses; first:";
        remarks.warn(&format!("{}: {entries} {text} {first}", list.name));
    }
}
