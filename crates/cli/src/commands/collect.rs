//! `flowproof collect`.

use std::io::Write;

use anyhow::Result;
use flowproof_engine::{Answer, CollectTarget, Collected};
use flowproof_report::{counted, exact_bytes, printable, thousands};
use flowproof_source::is_in_bucket;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Common;
use crate::args::{Collect, InspectFormat};
use crate::exit::Exit;
use crate::inputs::Inputs;
use crate::json::write_pretty;
use crate::streams::Streams;
use crate::{plan, progress, trouble};

pub(crate) async fn run(args: Collect, common: &Common, streams: &mut Streams) -> Result<Exit> {
    let (from, until) = ((&args.from, "--from"), (&args.until, "--until"));
    let window = plan::window_between(from, until, Timestamp::now())?;
    let mut inputs = Inputs::for_logs(&args.logs, []).await?;
    let target = target(&args, &mut inputs).await?;
    let session = plan::open_with_skipped(&args.logs, window, &inputs, streams).await?;
    if session.is_empty() {
        return Ok(Exit::Nothing);
    }
    let answer = {
        let _shown = progress::show(&session, common, streams);
        if let Some(s3) = inputs.s3() {
            common.covered.cleans_up(s3);
        }
        session.collect(target).await?
    };
    match args.format {
        InspectFormat::Json => {
            write_pretty(&summary(&answer), streams.out())?;
        }
        InspectFormat::Text => text(&answer, streams.out())?,
    }
    trouble::tell(&answer, streams);
    Ok(Exit::of(&answer))
}

/// The folder to write to, or the place in a bucket, reached as the logs are.
async fn target(args: &Collect, inputs: &mut Inputs) -> Result<CollectTarget> {
    match args.to.to_str().filter(|place| is_in_bucket(place)) {
        Some(place) => {
            let s3 = inputs.connect(&args.logs.s3).await?;
            Ok(CollectTarget::in_bucket(place, s3)?)
        }
        None => Ok(args.to.as_path().into()),
    }
}

fn summary(answer: &Answer<Collected>) -> Value {
    let files = answer.value.files.iter().map(|file| {
        json!({
            "path": file.key,
            "objects": file.objects,
            "object_bytes": file.object_bytes,
            "records": file.rows,
            "bytes": file.bytes,
        })
    });
    json!({
        "files": files.collect::<Vec<_>>(),
        "had": answer.value.had,
        "objects": answer.coverage.objects,
        "records": answer.coverage.records,
        "samples": answer.coverage.samples,
    })
}

fn text(answer: &Answer<Collected>, out: &mut dyn Write) -> Result<()> {
    for file in &answer.value.files {
        writeln!(
            out,
            "{}: {} records of {}, {} -> {}",
            printable(&file.key),
            thousands(file.rows),
            counted(file.objects, "object", "objects"),
            exact_bytes(file.object_bytes),
            exact_bytes(file.bytes),
        )?;
    }
    let files = counted(answer.value.files.len() as u64, "file", "files");
    let had = counted(answer.value.had, "object was", "objects were");
    Ok(writeln!(out, "Wrote {files}; {had} there already")?)
}
