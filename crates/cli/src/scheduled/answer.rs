//! What a run says on standard output.

use std::io::Write;

use anyhow::Result;
use flowproof_report::bulletin::{Bulletin, Generator, ListedFinding, jsonl};
use flowproof_report::{cell, counted, printable, span, thousands};
use flowproof_state::{State, Trouble};
use serde_json::{Value, json};

use super::Run;
use super::lists::ScheduledLists;
use crate::args::ScanFormat;
use crate::commands::{TOTALS, traffic};
use crate::json::write_pretty;
use crate::streams::Streams;

/// Troubles that are named one by one.
const TROUBLES: usize = 20;

/// Tells what the run has read, and what of the findings was not told here before.
pub(super) fn tell(
    format: ScanFormat,
    run: &Run,
    bulletin: &Bulletin,
    lists: &ScheduledLists,
    state: &State,
    streams: &mut Streams,
) -> Result<()> {
    let answer = Answer { run, bulletin, lists, state };
    match format {
        ScanFormat::Text => answer.text(streams.out())?,
        ScanFormat::Json => answer.json(streams.out())?,
        ScanFormat::Jsonl => write!(streams.out(), "{}", lines(bulletin)?)?,
        ScanFormat::Csv => answer.csv(streams.out())?,
    }
    warn(run, streams);
    Ok(())
}

fn lines(bulletin: &Bulletin) -> Result<String> {
    let generator = Generator { name: "flowproof", version: env!("CARGO_PKG_VERSION") };
    Ok(jsonl(bulletin, &generator)?)
}

/// Tells on standard error what was not read.
fn warn(run: &Run, streams: &mut Streams) {
    if run.look.objects == 0 && !run.is_of_keys {
        streams.warn("no flow log object is there to read");
    }
    for place in &run.look.unlistable {
        streams.warn(&format!("{}: {}", place.place, place.reason));
    }
    if run.look.replaced > 0 {
        let objects = counted(run.look.replaced, "object", "objects");
        streams.warn(&format!(
            "{objects} read in a new edition: records that were in the one before are counted again"
        ));
    }
    if run.is_cut {
        let objects = counted(run.look.waiting() as u64, "object", "objects");
        streams.warn(&format!("ended before all was read: {objects} wait for the next run"));
    }
    crate::trouble::tell_coverage(&run.coverage, streams);
    let troubles = run.trouble.len() as u64;
    if let Some(Trouble { object, kind, reason, .. }) = run.trouble.first() {
        let objects = counted(troubles, "object", "objects");
        streams.note(&format!(
            "trouble with {objects} so far (flowproof state show); first: {object}: {kind}: {reason}"
        ));
    }
    if run.look.postponed > 0 {
        let objects = counted(run.look.postponed, "object", "objects");
        streams.note(&format!("{objects} that could not be read before wait for a later run"));
    }
}

struct Answer<'a> {
    run: &'a Run,
    bulletin: &'a Bulletin,
    lists: &'a ScheduledLists,
    state: &'a State,
}

impl Answer<'_> {
    fn json(&self, out: &mut dyn Write) -> Result<()> {
        let Answer { run, bulletin, lists, state } = self;
        let findings: Result<Vec<Value>, _> =
            lines(bulletin)?.lines().map(serde_json::from_str).collect();
        let summary = state.summary();
        let emitted: Vec<Value> = run
            .emitted
            .iter()
            .map(|(target, told)| {
                json!({ "target": target, "findings": told.as_ref().ok(), "error": told.as_ref().err() })
            })
            .collect();
        let unlistable: Vec<Value> = run
            .look
            .unlistable
            .iter()
            .map(|place| json!({ "place": place.place, "reason": place.reason }))
            .collect();
        let answer = json!({
            "state": { "place": summary.place, "id": summary.id, "generation": summary.generation,
                       "objects": summary.objects },
            "objects": {
                "listed": run.look.objects, "known": run.look.known, "new": run.look.new,
                "replaced": run.look.replaced, "read": run.read, "read_again": run.read_again,
                "waiting": run.look.waiting() as u64 + run.look.postponed,
                "skipped_days": run.look.skipped_days, "batches": run.batches,
            },
            "bulletin": (bulletin.number > 0).then(|| json!({ "number": bulletin.number, "at": bulletin.at })),
            "findings": findings?,
            "not_told": { "below_threshold": run.news.below, "suppressed": run.news.suppressed },
            "emitted": emitted,
            "coverage": run.coverage,
            "unlistable": unlistable,
            "trouble": { "objects": run.trouble.len(),
                         "first": run.trouble.iter().take(TROUBLES).collect::<Vec<_>>() },
            "lists": lists.sources,
            "stale_lists": lists.stale,
        });
        Ok(write_pretty(&answer, out)?)
    }

    fn csv(&self, out: &mut dyn Write) -> Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        let keys = ["status", "severity", "id", "event_id", "account", "instances", "interface"];
        let of_list = ["list", "entry", "label"];
        let totals = TOTALS.iter().map(|total| total.0);
        writer.write_record(keys.into_iter().chain(of_list).chain(totals).chain(["remotes"]))?;
        for finding in &self.bulletin.findings {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let own = [
                status(finding).to_owned(),
                finding.severity.to_string(),
                finding.id.clone(),
                finding.event_id.clone(),
                text(&finding.account),
                finding.instances.join(" "),
                text(&finding.interface),
            ];
            let own = own.map(|text| cell(&text).into_owned());
            let of_list = [&finding.list, &finding.entry, &finding.label];
            let of_list = of_list.map(|text| cell(text).into_owned());
            let totals = TOTALS.iter().map(|(_, total)| total(&finding.traffic));
            let remotes = finding.remotes.map_or_else(String::new, |remotes| remotes.to_string());
            writer.write_record(own.into_iter().chain(of_list).chain(totals).chain([remotes]))?;
        }
        Ok(writer.flush()?)
    }

    fn text(&self, out: &mut dyn Write) -> Result<()> {
        let Run { look, read, read_again, news, .. } = self.run;
        let known = thousands(look.known);
        writeln!(out, "{} read, {known} known before", counted(*read, "object", "objects"))?;
        if *read_again > 0 {
            let objects = counted(*read_again, "object", "objects");
            writeln!(out, "{objects} read again for entries that lists have gained")?;
        }
        if look.skipped_days > 0 {
            let days = counted(look.skipped_days as u64, "day", "days");
            writeln!(out, "{days} of which objects are known not listed: they have their turns")?;
        }
        let findings = &self.bulletin.findings;
        let new = findings.iter().filter(|finding| !finding.is_update).count();
        let updated = findings.len() - new;
        writeln!(
            out,
            "{}, {} updated",
            counted(new as u64, "new finding", "new findings"),
            thousands(updated as u64)
        )?;
        for (count, what) in [(news.suppressed, "suppressed"), (news.below, "below a threshold")] {
            if count > 0 {
                writeln!(out, "{} {what}", counted(count, "finding", "findings"))?;
            }
        }
        for finding in findings {
            finding_text(finding, out)?;
        }
        for (target, told) in &self.run.emitted {
            match told {
                Ok(told) if *told > 0 => {
                    let findings = counted(*told, "finding", "findings");
                    writeln!(out, "\n{findings} told to {}", printable(target))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn status(finding: &ListedFinding) -> &'static str {
    if finding.is_update { "updated" } else { "new" }
}

fn finding_text(finding: &ListedFinding, out: &mut dyn Write) -> Result<()> {
    let whose = finding.instances.iter().chain(&finding.interface).chain(&finding.account);
    let whose: Vec<&str> = whose.map(String::as_str).collect();
    let ListedFinding { entry, label, list, severity, traffic: total, .. } = finding;
    let label = if label.is_empty() { String::new() } else { format!(", {label}") };
    writeln!(out, "\n{}, {severity}: {}", status(finding), printable(&whose.join(", ")))?;
    writeln!(out, "  {}{}", printable(entry), printable(&label))?;
    writeln!(out, "    {}", traffic(total))?;
    Ok(writeln!(out, "    {}; {}", span(total.first_seen, total.last_seen), printable(list))?)
}
