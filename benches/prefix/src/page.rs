//! Figures to Markdown and JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::contestant::Group;
use crate::contestants::OURS;
use crate::measure::{Figures, MIXES, Row};
use crate::promises::promises;

const BEGIN: &str = "<!-- prefix -->";
const END: &str = "<!-- /prefix -->";

/// A run: all sets, and what they were measured with.
pub(crate) struct Run {
    pub(crate) options: String,
    pub(crate) date: String,
    pub(crate) machine: String,
    pub(crate) versions: Vec<String>,
    pub(crate) sets: Vec<Figures>,
}

impl Run {
    /// The part of the page, without the marks around it.
    pub(crate) fn markdown(&self) -> String {
        let mut page = format!(
            "## Prefix look-up\n\n\
            Made by `cargo run --profile peers -p flowproof-prefix-benches -- {}` on {}; \
            `benches/prefix/README.md` tells how to make it again.\n\n\
            Machine: {}; one thread.\nVersions: {}.\n\n{ABOUT}\n",
            self.options,
            self.date,
            self.machine,
            self.versions.join("; ")
        );
        for figures in &self.sets {
            page += &table(figures);
        }
        page += &promise_table(&self.sets);
        page + "\n" + MIND
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "command": self.options,
            "date": self.date,
            "machine": self.machine,
            "versions": self.versions,
            "sets": self.sets.iter().map(set_json).collect::<Vec<_>>(),
        })
    }
}

/// The page with the part between its marks replaced, or added at the end.
pub(crate) fn publish(page: &str, part: &str) -> String {
    let marked = format!("{BEGIN}\n{}\n{END}", part.trim_end());
    let marks = page.find(BEGIN).and_then(|begin| Some((begin, begin + page[begin..].find(END)?)));
    match marks {
        Some((begin, end)) => format!("{}{marked}{}", &page[..begin], &page[end + END.len()..]),
        None => format!("{}\n\n{marked}\n", page.trim_end()),
    }
}

/// Behind the machine, before the tables.
const ABOUT: &str = include_str!("page/about.md");

/// Behind the tables.
const MIND: &str = include_str!("page/mind.md");

fn table(figures: &Figures) -> String {
    let mut table = format!(
        "### {}: {} entries, {} look-ups of each mix\n\n\
        | contestant | uniform ns | flow ns | hits ns | build ms | bytes an entry | |\n\
        | --- | ---: | ---: | ---: | ---: | ---: | --- |\n",
        figures.set,
        thousands(figures.entries),
        thousands(figures.queries)
    );
    let ours = figures.rows.iter().find(|row| row.name == OURS);
    for row in &figures.rows {
        let shown = match (row.group, row.name.split_once(", ")) {
            (Group::Ours, _) => format!("**{}**", row.name),
            (Group::Crate, Some((name, structure))) => format!("`{name}`, {structure}"),
            (Group::Crate, None) => format!("`{}`", row.name),
            (Group::Reference | Group::ExactOnly, _) => row.name.into(),
        };
        let [uniform, flow, hits] = [0, 1, 2].map(|mix| row.nanoseconds(mix));
        let bytes = row.bytes as f64 / figures.entries as f64;
        let _ = writeln!(
            table,
            "| {shown} | {uniform:.1} | {flow:.1} | {hits:.1} | {:.1} | {bytes:.1} | {} |",
            row.build_milliseconds(),
            mark(row, ours),
        );
    }
    for (name, why) in &figures.left_out {
        let _ = writeln!(table, "| `{name}` | | | | | | not run: {why} |");
    }
    table + "\n"
}

/// In what a contestant is ahead of ours.
fn mark(row: &Row, ours: Option<&Row>) -> String {
    let Some(ours) = ours.filter(|_| row.group != Group::Ours) else { return String::new() };
    let in_mixes =
        (0..MIXES.len()).map(|mix| (MIXES[mix], row.nanoseconds(mix) < ours.nanoseconds(mix)));
    let ahead: Vec<&str> = in_mixes
        .chain([
            ("build", row.build_milliseconds() < ours.build_milliseconds()),
            ("bytes", row.bytes < ours.bytes),
        ])
        .filter_map(|(what, ahead)| ahead.then_some(what))
        .collect();
    let limit = if row.group == Group::ExactOnly { "no longest-prefix match" } else { "" };
    match (limit, ahead.as_slice()) {
        (limit, []) => limit.into(),
        ("", ahead) => format!("**ours loses: {}**", ahead.join(", ")),
        (limit, ahead) => format!("{limit}; ours loses: {}", ahead.join(", ")),
    }
}

fn promise_table(sets: &[Figures]) -> String {
    let mut table = String::from(
        "### Promises\n\n| promise | measured | bound | |\n| --- | ---: | ---: | --- |\n",
    );
    for promise in sets.iter().flat_map(promises) {
        let kept = if promise.kept { "kept" } else { "**missed**" };
        let _ = writeln!(
            table,
            "| {} | {} | {} | {kept} |",
            promise.what, promise.measured, promise.bound
        );
    }
    table
}

fn set_json(figures: &Figures) -> Value {
    let row = |row: &Row| {
        let mixes = MIXES.iter().enumerate().map(|(mix, name)| {
            let rounds = &row.rounds[mix];
            let least = rounds.iter().copied().fold(f64::INFINITY, f64::min);
            (
                (*name).to_owned(),
                json!({ "median_ns": row.nanoseconds(mix), "min_ns": least, "rounds_ns": rounds }),
            )
        });
        json!({
            "name": row.name,
            "longest_prefix_match": row.group != Group::ExactOnly,
            "mixes": mixes.collect::<serde_json::Map<_, _>>(),
            "build_s": row.builds,
            "bytes": row.bytes,
        })
    };
    json!({
        "set": figures.set,
        "entries": figures.entries,
        "queries": figures.queries,
        "contestants": figures.rows.iter().map(row).collect::<Vec<_>>(),
        "not_run": figures.left_out.iter().map(|(name, why)| json!({ "name": name, "why": why })).collect::<Vec<_>>(),
    })
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    groups.map(String::from_utf8_lossy).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_added_at_the_end_and_then_replaced_in_its_place() {
        let page = publish("# Benchmarks\n\ntext\n", "one\n");
        assert_eq!(page, "# Benchmarks\n\ntext\n\n<!-- prefix -->\none\n<!-- /prefix -->\n");
        let page = page + "\nmore\n";
        let again = publish(&page, "two\n");
        assert_eq!(again, page.replace("one", "two"));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([7, 1000, 1_048_576].map(thousands), ["7", "1,000", "1,048,576"]);
    }
}
