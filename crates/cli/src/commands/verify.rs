//! `flowproof verify`.

use std::io::Write;

use anyhow::Result;
use flowproof_report::{counted, printable};
use serde_json::json;

use super::Common;
use crate::args::{InspectFormat, Verify};
use crate::case::{Checked, ask_again, check};
use crate::exit::Exit;
use crate::json::write_pretty;
use crate::streams::Streams;

pub(crate) async fn run(args: Verify, common: &Common, streams: &mut Streams) -> Result<Exit> {
    let mut checked = check(&args.dir)?;
    let mut again = None;
    if !args.wheres.is_empty() {
        again = ask_again(&args, &mut checked, common, streams).await?;
        if again.is_none() {
            streams.warn("the logs were not asked again: the case itself does not hold");
        }
    }
    for problem in &checked.problems {
        streams.problem(&problem.to_string());
    }
    match args.format {
        InspectFormat::Json => json(&args, &checked, again, streams.out())?,
        InspectFormat::Text => text(&args, &checked, again, streams.out())?,
    }
    Ok(if checked.problems.is_empty() { Exit::Answered } else { Exit::Failed })
}

fn text(
    args: &Verify,
    checked: &Checked,
    again: Option<(usize, usize)>,
    out: &mut dyn Write,
) -> Result<()> {
    let dir = printable(&args.dir.display().to_string()).into_owned();
    if checked.problems.is_empty() {
        let files = counted(checked.files as u64, "file", "files");
        let (answers, records) = checked.counts().unwrap_or_default();
        let answers = counted(answers as u64, "answer", "answers");
        let records = counted(records, "record", "records");
        writeln!(out, "{dir} holds: {files}, {answers}, {records} that add up to their totals")?;
    } else {
        let problems = counted(checked.problems.len() as u64, "problem", "problems");
        writeln!(out, "{dir} does not hold: {problems}")?;
    }
    if let Some((objects, answers)) = again {
        let objects = counted(objects as u64, "source object", "source objects");
        let answers = counted(answers as u64, "answer", "answers");
        writeln!(out, "Asked again: compared {objects} and {answers}")?;
    }
    Ok(writeln!(out, "SHA-256 of the manifest: {}", checked.manifest_sha256)?)
}

fn json(
    args: &Verify,
    checked: &Checked,
    again: Option<(usize, usize)>,
    out: &mut dyn Write,
) -> Result<()> {
    let counts = checked.counts();
    let told = json!({
        "schema": "flowproof.verification/1",
        "case": args.dir.display().to_string(),
        "holds": checked.problems.is_empty(),
        "manifest_sha256": checked.manifest_sha256,
        "files": checked.files,
        "answers": counts.map(|(answers, _)| answers),
        "records": counts.map(|(_, records)| records),
        "asked_again": again.map(|(objects, answers)| json!({"objects": objects, "answers": answers})),
        "problems": checked.problems,
    });
    Ok(write_pretty(&told, out)?)
}
