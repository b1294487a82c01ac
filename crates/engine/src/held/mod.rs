//! Files that `collect` wrote: Parquet objects that hold the records of many others.
//!
//! Such a file is a *holder*, and the objects that it was made from are its *sources*. Its footer has
//! a manifest ([`Manifest`]) with all that was told of each source when it was read. A listing has the
//! sources in place of the holder ([`Expander`]), so that everything an answer says of objects and
//! lines is said of the sources, as if they had been read themselves; only their rows come from the
//! holder ([`Holder`], `parquet/part.rs`).

mod expand;
mod manifest;

use std::collections::BTreeMap;
use std::sync::Arc;

use flowproof_source::{Location, Object};

pub(crate) use expand::{Expander, FileManifest, find_manifest};
pub(crate) use manifest::{Home, Manifest, Source, home_of};

use crate::scan::{ObjectReport, Outcome, PartReport};

/// The footer's entry that has the manifest.
pub(crate) const MANIFEST: &str = "flowproof.collected";

/// The column that tells a row's source, by its number in the manifest. No field has this name.
pub(crate) const SOURCE: &str = "flowproof_source";

/// What the footer says where every address is in its one spelling.
pub(crate) const ONE_SPELLING: (&str, &str) = ("flowproof.addresses", "one-spelling");

/// How the names of holders begin and end.
const NAME: (&str, &str) = ("flowproof-", ".parquet");

/// What stands for the hash in the name of the holder, without rows, of what an interrupted run was
/// still to collect.
pub(crate) const UNFINISHED: &str = "unfinished";

/// The name of a holder with this hash.
pub(crate) fn holder_name(hash: &str) -> String {
    format!("{}{hash}{}", NAME.0, NAME.1)
}

/// Whether a key is named as holders are.
pub(crate) fn is_holder_name(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or(key);
    name.starts_with(NAME.0) && name.ends_with(NAME.1)
}

/// One holder, and which of its sources the selection has.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) object: Arc<Object>,
    pub(crate) row_groups: usize,
    pub(crate) manifest: Arc<Manifest>,
    /// By a source's number: its place in the listing, if the selection has it.
    pub(crate) places: Vec<Option<usize>>,
    /// The sources that the selection has, likewise.
    pub(crate) objects: Vec<Option<Arc<Object>>>,
}

impl Holder {
    /// Whether its name is that of a file with this digest. What tells what is still to come has a name
    /// of its own.
    pub(crate) fn is_named_for(&self, digest: &str) -> bool {
        let name = self.object.key.rsplit('/').next().unwrap_or_default();
        let hash = name.strip_prefix(NAME.0).and_then(|rest| rest.strip_suffix(NAME.1));
        let digest = digest.strip_prefix("sha256:").unwrap_or(digest);
        hash.is_some_and(|hash| {
            hash == UNFINISHED || (!hash.is_empty() && digest.starts_with(hash))
        })
    }

    /// The holders of a listing's objects, in the order of their keys.
    pub(crate) fn of<'o>(
        objects: impl Iterator<Item = (usize, &'o Arc<Object>)>,
        manifests: &BTreeMap<String, FileManifest>,
    ) -> Vec<Arc<Holder>> {
        let mut holders: BTreeMap<&str, Holder> = BTreeMap::new();
        for (place, object) in objects {
            let Location::Within { holder, number, .. } = &object.location else { continue };
            let Some(file) = manifests.get(&holder.key) else { continue };
            let entry = holders.entry(&holder.key).or_insert_with(|| Holder {
                object: Arc::clone(holder),
                row_groups: file.row_groups,
                manifest: Arc::clone(&file.manifest),
                places: vec![None; file.manifest.sources.len()],
                objects: vec![None; file.manifest.sources.len()],
            });
            let number = *number as usize;
            if number < entry.places.len() {
                entry.places[number] = Some(place);
                entry.objects[number] = Some(Arc::clone(object));
            }
        }
        holders.into_values().map(Arc::new).collect()
    }

    /// What is to be told of the sources, once parts of the holder were read: by place in the listing.
    ///
    /// What was counted when the source was collected is told again. Rows, and which of the records lie
    /// in the window, are as they were read now. `bounded` is whether there is a window.
    pub(crate) fn reports(
        &self,
        parts: &[&PartReport],
        bounded: bool,
    ) -> Vec<(usize, ObjectReport)> {
        let Some(first) = parts.first() else { return Vec::new() };
        let all = parts.len() == first.of;
        let failure = parts.iter().find_map(|part| part.failure.as_ref());
        let mut reports = Vec::new();
        for (number, place) in self.places.iter().enumerate() {
            let Some(place) = place else { continue };
            let mut report = self.manifest.report(number);
            let sum = |counts: fn(&PartReport) -> &Vec<u64>| -> u64 {
                parts.iter().filter_map(|part| counts(part).get(number)).sum()
            };
            let stored = std::mem::replace(&mut report.rows, sum(|part| &part.rows));
            if bounded {
                report.tally.counts.in_range = sum(|part| &part.in_range);
            }
            if stored > 0 {
                match failure {
                    Some(failure) => report.outcome = failure.clone(),
                    None if !all => report.outcome = Outcome::NotRead,
                    None => {}
                }
            }
            reports.push((*place, report));
        }
        // Counts of sides are of the holder as a whole. They are only ever added up.
        if let Some((_, report)) = reports.first_mut() {
            parts.iter().for_each(|part| report.sides.merge(part.sides));
        }
        reports
    }
}
