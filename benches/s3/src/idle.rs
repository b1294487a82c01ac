//! A scheduled scan that has nothing new to read: what it costs to find that out.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use flowproof_engine::{Frontier, Increment, SessionOptions};
use flowproof_s3_testing::{Memory, S3Server, Stored};
use flowproof_source::Selection;
use flowproof_state::{Delta, Edition, Folder, Mode, ReadObject, Settings, Shelf, State};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::logs;
use crate::process::{cpu, peak_memory};
use crate::server::{BUCKET, Served};

/// Accounts over which the objects are spread, one every five minutes in each.
const ACCOUNTS: usize = 100;
/// Objects that become known at a time.
const BATCH: usize = 4096;

/// When object `number` was written, counted back from the beginning of today.
fn stamp(number: usize, now: Timestamp) -> Result<Timestamp> {
    let today = now.as_second() - now.as_second().rem_euclid(86_400);
    Ok(Timestamp::from_second(today - 300 * (number / ACCOUNTS) as i64)?)
}

fn key(number: usize, now: Timestamp) -> Result<String> {
    let account = 123_456_789_012 + (number % ACCOUNTS) as u64;
    let stamp = stamp(number, now)?;
    let (day, name) = (stamp.strftime("%Y/%m/%d"), stamp.strftime("%Y%m%dT%H%MZ"));
    Ok(format!(
        "AWSLogs/{account}/vpcflowlogs/us-east-1/{day}/{account}_vpcflowlogs_us-east-1_\
         fl-0123456789abcdef0_{name}_{number:08x}.log.gz"
    ))
}

/// Serves so many objects until standard input ends.
pub(crate) async fn serve(count: usize) -> Result<()> {
    let objects = Memory::default();
    let object = Stored::new(logs::object(0, 2)?);
    let now = Timestamp::now();
    for number in 0..count {
        objects.store(BUCKET, &key(number, now)?, object.clone());
    }
    crate::server::until_the_end(S3Server::memory(objects).await?).await
}

/// A state that knows all of them.
async fn remember(folder: &Path, count: usize) -> Result<()> {
    let place = Arc::new(Folder::new(folder));
    let mut state = State::open(place, Mode::Start(Settings::new())).await?;
    let object = Stored::new(logs::object(0, 2)?);
    let (edition, size) = (Edition::ETag(&object.etag), object.bytes.len() as u64);
    let now = Timestamp::now();
    for first in (0..count).step_by(BATCH) {
        let read = (first..count.min(first + BATCH)).map(|number| {
            let day = TimeZone::UTC.to_datetime(stamp(number, now)?).date();
            let identity = state.identity(BUCKET, &key(number, now)?, edition, size);
            Ok(ReadObject { shelf: Shelf::of_day(day), identity })
        });
        let read = read.collect::<Result<Vec<_>>>()?;
        state.commit(Delta { read, ..Delta::default() }).await?;
        if state.is_compaction_due() {
            state.compact().await?;
        }
    }
    Ok(())
}

/// A row for a bucket of so many keys.
pub(crate) async fn row(count: usize) -> Result<String> {
    let served = Served::start(&["serve-days", &count.to_string()])?;
    let folder = tempfile::tempdir()?;
    remember(folder.path(), count).await?;
    let (endpoint, state) = (served.endpoint(), folder.path().display().to_string());
    let mut rows = String::new();
    for _ in 0..3 {
        // In a process of its own: the peak of the memory is that of a process.
        let this = std::env::current_exe()?;
        let output = Command::new(this).args(["idle-run", endpoint, &state]).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        rows += &format!("| {count} | {}", String::from_utf8(output.stdout)?);
    }
    Ok(rows)
}

/// One idle run.
pub(crate) async fn run(endpoint: &str, state: &str) -> Result<()> {
    let begun = Instant::now();
    let place = Arc::new(Folder::new(state));
    let mut state = State::open(place, Mode::Run(Settings::new())).await?;
    let (_, s3) = Served::connect_to(endpoint);
    let selection = Selection {
        wheres: vec![format!("s3://{BUCKET}/AWSLogs")],
        s3: Some(s3.clone()),
        ..Selection::default()
    };
    let mut increment = Increment {
        state: &mut state,
        selection: &selection,
        options: &SessionOptions::default(),
        matcher: &Arc::default(),
        lists: "",
        include_internal: false,
    };
    let look = increment.look(&Frontier::default(), Timestamp::now()).await?;
    ensure!(look.waiting() == 0 && look.known > 0, "{look:?}");
    let notes = Increment::notes(&look);
    state.commit(notes).await?;
    println!(
        "{} | {} | {} | {:.2} s | {:.2} s | {} MB |",
        look.known,
        look.skipped_days,
        s3.counts().list,
        begun.elapsed().as_secs_f64(),
        cpu()?.as_secs_f64(),
        peak_memory()?
    );
    Ok(())
}
