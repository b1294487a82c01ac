//! Bytes over time: a drawing, and its figures as a table.

mod axis;
mod chart;
mod panel;

use maud::{Markup, html};

use super::shown::{nothing, shown};
use crate::fold::{Folded, Row, fold};
use crate::format::{counted, human_bytes, span, thousands, utc};
use crate::{Baseline, Chapter, Investigation};
use axis::{Axis, LEFT, RIGHT};
use jiff::Timestamp;
use panel::panels;

pub(super) fn section(chapter: &Chapter<'_>, number: usize, columns: usize) -> Markup {
    let investigation = chapter.investigation;
    let (from, to) = ends(investigation);
    let most = i64::try_from(columns).unwrap_or(i64::MAX).clamp(2, 10_000);
    let Some(mut folded) = fold(&investigation.timeline, from, to, most) else {
        return html! { p.note { "None: no record with a time was found, and the window has no ends." } };
    };
    folded.mark_gaps(&investigation.coverage.gaps);
    let baseline = chapter.baseline.as_ref();
    let panels = panels(&folded, baseline);
    let axis = Axis::of(&folded);
    html! {
        p.note { (merged(&folded)) " Each panel has a scale of its own. The hour of a record is that of its start." }
        (legend(chapter, &folded, &axis))
        div.chart tabindex="0" role="group" aria-label="Timeline, drawn" {
            (chart::draw(investigation, &axis, &panels, number, &summary(&folded)))
        }
        @if let Some(baseline) = baseline { (about(baseline, &folded)) }
        details {
            summary { "The timeline as a table" }
            (table(&folded))
        }
    }
}

/// What the drawing covers besides the hours with records: the window and the finding's own time, or
/// if there is neither, what was observed.
fn ends(investigation: &Investigation) -> (Option<Timestamp>, Option<Timestamp>) {
    let finding = investigation.finding.as_ref();
    let window = &investigation.window;
    let first = window.from.into_iter().chain(finding.and_then(|it| it.first_seen)).min();
    let last = window.to.into_iter().chain(finding.and_then(|it| it.last_seen)).max();
    let coverage = &investigation.coverage;
    let stretches = || {
        let observed = coverage.observed.iter().map(|it| (it.from, it.to));
        observed.chain(coverage.gaps.iter().map(|it| (it.from, it.to)))
    };
    let no_hours = investigation.timeline.is_empty();
    let or_observed =
        |time: Option<Timestamp>, other: Option<Timestamp>| time.or(other.filter(|_| no_hours));
    (
        or_observed(first, stretches().map(|(from, _)| from).min()),
        or_observed(last, stretches().map(|(_, to)| to).max()),
    )
}

fn merged(folded: &Folded) -> String {
    let hours = counted(folded.hours.unsigned_abs(), "hour", "hours");
    match folded.row_hours {
        1 => format!("{hours} (UTC), a column each."),
        merged => format!("{hours} (UTC), merged into columns of {merged} hours."),
    }
}

/// What the drawing shows, for those who cannot see it.
fn summary(folded: &Folded) -> String {
    let peak = |name: &str, of: fn(&Row) -> u128| {
        let rows = folded.rows.iter().enumerate();
        match rows.max_by_key(|(index, row)| (of(row), std::cmp::Reverse(*index))) {
            Some((index, row)) if of(row) > 0 => {
                format!(
                    "{name} peak at {} with {} bytes",
                    utc(folded.start(index)),
                    thousands(of(row))
                )
            }
            _ => format!("no {name}"),
        }
    };
    if folded.rows.iter().all(|row| row.records == 0 && row.rejected == 0) {
        return "Bar charts without a column: no record was found.".to_owned();
    }
    let gaps = folded.rows.iter().filter(|row| row.gap).count() as u64;
    format!(
        "Bar charts over {}. {}; {}; {} with a gap in coverage. The table below has the figures.",
        counted(folded.rows.len() as u64, "column", "columns"),
        peak("bytes in", |row| row.bytes_in),
        peak("bytes out", |row| row.bytes_out),
        counted(gaps, "column", "columns"),
    )
}

fn legend(chapter: &Chapter<'_>, folded: &Folded, axis: &Axis) -> Markup {
    let investigation = chapter.investigation;
    let window = &investigation.window;
    let outside = window.from.is_some_and(|from| axis.x(from) > LEFT)
        || window.to.is_some_and(|to| axis.x(to) < RIGHT);
    let seen = investigation.finding.as_ref().and_then(|it| it.first_seen.or(it.last_seen));
    let unoriented = folded.rows.iter().any(|row| row.bytes_unoriented > 0);
    let rejected = folded.rows.iter().any(|row| row.rejected > 0);
    let entries = [
        (true, "in", "bytes in"),
        (true, "out", "bytes out"),
        (unoriented, "unoriented", "bytes unoriented"),
        (rejected, "rejected", "rejected flows"),
        (seen.is_some(), "finding", "the finding's own time"),
        (outside, "outside", "outside of the window asked about"),
        (chapter.baseline.is_some() && folded.row_hours == 1, "baseline", "usual range (baseline)"),
        (!investigation.coverage.gaps.is_empty(), "gap", "gap: not observed"),
        (!investigation.coverage.observed.is_empty(), "observed", "observed"),
    ];
    html! {
        ul.legend {
            @for (there, class, text) in entries { @if there { li { span class={ "key " (class) } {} (text) } } }
        }
    }
}

fn about(baseline: &Baseline, folded: &Folded) -> Markup {
    html! {
        p.note {
            "Baseline: " (shown(&baseline.method)) ", from " (span(Some(baseline.from), Some(baseline.to))) "."
            // Ranges of several hours cannot be added up.
            @if folded.row_hours > 1 { " It is a range for single hours, so it is not drawn over merged columns." }
        }
    }
}

fn table(folded: &Folded) -> Markup {
    let unoriented = folded.rows.iter().any(|row| row.bytes_unoriented > 0);
    html! {
        div.wide tabindex="0" role="group" aria-label="Timeline as a table" {
            table {
                thead { tr {
                    th scope="col" { "From" } th.n scope="col" { "Bytes in" } th.n scope="col" { "Bytes out" }
                    @if unoriented { th.n scope="col" { "Bytes unoriented" } }
                    th.n scope="col" { "Flows" } th.n scope="col" { "Rejected" } th scope="col" { "Coverage" }
                } }
                tbody {
                    @for (index, row) in folded.rows.iter().enumerate() {
                        tr {
                            th scope="row" { (utc(folded.start(index))) }
                            (bytes(row, row.bytes_in)) (bytes(row, row.bytes_out))
                            @if unoriented { (bytes(row, row.bytes_unoriented)) }
                            td.n { (thousands(row.records)) }
                            td.n { (thousands(row.rejected)) }
                            td { @if row.gap { "gap" } }
                        }
                    }
                }
            }
        }
    }
}

/// A dash where there is no record, which is not the same as no bytes.
fn bytes(row: &Row, bytes: u128) -> Markup {
    html! {
        td.n {
            @if row.records == 0 { (nothing()) }
            @else { (thousands(bytes)) @if bytes >= 1000 { " " span.sub { (human_bytes(bytes)) } } }
        }
    }
}
