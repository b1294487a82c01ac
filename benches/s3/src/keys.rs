//! A bucket of very many keys: when the first record is read, when the last, and the memory it takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use flowproof_engine::{Key, Session, SessionOptions, VolumeFilter};
use flowproof_source::Selection;

use crate::process::{cpu, peak_memory};
use crate::server::{BUCKET, Served};

/// Records of an object.
const LINES: usize = 2;

/// Reads all of a bucket of so many keys.
pub(crate) async fn run(count: usize) -> Result<()> {
    let served = Served::start(count, LINES)?;
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
    println!("first object read after {first:.2?}, with {known} of {count} keys listed");
    let mut listed = None;
    while !question.is_finished() {
        if listed.is_none() && found.objects() == count as u64 {
            listed = Some((begun.elapsed(), progress.objects(), peak_memory()?));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    if let Some((after, read, memory)) = listed {
        println!(
            "all keys listed after {after:.1?}, with {read} objects read; peak so far {memory} MB"
        );
    }
    let answer = question.await??;
    let records = answer.coverage.records.ok;
    ensure!(records == (count * LINES) as u64, "{records} records were counted");
    println!(
        "all {count} objects read after {:.1?}, {:.1?} of CPU; peak {} MB",
        begun.elapsed(),
        cpu()?,
        peak_memory()?
    );
    Ok(())
}
