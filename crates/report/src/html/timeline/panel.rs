//! One series of the drawing: its columns and the scale that they are drawn to.

use std::collections::BTreeMap;

use crate::fold::{Folded, Row};
use crate::format::{human_bytes, thousands};
use crate::{Band, Baseline, BaselineHour};

/// Pixels from the bottom of a panel to its top.
pub(super) const HEIGHT: f64 = 96.0;

/// Pixels of the smallest column, so that no bytes are drawn as none.
const LEAST: f64 = 1.5;

pub(super) struct Panel {
    pub(super) name: &'static str,
    /// The class that gives its colour.
    pub(super) class: &'static str,
    pub(super) columns: Vec<u128>,
    /// What was usual, by column.
    pub(super) bands: Vec<Option<Band>>,
    /// What the whole height stands for.
    top: u128,
    any_record: bool,
    is_bytes: bool,
}

/// The panels that have something to show; those of bytes in and out are always there.
pub(super) fn panels(folded: &Folded, baseline: Option<&Baseline>) -> Vec<Panel> {
    let series = |of: fn(&Row) -> u128| folded.rows.iter().map(of).collect::<Vec<u128>>();
    let bands = |of| bands(folded, baseline, of);
    let mut panels = vec![
        Panel::new("Bytes in", "in", series(|row| row.bytes_in), bands(|hour| hour.bytes_in), true),
        Panel::new(
            "Bytes out",
            "out",
            series(|row| row.bytes_out),
            bands(|hour| hour.bytes_out),
            true,
        ),
    ];
    let beside = [
        Panel::new(
            "Bytes unoriented",
            "unoriented",
            series(|row| row.bytes_unoriented),
            Vec::new(),
            true,
        ),
        Panel::new("Rejected flows", "rejected", series(|row| row.rejected), Vec::new(), false),
    ];
    panels.extend(beside.into_iter().filter(|panel| panel.columns.iter().any(|value| *value > 0)));
    let any_record = folded.rows.iter().any(|row| row.records > 0 || row.rejected > 0);
    panels.iter_mut().for_each(|panel| panel.any_record = any_record);
    panels
}

/// The baseline by column: nothing where columns are more than an hour, since ranges do not add up.
fn bands(
    folded: &Folded,
    baseline: Option<&Baseline>,
    of: fn(&BaselineHour) -> Band,
) -> Vec<Option<Band>> {
    let Some(baseline) = baseline.filter(|_| folded.row_hours == 1) else { return Vec::new() };
    let by_hour: BTreeMap<_, _> =
        baseline.hours.iter().map(|hour| (hour.start, of(hour))).collect();
    (0..folded.rows.len()).map(|index| by_hour.get(&folded.start(index)).copied()).collect()
}

impl Panel {
    fn new(
        name: &'static str,
        class: &'static str,
        columns: Vec<u128>,
        bands: Vec<Option<Band>>,
        is_bytes: bool,
    ) -> Panel {
        let most = columns.iter().copied().max().unwrap_or(0);
        let usual = bands.iter().flatten().map(|band| u128::from(band.high)).max().unwrap_or(0);
        let top = round_up(most.max(usual));
        Panel { name, class, columns, bands, top, any_record: true, is_bytes }
    }

    /// Without any record "0" would be wrong: nobody saw that there was nothing.
    pub(super) fn title(&self) -> String {
        if !self.any_record {
            return format!("{}: no record", self.name);
        }
        let most = self.columns.iter().copied().max().unwrap_or(0);
        format!("{}, most in a column: {}", self.name, thousands(most))
    }

    /// Pixels from the bottom.
    pub(super) fn height(&self, value: u128) -> f64 {
        match value {
            0 => 0.0,
            // Pixels need no more digits than a float has.
            value => (value as f64 / self.top as f64 * HEIGHT).clamp(LEAST, HEIGHT),
        }
    }

    /// Values with a line, and their labels. All labels are exact.
    pub(super) fn lines(&self) -> Vec<(u128, String)> {
        let half = self.top.is_multiple_of(2).then_some(self.top / 2);
        let label = |value| if self.is_bytes { human_bytes(value) } else { thousands(value) };
        let values = [0].into_iter().chain(half).chain([self.top]);
        values.map(|value| (value, label(value))).collect()
    }
}

/// The next 1, 2 or 5 with zeros behind it.
fn round_up(most: u128) -> u128 {
    let mut power = 1_u128;
    loop {
        for top in [power, power.saturating_mul(2), power.saturating_mul(5)] {
            if top >= most {
                return top;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{chapter, corroborated};
    use crate::fold::fold;

    fn panel(columns: &[u128]) -> Panel {
        Panel::new("x", "in", columns.to_vec(), Vec::new(), true)
    }

    #[test]
    fn the_scale_ends_at_a_round_number() {
        let rounded = [0, 1, 3, 5, 6, 1001, 60_000_000].map(round_up);
        assert_eq!(rounded, [1, 1, 5, 5, 10, 2000, 100_000_000]);
        assert_eq!(round_up(u128::MAX), u128::MAX);
    }

    #[test]
    fn columns_are_to_scale_and_the_smallest_leaves_a_mark() {
        let panel = panel(&[0, 1, 250_000, 1_000_000]);
        let heights: Vec<f64> = panel.columns.iter().map(|it| panel.height(*it)).collect();
        assert_eq!(heights, [0.0, LEAST, HEIGHT / 4.0, HEIGHT]);
    }

    #[test]
    fn a_range_of_single_hours_is_not_drawn_over_merged_columns() {
        let investigation = corroborated();
        let baseline = chapter(&investigation).baseline;
        let drawn = |most| {
            let window = &investigation.window;
            let folded = fold(&investigation.timeline, window.from, window.to, most).unwrap();
            let panels = panels(&folded, baseline.as_ref());
            panels[0].bands.iter().flatten().map(|band| band.middle).collect::<Vec<u64>>()
        };
        assert_eq!(drawn(168), [20_000_000; 24]);
        assert!(drawn(12).is_empty());
    }

    #[test]
    fn labels_are_exact() {
        let labels =
            |most: u128| panel(&[most]).lines().into_iter().map(|it| it.1).collect::<Vec<_>>();
        assert_eq!(labels(4_000), ["0 B", "2.5 kB", "5.0 kB"]);
        assert_eq!(labels(4), ["0 B", "5 B"]);
        assert_eq!(labels(0), ["0 B", "1 B"]);
        assert_eq!(labels(60_000_000), ["0 B", "50.0 MB", "100.0 MB"]);
    }
}
