//! What all partitions of a scan share.

use std::collections::BTreeSet;
use std::sync::Arc;

use flowproof_record::Format;
use rayon::ThreadPool;
use serde::{Deserialize, Serialize};

use super::{Gathering, Interner, Keeping, Kept, Progress, ScanReport, ScanTold};
use crate::catalog::{Catalog, Whole};
use crate::copies::{Copies, SortMemory};
use crate::inspect::LoggedInterfaces;
use crate::orient::Orientation;

/// Whose times a scan keeps for the coverage of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    pub(crate) catalog: Arc<Catalog>,
    /// The only objects that are read, if not all are.
    pub(crate) only: Option<Arc<BTreeSet<usize>>>,
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
    /// The numbers of interfaces.
    pub(crate) interner: Arc<Interner>,
    /// Where records are kept for a second look, if one may be needed.
    pub(crate) keeping: Option<Arc<Keeping>>,
    /// What an earlier reading kept: it is taken instead of reading the objects.
    pub(crate) kept: Option<Arc<Kept>>,
    /// Where records are gathered for many questions, instead of being handed up the plan.
    pub(crate) gathering: Option<Arc<Gathering>>,
    /// Whether the scan is planned here and run elsewhere.
    pub(crate) is_elsewhere: bool,
    /// Whether filters are done on raw bytes. Off, DataFusion does them: the second path that tests
    /// compare with.
    pub(crate) push_filters: bool,
    /// Whether all of each object is to be looked at, whatever of it the question needs.
    pub(crate) thorough: bool,
    /// Whether sides are learned from all records of a text, whatever the question leaves out. What is
    /// read from columns is not looked at beyond the question.
    pub(crate) learns_from_all: bool,
    /// The memory that sorts of copies have to themselves.
    pub(crate) copies_memory: Option<Arc<SortMemory>>,
    /// What is to be counted once.
    pub(crate) copies: Copies,
    pub(crate) pool: Arc<ThreadPool>,
    pub(crate) report: ScanReport,
    pub(crate) progress: Arc<Progress>,
}

#[cfg(test)]
impl ScanContext {
    /// A scan of one object, in which nothing is asked for.
    pub(crate) fn of(object: flowproof_source::Object) -> ScanContext {
        ScanContext {
            catalog: Arc::new(Catalog::of(vec![object])),
            only: None,
            format: None,
            from: None,
            to: None,
            batch_rows: 8192,
            orientation: Orientation::default(),
            coverage: CoverageScope::Nobody,
            is_elsewhere: false,
            push_filters: true,
            thorough: false,
            learns_from_all: false,
            copies_memory: None,
            copies: Copies::default(),
            digests: false,
            interner: Arc::default(),
            keeping: None,
            kept: None,
            gathering: None,
            pool: Arc::new(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap()),
            report: ScanReport::default(),
            progress: Arc::new(Progress::default()),
        }
    }

    /// What was told, once all was listed.
    pub(crate) fn told_whole(&self) -> ScanTold {
        self.told(self.catalog.ended().unwrap().unwrap())
    }
}

impl ScanContext {
    /// Whether the digest of an object is wanted: hashing costs a good part of what inflating does.
    pub(crate) fn wants_digest(&self, object_idx: usize) -> bool {
        self.digests || self.catalog.may_be_double(object_idx)
    }

    /// Whether an object is to be read.
    pub(crate) fn wants_object(&self, object_idx: usize) -> bool {
        !self.copies.leaves_out(object_idx)
            && self.only.as_ref().is_none_or(|only| only.contains(&object_idx))
    }

    /// Whether counts are told that the rows of the question do not tell.
    pub(crate) fn counts_exactly(&self) -> bool {
        self.digests || self.thorough
    }

    /// Whether there is a window.
    pub(crate) fn is_bounded(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// All that was told since the scan was made. What was noted only since not all objects were known
    /// is left out.
    pub(crate) fn told(&self, whole: &Whole) -> ScanTold {
        let mut told = self.report.take(&whole.holders, self.is_bounded());
        if !whole.several_flow_logs {
            told.logged = LoggedInterfaces::default();
        }
        told.digests = self.digests;
        told
    }
}
