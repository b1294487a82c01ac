//! The objects of an answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ReadObject;
use crate::catalog::Catalog;
use crate::scan::{Reports, ScanTold};

/// The objects of an answer, in the order of their keys. There may be millions, so that each is made
/// when it is asked for; clones share what they are made of.
#[derive(Debug, Clone)]
pub struct ReadObjects(Arc<Told>);

#[derive(Debug)]
struct Told {
    catalog: Arc<Catalog>,
    reports: Reports,
    /// Objects with the bytes of another one, and that one.
    left_out: Option<Arc<BTreeMap<usize, usize>>>,
    /// Whether every digest is told.
    digests: bool,
}

impl ReadObjects {
    /// The reports are taken from what was told.
    pub(crate) fn new(
        catalog: &Arc<Catalog>,
        told: &mut ScanTold,
        left_out: Option<Arc<BTreeMap<usize, usize>>>,
    ) -> ReadObjects {
        let reports = std::mem::take(&mut told.objects);
        let catalog = Arc::clone(catalog);
        ReadObjects(Arc::new(Told { catalog, reports, left_out, digests: told.digests }))
    }

    #[cfg(test)]
    pub(crate) fn none() -> ReadObjects {
        let catalog = Arc::new(Catalog::of(Vec::new()));
        ReadObjects::new(&catalog, &mut ScanTold::default(), None)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.catalog.whole_now().map_or(0, |whole| whole.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each of them, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = ReadObject> {
        self.iter_where(|_| true)
    }

    /// Those that are as large as another one: no others have the same bytes.
    pub(super) fn iter_as_large(&self) -> impl Iterator<Item = ReadObject> {
        self.iter_where(|idx| self.0.catalog.may_be_double(idx))
    }

    fn iter_where(&self, is_meant: impl Fn(usize) -> bool) -> impl Iterator<Item = ReadObject> {
        let Told { catalog, reports, left_out, digests } = &*self.0;
        let first = |idx: usize| left_out.as_ref()?.get(&idx).copied();
        // An answer is made when all objects are known.
        let objects = catalog.whole_now().into_iter().flat_map(|whole| catalog.by_key(whole));
        objects.filter(move |(idx, _)| is_meant(*idx)).map(move |(idx, object)| {
            if let Some(first) = first(idx) {
                return ReadObject::left_out(object, &catalog.object(first));
            }
            let mut report = reports.get(idx).unwrap_or_default();
            // A holder knows the digests of its sources whether they are wanted or not.
            report.digest.take_if(|_| !digests && !catalog.may_be_double(idx));
            ReadObject::new(object, report)
        })
    }
}
