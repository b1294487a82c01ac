//! Objects that may be read.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
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
    /// What stands for an object; or why it cannot be looked at in this run.
    pub(super) fn of(
        object: Object,
        state: &State,
    ) -> Result<Result<Candidate, Absent>, IncrementError> {
        if is_holder_name(&object.key) {
            let reason = "it holds the records of other objects: scan what it was collected from";
            return Err(IncrementError::Nameless { object: object.key, reason });
        }
        let (shelf, size) = (shelf(&object), object.size);
        let (identity, modified) = match &object.location {
            Location::Local(path) => {
                let (name, modified) = match file(path) {
                    Ok(file) => file,
                    Err(absent) => return Ok(Err(absent)),
                };
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
        Ok(Ok(Candidate { object, shelf, identity, modified }))
    }

    /// Whether a file is another than it was when it was listed.
    pub(super) fn has_changed(&self) -> bool {
        let Location::Local(path) = &self.object.location else { return false };
        let size = fs::metadata(path).map(|metadata| metadata.len()).ok();
        size != Some(self.object.size) || file(path).ok().map(|(_, time)| time) != self.modified
    }
}

/// Why a file cannot be looked at in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// It went while it was listed.
    Gone,
    /// Its name is not UTF-8, so that another could be taken for it.
    Unnameable,
}

/// The name by which a file is known wherever a run is started, and when it was last modified.
fn file(path: &Path) -> Result<(String, Timestamp), Absent> {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    let modified = modified.unwrap_or(SystemTime::UNIX_EPOCH);
    if path.to_str().is_none() {
        return Err(Absent::Unnameable);
    }
    let name = fs::canonicalize(path).map_err(|_| Absent::Gone)?;
    let name = name.to_str().ok_or(Absent::Unnameable)?;
    Ok((name.to_owned(), Timestamp::try_from(modified).unwrap_or_default()))
}

/// Whether a file does not end with its last line.
pub(super) fn ends_within_a_line(path: &Path) -> bool {
    let last = || -> std::io::Result<[u8; 1]> {
        let mut file = fs::File::open(path)?;
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        Ok(last)
    };
    last().is_ok_and(|last| last != *b"\n")
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
