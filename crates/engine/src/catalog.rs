//! The objects of a selection, which may still be being listed while the first of them are read.
//!
//! Objects have the numbers in which they came; all that is told of an object goes by its number. A
//! listing that ends before anybody wants to read gives them in the order of their keys. What depends
//! on all objects ([`Whole`]) is known once the listing has ended.

mod row;

use std::cmp::Ordering as Order;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use flowproof_source::{Listing, Nearest, Object, Selection, SourceError, list_each};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::copies::flow_log_of;
use crate::held::{Expander, FileManifest, Holder};
pub(crate) use row::Where;
use row::{Row, Rows};

/// The objects found so far.
#[derive(Debug)]
pub(crate) struct Catalog {
    objects: boxcar::Vec<Row>,
    coming: Mutex<Coming>,
    bytes: AtomicU64,
    whole: OnceLock<Whole>,
    /// Why the listing failed, for the first who asks.
    failure: Mutex<Option<SourceError>>,
    state: watch::Sender<State>,
}

/// What those who find objects keep.
#[derive(Debug, Default)]
struct Coming {
    /// Objects that nobody may see yet, as long as they can still be sorted.
    unsorted: Option<Vec<Object>>,
    rows: Rows,
    /// The flow log of the first object, and whether there are others.
    flow_log: Option<String>,
    several_flow_logs: bool,
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
    /// By number: whether another object is as large. Their digests tell whether they are the same.
    as_large: Vec<bool>,
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

impl Catalog {
    fn new() -> Catalog {
        Catalog {
            objects: boxcar::Vec::new(),
            coming: Mutex::new(Coming { unsorted: Some(Vec::new()), ..Coming::default() }),
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
    pub(crate) fn of(objects: Vec<Object>) -> Catalog {
        let catalog = Catalog::new();
        objects.into_iter().for_each(|object| catalog.take(object));
        catalog.end(Listing::default(), &BTreeMap::new());
        catalog
    }

    /// A part of a listing: the objects have their numbers in this order. What depends on all objects of
    /// the listing is told: by number, whether another one may be as large, and whether they may be of
    /// several flow logs.
    pub(crate) fn of_part(
        objects: Vec<Object>,
        as_large: Vec<bool>,
        several_flow_logs: bool,
    ) -> Catalog {
        let catalog = Catalog { coming: Mutex::default(), ..Catalog::new() };
        objects.into_iter().for_each(|object| catalog.take(object));
        let whole = Whole::of(&catalog, Listing::default(), &BTreeMap::new(), several_flow_logs);
        // Nobody else has the catalog yet.
        let _ = catalog.whole.set(Whole { as_large, ..whole });
        catalog.coming().rows = Rows::default();
        catalog.state.send_modify(|state| state.ended = true);
        catalog
    }

    /// A listing that is under way, of which nothing was found yet.
    #[cfg(test)]
    pub(crate) fn open() -> Catalog {
        Catalog { coming: Mutex::default(), ..Catalog::new() }
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
        let mut coming = self.coming();
        let unsorted = coming.unsorted.take();
        unsorted.into_iter().flatten().for_each(|object| self.number(&mut coming, object));
        drop(coming);
        self.state.send_modify(|_| {});
    }

    fn take(&self, object: Object) {
        self.bytes.fetch_add(object.size, Ordering::Relaxed);
        let mut coming = self.coming();
        coming.note_flow_log(flow_log_of(&object));
        match &mut coming.unsorted {
            Some(unsorted) => unsorted.push(object),
            None => self.number(&mut coming, object),
        }
        drop(coming);
        self.state.send_modify(|state| state.found += 1);
    }

    fn number(&self, coming: &mut Coming, object: Object) {
        self.objects.push(coming.rows.row(object));
    }

    fn end(&self, listing: Listing, manifests: &BTreeMap<String, FileManifest>) {
        let mut coming = self.coming();
        if let Some(mut objects) = coming.unsorted.take() {
            objects.sort_by(|a, b| a.key.cmp(&b.key));
            objects.into_iter().for_each(|object| self.number(&mut coming, object));
        }
        let several_flow_logs = coming.several_flow_logs;
        // Nothing comes any more.
        coming.rows = Rows::default();
        drop(coming);
        // The listing ends once.
        let _ = self.whole.set(Whole::of(self, listing, manifests, several_flow_logs));
        self.state.send_modify(|state| state.ended = true);
    }

    fn fail(&self, error: SourceError) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.state.send_modify(|state| state.ended = true);
    }

    /// Where the object with this number is, if it was found yet.
    pub(crate) fn get(&self, object_idx: usize) -> Option<Where<'_>> {
        self.objects.get(object_idx).map(Row::location)
    }

    /// The object with this number, which was found.
    pub(crate) fn object(&self, object_idx: usize) -> Arc<Object> {
        self.objects[object_idx].object()
    }

    /// The bytes of the object with this number as they are stored.
    pub(crate) fn size(&self, object_idx: usize) -> u64 {
        self.objects[object_idx].size()
    }

    /// Where the object with this number is.
    pub(crate) fn location(&self, object_idx: usize) -> Where<'_> {
        self.objects[object_idx].location()
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

    /// What is known of all objects, if they all are.
    pub(crate) fn whole_now(&self) -> Option<&Whole> {
        self.whole.get()
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
    pub(crate) fn by_key(&self, whole: &Whole) -> impl Iterator<Item = (usize, Arc<Object>)> {
        whole.by_key.iter().map(|object_idx| (*object_idx, self.object(*object_idx)))
    }

    /// All objects that are numbered so far.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Arc<Object>> {
        self.objects.iter().map(|(_, row)| row.object())
    }

    /// The objects that others hold, each with its number.
    fn held(&self) -> impl Iterator<Item = (usize, &Arc<Object>)> {
        self.objects.iter().filter_map(|(object_idx, row)| match row.location() {
            Where::Within(object) => Some((object_idx, object)),
            _ => None,
        })
    }

    /// Whether there may be another object with the same bytes.
    pub(crate) fn may_be_double(&self, object_idx: usize) -> bool {
        self.whole.get().is_none_or(|whole| whole.is_as_large(object_idx))
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

    fn coming(&self) -> MutexGuard<'_, Coming> {
        // What is in there is whole at any time.
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Coming {
    fn note_flow_log(&mut self, flow_log: &str) {
        match &self.flow_log {
            None => self.flow_log = Some(flow_log.to_owned()),
            Some(first) => self.several_flow_logs |= first != flow_log,
        }
    }
}

impl Whole {
    fn of(
        catalog: &Catalog,
        listing: Listing,
        manifests: &BTreeMap<String, FileManifest>,
        several_flow_logs: bool,
    ) -> Whole {
        let mut by_key: Vec<usize> = (0..catalog.objects.count()).collect();
        by_key.sort_by(|a, b| compared(catalog.objects[*a].key(), catalog.objects[*b].key()));
        Whole {
            holders: Holder::of(catalog.held(), manifests),
            as_large: as_large_as_another(catalog),
            several_flow_logs,
            listing,
            by_key,
        }
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    fn is_as_large(&self, object_idx: usize) -> bool {
        self.as_large.get(object_idx).is_some_and(|is_as_large| *is_as_large)
    }

    /// The numbers of objects that are as large as another one.
    pub(crate) fn as_large(&self) -> impl Iterator<Item = usize> {
        self.as_large.iter().enumerate().filter(|(_, is)| **is).map(|(object_idx, _)| object_idx)
    }
}

/// The order of two texts, each in two parts that follow one another.
fn compared(a: (&str, &str), b: (&str, &str)) -> Order {
    let both = a.0.len().min(b.0.len());
    let (a_head, a_rest) = a.0.as_bytes().split_at(both);
    let (b_head, b_rest) = b.0.as_bytes().split_at(both);
    let rest = |first: &[u8], second: &str| [first, second.as_bytes()].concat();
    a_head.cmp(b_head).then_with(|| match a_rest.len() == b_rest.len() {
        true => a.1.cmp(b.1),
        false => rest(a_rest, a.1).cmp(&rest(b_rest, b.1)),
    })
}

/// By number: whether another object is as large.
fn as_large_as_another(catalog: &Catalog) -> Vec<bool> {
    let mut by_size: Vec<(u64, usize)> =
        catalog.objects.iter().map(|(object_idx, row)| (row.size(), object_idx)).collect();
    by_size.sort_unstable();
    let mut as_large = vec![false; by_size.len()];
    for pair in by_size.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        as_large[pair[0].1] = true;
        as_large[pair[1].1] = true;
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_in_two_parts_have_the_order_of_whole_ones(
            a in ("[ab/]{0,4}", "[ab/]{0,4}"),
            b in ("[ab/]{0,4}", "[ab/]{0,4}"),
        ) {
            let whole = |(head, rest): &(String, String)| format!("{head}{rest}");
            let compared = compared((&a.0, &a.1), (&b.0, &b.1));
            prop_assert_eq!(compared, whole(&a).cmp(&whole(&b)));
        }
    }
}
