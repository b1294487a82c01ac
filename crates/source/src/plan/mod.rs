//! What to take of what is found. Pure: it judges keys and sizes, and reads nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Span;
use jiff::civil::Date;

use crate::layout::{Folders, Layout, key_layout};
use crate::names;
use crate::s3::S3;
use flowproof_evidence::Window;

/// Which objects a question is about.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Files, folders (walked), globs, or `-` for standard input; `s3://bucket/prefix` likewise. What exists under the very name
    /// wins over a glob, since keys may hold `[` and `*`.
    pub wheres: Vec<String>,
    /// How `s3://` places are reached; by what the environment says if not set.
    pub s3: Option<S3>,
    /// The time of the records wanted.
    pub window: Window,
    /// How much wider than the window to look.
    pub slack: Slack,
    /// Accounts wanted; none means all.
    pub accounts: Vec<String>,
    /// Regions wanted; none means all.
    pub regions: Vec<String>,
    /// Whether places in buckets are keys of single objects, exactly, and not folders or patterns. One that
    /// is not there has vanished; it does not end the listing.
    pub keys_only: bool,
    /// Days whose folders are not entered, nor those of a month or a year in which all days are such.
    pub skip_days: Arc<BTreeSet<Date>>,
    /// Take every file that is found, also hidden ones and those whose name tells that they are no
    /// flow logs.
    pub include_all: bool,
    /// Tell everything that was passed over, and not only some of each kind
    /// ([`Listing::MAX_SKIPPED`](crate::Listing::MAX_SKIPPED)).
    pub all_skipped: bool,
}

/// How much wider than the window to look for objects, on each side.
///
/// Whatever the slack, objects are taken if their stamp lets them hold a record that overlaps the
/// window; slack is for stamps that are off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slack {
    /// Seconds.
    pub seconds: u32,
}

impl Default for Slack {
    /// Fifteen minutes.
    fn default() -> Slack {
        Slack { seconds: 900 }
    }
}

/// The longest aggregation interval, and how much later than the interval a record may end, in
/// seconds: a record's `end` is at most this much after its `start`.
const LONGEST_RECORD: i64 = 600 + 60;

/// A selection made ready for judging.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The first second in which a wanted record may end.
    first_end: Option<i64>,
    /// The last second that its stamp may name.
    last_stamp: Option<i64>,
    accounts: Vec<String>,
    regions: Vec<String>,
    skip_days: Arc<BTreeSet<Date>>,
    pub(crate) keys_only: bool,
    include_all: bool,
    /// Whether a key has told a time.
    met_dates: Arc<AtomicBool>,
}

/// What to do with a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FolderVerdict {
    Enter,
    Pruned(Pruned),
    /// All its days are to be skipped.
    Skipped,
    /// Nothing in it is a flow log.
    Foreign {
        reason: &'static str,
    },
}

/// What to do with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ObjectVerdict {
    Take { layout: Option<Layout> },
    Pruned(Pruned),
    NotAFlowLog { reason: &'static str },
    Empty,
}

/// Why something was left out, with what it has instead of what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pruned {
    Time { span: Window },
    Account { account: String },
    Region { region: String },
}

impl Plan {
    pub(crate) fn new(selection: &Selection) -> Plan {
        let slack = i64::from(selection.slack.seconds);
        let Window { from, to } = selection.window;
        Plan {
            // A record that overlaps ends at or after `from`, so that its bucket ends after it.
            first_end: from.map(|from| from.as_second() - slack),
            // It starts before `to`, ends soon after, and the stamp is no later than its end.
            last_stamp: to.map(|to| to.as_second() + LONGEST_RECORD + slack),
            accounts: selection.accounts.clone(),
            regions: selection.regions.clone(),
            skip_days: Arc::clone(&selection.skip_days),
            keys_only: selection.keys_only,
            include_all: selection.include_all,
            met_dates: Arc::default(),
        }
    }

    /// Whether a key that was judged has told a time, so that the window may have played a part.
    pub(crate) fn has_met_dates(&self) -> bool {
        self.met_dates.load(Ordering::Relaxed)
    }

    /// Judges a folder, given by its key, before it is entered.
    pub(crate) fn folder(&self, key: &str) -> FolderVerdict {
        let folders = Folders::parse(key);
        if folders.is_foreign() && !self.include_all {
            return FolderVerdict::Foreign { reason: names::OTHER_SERVICE };
        }
        let pruned = self
            .prune_owner(folders.account, folders.region)
            .or_else(|| self.prune_time(folders.span()?));
        match pruned {
            Some(pruned) => FolderVerdict::Pruned(pruned),
            None if self.skips(&folders) => FolderVerdict::Skipped,
            None => FolderVerdict::Enter,
        }
    }

    /// Whether each day that a folder can be of is to be skipped.
    fn skips(&self, folders: &Folders<'_>) -> bool {
        let Some((first, last)) = folders.days().filter(|_| !self.skip_days.is_empty()) else {
            return false;
        };
        let days = first.series(Span::new().days(1)).take_while(|day| *day <= last);
        days.into_iter().all(|day| self.skip_days.contains(&day))
    }

    /// Whether a folder or file found in a folder is to be passed over for its bare name.
    pub(crate) fn hidden(&self, name: &str) -> Option<&'static str> {
        if self.include_all { None } else { names::hidden(name) }
    }

    /// Why a key that was found, not named outright, is not taken for a flow log.
    pub(crate) fn not_a_flow_log(&self, key: &str) -> Option<&'static str> {
        if self.include_all { None } else { names::not_a_flow_log(key) }
    }

    /// Judges an object. One that was `named` outright is taken whatever its name.
    pub(crate) fn object(&self, key: &str, size: u64, named: bool) -> ObjectVerdict {
        let layout = key_layout(key);
        if let Some(pruned) = layout.as_ref().and_then(|layout| self.prune(layout)) {
            return ObjectVerdict::Pruned(pruned);
        }
        if let Some(reason) = self.not_a_flow_log(key).filter(|_| !named) {
            return ObjectVerdict::NotAFlowLog { reason };
        }
        // AWS writes a header at least: where it should be, nothing is a loss, and is met in reading.
        let is_awss = layout.as_ref().is_some_and(Layout::is_of_a_flow_log);
        if size == 0 && !is_awss { ObjectVerdict::Empty } else { ObjectVerdict::Take { layout } }
    }

    /// An object is left out only for what its layout tells.
    fn prune(&self, layout: &Layout) -> Option<Pruned> {
        self.prune_owner(layout.account.as_deref(), layout.region.as_deref()).or_else(|| {
            let span = layout.span()?;
            self.prune_time(span)
        })
    }

    fn prune_owner(&self, account: Option<&str>, region: Option<&str>) -> Option<Pruned> {
        if let Some(account) = account.filter(|account| excluded(&self.accounts, account)) {
            return Some(Pruned::Account { account: account.to_owned() });
        }
        let region = region.filter(|region| excluded(&self.regions, region))?;
        Some(Pruned::Region { region: region.to_owned() })
    }

    /// Leaves out a span of whole buckets in which no wanted record can end.
    fn prune_time(&self, span: Window) -> Option<Pruned> {
        self.met_dates.store(true, Ordering::Relaxed);
        let from = span.from?.as_second();
        let is_after = self.last_stamp.is_some_and(|last| from > last);
        (self.is_before(span) || is_after).then_some(Pruned::Time { span })
    }

    /// Whether a span is over before the first wanted record ends.
    pub(crate) fn is_before(&self, span: Window) -> bool {
        span.to.zip(self.first_end).is_some_and(|(to, first)| to.as_second() <= first)
    }
}

fn excluded(wanted: &[String], found: &str) -> bool {
    !wanted.is_empty() && !wanted.iter().any(|one| one == found)
}

#[cfg(test)]
mod tests;
