//! Figures of a run for a scraper: a file in the OpenMetrics text format.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use flowproof_state::State;
use jiff::Timestamp;

use super::Run;
use crate::exit::Exit;
use crate::output::OutputFile;

/// The name of the figure that outlives failed runs.
const LAST_SUCCESS: &str = "flowproof_scan_last_success_timestamp_seconds";

/// What is told of a run.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// Name, meaning, label if any, value.
    values: Vec<(&'static str, &'static str, Option<String>, u64)>,
}

impl Figures {
    pub(super) async fn of(run: &Run, state: &mut State) -> Result<Figures> {
        let mut figures = Figures::default();
        let mut add = |name, help, value| figures.values.push((name, help, None, value));
        let objects = &run.coverage.objects;
        add(
            "objects_listed",
            "Objects that the last run listed and did not pass over",
            run.look.objects,
        );
        add("objects_read", "Objects that the last run read", run.read);
        add(
            "objects_waiting",
            "Objects that wait for a later run",
            run.look.waiting() as u64 + run.look.postponed,
        );
        add(
            "objects_unread",
            "Objects that could not be read in the last run",
            objects.unreadable(),
        );
        add("objects_replaced", "Objects that came in another edition", run.look.replaced);
        add(
            "days_skipped",
            "Day folders whose turn to be listed was not in the last run",
            run.look.skipped_days as u64,
        );
        add(
            "places_unlistable",
            "Places that could not be listed",
            run.look.unlistable.len() as u64,
        );
        add("records", "Records that the last run counted", run.coverage.records.ok);
        add("records_malformed", "Lines that are no records", run.coverage.records.malformed);
        add("lists_stale", "Lists that are not in order", run.stale_lists);
        add("findings_told", "Findings that the last run told", run.news.told);
        add(
            "findings_suppressed",
            "Findings that have changed and are suppressed",
            run.news.suppressed,
        );
        add(
            "findings",
            "All findings",
            run.news.findings.max(state.findings().await?.len() as u64),
        );
        add("trouble", "Objects that there is trouble with", run.trouble.len() as u64);
        add("known_objects", "Objects that are known", state.summary().objects);
        let newest = super::notes::last_run(state)?.and_then(|last| last.newest);
        if let Some(newest) = newest.and_then(|newest| u64::try_from(newest.as_second()).ok()) {
            let help = "The latest stamp in the names of objects that were read";
            figures.values.push(("newest_stamp_timestamp_seconds", help, None, newest));
        }
        for (target, told) in &run.emitted {
            let help = "Whether the last telling of a target failed";
            let value = u64::from(told.is_err());
            figures.values.push(("target_failed", help, Some(target.clone()), value));
        }
        Ok(figures)
    }
}

/// Writes the figures of a run that came to its end.
pub(super) fn write(path: &Path, began: Timestamp, exit: Exit, figures: &Figures) -> Result<()> {
    let now = Timestamp::now();
    let is_well = matches!(exit, Exit::Answered | Exit::Partial | Exit::Nothing);
    let success = if is_well { Some(now.as_second()) } else { last_success(path) };
    let mut text = String::new();
    let mut last = "";
    for (name, help, label, value) in &figures.values {
        if last != *name {
            family(&mut text, &format!("flowproof_scan_{name}"), help);
            last = name;
        }
        let label = label.as_ref().map(|target| format!("{{target=\"{}\"}}", escaped(target)));
        let _ = writeln!(text, "flowproof_scan_{name}{} {value}", label.unwrap_or_default());
    }
    family(&mut text, "flowproof_scan_exit_code", "The exit code of the last run");
    let _ = writeln!(text, "flowproof_scan_exit_code {}", exit as i32);
    finish(path, text, began, now, success)
}

/// Writes that a run failed; of the last success is told what was told before.
pub(super) fn write_failure(path: &Path, began: Timestamp) -> Result<()> {
    let mut text = String::new();
    family(&mut text, "flowproof_scan_exit_code", "The exit code of the last run");
    let _ = writeln!(text, "flowproof_scan_exit_code {}", Exit::Failed as i32);
    finish(path, text, began, Timestamp::now(), last_success(path))
}

fn finish(
    path: &Path,
    mut text: String,
    began: Timestamp,
    now: Timestamp,
    success: Option<i64>,
) -> Result<()> {
    let name = "flowproof_scan_last_run_timestamp_seconds";
    family(&mut text, name, "When the last run ended");
    let _ = writeln!(text, "{name} {}", now.as_second());
    let name = "flowproof_scan_duration_seconds";
    family(&mut text, name, "How long the last run took");
    let _ = writeln!(text, "{name} {:.3}", now.duration_since(began).as_secs_f64());
    if let Some(success) = success {
        family(&mut text, LAST_SUCCESS, "When a run last ended well");
        let _ = writeln!(text, "{LAST_SUCCESS} {success}");
    }
    text.push_str("# EOF\n");
    let mut file = OutputFile::create(path)?;
    file.write_all(text.as_bytes())?;
    file.finish()
}

/// Writing to a String cannot fail, here and above.
fn family(text: &mut String, name: &str, help: &str) {
    let _ = write!(text, "# TYPE {name} gauge\n# HELP {name} {help}.\n");
}

/// What the file says of the last success.
fn last_success(path: &Path) -> Option<i64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(LAST_SUCCESS))?;
    line.trim().parse().ok()
}

/// A label's value as it stands between quotes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_success_outlives_failures_and_is_the_files_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scan.prom");
        write_failure(&path, Timestamp::now()).unwrap();
        assert_eq!(last_success(&path), None);
        let figures = Figures {
            values: vec![("target_failed", "Whether", Some("jsonl=\"a\\b\"".into()), 1)],
        };
        write(&path, Timestamp::now(), Exit::Partial, &figures).unwrap();
        let success = last_success(&path);
        assert!(success.is_some());
        write(&path, Timestamp::now(), Exit::Failed, &figures).unwrap();
        write_failure(&path, Timestamp::now()).unwrap();
        assert_eq!(last_success(&path), success);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("# EOF\n") && text.contains("exit_code 1\n"), "{text}");
    }

    #[test]
    fn each_family_is_told_once_before_its_values_and_labels_are_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scan.prom");
        let target = |target: &str| ("target_failed", "Whether", Some(target.to_owned()), 0);
        let figures = Figures { values: vec![target("jsonl=a\"b"), target("html=c\\d")] };
        write(&path, Timestamp::now(), Exit::Answered, &figures).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches("# TYPE flowproof_scan_target_failed gauge").count(), 1);
        assert!(
            text.contains("flowproof_scan_target_failed{target=\"jsonl=a\\\"b\"} 0\n"),
            "{text}"
        );
        assert!(
            text.contains("flowproof_scan_target_failed{target=\"html=c\\\\d\"} 0\n"),
            "{text}"
        );
    }
}
