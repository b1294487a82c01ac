//! The tables' place in the page of benchmarks.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

const BEGIN: &str = "<!-- s3 -->";
const END: &str = "<!-- /s3 -->";

const ABOUT: &str = "The server is the tests' own, in memory, in a process of its own on the same two cores; objects are gzip flow logs. 128 requests are under way. \
`bare` is a loop of GETs with the same SDK that counts bytes as they come and keeps none. `reader` is what the engine reads objects with, which keeps all bytes of each, in the pieces that they came in. \
`volumes` is all of it: listed, read, inflated, decoded, added up by interface; `disk` is the same from files. CPU is the reading process's alone. All bytes and records are \
counted and compared in every run.";

const BEGIN_IDLE: &str = "<!-- idle -->";
const END_IDLE: &str = "<!-- /idle -->";

const ABOUT_IDLE: &str = "A run of `scan --state` whose every object is known: one every five minutes in each of 100 accounts, up to today, in the tests' own server, which is a process of its own. \
It opens the state (a folder), lists what can have changed, looks up each key, and notes that it was there. CPU and memory are the run's alone. Three runs after one another: each lists the last days and, of \
the older ones, those whose turn it is. At most 5 s of CPU and 150 MB at 1,000,000 keys was promised.\n\n\
| known keys | looked up | days left for later runs | listings | time | CPU | peak memory |\n\
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |";

/// What the table of keys begins with.
pub(crate) const KEYS: &str = "Buckets of many keys";

/// Puts the tables into the page. Without a table of keys, the page keeps the one that it has.
pub(crate) fn publish(command: &str, throughput: &str, keys: Option<String>) -> Result<()> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/BENCHMARKS.md");
    let page = fs::read_to_string(&place)?;
    let keys = keys.or_else(|| {
        let from = &page[page.find(BEGIN)?..page.find(END)?];
        Some(format!("{}\n", from[from.find(KEYS)?..].trim_end()))
    });
    let keys = keys.context("the page has no table of keys: name how many")?;
    let body = format!("{ABOUT}\n\n{throughput}\n{keys}");
    put(&place, &page, ("## Reading from S3", command), &body, (BEGIN, END))
}

/// Puts the table of idle runs into the page.
pub(crate) fn publish_idle(command: &str, rows: &str) -> Result<()> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/BENCHMARKS.md");
    let page = fs::read_to_string(&place)?;
    let body = format!("{ABOUT_IDLE}\n{rows}");
    put(
        &place,
        &page,
        ("## Scheduled scans with nothing new", command),
        &body,
        (BEGIN_IDLE, END_IDLE),
    )
}

/// Puts a part between its marks, or at the end of the page.
fn put(
    place: &Path,
    page: &str,
    (title, command): (&str, &str),
    body: &str,
    (begin, end): (&str, &str),
) -> Result<()> {
    let part = format!(
        "{begin}\n{title}\n\nMade by `cargo run --release -p flowproof-bench-s3 -- {command}` on {}.\n\n\
         Machine: {}.\nVersions: {}; flowproof {}.\n\n{body}{end}",
        told("date", &["+%F"])?,
        machine()?,
        told("rustc", &["--version"])?,
        env!("CARGO_PKG_VERSION"),
    );
    let before = page.split(begin).next().unwrap_or(page).trim_end();
    let after = page.split_once(end).map_or("", |(_, after)| after);
    fs::write(place, format!("{before}\n\n{part}{}\n", after.trim_end()))?;
    Ok(())
}

/// Processor, cores, memory and kernel.
fn machine() -> Result<String> {
    let value = |file: &str, name: &str| -> Result<String> {
        let text = fs::read_to_string(file)?;
        let line = text.lines().find(|line| line.starts_with(name)).context(name.to_owned())?;
        Ok(line.split_once(':').map_or("", |(_, value)| value).trim().to_owned())
    };
    let cores = std::thread::available_parallelism()?;
    let memory = value("/proc/meminfo", "MemTotal")?;
    let memory: u64 = memory.trim_end_matches(" kB").parse()?;
    let model = value("/proc/cpuinfo", "model name")?;
    let kernel = told("uname", &["-sr"])?;
    Ok(format!("{model}, {cores} cores, {} GiB, {kernel}", (memory >> 20) + 1))
}

/// What a program prints.
fn told(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
