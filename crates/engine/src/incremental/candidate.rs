//! Objects that may be read.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use flowproof_source::{Location, Object, bucket_and_key};
use flowproof_state::{Edition, Identity, Shelf, State};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::IncrementError;
use crate::held::is_holder_name;

/// An object that is listed, and what the state knows it by.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) object: Object,
    pub(super) shelf: Shelf,
    pub(super) identity: Identity,
    /// When a file was last modified as it was listed.
    pub(super) modified: Option<Timestamp>,
}

impl Candidate {
    /// What stands for an object; `None` for a file that is gone.
    pub(super) fn of(object: Object, state: &State) -> Result<Option<Candidate>, IncrementError> {
        if is_holder_name(&object.key) {
            let reason = "it holds the records of other objects: scan what it was collected from";
            return Err(IncrementError::Nameless { object: object.key, reason });
        }
        let (shelf, size) = (shelf(&object), object.size);
        let (identity, modified) = match &object.location {
            Location::Local(path) => {
                let Some((name, modified)) = file(path) else { return Ok(None) };
                let edition = Edition::Modified(modified.as_nanosecond());
                (state.identity("", &name, edition, size), Some(modified))
            }
            Location::S3 { .. } => {
                let (bucket, key) = bucket_and_key(&object.key).unwrap_or(("", &object.key));
                let etag = object.etag.as_deref().unwrap_or_default();
                (state.identity(bucket, key, Edition::ETag(etag), size), None)
            }
            _ => {
                let reason =
                    "standard input and pipes have no name by which the next run knows them";
                return Err(IncrementError::Nameless { object: object.key, reason });
            }
        };
        Ok(Some(Candidate { object, shelf, identity, modified }))
    }

    /// Whether a file is another than it was when it was listed.
    pub(super) fn has_changed(&self) -> bool {
        let Location::Local(path) = &self.object.location else { return false };
        let size = fs::metadata(path).map(|metadata| metadata.len()).ok();
        size != Some(self.object.size) || file(path).map(|(_, modified)| modified) != self.modified
    }
}

/// The name by which a file is known wherever a run is started, and when it was last modified.
fn file(path: &Path) -> Option<(String, Timestamp)> {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    let modified = modified.unwrap_or(SystemTime::UNIX_EPOCH);
    let name = fs::canonicalize(path).ok()?;
    Some((name.to_string_lossy().into_owned(), Timestamp::try_from(modified).unwrap_or_default()))
}

/// The shelf of an object: the day of its folder, else of its stamp, else its folder itself.
fn shelf(object: &Object) -> Shelf {
    let layout = object.layout.as_ref();
    let folder = layout.and_then(|layout| layout.folder?.from);
    match folder.or_else(|| layout?.stamp) {
        Some(time) => Shelf::of_day(TimeZone::UTC.to_datetime(time).date()),
        None => Shelf::of_folder(object.key.rsplit_once('/').map_or("", |(folder, _)| folder)),
    }
}
