//! The objects and lists that the answer stands on.

use std::cmp::Reverse;

use flowproof_evidence::{EnrichmentFile, ListSource, ObjectEvidence};

use super::page::{Page, more};
use crate::format::{counted, exact_bytes, thousands, utc};
use crate::{Investigation, TextOptions};

/// Lists named, and sources of enrichment.
const LISTS: usize = 20;

pub(super) fn write(investigation: &Investigation, options: &TextOptions, page: &mut Page) {
    objects(&investigation.evidence, options.objects, page);
    lists(&investigation.lists, page);
    if let Some(enrichment) = &investigation.enrichment {
        files(&enrichment.files, page);
    }
}

fn objects(evidence: &[ObjectEvidence], limit: usize, page: &mut Page) {
    if evidence.is_empty() {
        page.heading("Sources: none, no object was read");
        return;
    }
    let count = counted(evidence.len() as u64, "object", "objects");
    page.heading(&format!("Sources ({count}, those with most records of the answer first)"));
    let mut objects: Vec<&ObjectEvidence> = evidence.iter().collect();
    objects.sort_by_key(|object| Reverse(object.records));
    let (shown, hidden) = objects.split_at(limit.min(objects.len()));
    for object in shown {
        page.line(&format!("  {}", object.object));
        page.hanging("      ", &identity(object));
    }
    if !hidden.is_empty() {
        let records: u128 = hidden.iter().map(|object| u128::from(object.records)).sum();
        let records = counted(records, "record", "records");
        let hidden = more(hidden.len(), "object", "objects");
        page.hanging("  ", &format!("and {hidden} with {records}; the JSON report names them all"));
    }
}

fn identity(object: &ObjectEvidence) -> String {
    let records = counted(object.records, "record", "records");
    let etag = match &object.etag {
        // A digest says of itself what it is.
        Some(etag) if etag.starts_with("sha256:") => etag.clone(),
        Some(etag) => format!("ETag {etag}"),
        None => "no ETag".to_owned(),
    };
    format!("{records}, {}, {etag}", exact_bytes(object.size))
}

fn lists(lists: &[ListSource], page: &mut Page) {
    if lists.is_empty() {
        page.heading("Lists: none, no remote was matched");
        return;
    }
    page.heading(&format!("Lists ({})", thousands(lists.len() as u64)));
    for list in lists.iter().take(LISTS) {
        page.line(&format!("  {}", list.path));
        let mut identity = counted(list.entries, "entry", "entries");
        if list.rejected > 0 {
            identity.push_str(&format!(", {} refused", counted(list.rejected, "line", "lines")));
        }
        if list.trusted {
            identity.push_str(", trusted");
        }
        page.hanging("      ", &format!("{identity}, sha256:{}", list.sha256));
    }
    page.more(lists.len().saturating_sub(LISTS), "list", "lists");
}

fn files(files: &[EnrichmentFile], page: &mut Page) {
    page.heading(&format!("Enrichment ({}, no part of any figure)", thousands(files.len() as u64)));
    for file in files.iter().take(LISTS) {
        page.line(&format!("  {}", file.path));
        let mut identity = counted(file.entries, "entry", "entries");
        if file.rejected > 0 {
            identity.push_str(&format!(", {} refused", counted(file.rejected, "row", "rows")));
        }
        if let Some(database_type) = &file.database_type {
            identity.push_str(&format!(", {database_type}"));
        }
        if let Some(built) = file.built {
            identity.push_str(&format!(" of {}", utc(built)));
        }
        page.hanging("      ", &format!("{identity}, sha256:{}", file.sha256));
    }
    page.more(files.len().saturating_sub(LISTS), "source", "sources");
}
