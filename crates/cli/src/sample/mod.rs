//! A made-up set of flow logs with a known answer: to try the program on, and for tests and benches.
//!
//! [`write_sample`] writes, under one folder, gzip objects in the layout that AWS gives them, a
//! GuardDuty finding about one interface in them, a list that holds the finding's remote, an inventory
//! of the interfaces, and the answer. The answer is added up from the records as they are written,
//! and owes nothing to the engine that is asked for it.
//!
//! The set is a function of its options: the same seed gives the same bytes. It has what real logs
//! have: a few busy interfaces and many quiet ones, peers that come back interval after interval,
//! rejected scans, IPv6, idle interfaces, lost records, several accounts, Regions and formats side
//! by side, and, as AWS writes them, runs of one interface's records. Records are made one by one and
//! written as they are made, so that memory does not grow with their number; objects are made side by
//! side on all cores, since none depends on another.

mod answer;
mod extras;
mod line;
mod list;
mod object;
mod objects;
mod peers;
mod random;
mod story;
mod traffic;
mod world;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use clap::ValueEnum;

pub use answer::{SampleSummary, SampleTotals};
use world::World;

/// Seconds of the stretch of time that one object holds: records whose `end` lies in it.
const BUCKET: i64 = 300;
/// Minutes of it.
const MINUTES: u64 = 5;
/// Entries that a big list may have.
const MOST_ENTRIES: u32 = 10_000_000;
/// When the records begin: 2025-06-01T22:00:00Z, so that all but the smallest sets cross midnight.
const BEGIN: i64 = 1_748_815_200;
/// Objects of a flow log, if the caller does not care: three hours.
const BUCKETS: u64 = 36;
/// An object holds at least this many records, since the subject's own must fit in.
const LEAST_PER_OBJECT: u64 = 40;
/// Interfaces get addresses of one network for each flow log.
const MOST_INTERFACES: u64 = 50_000;
/// Tells a folder of ours from a folder of somebody's.
const MARKER: &str = ".flowproof-sample";
/// All that is written, apart from the marker.
const WRITTEN: [&str; 6] =
    ["logs", "finding.json", "tor-exits.txt", "threats.txt", "inventory.json", "answer.json"];

/// The columns of a flow log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
#[non_exhaustive]
pub enum SampleFormat {
    /// The default format: no instance, no direction.
    V2,
    /// Version 3: instances and packet addresses, no direction.
    V3,
    /// All fields of version 5.
    V5,
    /// Thirteen fields in alphabetical order, without account, Region and direction.
    Custom,
}

/// The folders that objects are put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum SampleLayout {
    /// `AWSLogs/{account}/vpcflowlogs/{region}/{yyyy}/{mm}/{dd}/`
    #[default]
    Classic,
    /// `.../{dd}/{hh}/`
    ClassicHourly,
    /// `AWSLogs/aws-account-id={account}/.../year={yyyy}/month={mm}/day={dd}/`
    Hive,
    /// `.../day={dd}/hour={hh}/`
    HiveHourly,
}

/// Where the addresses of peers come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum SamplePeers {
    /// The ranges that are set aside for documentation and benchmarks: nobody's addresses.
    #[default]
    Reserved,
    /// Drawn at random from all of the Internet, as scattered as real peers are: for benches, since
    /// addresses of a few small ranges are looked up faster than real ones.
    Internet,
}

/// What to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleOptions {
    /// Records in all, NODATA and SKIPDATA included. At least 40 for each object.
    pub records: u64,
    /// Another seed, another set.
    pub seed: u64,
    /// Objects in all, rounded up to as many for each flow log; each more is five minutes more.
    /// `None`: three hours, or less if there are few records.
    pub files: Option<u32>,
    /// Interfaces in all; `None`: some dozens, more if there are many records.
    pub interfaces: Option<u32>,
    /// One flow log for each. The finding is about the first with version 5, else about the first.
    pub formats: Vec<SampleFormat>,
    /// The folders that objects are put in.
    pub layout: SampleLayout,
    /// The level of gzip, 0 (stored) to 9.
    pub compression: u32,
    /// Where the addresses of peers come from.
    pub peers: SamplePeers,
    /// Entries of a big list, `threats.txt`, that holds about one peer in two hundred; 0 for none.
    pub list_entries: u32,
}

impl Default for SampleOptions {
    fn default() -> SampleOptions {
        use SampleFormat::{Custom, V2, V3, V5};
        SampleOptions {
            records: 20_000,
            seed: 1,
            files: None,
            interfaces: None,
            formats: vec![V2, V3, V5, Custom],
            layout: SampleLayout::Classic,
            compression: 6,
            peers: SamplePeers::Reserved,
            list_entries: 0,
        }
    }
}

impl SampleOptions {
    fn flow_logs(&self) -> u64 {
        self.formats.len() as u64
    }

    /// Objects of each flow log, one after the other in time.
    fn buckets(&self) -> u64 {
        let least = LEAST_PER_OBJECT * self.flow_logs();
        match self.files {
            Some(files) => u64::from(files).div_ceil(self.flow_logs()).max(1),
            None => (self.records / least).clamp(1, BUCKETS),
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(!self.formats.is_empty(), "a sample needs at least one format");
        if let Some(interfaces) = self.interfaces {
            let fits = 6 * self.flow_logs()..=MOST_INTERFACES;
            ensure!(
                fits.contains(&u64::from(interfaces)),
                "{interfaces} interfaces do not fit: give {} to {}",
                fits.start(),
                fits.end()
            );
        }
        ensure!(
            self.list_entries <= MOST_ENTRIES,
            "a list of {} entries is too long: give at most {MOST_ENTRIES}",
            self.list_entries
        );
        ensure!(self.compression <= 9, "gzip has no level {}: give 0 to 9", self.compression);
        let objects = self.buckets() * self.flow_logs();
        let least = objects * LEAST_PER_OBJECT;
        ensure!(
            self.records >= least,
            "{} records are too few for {objects} objects: give at least {least}",
            self.records
        );
        Ok(())
    }
}

/// Writes a sample into `dir`, which is made if it is not there.
///
/// # Errors
///
/// If the options contradict each other, if `dir` holds something that is not an earlier sample, or if
/// it cannot be written to.
pub fn write_sample(dir: &Path, options: &SampleOptions) -> anyhow::Result<SampleSummary> {
    options.check()?;
    make_room(dir)?;
    let world = World::new(options);
    let summary = objects::write(dir, &world)?;
    extras::write(dir, &world, &summary)?;
    Ok(summary)
}

/// Makes `dir`, or empties it of an earlier sample.
fn make_room(dir: &Path) -> anyhow::Result<()> {
    let cannot = || format!("{}: cannot be written to", dir.display());
    fs::create_dir_all(dir).with_context(cannot)?;
    let is_empty = fs::read_dir(dir).with_context(cannot)?.next().is_none();
    let marker = dir.join(MARKER);
    ensure!(
        is_empty || marker.is_file(),
        "{}: is not empty and no earlier sample; name an empty or a new folder",
        dir.display()
    );
    for name in WRITTEN {
        let path = dir.join(name);
        if path.is_dir() {
            fs::remove_dir_all(&path).with_context(cannot)?;
        } else if path.exists() {
            fs::remove_file(&path).with_context(cannot)?;
        }
    }
    fs::write(&marker, "Written by `flowproof sample`, which may empty this folder.\n")
        .with_context(cannot)
}
