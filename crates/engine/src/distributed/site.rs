//! [`Site`]: what an executor has at hand for parts of scans.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use flowproof_intel::Matcher;
use flowproof_source::s3::S3;

use super::cluster::{ClusterError, Done, Home};
use super::setup::{ObjectSet, Setup};
use crate::error::EngineError;
use crate::functions::Lists;
use crate::orient::AddressBook;
use crate::scan::ScanContext;

/// What an executor has at hand: where bytes are kept, its own way to buckets, threads that decode, and
/// what it has got before.
#[derive(Debug)]
pub struct Site {
    home: Option<Arc<dyn Home>>,
    s3: Option<S3>,
    pool: Arc<rayon::ThreadPool>,
    lists: Shelf<Arc<Lists>>,
    /// All lists that anybody holds: those that functions have are those that are brought.
    lists_in_use: Mutex<HashMap<String, Weak<Lists>>>,
    setups: Shelf<Arc<(Setup, Arc<AddressBook>)>>,
    /// Held by whoever gets something that others may want too.
    getting: tokio::sync::Mutex<()>,
}

/// The last few things by name.
#[derive(Debug)]
struct Shelf<T>(Mutex<VecDeque<(String, T)>>);

/// What is kept at hand of each kind: as many questions may be under way at one time.
const KEPT: usize = 8;

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Shelf(Mutex::default())
    }
}

impl<T: Clone> Shelf<T> {
    fn get_or_put(&self, name: &str, make: impl FnOnce() -> T) -> T {
        // What is in there is whole at any time.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| known == name);
        let item = match place.and_then(|place| kept.remove(place)) {
            Some(item) => item,
            None => (name.to_owned(), make()),
        };
        kept.push_front(item.clone());
        kept.truncate(KEPT);
        item.1
    }

    fn get(&self, name: &str) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == name).map(|(_, item)| item.clone())
    }
}

impl Site {
    /// A site that gets what it needs from `home`, reads buckets through `s3`, and decodes on so many
    /// threads.
    ///
    /// # Errors
    ///
    /// [`EngineError::Threads`] if the system gives no threads.
    pub fn new(
        home: Option<Arc<dyn Home>>,
        s3: Option<S3>,
        threads: usize,
    ) -> Result<Site, EngineError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|index| format!("decode-{index}"))
            .panic_handler(|_| {})
            .build()
            .map_err(EngineError::Threads)?;
        let (pool, getting) = (Arc::new(pool), tokio::sync::Mutex::default());
        let (lists, setups, lists_in_use) = (Shelf::default(), Shelf::default(), Mutex::default());
        Ok(Site { home, s3, pool, lists, lists_in_use, setups, getting })
    }

    fn home(&self) -> Result<&Arc<dyn Home>, ClusterError> {
        self.home.as_ref().ok_or_else(|| ClusterError("nothing is read here".to_owned()))
    }

    /// The lists of this name, which may not be here yet.
    pub(super) fn lists(&self, name: &str) -> Arc<Lists> {
        // What is in there is whole at any time.
        let mut in_use = self.lists_in_use.lock().unwrap_or_else(PoisonError::into_inner);
        let known = in_use.get(name).and_then(Weak::upgrade);
        let lists = known.unwrap_or_else(|| Lists::named(name.to_owned()));
        in_use.retain(|_, lists| lists.strong_count() > 0);
        in_use.insert(name.to_owned(), Arc::downgrade(&lists));
        self.lists.get_or_put(name, || lists)
    }

    /// Brings the lists of this name, unless they are here.
    pub(super) async fn bring_lists(&self, name: &str) -> Result<(), ClusterError> {
        let lists = self.lists(name);
        let _getting = self.getting.lock().await;
        if lists.matcher().is_some() {
            return Ok(());
        }
        let packed = self.home()?.get(name).await?;
        let matcher = tokio::task::spawn_blocking(move || Matcher::unpack(&packed)).await;
        let matcher = matcher.map_err(|error| ClusterError(error.to_string()))?;
        lists.bring(Arc::new(matcher.map_err(|error| ClusterError(error.to_string()))?));
        Ok(())
    }

    async fn setup(&self, name: &str) -> Result<Arc<(Setup, Arc<AddressBook>)>, ClusterError> {
        let _getting = self.getting.lock().await;
        if let Some(setup) = self.setups.get(name) {
            return Ok(setup);
        }
        let setup = Setup::decode(&self.home()?.get(name).await?);
        let setup = setup.map_err(|error| ClusterError(error.to_string()))?;
        let book = Arc::new(setup.book());
        let setup = Arc::new((setup, book));
        Ok(self.setups.get_or_put(name, || setup))
    }

    /// The scan of these objects.
    pub(super) async fn context(
        &self,
        setup: &str,
        objects: &str,
    ) -> Result<Arc<ScanContext>, ClusterError> {
        let setup = self.setup(setup).await?;
        let (setup, book) = &*setup;
        let objects = ObjectSet::decode(&self.home()?.get(objects).await?);
        let objects = objects.map_err(|error| ClusterError(error.to_string()))?;
        let catalog = objects.catalog(self.s3.as_ref());
        let catalog = catalog.map_err(|error| ClusterError(error.to_string()))?;
        let (catalog, pool) = (Arc::new(catalog), Arc::clone(&self.pool));
        Ok(Arc::new(setup.context(Arc::clone(book), catalog, pool)))
    }

    /// Whether anybody still waits for a run.
    pub(super) async fn is_wanted(&self, run: &str) -> Result<bool, ClusterError> {
        self.home()?.is_wanted(run).await
    }

    /// Tells that a part is done, as far as anybody listens.
    pub(super) async fn tell_done(&self, run: &str, part: u32, done: Done) {
        if let Some(home) = &self.home {
            home.tell_done(run, part, done).await;
        }
    }
}
