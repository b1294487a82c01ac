//! Who was on the other side: a table that the page's script sorts and filters.
//!
//! The first rows stand in the page as HTML. All rows, these among them, stand beside them as JSON,
//! from which the script draws the same cells again: a test compares the two in a browser.

mod row;
mod total;

use std::cmp::Reverse;
use std::io;

use flowproof_evidence::Remote;
use maud::{Markup, PreEscaped, html};
use serde::Serialize;

use super::shown::shown;
use crate::Investigation;
use crate::json::for_script;
use crate::text::remotes::{left_out, rank};
use row::Row;
use total::Total;

/// What the script is given.
#[derive(Serialize)]
struct Wire<'a> {
    /// Names of the figures, for the sums: `bytes in`.
    figures: &'a [&'static str],
    rows: &'a [Row],
}

pub(super) fn section(investigation: &Investigation, limit: usize) -> io::Result<Markup> {
    if investigation.remotes.is_empty() {
        return Ok(html! { p.note { "None: no record with traffic was found." } });
    }
    let mut remotes: Vec<&Remote> = investigation.remotes.iter().collect();
    // The sort is stable: remotes of equal rank keep the order that they came in.
    remotes.sort_by_key(|remote| Reverse(rank(remote)));
    let unoriented = remotes.iter().any(|remote| remote.traffic.bytes_unoriented > 0);
    let rows = row::rows(&remotes, unoriented, investigation.enrichment.as_ref());
    let figures = row::figures(unoriented);
    let json = for_script(&Wire { figures: &figures, rows: &rows })?;
    let page_size = limit.max(1);
    let limit = page_size.min(remotes.len());
    let total = Total::of(&remotes, unoriented);
    Ok(html! {
        div.remotes data-page=(page_size) data-all=(remotes.len()) {
            p.note { "Claimed remotes first, then those on a threat list, then by bytes." }
            (controls(page_size))
            p.status role="status" { (total.told(limit, remotes.len())) }
            div.wide tabindex="0" role="group" aria-label="Remotes" {
                table {
                    (heads(&figures))
                    tbody { @for row in &rows[..limit] { (row.draw()) } }
                }
            }
            (pager())
            @if limit < remotes.len() {
                p.note.left-out { (shown(&capital(&left_out(&remotes[limit..])))) ". With JavaScript this table shows them all, \
                    and sorts and filters; the JSON report has them too." }
            }
            script type="application/json" { (PreEscaped(json)) }
        }
    })
}

/// The sentence with a capital at its beginning.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// The first click on a heading of figures sorts downwards, on one of text upwards.
fn heads(figures: &[&'static str]) -> Markup {
    html! {
        thead { tr {
            th scope="col" { "Remote" }
            th scope="col" { "Lists and notes" }
            @for name in figures { th.n scope="col" data-sort="figure" { (capital(name)) } }
            th scope="col" { "Service" }
            th scope="col" { "First seen" }
            th scope="col" { "Last seen" }
        } }
    }
}

/// Hidden until the script runs, since they do nothing without.
fn controls(page_size: usize) -> Markup {
    html! {
        form.controls hidden {
            label { "Filter " input type="search" name="text" placeholder="address, service, list, label" autocomplete="off" spellcheck="false"; }
            label { input type="checkbox" name="claimed"; " claimed" }
            label { input type="checkbox" name="listed"; " on a threat list" }
            label { input type="checkbox" name="rejected"; " with rejected flows" }
            label { "Rows "
                select name="rows" {
                    option value=(page_size) selected { (page_size) }
                    @for more in [250, 1000] { @if more > page_size { option value=(more) { (more) } } }
                    option value="all" { "all" }
                }
            }
            button type="reset" { "Reset" }
        }
    }
}

fn pager() -> Markup {
    html! {
        div.pager hidden role="group" aria-label="Pages of remotes" {
            @for (name, label) in [("first", "First"), ("back", "Back"), ("next", "Next"), ("last", "Last")] {
                button type="button" name=(name) { (label) }
            }
        }
    }
}
