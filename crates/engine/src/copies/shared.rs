//! Interfaces that several flow logs covered at one time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use flowproof_record::{FieldId, Predicate};
use flowproof_source::Object;

use crate::catalog::Catalog;
use crate::inspect::LoggedInterfaces;

/// Interfaces that several flow logs covered at one time, and the time in which their records may be
/// copies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shared {
    /// In nanoseconds since 1970: copies lie within.
    spans: HashMap<String, (i64, i64)>,
    /// By the object's place in the listing: its flow log's place in the order of the ids, that of the
    /// unnamed one first.
    ranks: Vec<u32>,
}

impl Shared {
    pub(crate) fn of(logged: &LoggedInterfaces, objects: &Catalog) -> Shared {
        let ids: BTreeSet<String> =
            objects.iter().map(|object| flow_log_of(&object).to_owned()).collect();
        let ranks: BTreeMap<String, u32> = ids.into_iter().zip(0..).collect();
        // Each object's id is among them.
        let ranks = objects.iter().map(|object| ranks[flow_log_of(&object)]);
        Shared { spans: logged.shared_spans(), ranks: ranks.collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// When an interface's records may be copies.
    pub(super) fn span(&self, interface: &str) -> Option<(i64, i64)> {
        self.spans.get(interface).copied()
    }

    /// The place among all of the flow log of the object at this place.
    pub(super) fn rank(&self, object_idx: usize) -> u32 {
        self.ranks[object_idx]
    }

    /// Whether a record is of one of these interfaces.
    pub(crate) fn predicate(&self) -> Predicate {
        Predicate::text_in(FieldId::INTERFACE_ID, self.spans.keys())
    }
}

/// The id of the flow log that wrote an object. Objects whose keys do not tell are taken to be of
/// one unnamed flow log.
pub(crate) fn flow_log_of(object: &Object) -> &str {
    object.layout.as_ref().and_then(|layout| layout.flow_log_id.as_deref()).unwrap_or_default()
}
