//! What all partitions of a scan share.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use flowproof_record::Format;
use flowproof_source::Object;
use rayon::ThreadPool;

use super::{Interner, Kept, KeptObject, Progress, ScanReport};
use crate::copies::{Copies, SortMemory};
use crate::orient::Orientation;

/// Whose times a scan keeps for the coverage of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum CoverageScope {
    /// Nobody's: the answer is about all interfaces alike.
    #[default]
    Nobody,
    /// These interfaces'.
    Interfaces(BTreeSet<String>),
    /// Every interface's: the subject's are not known before.
    Everybody,
}

impl CoverageScope {
    pub(crate) fn includes(&self, interface: &str) -> bool {
        match self {
            CoverageScope::Nobody => false,
            CoverageScope::Interfaces(ids) => ids.contains(interface),
            CoverageScope::Everybody => true,
        }
    }
}

/// What all partitions of a scan share: the objects, what is asked of them, and where to report.
#[derive(Debug)]
pub(crate) struct ScanContext {
    pub(crate) objects: Arc<Vec<Object>>,
    /// The format of objects without a header.
    pub(crate) format: Option<Format>,
    /// The window `[from, to)` in seconds since 1970.
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    pub(crate) batch_rows: usize,
    pub(crate) orientation: Orientation,
    pub(crate) coverage: CoverageScope,
    /// Whether every object's digest is told.
    pub(crate) digests: bool,
    /// Objects as large as another one: their digests tell whether they are the same.
    pub(crate) as_large: Arc<HashSet<usize>>,
    /// The numbers of interfaces.
    pub(crate) interner: Arc<Interner>,
    /// Where records are kept for a second look, if one may be needed.
    pub(crate) keeping: Option<Arc<Kept>>,
    /// Records kept by an earlier reading, by object: they are taken instead of reading the objects.
    pub(crate) kept: Option<Arc<BTreeMap<usize, KeptObject>>>,
    /// Whether filters are done on raw bytes. Off, DataFusion does them: the second path that tests
    /// compare with.
    pub(crate) push_filters: bool,
    /// Whether all of each object is to be looked at, whatever of it the question needs.
    pub(crate) thorough: bool,
    /// The memory that sorts of copies have to themselves.
    pub(crate) copies_memory: Option<Arc<SortMemory>>,
    /// What is to be counted once.
    pub(crate) copies: Copies,
    /// Whether the objects are of several flow logs, so that it is noted which of them logged which
    /// interface.
    pub(crate) several_flow_logs: bool,
    pub(crate) pool: Arc<ThreadPool>,
    pub(crate) report: ScanReport,
    pub(crate) progress: Arc<Progress>,
}

#[cfg(test)]
impl ScanContext {
    /// A scan of one object, in which nothing is asked for.
    pub(crate) fn of(object: Object) -> ScanContext {
        ScanContext {
            objects: Arc::new(vec![object]),
            format: None,
            from: None,
            to: None,
            batch_rows: 8192,
            orientation: Orientation::default(),
            coverage: CoverageScope::Nobody,
            push_filters: true,
            thorough: false,
            copies_memory: None,
            copies: Copies::default(),
            several_flow_logs: false,
            digests: false,
            as_large: Arc::default(),
            interner: Arc::default(),
            keeping: None,
            kept: None,
            pool: Arc::new(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap()),
            report: ScanReport::default(),
            progress: Arc::new(Progress::default()),
        }
    }
}

impl ScanContext {
    /// Whether the digest of an object is wanted: hashing costs a good part of what inflating does.
    pub(crate) fn wants_digest(&self, object_idx: usize) -> bool {
        self.digests || self.as_large.contains(&object_idx)
    }
}

/// The places of objects that are as large as another one.
pub(crate) fn as_large_as_another(objects: &[Object]) -> HashSet<usize> {
    let mut by_size: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (object_idx, object) in objects.iter().enumerate() {
        by_size.entry(object.size).or_default().push(object_idx);
    }
    by_size.into_values().filter(|places| places.len() > 1).flatten().collect()
}
