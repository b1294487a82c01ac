//! One selection of flow logs, ready for questions.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use flowproof_evidence::Window;
use flowproof_intel::Matcher;
use flowproof_record::Format;
use flowproof_source::s3::{RequestCounts, S3};
use flowproof_source::{Nearest, Object, Selection, is_in_bucket};
use futures::TryStreamExt;
use tokio::task::JoinSet;

use crate::answer::{Answer, ReadObjects};
use crate::arithmetic::CheckedArithmetic;
use crate::catalog::{Catalog, Found, Whole};
use crate::copies::{Copies, Doubles, Duplicates, SortMemory};
use crate::distributed::Fleet;
use crate::error::EngineError;
use crate::functions::{self, Lists};
use crate::orient::{AddressBook, Orientation};
use crate::scan::{
    CoverageScope, Gathering, Interner, Keeping, Kept, Progress, ScanContext, ScanReport, ScanTold,
};
use crate::sum::checked_sum;
use crate::table::{FlowLogTable, TableKind};
use crate::time_keys::time_keys;
use crate::totals::traffic_totals;

/// How a session works.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Threads that decode, and partitions of a plan. At least one.
    pub threads: usize,
    /// Bytes that aggregations and sorts may hold before they spill to temporary files.
    pub memory: usize,
    /// Rows of a batch.
    pub batch_rows: usize,
    /// The format of objects without a header.
    pub format: Option<Format>,
    /// Interfaces that are known before the records are read.
    pub book: AddressBook,
    /// What is done with records and objects that are there twice.
    pub duplicates: Duplicates,
    /// The cluster that reads the objects, if this process does not.
    pub fleet: Option<Fleet>,
    /// How long the listing of buckets is waited for before the first objects are read. Only tests
    /// change it.
    #[doc(hidden)]
    pub patience: Duration,
    /// Whether filters are done on raw bytes. Only tests turn it off, to compare the two ways.
    #[doc(hidden)]
    pub push_filters: bool,
    /// Whether totals may be added up by the scan. Only tests turn it off, for the same reason.
    #[doc(hidden)]
    pub sum_while_reading: bool,
}

impl Default for SessionOptions {
    fn default() -> SessionOptions {
        SessionOptions {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory: 512 * 1024 * 1024,
            batch_rows: 8192,
            format: None,
            book: AddressBook::default(),
            duplicates: Duplicates::Keep,
            fleet: None,
            patience: PATIENCE,
            push_filters: true,
            sum_while_reading: true,
        }
    }
}

/// Most listings are over by then, and an answer is still far from it.
const PATIENCE: Duration = Duration::from_millis(300);

/// One selection of flow logs on which any number of questions can be asked.
///
/// Buckets may hold millions of objects: the first of them are read while the others are still being
/// listed.
///
/// Each question reads the objects anew, and mostly once. Where neither the records nor the address
/// book say which side of a record is the interface's own, the first reading learns it and a second
/// one answers.
#[derive(Debug)]
pub struct Session {
    options: SessionOptions,
    window: Window,
    places: Vec<String>,
    s3: Option<S3>,
    catalog: Arc<Catalog>,
    /// Lists until there is nothing more to list, or the session is gone.
    _listing: JoinSet<()>,
    /// What was found of copies.
    doubles: Doubles,
    pool: Arc<rayon::ThreadPool>,
    progress: Arc<Progress>,
}

/// The share of the memory in which records are kept for a second look.
const KEPT_SHARE: usize = 4;

/// The share of the memory in which records are gathered for many questions.
const GATHERED_SHARE: usize = 2;

/// The share of the memory that all sorts together set aside for merging what they spilled.
const MERGE_SHARE: usize = 4;

/// Rows of a batch of wide rows: some 2 MB.
const WIDE_ROWS: usize = 1024;

/// What a question adds to the session's own settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms {
    pub(crate) orientation: Orientation,
    pub(crate) coverage: CoverageScope,
    /// The lists that SQL functions know.
    pub(crate) matcher: Option<Arc<Matcher>>,
    /// Whether every object's digest is told: an answer that names its evidence does.
    pub(crate) digests: bool,
    /// The numbers of interfaces.
    pub(crate) interner: Arc<Interner>,
    /// Where records are kept for a second look.
    pub(crate) keeping: Option<Arc<Keeping>>,
    /// What an earlier reading kept: it is taken instead of reading the objects.
    pub(crate) kept: Option<Arc<Kept>>,
    /// Where records are gathered for many questions.
    pub(crate) gathering: Option<Arc<Gathering>>,
    /// Whether all of each object is to be looked at, whatever of it the question needs.
    pub(crate) thorough: bool,
    /// Whether sides are learned from all records of a text, whatever the question leaves out.
    pub(crate) learns_from_all: bool,
    /// The only objects that are read, if not all are.
    pub(crate) only: Option<Arc<BTreeSet<usize>>>,
    /// Whether the rows are for a set. They are taken whatever their time, since the window chose the
    /// objects, and as often as they are there; and they are sorted in one go, which is slower and needs
    /// no more memory than it is given.
    pub(crate) collects: bool,
    /// Whether records are wanted as often as they are there.
    pub(crate) every_copy: bool,
    /// Whether the rows are many and wide: they are sorted in one go and in small batches, so that any
    /// number of them needs no more memory than it is given.
    pub(crate) wide: bool,
}

impl Terms {
    fn sorts_in_one_go(&self) -> bool {
        self.collects || self.wide
    }
}

/// One reading on its way.
pub(crate) struct Pass {
    schema: SchemaRef,
    stream: SendableRecordBatchStream,
    scan: Arc<ScanContext>,
}

impl Pass {
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, EngineError> {
        self.stream.try_next().await.map_err(|error| match self.scan.catalog.ended() {
            // Whatever the plan makes of it.
            Err(_) => EngineError::Source(self.scan.catalog.failure()),
            Ok(_) => EngineError::from(error),
        })
    }

    /// What the scans told, once there are no more batches. That waits for the end of the listing: all
    /// objects are told of, also if the answer needed only the first.
    pub(crate) async fn end(self) -> Result<ScanTold, EngineError> {
        drop(self.stream);
        let whole = self.scan.catalog.whole().await?;
        Ok(self.scan.told(whole))
    }
}

/// A plan's result and what the scans beneath it told.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) told: ScanTold,
}

impl Session {
    /// Lists a selection, or so much of it that there is something to begin with.
    ///
    /// # Errors
    ///
    /// [`EngineError::Source`] if a place is not there (a question may be the first to learn it if there
    /// are several places), [`EngineError::Threads`] if the system gives no threads.
    pub async fn open(selection: &Selection, options: SessionOptions) -> Result<Self, EngineError> {
        let (catalog, listing) = Catalog::start(selection);
        catalog.settle(patience(selection, &options)).await;
        catalog.ended().map_err(|_| catalog.failure())?;
        Session::new(catalog, listing, selection, options)
    }

    /// A session over some of the objects of a selection, which were listed before.
    ///
    /// # Errors
    ///
    /// [`EngineError::Threads`] if the system gives no threads.
    pub(crate) fn of(
        objects: Vec<Object>,
        selection: &Selection,
        options: SessionOptions,
    ) -> Result<Session, EngineError> {
        Session::new(Arc::new(Catalog::of(objects)), JoinSet::new(), selection, options)
    }

    fn new(
        catalog: Arc<Catalog>,
        listing: JoinSet<()>,
        selection: &Selection,
        mut options: SessionOptions,
    ) -> Result<Session, EngineError> {
        options.batch_rows = options.batch_rows.max(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads.max(1))
            .thread_name(|index| format!("decode-{index}"))
            // A panic on a step is told to whoever waits for the step; it must not end the process.
            .panic_handler(|_| {})
            .build()
            .map_err(EngineError::Threads)?;
        Ok(Session {
            window: selection.window,
            places: selection.wheres.clone(),
            s3: selection.s3.clone(),
            catalog,
            _listing: listing,
            doubles: Doubles::default(),
            pool: Arc::new(pool),
            options,
            progress: Arc::new(Progress::default()),
        })
    }

    /// This session for another window and with another address book, without listing anything anew;
    /// `None` if the window may have played a part in what was listed. It waits for the end of the listing.
    ///
    /// # Errors
    ///
    /// [`EngineError::Source`] if the listing fails.
    pub async fn alike(
        &self,
        window: Window,
        book: AddressBook,
    ) -> Result<Option<Session>, EngineError> {
        let whole = self.whole().await?;
        let is_alike = window == self.window || !whole.listing.is_dated;
        Ok(is_alike.then(|| self.over(Arc::clone(&self.catalog), window, book)))
    }

    /// This session over other objects.
    pub(crate) fn over(&self, catalog: Arc<Catalog>, window: Window, book: AddressBook) -> Session {
        Session {
            options: SessionOptions { book, ..self.options.clone() },
            window,
            places: self.places.clone(),
            s3: self.s3.clone(),
            catalog,
            _listing: JoinSet::new(),
            doubles: Doubles::default(),
            pool: Arc::clone(&self.pool),
            progress: Arc::clone(&self.progress),
        }
    }

    /// The window of the records that are looked at.
    pub(crate) fn window(&self) -> Window {
        self.window
    }

    /// Whether there is no object. Nothing is listed any more then.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.catalog.found() == 0
    }

    /// How many objects the listing has found, for whoever shows it while it goes on.
    #[must_use]
    pub fn found(&self) -> Found {
        Found(Arc::clone(&self.catalog))
    }

    /// All objects in the order of their keys, once all are listed.
    ///
    /// # Errors
    ///
    /// [`EngineError::Source`] if the listing fails.
    pub async fn objects(&self) -> Result<impl Iterator<Item = Arc<Object>>, EngineError> {
        let whole = self.catalog.whole().await?;
        Ok(self.catalog.by_key(whole).map(|(_, object)| object))
    }

    /// If there is no object: what there is instead.
    #[must_use]
    pub fn nearest(&self) -> Option<&Nearest> {
        self.catalog.nearest()
    }

    /// The requests that were made of S3 so far through the connection of the selection
    /// ([`Selection::s3`]).
    #[must_use]
    pub fn requests(&self) -> RequestCounts {
        self.s3.as_ref().map(S3::counts).unwrap_or_default()
    }

    /// How far the current question has come.
    #[must_use]
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// The memory that each sort sets aside for merging.
    fn merge_memory(&self, terms: &Terms, memory: usize) -> usize {
        let sorts = if terms.sorts_in_one_go() { 1 } else { self.threads() };
        memory / MERGE_SHARE / sorts
    }

    /// The memory that a plan may hold before it spills.
    pub(crate) fn memory(&self) -> usize {
        self.options.memory
    }

    /// The memory in which records are kept for a second look.
    pub(crate) fn memory_to_keep(&self) -> usize {
        self.options.memory / KEPT_SHARE
    }

    /// The memory in which records are gathered for many questions. Nothing else is held beside them while
    /// they are.
    pub(crate) fn memory_to_gather(&self) -> usize {
        self.options.memory / GATHERED_SHARE
    }

    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// What is known of all objects, once all are listed.
    pub(crate) async fn whole(&self) -> Result<&Whole, EngineError> {
        Ok(self.catalog.whole().await?)
    }

    /// Where the objects were looked for, as the caller named it.
    pub(crate) fn places(&self) -> &[String] {
        &self.places
    }

    /// The format of objects without a header, if one is given.
    pub(crate) fn given_format(&self) -> Option<&Format> {
        self.options.format.as_ref()
    }

    pub(crate) fn pool(&self) -> &Arc<rayon::ThreadPool> {
        &self.pool
    }

    pub(crate) fn threads(&self) -> usize {
        self.options.threads.max(1)
    }

    /// Whether a cluster reads the objects.
    pub(crate) fn reads_elsewhere(&self) -> bool {
        self.options.fleet.is_some()
    }

    /// Partitions of a plan. With a cluster there are several at any rate, or aggregates would be done in
    /// one stage, for which the records themselves would have to come here.
    fn partitions(&self) -> usize {
        self.threads().max(if self.reads_elsewhere() { 2 } else { 1 })
    }

    /// The lists of a question, as its functions share them.
    pub(crate) fn lists(&self, matcher: Option<&Arc<Matcher>>) -> Arc<Lists> {
        match (&self.options.fleet, matcher) {
            (Some(fleet), Some(matcher)) => fleet.lists(matcher),
            (_, matcher) => Lists::of(matcher.cloned()),
        }
    }

    /// Whether filters are done on raw bytes.
    pub(crate) fn pushes_filters(&self) -> bool {
        self.options.push_filters
    }

    pub(crate) fn duplicates(&self) -> Duplicates {
        self.options.duplicates
    }

    pub(crate) fn doubles(&self) -> &Doubles {
        &self.doubles
    }

    pub(crate) fn book(&self) -> &AddressBook {
        &self.options.book
    }

    /// Whether totals may be added up by the scan, which then must do the filters too, and cannot drop
    /// copies.
    pub(crate) fn sums_while_reading(&self) -> bool {
        let drops = self.options.duplicates == Duplicates::Drop
            && self.catalog.may_have_several_flow_logs();
        self.options.sum_while_reading && self.options.push_filters && !drops
    }

    /// Terms with the session's address book and nothing else.
    pub(crate) fn terms(&self) -> Terms {
        let book = Arc::new(self.options.book.clone());
        let orientation = Orientation { book, ..Orientation::default() };
        Terms { orientation, ..Terms::default() }
    }

    /// A context to plan with, without reading anything.
    pub(crate) fn planning_context(&self, terms: &Terms) -> Result<SessionContext, EngineError> {
        Ok(self.context(terms, Copies::default())?.0)
    }

    /// The context and the scan of one pass.
    fn context(
        &self,
        terms: &Terms,
        copies: Copies,
    ) -> Result<(SessionContext, Arc<ScanContext>), EngineError> {
        // Sorts of copies have one half to themselves: what is beside them must not starve them.
        let memory = self.options.memory >> u32::from(copies.shared.is_some());
        let mut config = SessionConfig::new()
            .with_target_partitions(self.partitions())
            .with_batch_size(if terms.wide { WIDE_ROWS } else { self.options.batch_rows })
            .with_sort_spill_reservation_bytes(self.merge_memory(terms, memory))
            .with_repartition_sorts(!terms.sorts_in_one_go())
            .with_information_schema(false);
        if terms.wide {
            // Merging batches in memory takes their sort keys beside them, which are as wide as they are:
            // what fits is sorted as one.
            config = config.with_sort_in_place_threshold_bytes(usize::MAX);
        }
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
            .build_arc()?;
        let sort_memory = SortMemory { bytes: memory, beside: Arc::clone(&runtime) };
        let copies_memory = copies.shared.as_ref().map(|_| Arc::new(sort_memory));
        let context = SessionContext::new_with_config_rt(config, runtime);
        context.register_udaf(checked_sum());
        context.register_udaf(traffic_totals());
        time_keys().into_iter().for_each(|function| context.register_udf(function));
        context.add_analyzer_rule(Arc::new(CheckedArithmetic));
        functions::register(&context, &self.lists(terms.matcher.as_ref()));
        let scan = Arc::new(self.scan(terms, copies, copies_memory));
        // Totals that a scan adds up have copies in them.
        let drops = scan.copies.shared.is_some();
        for kind in TableKind::ALL.into_iter().filter(|kind| !drops || *kind != TableKind::Summed) {
            let table = FlowLogTable::new(kind, Arc::clone(&scan));
            context.register_table(kind.name(), Arc::new(table))?;
        }
        Ok((context, scan))
    }

    /// What all partitions of a scan share.
    pub(crate) fn scan(
        &self,
        terms: &Terms,
        copies: Copies,
        copies_memory: Option<Arc<SortMemory>>,
    ) -> ScanContext {
        let window = if terms.collects { Window::ALWAYS } else { self.window };
        let (from, to) = in_seconds(window);
        ScanContext {
            catalog: Arc::clone(&self.catalog),
            only: terms.only.clone(),
            format: self.options.format.clone(),
            from,
            to,
            batch_rows: self.options.batch_rows,
            orientation: terms.orientation.clone(),
            coverage: terms.coverage.clone(),
            digests: terms.digests,
            interner: Arc::clone(&terms.interner),
            keeping: terms.keeping.clone(),
            kept: terms.kept.clone(),
            gathering: terms.gathering.clone(),
            is_elsewhere: self.reads_elsewhere(),
            push_filters: self.options.push_filters,
            thorough: terms.thorough,
            learns_from_all: terms.learns_from_all,
            copies_memory,
            copies,
            pool: Arc::clone(&self.pool),
            report: ScanReport::default(),
            progress: Arc::clone(&self.progress),
        }
    }

    /// Runs a plan; a second time if the first taught whose addresses are whose.
    ///
    /// `plan` must not leave out records of an interface by anything but the interface, or what is
    /// learned would depend on the question: [`Session::learn_sides`] looks at all.
    pub(crate) async fn run<P, F>(&self, mut terms: Terms, plan: P) -> Result<Run, EngineError>
    where
        P: Fn(SessionContext) -> F,
        F: Future<Output = Result<DataFrame, EngineError>>,
    {
        self.run_learning(&mut terms, plan).await
    }

    /// As [`Session::run`], and leaves in the terms what the records taught.
    pub(crate) async fn run_learning<P, F>(
        &self,
        terms: &mut Terms,
        plan: P,
    ) -> Result<Run, EngineError>
    where
        P: Fn(SessionContext) -> F,
        F: Future<Output = Result<DataFrame, EngineError>>,
    {
        let keeping = Arc::new(Keeping::new(self.memory_to_keep()));
        let keeps = !self.catalog.has_holders() && !self.reads_elsewhere();
        terms.keeping = keeps.then(|| Arc::clone(&keeping));
        let run = self.pass(terms, &plan).await?;
        let keeping = terms.keeping.take();
        if !learn(terms, &run.told) {
            return Ok(run);
        }
        // What is kept is kept by object; of holders, little is read anyway.
        let keeping = keeping.filter(|_| keeps);
        let reports = run.told.objects;
        let records = keeping.and_then(|keeping| keeping.take());
        terms.kept = records.map(|records| Arc::new(Kept { records, reports, of_many: false }));
        let run = self.pass(terms, plan).await;
        terms.kept = None;
        run
    }

    /// Reads everything once to learn whose addresses are whose.
    pub(crate) async fn learn_sides(&self, terms: &mut Terms) -> Result<(), EngineError> {
        let everything = |context: SessionContext| async move {
            Ok(context.sql("SELECT count(direction) FROM traffic").await?)
        };
        let every_copy = Terms { every_copy: true, ..terms.clone() };
        let run = self.pass(&every_copy, everything).await?;
        learn(terms, &run.told);
        Ok(())
    }

    pub(crate) async fn pass<P, F>(&self, terms: &Terms, plan: P) -> Result<Run, EngineError>
    where
        P: FnOnce(SessionContext) -> F,
        F: Future<Output = Result<DataFrame, EngineError>>,
    {
        let mut pass = self.begin_pass(terms, plan).await?;
        let mut batches = Vec::new();
        while let Some(batch) = pass.next().await? {
            batches.push(batch);
        }
        let schema = Arc::clone(pass.schema());
        Ok(Run { schema, batches, told: pass.end().await? })
    }

    /// Starts one reading.
    pub(crate) async fn begin_pass<P, F>(&self, terms: &Terms, plan: P) -> Result<Pass, EngineError>
    where
        P: FnOnce(SessionContext) -> F,
        F: Future<Output = Result<DataFrame, EngineError>>,
    {
        let copies = self.copies(terms).await?;
        self.begin_pass_with(terms, copies, plan).await
    }

    /// Starts one reading that counts these once.
    pub(crate) async fn begin_pass_with<P, F>(
        &self,
        terms: &Terms,
        copies: Copies,
        plan: P,
    ) -> Result<Pass, EngineError>
    where
        P: FnOnce(SessionContext) -> F,
        F: Future<Output = Result<DataFrame, EngineError>>,
    {
        let (context, scan) = self.context(terms, copies)?;
        let stream = match &self.options.fleet {
            None => plan(context).await?.execute_stream().await?,
            Some(fleet) => {
                // Parts are made of all objects.
                self.whole().await?;
                let lists = self.lists(terms.matcher.as_ref());
                fleet.execute(plan(context).await?, &scan, &lists).await?
            }
        };
        Ok(Pass { schema: stream.schema(), stream, scan })
    }

    /// The answer around a run's result.
    pub(crate) async fn answer<T>(
        &self,
        value: T,
        mut told: ScanTold,
    ) -> Result<Answer<T>, EngineError> {
        let whole = self.whole().await?;
        let left_out = self.doubles.left_out();
        let objects = ReadObjects::new(&self.catalog, &mut told, left_out.cloned());
        let mut answer = Answer::new(value, &whole.listing, objects);
        answer.overlaps = told.logged.owned_overlaps();
        let (settled, assumed) = told.settled;
        let records = &mut answer.coverage.records;
        records.duplicates = left_out.map(|_| told.dropped.records);
        records.unoriented =
            records.unoriented.saturating_sub(settled).saturating_sub(told.dropped.unoriented);
        records.assumed_direction += assumed;
        Ok(answer)
    }
}

/// The window `[from, to)` in seconds since 1970, for records whose times are whole seconds.
pub(crate) fn in_seconds(window: Window) -> (Option<i64>, Option<i64>) {
    let to = window.to.map(|to| to.as_second() + i64::from(to.subsec_nanosecond() > 0));
    (window.from.map(|from| from.as_second()), to)
}

/// How long the listing is waited for before objects are read. What copies are, only the whole listing
/// tells; folders are listed in no time.
fn patience(selection: &Selection, options: &SessionOptions) -> Duration {
    let is_remote = selection.wheres.iter().any(|place| is_in_bucket(place));
    match options.duplicates {
        Duplicates::Keep if is_remote || options.patience < PATIENCE => options.patience,
        _ => Duration::MAX,
    }
}

/// Takes over what the records taught; whether that is anything.
pub(crate) fn learn(terms: &mut Terms, told: &ScanTold) -> bool {
    let mut book = AddressBook::clone(&terms.orientation.book);
    let taught = told.learner.teach(&mut book);
    terms.orientation.book = Arc::new(book);
    taught > 0
}
