//! The objects, lists and other sources that the answer stands on.

use std::cmp::Reverse;

use flowproof_evidence::{EnrichmentFile, ListSource, ObjectEvidence};
use maud::{Markup, html};

use super::shown::{cut, figure, nothing, shown, time};
use crate::Investigation;
use crate::format::{counted, human_bytes, thousands};

/// Lists named, and sources of enrichment.
const LISTS: usize = 100;

/// Characters shown of a name. A name that is cut says so.
const NAME: usize = 1024;

pub(super) fn section(investigation: &Investigation, limit: usize) -> Markup {
    html! {
        h4 { "Objects (" (thousands(investigation.evidence.len() as u64)) ")" }
        (objects(&investigation.evidence, limit))
        h4 { "Lists (" (thousands(investigation.lists.len() as u64)) ")" }
        (lists(&investigation.lists))
        @if let Some(enrichment) = &investigation.enrichment {
            h4 { "Enrichment (" (thousands(enrichment.files.len() as u64)) ", no part of any figure)" }
            (files(&enrichment.files))
        }
    }
}

fn objects(evidence: &[ObjectEvidence], limit: usize) -> Markup {
    if evidence.is_empty() {
        return html! { p.note { "None: no object was read." } };
    }
    let mut objects: Vec<&ObjectEvidence> = evidence.iter().collect();
    objects.sort_by_key(|object| Reverse(object.records));
    let (told, hidden) = objects.split_at(limit.min(objects.len()));
    let collected = told.iter().any(|object| object.collected_in.is_some());
    let records: u128 = hidden.iter().map(|object| u128::from(object.records)).sum();
    html! {
        p.note { "Those with most records of the answer first." }
        div.wide tabindex="0" role="group" aria-label="Source objects" {
            table {
                thead { tr {
                    th scope="col" { "Object" } th.n scope="col" { "Records" } th.n scope="col" { "Stored bytes" }
                    th scope="col" { "ETag or digest" }
                    @if collected { th scope="col" { "Collected in" } }
                } }
                tbody { @for object in told { (object_row(object, collected)) } }
            }
        }
        @if !hidden.is_empty() {
            p.note { "And " (counted(hidden.len() as u64, "more object", "more objects")) " with "
                (counted(records, "record", "records")) "; the JSON report names them all." }
        }
    }
}

fn object_row(object: &ObjectEvidence, collected: bool) -> Markup {
    let size = if object.size < 1000 { String::new() } else { human_bytes(object.size) };
    let name = |name: &Option<String>| match name {
        Some(name) => html! { code { (cut(name, NAME)) } },
        None => nothing(),
    };
    html! {
        tr {
            th.text scope="row" { code { (cut(&object.object, NAME)) } }
            td.n { (thousands(object.records)) }
            td.n { (figure(&thousands(object.size), &size)) }
            td.text { (name(&object.etag)) }
            @if collected { td.text { (name(&object.collected_in)) } }
        }
    }
}

fn lists(lists: &[ListSource]) -> Markup {
    html! {
        @if lists.is_empty() { p.note { "None: no remote was matched." } }
        @else {
            div.wide tabindex="0" role="group" aria-label="Lists" {
                table {
                    thead { tr {
                        th scope="col" { "List" } th scope="col" { "Kind" } th.n scope="col" { "Entries" }
                        th.n scope="col" { "Lines refused" } th scope="col" { "SHA-256" }
                    } }
                    tbody { @for list in lists.iter().take(LISTS) {
                        tr {
                            th.text scope="row" { (cut(&list.path, NAME)) }
                            td { (if list.trusted { "trusted" } else { "threat" }) }
                            td.n { (thousands(list.entries)) }
                            td.n { (thousands(list.rejected)) }
                            td.text { code { (cut(&list.sha256, NAME)) } }
                        }
                    } }
                }
            }
            (super::shown::more(lists.len().saturating_sub(LISTS), "list", "lists", ", which the JSON report names"))
        }
    }
}

fn files(files: &[EnrichmentFile]) -> Markup {
    html! {
        div.wide tabindex="0" role="group" aria-label="Sources of enrichment" {
            table {
                thead { tr {
                    th scope="col" { "Source" } th scope="col" { "Kind" } th.n scope="col" { "Entries" }
                    th.n scope="col" { "Rows refused" } th scope="col" { "Made" } th scope="col" { "SHA-256" }
                } }
                tbody { @for file in files.iter().take(LISTS) {
                    tr {
                        th.text scope="row" { (cut(&file.path, NAME)) }
                        td.text { (shown(&file.kind)) @if let Some(kind) = &file.database_type { ", " (cut(kind, NAME)) } }
                        td.n { (thousands(file.entries)) }
                        td.n { (thousands(file.rejected)) }
                        td { (time(file.built)) }
                        td.text { code { (cut(&file.sha256, NAME)) } }
                    }
                } }
            }
        }
        (super::shown::more(files.len().saturating_sub(LISTS), "source", "sources", ", which the JSON report names"))
    }
}
