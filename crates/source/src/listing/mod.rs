//! From places to objects.
//!
//! Finders (one for each kind of store: [`local`], [`buckets`]) send what they find down a
//! bounded channel as they find it, and ask the plan before they enter a folder. The
//! [`Collector`] at its end judges each find, counts it and keeps what is wanted.

mod buckets;
mod collect;
mod held;
mod local;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use flowproof_evidence::Window;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::SourceError;
use crate::object::{Location, Object};
use crate::plan::{FolderVerdict, Plan, Selection};
use crate::s3::{S3, S3Options};
use collect::Collector;

pub use buckets::{bucket_and_key, is_in_bucket};
pub use held::{Held, HeldObject, Holders};

/// Finds that may wait to be judged.
const WAITING: usize = 1024;

/// What a selection comes to.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Listing {
    /// The objects to read, sorted by key. A file that was reached twice stands here once.
    pub objects: Vec<Object>,
    /// How many there are of what.
    pub counts: ListCounts,
    /// Some of what was passed over, sorted by key: at most [`Listing::MAX_SKIPPED`] of each kind, or
    /// all of it ([`Selection::all_skipped`]).
    pub skipped: Vec<Skipped>,
    /// If no object is left: what there is instead.
    pub nearest: Option<Nearest>,
    /// Whether any key told a time. If none did, the listing is the same for any window.
    pub is_dated: bool,
}

impl Listing {
    /// How many of a kind [`skipped`](Listing::skipped) holds at most.
    pub const MAX_SKIPPED: usize = 20;
}

/// Counts of what was found. Every file found is counted once.
///
/// Folders that are passed over whole count as one: in `not_a_flow_log` if they are hidden or of
/// another service, in `pruned_folders` if the window, the accounts or the Regions rule them out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListCounts {
    /// What is neither pruned nor a pruned folder: the objects to read and all of `not_a_flow_log`,
    /// `empty`, `denied`, `archived` and `vanished`.
    pub listed: u64,
    /// Files left out because their stamp or folder lies outside the window.
    pub pruned_by_time: u64,
    /// Files left out because they are of another account.
    pub pruned_by_account: u64,
    /// Files left out because they are of another Region.
    pub pruned_by_region: u64,
    /// Folders not entered, for one of these three reasons.
    pub pruned_folders: u64,
    /// Folders not entered since all their days are to be skipped.
    pub skipped_folders: u64,
    /// Not flow logs, by their names.
    pub not_a_flow_log: u64,
    /// Zero bytes long.
    pub empty: u64,
    /// Files and folders that must not be looked at.
    pub denied: u64,
    /// In a storage class from which they have to be restored first.
    pub archived: u64,
    /// Links that lead nowhere, and files that went while they were listed.
    pub vanished: u64,
}

/// Why something was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SkippedKind {
    /// It is no flow log, by its name.
    NotAFlowLog,
    /// It is zero bytes long.
    Empty,
    /// It must not be looked at.
    Denied,
    /// It has to be restored before it can be read.
    Archived,
    /// It is gone, or a link that leads nowhere.
    Vanished,
}

/// Something that was passed over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Skipped {
    /// Its key. Folders end in `/`.
    pub key: String,
    /// Why, in a few words.
    pub reason: String,
    /// What kind of thing it is.
    pub kind: SkippedKind,
}

impl Skipped {
    /// Something that was passed over.
    #[must_use]
    pub fn new(kind: SkippedKind, key: String, reason: String) -> Skipped {
        Skipped { key, reason, kind }
    }
}

/// What there is when the selection comes to nothing: enough to correct the question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Nearest {
    /// The last day, hour or five minutes before the window for which there are objects.
    pub before: Option<Window>,
    /// The first after it.
    pub after: Option<Window>,
    /// Other accounts than those asked for: the first [`Nearest::MAX_NAMES`].
    pub accounts: Vec<String>,
    /// Other Regions, likewise.
    pub regions: Vec<String>,
}

impl Nearest {
    /// How many accounts and Regions are named at most.
    pub const MAX_NAMES: usize = 20;
}

/// Finds the objects of a selection. Files are not opened; standard input and pipes are read to
/// their end and kept in a temporary file.
///
/// What cannot be looked at is counted and sampled, and the listing goes on. Memory grows with the
/// files found, by some hundred bytes and twice its path for each.
///
/// # Errors
///
/// [`SourceError::NotFound`] for a place that does not exist or a glob that matches nothing,
/// [`SourceError::Unsupported`] for other addresses than `s3://`, and
/// [`SourceError::BadPattern`], [`SourceError::Denied`], [`SourceError::Store`] or
/// [`SourceError::Io`] for places that cannot be looked at themselves.
pub async fn list(selection: &Selection) -> Result<Listing, SourceError> {
    list_with(selection, &()).await
}

/// As [`list`], and asks `holders` of each object whether it holds the records of others. If it does, these are
/// listed in its place, each as [`Location::Within`] it: judged by their own keys, counted as if they
/// had been found themselves, and once if several objects hold them.
///
/// # Errors
///
/// As for [`list`].
pub async fn list_with(
    selection: &Selection,
    holders: &impl Holders,
) -> Result<Listing, SourceError> {
    let mut objects = Vec::new();
    let mut listing = list_each(selection, holders, |object| objects.push(object)).await?;
    objects.sort_by(|a: &Object, b| a.key.cmp(&b.key));
    listing.objects = objects;
    Ok(listing)
}

/// As [`list_with`], and hands over each object when it is found, in any order: the first ones can be
/// read while the others are being listed. [`Listing::objects`] stays empty.
///
/// # Errors
///
/// As for [`list`].
pub async fn list_each(
    selection: &Selection,
    holders: &impl Holders,
    mut found: impl FnMut(Object),
) -> Result<Listing, SourceError> {
    let plan = Arc::new(Plan::new(selection));
    let (sender, mut finds) = mpsc::channel(WAITING);
    let finders = start_finders(selection, &plan, sender).await?;
    let most_skipped = if selection.all_skipped { usize::MAX } else { Listing::MAX_SKIPPED };
    let mut collector = Collector::new(plan, most_skipped);
    while let Some(find) = finds.recv().await {
        let Some(object) = collector.take(find) else { continue };
        match holders.held(&object).await {
            Some(held) => collector.take_held(&Arc::new(object), held),
            None => collector.keep(object),
        }
        collector.drain().for_each(&mut found);
    }
    for finder in finders {
        match finder.await {
            Ok(result) => result?,
            // The thread is gone: it panicked, or the runtime is shutting down.
            Err(error) => {
                let place = selection.wheres.join(" ");
                return Err(SourceError::Io { place, source: std::io::Error::other(error) });
            }
        }
    }
    collector.keep_unread();
    collector.drain().for_each(&mut found);
    let listing = collector.finish();
    tracing::debug!(counts = ?listing.counts, "listed");
    Ok(listing)
}

/// Starts what looks at the places, those on this machine and those in buckets.
async fn start_finders(
    selection: &Selection,
    plan: &Arc<Plan>,
    finds: mpsc::Sender<Find>,
) -> Result<Vec<JoinHandle<Result<(), SourceError>>>, SourceError> {
    let (in_buckets, here): (Vec<String>, Vec<String>) =
        selection.wheres.iter().cloned().partition(|place| buckets::is_in_bucket(place));
    let mut finders = Vec::new();
    if let Some(place) = in_buckets.first() {
        let s3 = match &selection.s3 {
            Some(s3) => Ok(s3.clone()),
            None => S3::connect(&S3Options::default()).await,
        };
        let s3 = s3.map_err(|failure| SourceError::at_s3_place(place, failure))?;
        let (plan, finds) = (Arc::clone(plan), finds.clone());
        let finder = async move { buckets::find(&in_buckets, &s3, &plan, &finds).await };
        finders.push(tokio::spawn(finder));
    }
    if !here.is_empty() {
        let plan = Arc::clone(plan);
        finders.push(tokio::task::spawn_blocking(move || local::find(&here, &plan, &finds)));
    }
    Ok(finders)
}

/// What a finder met.
#[derive(Debug)]
struct Find {
    key: String,
    /// What the key leads to, so that what is met twice counts once. Streams have none.
    identity: Option<Identity>,
    what: What,
}

/// Of what kind it is.
#[derive(Debug)]
enum What {
    /// `named` if the user gave this very name.
    File { location: Location, size: u64, etag: Option<String>, named: bool },
    /// It has to be restored before it can be read.
    Archived { class: String, size: u64, named: bool },
    /// A folder that is not entered.
    Folder(FolderVerdict),
    /// A link back to a folder in which it lies, a socket or another thing that holds no records.
    NotAFile { reason: &'static str },
    /// It is there, but must not be looked at.
    Denied { reason: String },
    /// A link that leads nowhere, or a file that went just now.
    Vanished,
}

/// Tells that two keys lead to the same thing.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Identity {
    /// A file: its path with every link resolved.
    Path(PathBuf),
    /// An object in a bucket: its key.
    Key(String),
    /// What another object holds, and its digest.
    Held(Home, Option<String>),
}

/// Key and place of what another object holds.
type Home = (String, Option<String>);
