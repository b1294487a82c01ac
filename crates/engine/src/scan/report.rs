//! What a scan tells beside its rows: what became of each object, and what is not in the rows.
//!
//! Reports are kept by object, and a second report of the same object tells what either found. A plan that
//! scans the table twice, or a partition that is run again, therefore counts nothing twice, and what one of
//! two scans did not look at is told by the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use flowproof_record::{RejectKind, Tally, Wrapper};
use flowproof_source::Encoding;
use serde::{Deserialize, Serialize};

use super::{InterfaceTimes, Reports};
use crate::copies::{Dropped, DroppedBy};
use crate::held::Holder;
use crate::inspect::LoggedInterfaces;
use crate::orient::Learner;

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// Not begun, or left before its end.
    #[default]
    NotRead,
    /// Read to its end.
    Read,
    /// Nothing in it but blanks.
    Empty,
    NotAFlowLog(String),
    Unsupported(String),
    Truncated(String),
    Corrupt(String),
    Denied(String),
    KmsDenied(String),
    Archived(String),
    Vanished(String),
    /// The store did not hand it out.
    Unreachable(String),
    /// Left out: its bytes are those of another object.
    Duplicate(String),
}

/// How the reason ends of what broke off on its way from the store, which may be whole the next time.
const ON_ITS_WAY: &str = " (on its way: it may be whole another time)";

impl Outcome {
    /// What broke off on its way from the store; `outcome` makes it one of what the bytes that came are.
    pub(crate) fn on_its_way(outcome: fn(String) -> Outcome, reason: String) -> Outcome {
        outcome(reason + ON_ITS_WAY)
    }

    /// Whether what is wrong is in the object itself, so that another reading meets it again.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Outcome::NotRead
            | Outcome::Denied(_)
            | Outcome::KmsDenied(_)
            | Outcome::Archived(_)
            | Outcome::Vanished(_)
            | Outcome::Unreachable(_) => false,
            other => !is_on_its_way(other.reason()),
        }
    }

    /// All words for outcomes: what is worse stands behind, if an object is read twice.
    pub(crate) const NAMES: [&str; 13] = [
        "not_read",
        "read",
        "empty",
        "not_a_flow_log",
        "unsupported",
        "truncated",
        "corrupt",
        "denied",
        "kms_denied",
        "archived",
        "vanished",
        "unreachable",
        "duplicate",
    ];

    /// The word for it, as the counts of objects have it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Outcome::NotRead => "not_read",
            Outcome::Read => "read",
            Outcome::Empty => "empty",
            Outcome::NotAFlowLog(_) => "not_a_flow_log",
            Outcome::Unsupported(_) => "unsupported",
            Outcome::Truncated(_) => "truncated",
            Outcome::Corrupt(_) => "corrupt",
            Outcome::Denied(_) => "denied",
            Outcome::KmsDenied(_) => "kms_denied",
            Outcome::Archived(_) => "archived",
            Outcome::Vanished(_) => "vanished",
            Outcome::Unreachable(_) => "unreachable",
            Outcome::Duplicate(_) => "duplicate",
        }
    }

    /// The worse of two, of one object that was read twice.
    fn worse(self, other: Outcome) -> Outcome {
        let badness =
            |outcome: &Outcome| Self::NAMES.iter().position(|name| *name == outcome.name());
        if badness(&other) > badness(&self) { other } else { self }
    }

    /// Why, where there is more to say than the name.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Outcome::NotRead | Outcome::Read => "",
            Outcome::Empty => "nothing in it",
            Outcome::NotAFlowLog(reason)
            | Outcome::Unsupported(reason)
            | Outcome::Truncated(reason)
            | Outcome::Corrupt(reason)
            | Outcome::Denied(reason)
            | Outcome::KmsDenied(reason)
            | Outcome::Archived(reason)
            | Outcome::Unreachable(reason)
            | Outcome::Vanished(reason)
            | Outcome::Duplicate(reason) => reason,
        }
    }

    /// The outcome with this name and reason.
    pub(crate) fn restore(name: &str, reason: &str) -> Option<Outcome> {
        let reason = reason.to_owned();
        Some(match name {
            "not_read" => Outcome::NotRead,
            "read" => Outcome::Read,
            "empty" => Outcome::Empty,
            "not_a_flow_log" => Outcome::NotAFlowLog(reason),
            "unsupported" => Outcome::Unsupported(reason),
            "truncated" => Outcome::Truncated(reason),
            "corrupt" => Outcome::Corrupt(reason),
            "denied" => Outcome::Denied(reason),
            "kms_denied" => Outcome::KmsDenied(reason),
            "archived" => Outcome::Archived(reason),
            "vanished" => Outcome::Vanished(reason),
            "unreachable" => Outcome::Unreachable(reason),
            "duplicate" => Outcome::Duplicate(reason),
            _ => return None,
        })
    }
}

/// Whether a reason is that of [`Outcome::on_its_way`].
pub(crate) fn is_on_its_way(reason: &str) -> bool {
    reason.ends_with(ON_ITS_WAY)
}

/// All that is told of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectReport {
    pub(crate) outcome: Outcome,
    pub(crate) encoding: Option<Encoding>,
    /// What its records are wrapped in.
    pub(crate) wrapper: Option<Wrapper>,
    /// Names of members and columns of the wrapping that are no flow log field.
    pub(crate) unknown_members: Vec<String>,
    /// `sha256:` and the digest of the stored bytes, if they were read to the end.
    pub(crate) digest: Option<String>,
    /// The version that was read, in a bucket that keeps them.
    pub(crate) version_id: Option<String>,
    pub(crate) stored_bytes: u64,
    pub(crate) text_bytes: u64,
    /// Rows handed up the plan.
    pub(crate) rows: u64,
    pub(crate) tally: Tally,
    pub(crate) sides: Sides,
}

impl ObjectReport {
    /// This report and another of the same object, by a scan that may have looked at other records of it.
    pub(crate) fn or(self, other: ObjectReport) -> ObjectReport {
        let mut members = self.unknown_members;
        members.extend(other.unknown_members);
        members.sort();
        members.dedup();
        ObjectReport {
            outcome: self.outcome.worse(other.outcome),
            encoding: self.encoding.or(other.encoding),
            wrapper: self.wrapper.or(other.wrapper),
            unknown_members: members,
            digest: self.digest.or(other.digest),
            version_id: self.version_id.or(other.version_id),
            stored_bytes: self.stored_bytes.max(other.stored_bytes),
            text_bytes: self.text_bytes.max(other.text_bytes),
            rows: self.rows.max(other.rows),
            tally: either(self.tally, other.tally),
            sides: self.sides.or(other.sides),
        }
    }
}

/// The tally of an object by two scans of it: that of the scan which looked at more of its lines, with the bad lines
/// that either met. They are no sums, since a line that both met is one.
fn either(one: Tally, other: Tally) -> Tally {
    let seen = |tally: &Tally| {
        let counts = &tally.counts;
        let lines = [counts.ok, counts.nodata, counts.skipdata, counts.malformed, counts.bad_time];
        let lines = lines.into_iter().chain([counts.transit_gateway]).map(u128::from);
        (lines.sum::<u128>(), counts.in_range, counts.selected)
    };
    let (mut more, less) = if seen(&one) >= seen(&other) { (one, other) } else { (other, one) };
    let counts = &mut more.counts;
    counts.malformed = counts.malformed.max(less.counts.malformed);
    counts.bad_time = counts.bad_time.max(less.counts.bad_time);
    counts.in_range = counts.in_range.max(less.counts.in_range);
    counts.selected = counts.selected.max(less.counts.selected);
    for (source, format) in &less.formats {
        more.meet(*source, format);
    }
    if let Some((first, last)) = less.span {
        more.widen_span(first, last);
    }
    more.rejects.extend(less.rejects);
    more.rejects.sort();
    more.rejects.dedup();
    let mut kept = BTreeMap::<RejectKind, usize>::new();
    more.rejects.retain(|reject| {
        let kept = kept.entry(reject.kind).or_default();
        *kept += 1;
        *kept <= Tally::REJECTS_PER_KIND
    });
    more
}

/// What the sides of records came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sides {
    pub(crate) unoriented: u64,
    /// Records whose `flow-direction` and own address disagree.
    pub(crate) conflicts: u64,
    pub(crate) assumed: u64,
    /// Whether there are records whose direction only a second reading can tell.
    pub(crate) left_open: bool,
}

impl Sides {
    pub(crate) fn merge(&mut self, other: Sides) {
        self.unoriented += other.unoriented;
        self.conflicts += other.conflicts;
        self.assumed += other.assumed;
        self.left_open |= other.left_open;
    }

    /// These and those of the same records, by another scan.
    fn or(self, other: Sides) -> Sides {
        Sides {
            unoriented: self.unoriented.max(other.unoriented),
            conflicts: self.conflicts.max(other.conflicts),
            assumed: self.assumed.max(other.assumed),
            left_open: self.left_open || other.left_open,
        }
    }
}

/// What was met in one part of a holder.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartReport {
    /// How many parts the holder was read in.
    pub(crate) of: usize,
    /// Why the part was not read to its end.
    pub(crate) failure: Option<Outcome>,
    /// Rows handed up the plan, by the source's number.
    pub(crate) rows: Vec<u64>,
    /// Records with traffic inside the window, likewise.
    pub(crate) in_range: Vec<u64>,
    pub(crate) sides: Sides,
}

impl PartReport {
    /// This report and another of the same part, by another scan.
    fn or(self, other: PartReport) -> PartReport {
        let failure = match (self.failure, other.failure) {
            (Some(one), Some(other)) => Some(one.worse(other)),
            (one, other) => one.or(other),
        };
        PartReport {
            of: self.of.max(other.of),
            failure,
            rows: most(self.rows, &other.rows),
            in_range: most(self.in_range, &other.in_range),
            sides: self.sides.or(other.sides),
        }
    }
}

/// The greater of each two; what one of them lacks is the other's.
fn most(mut one: Vec<u64>, other: &[u64]) -> Vec<u64> {
    one.resize(one.len().max(other.len()), 0);
    one.iter_mut().zip(other).for_each(|(one, other)| *one = (*one).max(*other));
    one
}

/// Where the partitions of a scan report.
#[derive(Debug, Default)]
pub(crate) struct ScanReport {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    objects: Reports,
    /// By holder and part.
    parts: BTreeMap<(usize, usize), PartReport>,
    learner: Learner,
    times: BTreeMap<String, InterfaceTimes>,
    logged: LoggedInterfaces,
    /// One for each node that drops copies.
    dropped: Vec<Arc<DroppedBy>>,
    /// Readings that have begun and not come to their end.
    under_way: usize,
}

/// What a scan told, taken at its end.
#[derive(Debug, Default)]
pub(crate) struct ScanTold {
    /// By the object's place in the listing.
    pub(crate) objects: Reports,
    /// Whether every digest is told. Otherwise only those are that may tell of an object that it is there
    /// twice: holders know the digests of their sources, wanted or not.
    pub(crate) digests: bool,
    pub(crate) learner: Learner,
    pub(crate) times: BTreeMap<String, InterfaceTimes>,
    /// Records that were not oriented while they were read and got a direction afterwards, and those
    /// of them whose interface's own address is only assumed.
    pub(crate) settled: (u64, u64),
    /// Which flow logs logged which interfaces, noted where there are several flow logs.
    pub(crate) logged: LoggedInterfaces,
    /// Copies that were dropped.
    pub(crate) dropped: Dropped,
    /// Whether a reading was left before its end, as nobody needed more: what its last records taught is not told.
    pub(crate) was_left: bool,
}

impl ScanTold {
    /// The objects of which there were rows.
    pub(crate) fn with_rows(&self) -> BTreeSet<usize> {
        let with_rows = self.objects.iter().filter(|(_, report)| report.rows > 0);
        with_rows.map(|(object_idx, _)| object_idx).collect()
    }
}

impl ScanReport {
    /// A reading begins.
    pub(crate) fn begin(&self) {
        self.lock().under_way += 1;
    }

    /// A reading that has begun is at its end.
    pub(crate) fn end(&self) {
        let mut inner = self.lock();
        inner.under_way = inner.under_way.saturating_sub(1);
    }

    /// Takes in the report of an object and what its records taught.
    pub(crate) fn put(
        &self,
        object_idx: usize,
        report: ObjectReport,
        learner: Learner,
        times: BTreeMap<String, InterfaceTimes>,
    ) {
        let mut inner = self.lock();
        inner.objects.insert(object_idx, report);
        inner.learn(learner, times);
    }

    /// Takes in what records of several objects taught.
    pub(crate) fn learn(&self, learner: Learner) {
        self.lock().learner.merge(learner);
    }

    /// Takes in when interfaces left records.
    pub(crate) fn put_times(&self, times: BTreeMap<String, InterfaceTimes>) {
        self.lock().learn(Learner::default(), times);
    }

    /// Takes in which flow logs logged which interfaces.
    pub(crate) fn put_logged(&self, logged: LoggedInterfaces) {
        self.lock().logged.merge(logged);
    }

    /// Takes in the report of a part of a holder, and what its records taught.
    pub(crate) fn put_part(
        &self,
        part: (usize, usize),
        report: PartReport,
        learner: Learner,
        times: BTreeMap<String, InterfaceTimes>,
    ) {
        let mut inner = self.lock();
        let report = match inner.parts.remove(&part) {
            Some(before) => before.or(report),
            None => report,
        };
        inner.parts.insert(part, report);
        inner.learn(learner, times);
    }

    /// Where a node that drops copies tells how many.
    pub(crate) fn dropped_by(&self) -> Arc<DroppedBy> {
        let by = Arc::new(DroppedBy::default());
        self.lock().dropped.push(Arc::clone(&by));
        by
    }

    /// All that was told since the scan was made. `bounded` is whether there is a window.
    pub(crate) fn take(&self, holders: &[Arc<Holder>], bounded: bool) -> ScanTold {
        let Inner { mut objects, parts, learner, times, logged, dropped, under_way } =
            std::mem::take(&mut *self.lock());
        for (holder_idx, holder) in holders.iter().enumerate() {
            let of_holder = parts.range((holder_idx, 0)..(holder_idx + 1, 0));
            let of_holder: Vec<&PartReport> = of_holder.map(|(_, part)| part).collect();
            objects.extend(holder.reports(&of_holder, bounded));
        }
        // A plan that reads a table twice drops the same records twice.
        let dropped = dropped.iter().map(|by| by.total()).max().unwrap_or_default();
        let (digests, settled, was_left) = (false, (0, 0), under_way > 0);
        ScanTold { objects, digests, learner, times, settled, logged, dropped, was_left }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A thread that panicked in here left whole values behind: each is put in one move.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Inner {
    fn learn(&mut self, learner: Learner, times: BTreeMap<String, InterfaceTimes>) {
        self.learner.merge(learner);
        for (interface, more) in times {
            self.times.entry(interface).or_default().merge(&more);
        }
    }
}

/// How far a run has come, for whoever shows it while it runs.
#[derive(Debug, Default)]
pub struct Progress {
    objects: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_object(&self) {
        self.add_objects(1);
    }

    pub(crate) fn add_objects(&self, objects: u64) {
        self.objects.fetch_add(objects, Ordering::Relaxed);
    }

    /// Objects done so far, in all passes of the run.
    #[must_use]
    pub fn objects(&self) -> u64 {
        self.objects.load(Ordering::Relaxed)
    }

    /// Stored (compressed) bytes read so far, in all passes of the run.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reports::any_report;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reports_of_one_object_come_to_the_same_in_any_order_and_however_often(
            one in any_report(), other in any_report(),
        ) {
            // The examples of bad lines, and the reasons of equally bad outcomes, are one or the other.
            let counted = |report: ObjectReport| {
                let counts = report.tally.counts;
                let outcome = report.outcome.name();
                (outcome, report.rows, report.stored_bytes, report.sides, counts.malformed, counts.bad_time)
            };
            let both = one.clone().or(other.clone());
            prop_assert_eq!(counted(both.clone()), counted(other.clone().or(one.clone())));
            prop_assert_eq!(counted(both.clone().or(one.clone())), counted(both.clone()));
            prop_assert!(both.tally.counts.malformed >= one.tally.counts.malformed);
            prop_assert!(both.sides.left_open || !(one.sides.left_open || other.sides.left_open));
        }
    }

    #[test]
    fn a_reading_that_is_not_followed_to_its_end_is_told() {
        let report = ScanReport::default();
        report.begin();
        report.begin();
        report.end();
        assert!(report.take(&[], false).was_left);
        report.begin();
        report.end();
        assert!(!report.take(&[], false).was_left);
    }

    #[test]
    fn parts_of_a_holder_that_are_read_twice_are_told_once() {
        let part = |failure, rows: &[u64]| PartReport {
            of: 1,
            failure,
            rows: rows.to_vec(),
            ..PartReport::default()
        };
        let report = ScanReport::default();
        let put = |part| report.put_part((0, 0), part, Learner::default(), BTreeMap::new());
        put(part(Some(Outcome::Corrupt("x".into())), &[1, 5]));
        put(part(None, &[3]));
        let told = &report.lock().parts[&(0, 0)];
        assert_eq!(told.rows, [3, 5]);
        assert_eq!(told.failure, Some(Outcome::Corrupt("x".into())));
    }
}
