//! The objects of a selection, which may still be being listed while the first of them are read.
//!
//! Objects have the numbers in which they came; all that is told of an object goes by its number. A
//! listing that ends before anybody wants to read gives them in the order of their keys. What depends
//! on all objects ([`Whole`]) is known once the listing has ended.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Index;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use flowproof_source::{Listing, Nearest, Object, Selection, SourceError, list_each};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::copies::flow_log_of;
use crate::held::{Expander, FileManifest, Holder};

/// The objects found so far.
#[derive(Debug)]
pub(crate) struct Catalog {
    objects: boxcar::Vec<Arc<Object>>,
    /// Objects that nobody may see yet, as long as they can still be sorted.
    unsorted: Mutex<Option<Vec<Object>>>,
    bytes: AtomicU64,
    whole: OnceLock<Whole>,
    /// Why the listing failed, for the first who asks.
    failure: Mutex<Option<SourceError>>,
    state: watch::Sender<State>,
}

/// What whoever waits is told.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    found: u64,
    /// Whether no more will come.
    ended: bool,
}

/// What is known once all objects are.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    /// What was counted and passed over. Its objects are in the catalog.
    pub(crate) listing: Listing,
    /// The objects that hold the records of others.
    pub(crate) holders: Vec<Arc<Holder>>,
    /// The numbers of all objects, in the order of their keys.
    by_key: Vec<usize>,
    /// Objects as large as another one: their digests tell whether they are the same.
    pub(crate) as_large: HashSet<usize>,
    /// Whether the objects are of several flow logs.
    pub(crate) several_flow_logs: bool,
}

/// No more objects come, and they are not all. Why, the catalog tells once ([`Catalog::failure`]).
#[derive(Debug, thiserror::Error)]
#[error("the listing has failed")]
pub(crate) struct ListingFailed;

/// What a listing has found so far.
#[derive(Debug, Clone)]
pub struct Found(pub(crate) Arc<Catalog>);

impl Found {
    /// Objects to read.
    #[must_use]
    pub fn objects(&self) -> u64 {
        self.0.found()
    }

    /// Their bytes as they are stored.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.bytes()
    }
}

/// Tells a waiter when there may be more. It has seen what was there when it was made.
pub(crate) struct Changes(watch::Receiver<State>);

impl Changes {
    /// Waits for more, or for the end.
    pub(crate) async fn wait(&mut self) {
        // The sender is the catalog itself, which the waiter holds.
        let _ = self.0.changed().await;
    }
}

impl Index<usize> for Catalog {
    type Output = Object;

    fn index(&self, object_idx: usize) -> &Object {
        &self.objects[object_idx]
    }
}

impl Catalog {
    fn new() -> Catalog {
        Catalog {
            objects: boxcar::Vec::new(),
            unsorted: Mutex::new(Some(Vec::new())),
            bytes: AtomicU64::new(0),
            whole: OnceLock::new(),
            failure: Mutex::new(None),
            state: watch::Sender::new(State::default()),
        }
    }

    /// Starts listing. It goes on as long as the task is held.
    pub(crate) fn start(selection: &Selection) -> (Arc<Catalog>, JoinSet<()>) {
        let catalog = Arc::new(Catalog::new());
        let mut task = JoinSet::new();
        task.spawn(Filling(Arc::clone(&catalog)).fill(selection.clone()));
        (catalog, task)
    }

    /// A listing of these objects that has ended.
    #[cfg(test)]
    pub(crate) fn of(objects: Vec<Object>) -> Catalog {
        let catalog = Catalog::new();
        objects.into_iter().for_each(|object| catalog.take(object));
        catalog.end(Listing::default(), &BTreeMap::new());
        catalog
    }

    /// A listing that is under way, of which nothing was found yet.
    #[cfg(test)]
    pub(crate) fn open() -> Catalog {
        Catalog { unsorted: Mutex::new(None), ..Catalog::new() }
    }

    /// Finds an object.
    #[cfg(test)]
    pub(crate) fn add(&self, object: Object) {
        self.take(object);
    }

    /// Ends the listing.
    #[cfg(test)]
    pub(crate) fn close(&self) {
        self.end(Listing::default(), &BTreeMap::new());
    }

    /// Waits until the listing has ended; no longer than `patience`, if there is an object to begin with.
    /// From then on objects keep their numbers.
    pub(crate) async fn settle(&self, patience: Duration) {
        let mut changes = self.state.subscribe();
        // The sender is the catalog itself.
        let ended = changes.wait_for(|state| state.ended);
        if tokio::time::timeout(patience, ended).await.is_err() {
            let mut changes = self.state.subscribe();
            let _ = changes.wait_for(|state| state.found > 0 || state.ended).await;
        }
        let mut unsorted = self.unsorted();
        unsorted.take().into_iter().flatten().for_each(|object| self.number(object));
        drop(unsorted);
        self.state.send_modify(|_| {});
    }

    fn take(&self, object: Object) {
        self.bytes.fetch_add(object.size, Ordering::Relaxed);
        let mut unsorted = self.unsorted();
        match &mut *unsorted {
            Some(unsorted) => unsorted.push(object),
            None => self.number(object),
        }
        drop(unsorted);
        self.state.send_modify(|state| state.found += 1);
    }

    fn number(&self, object: Object) {
        self.objects.push(Arc::new(object));
    }

    fn end(&self, listing: Listing, manifests: &BTreeMap<String, FileManifest>) {
        let mut unsorted = self.unsorted();
        if let Some(mut objects) = unsorted.take() {
            objects.sort_by(|a, b| a.key.cmp(&b.key));
            objects.into_iter().for_each(|object| self.number(object));
        }
        drop(unsorted);
        // The listing ends once.
        let _ = self.whole.set(Whole::of(self, listing, manifests));
        self.state.send_modify(|state| state.ended = true);
    }

    fn fail(&self, error: SourceError) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.state.send_modify(|state| state.ended = true);
    }

    /// The object with this number, if it was found yet.
    pub(crate) fn get(&self, object_idx: usize) -> Option<&Arc<Object>> {
        self.objects.get(object_idx)
    }

    /// How many objects were found so far.
    pub(crate) fn found(&self) -> u64 {
        self.state.borrow().found
    }

    /// The bytes of the objects found so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// If there is no object: what there is instead.
    pub(crate) fn nearest(&self) -> Option<&Nearest> {
        self.whole.get()?.listing.nearest.as_ref()
    }

    /// Tells when there are more objects than now, or what is known of all.
    pub(crate) fn changes(&self) -> Changes {
        Changes(self.state.subscribe())
    }

    /// What is known of all objects, if the listing has ended.
    ///
    /// # Errors
    ///
    /// If it has failed.
    pub(crate) fn ended(&self) -> Result<Option<&Whole>, ListingFailed> {
        let ended = self.state.borrow().ended;
        match self.whole.get() {
            None if ended => Err(ListingFailed),
            whole => Ok(whole),
        }
    }

    /// Whether all objects are known.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole.get().is_some()
    }

    /// What is known of all objects, once the listing has ended.
    ///
    /// # Errors
    ///
    /// Why it has failed.
    pub(crate) async fn whole(&self) -> Result<&Whole, SourceError> {
        let mut changes = self.changes();
        loop {
            if let Some(whole) = self.ended().map_err(|_| self.failure())? {
                return Ok(whole);
            }
            changes.wait().await;
        }
    }

    /// All objects in the order of their keys, each with its number.
    pub(crate) fn by_key<'a>(
        &'a self,
        whole: &'a Whole,
    ) -> impl Iterator<Item = (usize, &'a Arc<Object>)> {
        whole.by_key.iter().map(|object_idx| (*object_idx, &self.objects[*object_idx]))
    }

    /// All objects that are numbered so far.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Object)> {
        self.objects.iter().map(|(object_idx, object)| (object_idx, &**object))
    }

    /// Whether there may be another object with the same bytes.
    pub(crate) fn may_be_double(&self, object_idx: usize) -> bool {
        self.whole.get().is_none_or(|whole| whole.as_large.contains(&object_idx))
    }

    /// Whether some objects hold the records of others, as far as that is known.
    pub(crate) fn has_holders(&self) -> bool {
        self.whole.get().is_some_and(|whole| !whole.holders.is_empty())
    }

    /// Whether the objects may be of several flow logs.
    pub(crate) fn may_have_several_flow_logs(&self) -> bool {
        self.whole.get().is_none_or(|whole| whole.several_flow_logs)
    }

    /// Why the listing has failed.
    pub(crate) fn failure(&self) -> SourceError {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.unwrap_or_else(|| broken("the listing has failed before"))
    }

    fn unsorted(&self) -> MutexGuard<'_, Option<Vec<Object>>> {
        // Objects are pushed in one move.
        self.unsorted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Whole {
    fn of(
        catalog: &Catalog,
        listing: Listing,
        manifests: &BTreeMap<String, FileManifest>,
    ) -> Whole {
        let mut by_key: Vec<usize> = (0..catalog.objects.count()).collect();
        by_key.sort_by_key(|object_idx| catalog.objects[*object_idx].key.as_str());
        let mut objects = catalog.iter().map(|(_, object)| object);
        let first = objects.next().map(flow_log_of);
        Whole {
            holders: Holder::of(catalog.iter(), manifests),
            as_large: as_large_as_another(catalog),
            several_flow_logs: objects.any(|object| Some(flow_log_of(object)) != first),
            listing,
            by_key,
        }
    }
}

/// The numbers of objects that are as large as another one.
fn as_large_as_another(catalog: &Catalog) -> HashSet<usize> {
    let mut by_size: HashMap<u64, usize> = HashMap::new();
    let mut as_large = HashSet::new();
    for (object_idx, object) in catalog.iter() {
        if let Some(first) = by_size.get(&object.size) {
            as_large.extend([*first, object_idx]);
        } else {
            by_size.insert(object.size, object_idx);
        }
    }
    as_large
}

/// A catalog that is being filled. However that ends, those who wait are told.
struct Filling(Arc<Catalog>);

impl Filling {
    async fn fill(self, selection: Selection) {
        let expander = Expander::default();
        let listed = list_each(&selection, &expander, |object| self.0.take(object)).await;
        match listed {
            Ok(listing) => self.0.end(listing, &expander.into_found()),
            Err(error) => self.0.fail(error),
        }
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        if !self.0.state.borrow().ended {
            self.0.fail(broken("the listing was given up"));
        }
    }
}

fn broken(what: &str) -> SourceError {
    SourceError::Io { place: "the logs".to_owned(), source: std::io::Error::other(what.to_owned()) }
}
