//! The drawing itself, as SVG in the page.

use std::collections::BTreeMap;

use flowproof_evidence::Gap;
use maud::{Markup, html};

use super::axis::{Axis, LEFT, RIGHT, WIDTH, px};
use super::panel::{HEIGHT, Panel};
use crate::Investigation;
use crate::escape::shortened;
use crate::format::{counted, span, thousands};
use crate::html::shown::plain;
use jiff::Timestamp;

/// Pixels above a panel for its title, and for a lane with its name.
const TITLE: f64 = 36.0;
const LANE: f64 = 32.0;
const LANE_BAR: f64 = 9.0;

/// Interfaces drawn.
const LANES: usize = 8;

/// Characters shown of an interface and of a reason.
const NAME: usize = 60;

/// Rectangles from left to right, those that would cover each other left out.
struct Stretches(Vec<(String, String, String)>);

pub(super) fn draw(
    investigation: &Investigation,
    axis: &Axis,
    panels: &[Panel],
    number: usize,
    summary: &str,
) -> Markup {
    let lanes = lanes(investigation);
    let panels_end = (TITLE + HEIGHT) * panels.len() as f64;
    let lanes_end = panels_end + 14.0 + LANE * lanes.len().min(LANES) as f64;
    let height = lanes_end + 44.0;
    let hatch = format!("c{number}-hatch");
    let gaps: Vec<&Gap> = investigation.coverage.gaps.iter().collect();
    html! {
        svg viewBox={ "0 0 " (px(WIDTH)) " " (px(height)) } width=(px(WIDTH)) height=(px(height)) role="img" aria-label=(summary) {
            defs {
                pattern id=(hatch) width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect class="hatch-ground" width="6" height="6" {}
                    rect class="hatch" width="2" height="6" {}
                }
            }
            (outside(investigation, axis, panels_end))
            @for stretch in of_gaps(axis, &gaps).0 {
                rect class="gap" x=(stretch.0) y="0" width=(stretch.1) height=(px(panels_end)) fill={ "url(#" (hatch) ")" } {
                    title { (plain(&stretch.2)) }
                }
            }
            (finding(investigation, axis, panels_end))
            (time_lines(axis, lanes_end))
            @for (index, panel) in panels.iter().enumerate() {
                (draw_panel(panel, axis, (TITLE + HEIGHT) * (index + 1) as f64))
            }
            @for (index, (name, lane)) in lanes.iter().take(LANES).enumerate() {
                (draw_lane(name, lane, axis, panels_end + 14.0 + LANE * index as f64, &hatch))
            }
            @if lanes.len() > LANES {
                text class="small" x=(px(LEFT)) y=(px(lanes_end + 40.0)) {
                    "and " (counted((lanes.len() - LANES) as u64, "more interface", "more interfaces")) ", see Coverage"
                }
            }
        }
    }
}

/// What lies before and after the window that was asked about.
fn outside(investigation: &Investigation, axis: &Axis, bottom: f64) -> Markup {
    let window = &investigation.window;
    let before = window.from.map(|from| (LEFT, axis.x(from)));
    let after = window.to.map(|to| (axis.x(to), RIGHT));
    html! {
        @for (from, to) in before.into_iter().chain(after).filter(|(from, to)| to > from) {
            rect.outside x=(px(from)) y="0" width=(px(to - from)) height=(px(bottom)) {}
        }
    }
}

/// The stretch from the finding's first occurrence to its last.
fn finding(investigation: &Investigation, axis: &Axis, bottom: f64) -> Markup {
    let finding = investigation.finding.as_ref();
    let first = finding.and_then(|it| it.first_seen.or(it.last_seen));
    let last = finding.and_then(|it| it.last_seen.or(it.first_seen));
    html! {
        @if let (Some(first), Some(last)) = (first, last) {
            @let (left, right) = (axis.x(first), axis.x(last));
            rect.finding x=(px(left)) y="0" width=(px((right - left).max(1.0))) height=(px(bottom)) {
                title { "The finding's own time: " (span(Some(first), Some(last))) }
            }
            path class="finding-edge" d={ "M" (px(left)) " 0V" (px(bottom)) "M" (px(right)) " 0V" (px(bottom)) } {}
        }
    }
}

fn time_lines(axis: &Axis, bottom: f64) -> Markup {
    html! {
        @for label in axis.labels() {
            path class="grid" d={ "M" (px(label.x)) " 0V" (px(bottom)) } {}
            @let (hour, day) = if label.hour.is_empty() { (&label.day, "") } else { (&label.hour, &*label.day) };
            text class="time" x=(px(label.x)) y=(px(bottom + 14.0)) { (hour) }
            @if !day.is_empty() { text class="time" x=(px(label.x)) y=(px(bottom + 28.0)) { (day) } }
        }
    }
}

/// One series. `bottom` is where its zero line is.
fn draw_panel(panel: &Panel, axis: &Axis, bottom: f64) -> Markup {
    html! {
        (usual(panel, axis, bottom))
        @for (value, label) in panel.lines() {
            @let y = if value == 0 { bottom } else { bottom - panel.height(value) };
            path class="grid" d={ "M" (px(LEFT)) " " (px(y)) "H" (px(RIGHT)) } {}
            text class="scale" x=(px(LEFT - 6.0)) y=(px(y + 4.0)) { (label) }
        }
        @for (index, value) in panel.columns.iter().enumerate().filter(|(_, value)| **value > 0) {
            @let (x, width) = axis.column(index);
            @let height = panel.height(*value);
            rect class=(panel.class) x=(px(x + width * 0.1)) y=(px(bottom - height)) width=(px((width * 0.8).max(0.8))) height=(px(height)) {
                title { (panel.name) " from " (axis.begin(index)) ": " (thousands(*value)) }
            }
        }
        text class="panel" x=(px(LEFT)) y=(px(bottom - HEIGHT - 10.0)) { (panel.title()) }
    }
}

/// What was usual: a band behind the columns, and a line through its middle.
fn usual(panel: &Panel, axis: &Axis, bottom: f64) -> Markup {
    let bands = panel.bands.iter().enumerate().filter_map(|(index, band)| Some((index, (*band)?)));
    html! {
        @for (index, band) in bands {
            @let (x, width) = axis.column(index);
            @let [low, middle, high] = [band.low, band.middle, band.high].map(|it| bottom - panel.height(it.into()));
            rect.baseline x=(px(x)) y=(px(high)) width=(px(width)) height=(px(low - high)) {
                title { "usual from " (axis.begin(index)) ": " (thousands(band.low)) " to " (thousands(band.high)) ", middle " (thousands(band.middle)) }
            }
            path class="baseline-middle" d={ "M" (px(x)) " " (px(middle)) "H" (px(x + width)) } {}
        }
    }
}

/// Where one interface left records, and where not.
#[derive(Default)]
struct Lane<'a> {
    observed: Vec<(Timestamp, Timestamp)>,
    gaps: Vec<&'a Gap>,
}

/// A lane for each interface of the subject, and for each other that left records or should have.
fn lanes(investigation: &Investigation) -> BTreeMap<&str, Lane<'_>> {
    let coverage = &investigation.coverage;
    let subject = investigation.subject.interfaces.iter();
    let mut lanes: BTreeMap<&str, Lane<'_>> =
        subject.map(|name| (name.as_str(), Lane::default())).collect();
    for observed in &coverage.observed {
        let lane = lanes.entry(&observed.interface).or_default();
        lane.observed.push((observed.from, observed.to));
    }
    for gap in &coverage.gaps {
        lanes.entry(&gap.interface).or_default().gaps.push(gap);
    }
    lanes
}

fn draw_lane(name: &str, lane: &Lane<'_>, axis: &Axis, top: f64, hatch: &str) -> Markup {
    let mut seen = Stretches(Vec::new());
    for (from, to) in &lane.observed {
        seen.push(axis, *from, *to, &format!("observed: {}", span(Some(*from), Some(*to))));
    }
    let never = if lane.observed.is_empty() { ": no record at all" } else { "" };
    let [y, height] = [top + 19.0, LANE_BAR].map(px);
    html! {
        text class="small" x=(px(LEFT)) y=(px(top + 14.0)) { "Records of " tspan { (plain(&shortened(name, NAME))) } (never) }
        rect.lane x=(px(LEFT)) y=(y) width=(px(RIGHT - LEFT)) height=(height) {}
        @for (x, width, about) in seen.0 {
            rect.observed x=(x) y=(y) width=(width) height=(height) { title { (plain(&about)) } }
        }
        @for (x, width, about) in of_gaps(axis, &lane.gaps).0 {
            rect.gap x=(x) y=(y) width=(width) height=(height) fill={ "url(#" (hatch) ")" } { title { (plain(&about)) } }
        }
    }
}

fn of_gaps(axis: &Axis, gaps: &[&Gap]) -> Stretches {
    let mut stretches = Stretches(Vec::new());
    for gap in gaps {
        let about =
            format!("gap: {} ({})", span(Some(gap.from), Some(gap.to)), shortened(&gap.why, NAME));
        stretches.push(axis, gap.from, gap.to, &about);
    }
    stretches
}

impl Stretches {
    /// Adds a stretch that is within the drawing, unless the one before is drawn in the same place.
    /// None is too narrow to be seen.
    fn push(&mut self, axis: &Axis, from: Timestamp, to: Timestamp, about: &str) {
        if !axis.meets(from, to) {
            return;
        }
        let (left, right) = (axis.x(from), axis.x(to));
        let (x, width) = (px(left.min(RIGHT - 1.0)), px((right - left).max(1.0)));
        if self.0.last().is_none_or(|last| (&last.0, &last.1) != (&x, &width)) {
            self.0.push((x, width, about.to_owned()));
        }
    }
}
