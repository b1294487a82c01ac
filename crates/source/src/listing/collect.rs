//! Judges, counts and keeps what finders send.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use flowproof_evidence::Window;

use super::held::{is_folder, is_met};
use super::{
    Find, Held, HeldObject, Home, Identity, ListCounts, Listing, Nearest, Skipped, SkippedKind,
    What,
};
use crate::object::{Location, Object};
use crate::plan::{FolderVerdict, ObjectVerdict, Plan, Pruned};

/// Takes finds in any order; the listing is the same as long as each file keeps its key.
#[derive(Debug)]
pub(super) struct Collector {
    plan: Arc<Plan>,
    seen: HashSet<Identity>,
    /// Objects that were not handed over yet.
    objects: Vec<Object>,
    is_any: bool,
    /// Held objects of which something was read, and those of which nothing was.
    read: HashSet<Home>,
    unread: Vec<(Home, Object)>,
    /// Keys of held objects that are not wanted.
    unwanted: HashSet<String>,
    /// What was passed over beside objects that are held.
    beside: Vec<Skipped>,
    counts: ListCounts,
    not_flow_logs: Smallest<Skipped>,
    empty: Smallest<Skipped>,
    unreadable: Smallest<Skipped>,
    available: Available,
}

impl Collector {
    /// Keeps at most `most_skipped` of each kind of what is passed over.
    pub(super) fn new(plan: Arc<Plan>, most_skipped: usize) -> Collector {
        Collector {
            plan,
            seen: HashSet::new(),
            objects: Vec::new(),
            is_any: false,
            read: HashSet::new(),
            unread: Vec::new(),
            unwanted: HashSet::new(),
            beside: Vec::new(),
            counts: ListCounts::default(),
            not_flow_logs: Smallest::new(most_skipped),
            empty: Smallest::new(most_skipped),
            unreadable: Smallest::new(most_skipped),
            available: Available::default(),
        }
    }

    /// Judges a find. An object that is wanted is given back, for [`keep`](Collector::keep).
    pub(super) fn take(&mut self, find: Find) -> Option<Object> {
        let Find { key, identity, what } = find;
        if !self.is_new(identity) {
            return None;
        }
        match what {
            What::File { location, size, etag, named } => {
                match self.plan.object(&key, size, named) {
                    ObjectVerdict::Take { layout } => {
                        return Some(Object { key, location, size, etag, layout });
                    }
                    ObjectVerdict::Pruned(pruned) => self.pruned(pruned),
                    ObjectVerdict::NotAFlowLog { reason } => self.not_a_flow_log(key, reason),
                    ObjectVerdict::Empty => self.empty(key),
                }
            }
            What::Archived { class, size, named } => match self.plan.object(&key, size, named) {
                ObjectVerdict::Take { .. } => {
                    self.counts.archived += 1;
                    let reason = format!("in {class}: restore it first");
                    self.unreadable(SkippedKind::Archived, key, reason);
                }
                ObjectVerdict::Pruned(pruned) => self.pruned(pruned),
                ObjectVerdict::NotAFlowLog { reason } => self.not_a_flow_log(key, reason),
                ObjectVerdict::Empty => self.empty(key),
            },
            What::Folder(FolderVerdict::Enter) => {}
            What::Folder(FolderVerdict::Pruned(pruned)) => {
                self.counts.pruned_folders += 1;
                self.available.add(pruned, &self.plan);
            }
            What::Folder(FolderVerdict::Skipped) => self.counts.skipped_folders += 1,
            What::Folder(FolderVerdict::Foreign { reason }) => {
                self.not_a_flow_log(key + "/", reason);
            }
            What::NotAFile { reason } => self.not_a_flow_log(key, reason),
            What::Denied { reason } => {
                self.counts.denied += 1;
                self.unreadable(SkippedKind::Denied, key, reason);
            }
            What::Vanished => {
                self.counts.vanished += 1;
                let reason = "gone, or a link that leads nowhere".to_owned();
                self.unreadable(SkippedKind::Vanished, key, reason);
            }
        }
        None
    }

    /// Keeps an object that is to be read.
    pub(super) fn keep(&mut self, object: Object) {
        self.counts.listed += 1;
        self.is_any = true;
        self.objects.push(object);
    }

    /// Hands over what was kept since the last call.
    pub(super) fn drain(&mut self) -> std::vec::Drain<'_, Object> {
        self.objects.drain(..)
    }

    /// Takes what an object holds in its place.
    pub(super) fn take_held(&mut self, holder: &Arc<Object>, held: Vec<Held>) {
        for held in held {
            match held {
                Held::Object(held) => self.take_held_object(holder, held),
                Held::Skipped(skipped) => self.beside.push(skipped),
            }
        }
    }

    fn take_held_object(&mut self, holder: &Arc<Object>, held: HeldObject) {
        let HeldObject { number, key, place, size, etag, digest, is_read } = held;
        let home = (key.clone(), place.clone());
        let location = Location::Within { holder: Arc::clone(holder), number, place };
        let identity = Some(Identity::Held(home.clone(), digest));
        let what = What::File { location, size, etag, named: true };
        let Some(object) = self.take(Find { key, identity, what }) else {
            self.unwanted.insert(home.0);
            return;
        };
        if is_read {
            self.read.insert(home);
            self.keep(object);
        } else {
            self.unread.push((home, object));
        }
    }

    fn take_skipped(&mut self, skipped: Skipped) {
        let home = (skipped.key.clone(), None);
        let identity = Identity::Held(home, Some(skipped.reason.clone()));
        if !is_met(&skipped, &self.plan) || !self.is_new(Some(identity)) {
            return;
        }
        match skipped.kind {
            SkippedKind::NotAFlowLog | SkippedKind::Empty if !is_folder(&skipped) => {
                match self.plan.object(&skipped.key, 0, true) {
                    ObjectVerdict::Pruned(pruned) => self.pruned(pruned),
                    _ if skipped.kind == SkippedKind::Empty => self.empty(skipped.key),
                    _ => self.not_a_flow_log(skipped.key, &skipped.reason),
                }
            }
            SkippedKind::Denied => {
                self.counts.denied += 1;
                self.unreadable(SkippedKind::Denied, skipped.key, skipped.reason);
            }
            SkippedKind::Archived => {
                self.counts.archived += 1;
                self.unreadable(SkippedKind::Archived, skipped.key, skipped.reason);
            }
            SkippedKind::Vanished => {
                self.counts.vanished += 1;
                self.unreadable(SkippedKind::Vanished, skipped.key, skipped.reason);
            }
            _ => self.not_a_flow_log(skipped.key, &skipped.reason),
        }
    }

    /// Keeps what no holder has read, and counts what was passed over and no holder has.
    pub(super) fn keep_unread(&mut self) {
        let homes = self.read.iter().chain(self.unread.iter().map(|(home, _)| home));
        let mut held: HashSet<String> = homes.map(|(key, _)| key.clone()).collect();
        held.extend(std::mem::take(&mut self.unwanted));
        for skipped in std::mem::take(&mut self.beside) {
            if !held.contains(&skipped.key) {
                self.take_skipped(skipped);
            }
        }
        for (home, object) in std::mem::take(&mut self.unread) {
            if !self.read.contains(&home) {
                self.keep(object);
            }
        }
    }

    /// What was counted and passed over. The objects were handed over.
    pub(super) fn finish(self) -> Listing {
        let samples = [self.not_flow_logs, self.empty, self.unreadable];
        let mut skipped: Vec<Skipped> = samples.into_iter().flat_map(|kind| kind.items).collect();
        skipped.sort();
        let nearest = if self.is_any { None } else { self.available.finish() };
        let is_dated = self.plan.has_met_dates();
        Listing { objects: Vec::new(), counts: self.counts, skipped, nearest, is_dated }
    }

    /// Whether this was not met before.
    fn is_new(&mut self, identity: Option<Identity>) -> bool {
        identity.is_none_or(|identity| self.seen.insert(identity))
    }

    fn pruned(&mut self, pruned: Pruned) {
        match &pruned {
            Pruned::Time { .. } => self.counts.pruned_by_time += 1,
            Pruned::Account { .. } => self.counts.pruned_by_account += 1,
            Pruned::Region { .. } => self.counts.pruned_by_region += 1,
        }
        self.available.add(pruned, &self.plan);
    }

    fn not_a_flow_log(&mut self, key: String, reason: &str) {
        self.counts.listed += 1;
        self.counts.not_a_flow_log += 1;
        self.not_flow_logs.add(Skipped {
            kind: SkippedKind::NotAFlowLog,
            key,
            reason: reason.to_owned(),
        });
    }

    fn empty(&mut self, key: String) {
        self.counts.listed += 1;
        self.counts.empty += 1;
        self.empty.add(Skipped { kind: SkippedKind::Empty, key, reason: "zero bytes".to_owned() });
    }

    fn unreadable(&mut self, kind: SkippedKind, key: String, reason: String) {
        self.counts.listed += 1;
        self.unreadable.add(Skipped { kind, key, reason });
    }
}

/// Keeps the first few in sorted order, so that samples do not depend on the order of finding.
#[derive(Debug)]
struct Smallest<T> {
    items: BTreeSet<T>,
    limit: usize,
}

impl<T: Ord> Smallest<T> {
    fn new(limit: usize) -> Smallest<T> {
        Smallest { items: BTreeSet::new(), limit }
    }

    fn add(&mut self, item: T) {
        self.items.insert(item);
        if self.items.len() > self.limit {
            self.items.pop_last();
        }
    }
}

/// What there is besides what was asked for.
#[derive(Debug)]
struct Available {
    before: Option<Window>,
    after: Option<Window>,
    accounts: Smallest<String>,
    regions: Smallest<String>,
}

impl Default for Available {
    fn default() -> Available {
        let names = || Smallest::new(Nearest::MAX_NAMES);
        Available { before: None, after: None, accounts: names(), regions: names() }
    }
}

impl Available {
    fn add(&mut self, pruned: Pruned, plan: &Plan) {
        match pruned {
            Pruned::Time { span } if plan.is_before(span) => {
                self.before = Some(later(self.before, span));
            }
            Pruned::Time { span } => self.after = Some(earlier(self.after, span)),
            Pruned::Account { account } => self.accounts.add(account),
            Pruned::Region { region } => self.regions.add(region),
        }
    }

    fn finish(self) -> Option<Nearest> {
        let nearest = Nearest {
            before: self.before,
            after: self.after,
            accounts: self.accounts.items.into_iter().collect(),
            regions: self.regions.items.into_iter().collect(),
        };
        (nearest != Nearest::default()).then_some(nearest)
    }
}

/// The later of two spans; of two with the same end the shorter, since it tells more.
fn later(known: Option<Window>, span: Window) -> Window {
    known.filter(|known| (known.to, known.from) > (span.to, span.from)).unwrap_or(span)
}

/// The earlier of two spans; of two with the same beginning the shorter.
fn earlier(known: Option<Window>, span: Window) -> Window {
    known.filter(|known| (known.from, known.to) < (span.from, span.to)).unwrap_or(span)
}
