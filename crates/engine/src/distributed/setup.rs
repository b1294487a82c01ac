//! What a scan needs, taken to another process: how it reads, and what.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flowproof_record::Format;
use flowproof_source::s3::{S3, S3Store};
use flowproof_source::{Layout, Location, Object, key_layout};
use rayon::ThreadPool;
use serde::{Deserialize, Serialize};

use super::bytes::{self, Damaged};
use crate::catalog::Catalog;
use crate::copies::Copies;
use crate::orient::{AddressBook, Orientation, PackedBook};
use crate::scan::{CoverageScope, Progress, ScanContext, ScanReport};

/// What is read in batches of nothing never ends, and a batch takes memory before it is full.
const MOST_BATCH_ROWS: usize = 1 << 20;

const SETUP: &str = "a scan's setup";
const OBJECTS: &str = "a scan's objects";

/// What a scan needs beside its objects: how it reads them, and what is known before.
///
/// Copies are dropped, and records kept or gathered, in one process only; nothing here tells of that.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Setup {
    format: Option<Format>,
    from: Option<i64>,
    to: Option<i64>,
    batch_rows: usize,
    book: PackedBook,
    perspective: BTreeSet<String>,
    foreign: BTreeSet<String>,
    /// Whether codes of records are asked for whose direction may be known at the end.
    wants_pending: bool,
    coverage: CoverageScope,
    digests: bool,
    thorough: bool,
    learns_from_all: bool,
    push_filters: bool,
}

impl Setup {
    /// What this scan needs.
    pub(crate) fn of(context: &ScanContext) -> Setup {
        let Orientation { book, perspective, foreign, pending } = &context.orientation;
        Setup {
            format: context.format.clone(),
            from: context.from,
            to: context.to,
            batch_rows: context.batch_rows,
            book: book.pack(),
            perspective: perspective.clone(),
            foreign: foreign.clone(),
            wants_pending: pending.is_some(),
            coverage: context.coverage.clone(),
            digests: context.digests,
            thorough: context.thorough,
            learns_from_all: context.learns_from_all,
            push_filters: context.push_filters,
        }
    }

    /// Its bytes, for [`Setup::decode`]. The same setup always has the same.
    ///
    /// # Errors
    ///
    /// None that is known of.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Damaged> {
        bytes::encode(SETUP, self)
    }

    /// What [`Setup::encode`] made bytes of.
    ///
    /// # Errors
    ///
    /// If the bytes are others.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Setup, Damaged> {
        bytes::decode(SETUP, bytes)
    }

    /// What is known of interfaces, for [`Setup::context`]: many scans share it.
    pub(crate) fn book(&self) -> AddressBook {
        AddressBook::unpack(self.book.clone())
    }

    /// A scan of these objects with what is known of interfaces, which decodes in this pool. It has a
    /// report, numbers of interfaces and pending codes of its own.
    pub(crate) fn context(
        &self,
        book: Arc<AddressBook>,
        catalog: Arc<Catalog>,
        pool: Arc<ThreadPool>,
    ) -> ScanContext {
        ScanContext {
            catalog,
            only: None,
            format: self.format.clone(),
            from: self.from,
            to: self.to,
            batch_rows: self.batch_rows.clamp(1, MOST_BATCH_ROWS),
            orientation: Orientation {
                book,
                perspective: self.perspective.clone(),
                foreign: self.foreign.clone(),
                pending: self.wants_pending.then(Arc::default),
            },
            coverage: self.coverage.clone(),
            digests: self.digests,
            interner: Arc::default(),
            keeping: None,
            kept: None,
            gathering: None,
            is_elsewhere: false,
            push_filters: self.push_filters,
            thorough: self.thorough,
            learns_from_all: self.learns_from_all,
            copies_memory: None,
            copies: Copies::default(),
            pool,
            report: ScanReport::default(),
            progress: Arc::new(Progress::default()),
        }
    }
}

/// Objects that a scan reads, and what it must know of those that it does not. Their numbers in its
/// [catalog](ObjectSet::catalog) are their places here.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ObjectSet {
    objects: Vec<ToldObject>,
    buckets: Vec<Bucket>,
    /// Whether the objects of the whole selection may be of several flow logs.
    several_flow_logs: bool,
}

/// One object.
#[derive(Debug, Serialize, Deserialize)]
struct ToldObject {
    key: String,
    place: Place,
    size: u64,
    etag: Option<String>,
    layout: ToldLayout,
    /// Whether another object of the selection may be as large.
    may_be_double: bool,
}

#[derive(Debug, Serialize, Deserialize)]
enum Place {
    /// A file with this absolute path.
    File(PathBuf),
    /// In the bucket with this number.
    Bucket(usize),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Bucket {
    name: String,
    requester_pays: bool,
}

#[derive(Debug, Serialize, Deserialize)]
enum ToldLayout {
    /// What the key tells.
    OfKey,
    Other(Option<Layout>),
}

/// Why objects cannot be read in another process.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObjectSetError {
    /// Nobody else has them.
    #[error("{key} cannot be read elsewhere: {why}")]
    Here {
        /// The object.
        key: String,
        /// What it is.
        why: &'static str,
    },
    /// Its path cannot be told.
    #[error("{key} cannot be read elsewhere: its absolute path is not known")]
    Path {
        /// The object.
        key: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// They are in a bucket, and here is no connection to S3.
    #[error("objects in s3://{bucket} are to be read, and there is no connection to S3")]
    NoConnection {
        /// The bucket.
        bucket: String,
    },
    /// They are no objects.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// They are in a bucket that is not told.
    #[error("objects are to be read from a bucket that is not told")]
    NoBucket,
}

impl ObjectSet {
    /// The objects with these numbers.
    ///
    /// # Errors
    ///
    /// If one is neither a file nor in a bucket, or its path is no text or not known.
    pub(crate) fn of(
        context: &ScanContext,
        numbers: &[usize],
    ) -> Result<ObjectSet, ObjectSetError> {
        let catalog = &context.catalog;
        let mut buckets = Vec::new();
        let objects = numbers.iter().map(|number| {
            let may_be_double = catalog.may_be_double(*number);
            ToldObject::of(&catalog.object(*number), may_be_double, &mut buckets)
        });
        Ok(ObjectSet {
            objects: objects.collect::<Result<_, _>>()?,
            buckets,
            several_flow_logs: catalog.may_have_several_flow_logs(),
        })
    }

    /// Its bytes, for [`ObjectSet::decode`]. There is nothing secret in them.
    ///
    /// # Errors
    ///
    /// None that is known of.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Damaged> {
        bytes::encode(OBJECTS, self)
    }

    /// What [`ObjectSet::encode`] made bytes of.
    ///
    /// # Errors
    ///
    /// If the bytes are others.
    pub(crate) fn decode(bytes: &[u8]) -> Result<ObjectSet, ObjectSetError> {
        let set: ObjectSet = bytes::decode(OBJECTS, bytes)?;
        let has_bucket = |object: &ToldObject| match object.place {
            Place::Bucket(bucket) => bucket < set.buckets.len(),
            Place::File(_) => true,
        };
        match set.objects.iter().all(has_bucket) {
            true => Ok(set),
            false => Err(ObjectSetError::NoBucket),
        }
    }

    /// A catalog of them. Buckets are reached through this connection, by its credentials; the reader
    /// pays where that was said here or there.
    ///
    /// # Errors
    ///
    /// If there is none and one is needed.
    pub(crate) fn catalog(&self, s3: Option<&S3>) -> Result<Catalog, ObjectSetError> {
        let stores = self.buckets.iter().map(|bucket| bucket.store(s3));
        let stores: Vec<S3Store> = stores.collect::<Result<_, _>>()?;
        let objects = self.objects.iter().map(|object| object.object(&stores));
        let doubles = self.objects.iter().map(|object| object.may_be_double).collect();
        Ok(Catalog::of_part(objects.collect(), doubles, self.several_flow_logs))
    }
}

impl Bucket {
    fn store(&self, s3: Option<&S3>) -> Result<S3Store, ObjectSetError> {
        let none = || ObjectSetError::NoConnection { bucket: self.name.clone() };
        let s3 = s3.ok_or_else(none)?;
        let pays = self.requester_pays || s3.options().requester_pays;
        Ok(s3.with_requester_pays(pays).bucket(self.name.as_str()))
    }
}

impl ToldObject {
    fn of(
        object: &Object,
        may_be_double: bool,
        buckets: &mut Vec<Bucket>,
    ) -> Result<ToldObject, ObjectSetError> {
        let here = |why| ObjectSetError::Here { key: object.key.clone(), why };
        let place = match &object.location {
            Location::Local(path) => Place::File(absolute(&object.key, path)?),
            Location::S3 { store } => {
                let name = store.bucket().to_owned();
                let bucket = Bucket { name, requester_pays: store.s3().options().requester_pays };
                let known = buckets.iter().position(|other| *other == bucket);
                Place::Bucket(known.unwrap_or_else(|| {
                    buckets.push(bucket);
                    buckets.len() - 1
                }))
            }
            Location::Spooled(_) => return Err(here("it is a stream that only this process has")),
            Location::Within { .. } => return Err(here("its records are within another object")),
            _ => return Err(here("only files and objects in buckets can")),
        };
        let layout = match key_layout(&object.key) == object.layout {
            true => ToldLayout::OfKey,
            false => ToldLayout::Other(object.layout.clone()),
        };
        let (key, etag) = (object.key.clone(), object.etag.clone());
        Ok(ToldObject { key, place, size: object.size, etag, layout, may_be_double })
    }

    /// The object. `stores` are those of all buckets.
    fn object(&self, stores: &[S3Store]) -> Object {
        let location = match &self.place {
            Place::File(path) => Location::Local(path.clone()),
            // All places are of buckets that are told.
            Place::Bucket(bucket) => Location::S3 { store: stores[*bucket].clone() },
        };
        let layout = match &self.layout {
            ToldLayout::OfKey => key_layout(&self.key),
            ToldLayout::Other(layout) => layout.clone(),
        };
        let (key, etag) = (self.key.clone(), self.etag.clone());
        Object { key, location, size: self.size, etag, layout }
    }
}

/// The absolute path of a file, which must be text.
fn absolute(key: &str, path: &Path) -> Result<PathBuf, ObjectSetError> {
    let absolute = std::path::absolute(path)
        .map_err(|source| ObjectSetError::Path { key: key.to_owned(), source })?;
    match absolute.to_str() {
        Some(_) => Ok(absolute),
        None => Err(ObjectSetError::Here { key: key.to_owned(), why: "its path is not UTF-8" }),
    }
}

#[cfg(test)]
mod tests;
