//! A state of many objects: what it takes on disk and in memory, and how long it takes to open.
//!
//! `cargo run --release -p flowproof-state --example big [OBJECTS] [BATCH]` makes one in a temporary
//! folder, as a first run over a year would, and then asks each process that it starts for one figure.

use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowproof_evidence::Traffic;
use flowproof_state::{
    Delta, Edition, FindingKey, FindingRow, Folder, Mode, ReadObject, Settings, Shelf, Standing,
    State,
};
use futures::executor::block_on;
use jiff::civil::date;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The days of the state.
const DAYS: u64 = 365;
/// The finding rows that the batches touch.
const ROWS: u64 = 20_000;

#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |place: usize, default: u64| match arguments.get(place) {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    if let [task, folder, objects] = &arguments[..] {
        let (told, objects) = (Path::new(folder), objects.parse()?);
        println!("{task}: {}", block_on(ask(task, told, objects))?);
        return Ok(());
    }
    let (objects, batch) = (number(0, 10_512_000)?, number(1, 4096)?);
    let folder = tempfile::tempdir()?;
    println!("make: {}", block_on(make(folder.path(), objects, batch))?);
    let bytes = size(folder.path())?;
    println!("disk: {bytes} bytes, {:.2} an object", bytes as f64 / objects as f64);
    for task in ["open", "shelf", "million", "standing", "findings", "verify"] {
        let told = [task, &folder.path().display().to_string(), &objects.to_string()];
        Command::new(env::current_exe()?).args(told).status()?;
    }
    Ok(())
}

fn shelf(day: u64) -> Outcome<Shelf> {
    let span = jiff::Span::new().try_days(i64::try_from(day)?)?;
    Ok(Shelf::of_day(date(2025, 1, 1).checked_add(span)?))
}

fn object(state: &State, day: u64, number: u64) -> Outcome<ReadObject> {
    let key = format!("AWSLogs/123456789012/vpcflowlogs/us-east-1/{day}/{number}.log.gz");
    let etag = format!("{:032x}", day * 1_000_003 + number);
    let identity = state.identity("s3://flow-logs", &key, Edition::ETag(&etag), number);
    Ok(ReadObject { shelf: shelf(day)?, identity })
}

async fn make(folder: &Path, objects: u64, batch: u64) -> Outcome<String> {
    let begun = Instant::now();
    let mut state =
        State::open(Arc::new(Folder::new(folder)), Mode::Start(Settings::new())).await?;
    let (mut longest, mut commits) = (Duration::ZERO, 0);
    let mut compacting = Duration::ZERO;
    for day in 0..DAYS {
        let of_day = objects * (day + 1) / DAYS - objects * day / DAYS;
        for first in (0..of_day).step_by(usize::try_from(batch)?) {
            let mut read = Vec::new();
            for number in first..of_day.min(first + batch) {
                read.push(object(&state, day, number)?);
            }
            let rows = (0..20).map(|_| row(fastrand::u64(..ROWS))).collect();
            let lists = format!("lists of day {day}");
            let one = Instant::now();
            state.commit(Delta { lists, read, rows, ..Delta::default() }).await?;
            longest = longest.max(one.elapsed());
            commits += 1;
            let one = Instant::now();
            if state.is_compaction_due() {
                state.compact().await?;
            }
            compacting += one.elapsed();
        }
    }
    let (took, memory) = (begun.elapsed(), memory());
    Ok(format!(
        "{objects} objects in {commits} commits, {took:.2?} with {compacting:.2?} of compaction; \
         the longest commit took {longest:.2?}; {memory}"
    ))
}

fn row(number: u64) -> FindingRow {
    let key = FindingKey {
        account: Some("123456789012".into()),
        interface: Some(format!("eni-{number:017x}")),
        instance: Some(format!("i-{number:017x}")),
        list: "threats".into(),
        entry: "203.0.113.0/24".into(),
    };
    let seen = jiff::Timestamp::from_second(1_748_736_000).ok();
    let traffic = Traffic {
        bytes_in: 50_000,
        bytes_out: 40_000,
        packets_in: 90,
        packets_out: 80,
        flows: 2,
        first_seen: seen,
        last_seen: seen,
        ..Traffic::default()
    };
    FindingRow { key, traffic, ..FindingRow::default() }
}

async fn ask(task: &str, folder: &Path, objects: u64) -> Outcome<String> {
    let place = Arc::new(Folder::new(folder));
    let begun = Instant::now();
    let mut state = State::open(place, Mode::Run(Settings::new())).await?;
    let told = match task {
        "open" => format!("{} segments", state.summary().segments),
        "shelf" => format!("{} objects", state.known(shelf(DAYS / 2)?).await?.objects()),
        // A million of the last days, of each of which the standing is asked.
        "million" => stand(&mut state, objects, objects.min(1_000_000)).await?,
        "standing" => stand(&mut state, objects, objects).await?,
        "findings" => format!("{} rows", state.findings().await?.len()),
        _ => {
            let found = state.verify().await?;
            let (objects, findings) = (found.objects, found.findings);
            format!("{objects} objects, {findings} findings, {} problems", found.problems.len())
        }
    };
    Ok(format!("{told} in {:.2?}; {}", begun.elapsed(), memory()))
}

/// Asks for the standing of the last objects, day by day.
async fn stand(state: &mut State, objects: u64, last: u64) -> Outcome<String> {
    let (mut asked, mut known_ones) = (0, 0);
    for day in (0..DAYS).rev() {
        if asked >= last {
            break;
        }
        let known = state.known(shelf(day)?).await?;
        for number in 0..objects * (day + 1) / DAYS - objects * day / DAYS {
            let standing = known.standing(&object(state, day, number)?.identity);
            known_ones += u64::from(matches!(standing, Standing::Known { .. }));
            asked += 1;
        }
    }
    Ok(format!("{known_ones} of {asked} known"))
}

/// The bytes of all files in a folder.
fn size(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

/// The most memory that this process had at once, where the system tells.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    format!("at most {}", line.map_or("unknown memory", str::trim))
}
