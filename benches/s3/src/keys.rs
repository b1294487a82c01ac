//! A bucket of very many keys: when the first record is read, when the last, and the memory it takes.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use flowproof_engine::{Key, Session, SessionOptions, VolumeFilter};
use flowproof_source::Selection;

use crate::page::KEYS;
use crate::process::{cpu, peak_memory};
use crate::server::{BUCKET, Served};

/// Records of an object.
const LINES: usize = 2;

/// A row for each number of keys.
pub(crate) fn table(counts: &[&str]) -> Result<String> {
    let mut table = format!(
        "{KEYS}, in ten folders, two records in each object, all of them read.\n\n\
         | keys | first object read (bar 1 s) | keys listed by then | all keys listed | objects read by then | \
         memory then | all read | CPU | peak memory (bar 500 MB) |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for count in counts {
        let output = Command::new(std::env::current_exe()?).args(["keys", count]).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        table += &String::from_utf8(output.stdout)?;
    }
    Ok(table)
}

/// Reads all of a bucket of so many keys.
pub(crate) async fn row(count: usize) -> Result<String> {
    let served = Served::start(&["serve", &count.to_string(), &LINES.to_string()])?;
    let (_, s3) = served.connect();
    let selection = Selection {
        wheres: vec![format!("s3://{BUCKET}/AWSLogs")],
        s3: Some(s3),
        ..Selection::default()
    };
    let begun = Instant::now();
    let session = Arc::new(Session::open(&selection, SessionOptions::default()).await?);
    let (progress, found) = (session.progress(), session.found());
    let asked = Arc::clone(&session);
    let question =
        tokio::spawn(
            async move { asked.volumes(&[Key::Interface], &VolumeFilter::default()).await },
        );
    while progress.objects() == 0 && !question.is_finished() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (first, known) = (begun.elapsed(), found.objects());
    let mut listed = None;
    while !question.is_finished() {
        if listed.is_none() && found.objects() == count as u64 {
            listed = Some((begun.elapsed(), progress.objects(), peak_memory()?));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = question.await??;
    let records = answer.coverage.records.ok;
    ensure!(records == (count * LINES) as u64, "{records} records were counted");
    let listed = listed.map_or_else(
        || "| | |".to_owned(),
        |(after, read, memory)| format!("{:.1} s | {read} | {memory} MB", after.as_secs_f64()),
    );
    Ok(format!(
        "| {count} | {:.2} s | {known} | {listed} | {:.1} s | {:.1} s | {} MB |\n",
        first.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        cpu()?.as_secs_f64(),
        peak_memory()?
    ))
}
