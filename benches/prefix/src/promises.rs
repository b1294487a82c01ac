//! What was promised of our map, and whether it is kept.

use crate::contestant::Group;
use crate::contestants::{DIR_24_8, OURS, OURS_BATCH};
use crate::measure::{Figures, MIXES, Row, median};

pub(crate) struct Promise {
    pub(crate) what: String,
    pub(crate) measured: String,
    pub(crate) bound: String,
    pub(crate) kept: bool,
}

const FLOW: usize = 1;
const HITS: usize = 2;

/// All promises about a set that the rows which were run can tell of.
pub(crate) fn promises(figures: &Figures) -> Vec<Promise> {
    let set = figures.set.as_str();
    let row = |name| figures.rows.iter().find(|row| row.name == name);
    let Some(ours) = row(OURS) else { return Vec::new() };
    let mut all = Vec::new();

    // The crate that is best at a mix, and how many times as long as ours it takes.
    let best = |mix: usize| {
        let crates = figures.rows.iter().filter(|row| row.group == Group::Crate);
        let best = crates.min_by(|a, b| a.nanoseconds(mix).total_cmp(&b.nanoseconds(mix)))?;
        Some((best.name, ratio(best, ours, mix)))
    };
    let closest = (0..MIXES.len()).filter_map(|mix| Some((mix, best(mix)?)));
    if let Some((mix, (name, got))) = closest.min_by(|a, b| a.1.1.total_cmp(&b.1.1)) {
        all.push(Promise {
            what: format!("{set}: every trie crate takes longer than ours, in all mixes"),
            measured: format!("{got:.2} x ours ({name}, {})", MIXES[mix]),
            bound: "over 1 x".into(),
            kept: got > 1.0,
        });
    }
    if let Some((name, got)) = best(FLOW) {
        let least = if figures.entries >= 1_000_000 { 3.0 } else { 4.0 };
        all.push(Promise {
            what: format!("{set}, flow: the best trie crate against ours"),
            measured: format!("{got:.2} x ours ({name})"),
            bound: format!("at least {least} x"),
            kept: got >= least,
        });
    }
    if let Some(table) = row(DIR_24_8) {
        let got = ratio(ours, table, FLOW);
        all.push(Promise {
            what: format!("{set}, flow: ours against {DIR_24_8}"),
            measured: format!("{got:.2} x"),
            bound: "at most 2 x".into(),
            kept: got <= 2.0,
        });
        let share = ours.bytes as f64 / table.bytes as f64;
        all.push(Promise {
            what: format!("{set}: our memory against that of {DIR_24_8}"),
            measured: format!("1/{:.0}", 1.0 / share),
            bound: "under 1/20".into(),
            kept: share < 0.05,
        });
    }
    if let (Some(batch), "v4-1m") = (row(OURS_BATCH), set) {
        let got = ratio(ours, batch, HITS);
        all.push(Promise {
            what: format!("{set}, hits: one by one against batches"),
            measured: format!("{got:.2} x batches"),
            bound: "at least 2 x".into(),
            kept: got >= 2.0,
        });
    }
    let (most_build, most_bytes) = match set {
        "v4-1m" => (Some(150.0), Some(24.0)),
        "v4-100k" => (Some(15.0), Some(48.0)),
        "v6-100k" => (None, Some(64.0)),
        _ => (None, None),
    };
    if let Some(most) = most_build {
        let got = ours.build_milliseconds();
        all.push(Promise {
            what: format!("{set}: our build on one core"),
            measured: format!("{got:.1} ms"),
            bound: format!("under {most} ms"),
            kept: got < most,
        });
    }
    if let Some(most) = most_bytes {
        let got = ours.bytes as f64 / figures.entries as f64;
        all.push(Promise {
            what: format!("{set}: our bytes an entry"),
            measured: format!("{got:.1}"),
            bound: format!("at most {most}"),
            kept: got <= most,
        });
    }
    all
}

/// The median of the ratios within each round.
fn ratio(row: &Row, to: &Row, mix: usize) -> f64 {
    let pairs = row.rounds[mix].iter().zip(&to.rounds[mix]);
    median(&pairs.map(|(row, to)| row / to).collect::<Vec<f64>>())
}
