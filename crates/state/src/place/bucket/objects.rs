//! The objects of a place, by name.

use std::time::Duration;

use bytes::Bytes;
use flowproof_source::s3::{ListRequest, S3, S3Failure, S3FailureKind, S3Store};

use crate::place::PlaceError;

/// How often what others are changing at the moment is tried.
const TRIES: u32 = 5;
const WAIT: Duration = Duration::from_millis(200);

/// A mark that no object has.
const NO_ETAG: &str = "\"00000000000000000000000000000000\"";

/// The objects whose keys begin with a prefix.
#[derive(Debug, Clone)]
pub(super) struct Objects {
    store: S3Store,
    /// Empty for the whole bucket, else with `/` at its end.
    prefix: String,
}

/// What is there, and its mark.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) bytes: Bytes,
    pub(super) etag: String,
}

/// Whether an object was written.
#[derive(Debug)]
pub(super) enum Written {
    /// It is there, with this mark.
    Done(String),
    /// Something else is there than was expected, or nothing.
    Other(Option<Found>),
}

impl Objects {
    pub(super) fn new(store: S3Store, prefix: String) -> Objects {
        Objects { store, prefix }
    }

    pub(super) fn s3(&self) -> &S3 {
        self.store.s3()
    }

    pub(super) fn locate(&self, name: &str) -> String {
        let path = self.key(name);
        let path = if name.is_empty() { path.strip_suffix('/').unwrap_or(&path) } else { &path };
        let slash = if path.is_empty() { "" } else { "/" };
        format!("{}{slash}{path}", self.store)
    }

    /// The object of this name, if there is one.
    pub(super) async fn read(&self, name: &str) -> Result<Option<Found>, PlaceError> {
        for _ in 0..TRIES {
            match self.store.get_whole(&self.key(name)).await {
                Ok((bytes, stat)) => {
                    let etag = self.told(name, stat.etag)?;
                    return Ok(Some(Found { bytes, etag }));
                }
                Err(failure) => match failure.kind {
                    S3FailureKind::NotFound => return Ok(None),
                    // It was replaced while it came.
                    S3FailureKind::Changed => tokio::time::sleep(WAIT).await,
                    S3FailureKind::Denied if self.is_absent(name).await => return Ok(None),
                    _ => return Err(self.failed(name, &failure)),
                },
            }
        }
        Err(self.error(name, "it was replaced each time that it was read; run again later"))
    }

    /// Whether a listing tells that there is no such object: where the right to list holds for some
    /// prefixes only, a GET of nothing is answered as if it were denied.
    async fn is_absent(&self, name: &str) -> bool {
        let prefix = self.key(name);
        let request =
            ListRequest { prefix: prefix.clone(), max_keys: Some(1), ..ListRequest::default() };
        let page = self.store.list_page(&request).await;
        page.is_ok_and(|page| page.objects.iter().all(|object| object.key != prefix))
    }

    /// Writes an object if the one with the expected mark is there, or if none is.
    ///
    /// A condition that failed does not tell that nothing was written: the request may have been made
    /// again because its first answer was lost. So what is there is looked at.
    pub(super) async fn write(
        &self,
        name: &str,
        bytes: Bytes,
        expected: Option<&str>,
    ) -> Result<Written, PlaceError> {
        for _ in 0..TRIES {
            match self.try_write(name, &bytes, expected).await {
                Ok(etag) => return Ok(Written::Done(self.told(name, etag)?)),
                Err(failure) if failure.kind == S3FailureKind::Changed => {}
                Err(failure) if failure.kind == S3FailureKind::NotFound && expected.is_some() => {}
                Err(failure) => return Err(self.unwritten(name, expected, &failure)),
            }
            match self.read(name).await? {
                Some(found) if found.bytes == bytes => return Ok(Written::Done(found.etag)),
                // As expected after all: another write was under way, and came to nothing.
                found if found.as_ref().map(|found| &*found.etag) == expected => {
                    tokio::time::sleep(WAIT).await;
                }
                found => return Ok(Written::Other(found)),
            }
        }
        Err(self.error(name, "another write was under way each time; run again later"))
    }

    async fn try_write(
        &self,
        name: &str,
        bytes: &Bytes,
        expected: Option<&str>,
    ) -> Result<Option<String>, S3Failure> {
        match expected {
            None => self.store.create(&self.key(name), bytes.clone()).await,
            Some(etag) => self.store.replace(&self.key(name), bytes.clone(), etag).await,
        }
    }

    /// Makes sure that the store looks at the conditions of writes. An object of this name must be
    /// there, and with a store that does not it has these bytes then.
    pub(super) async fn prove(&self, name: &str, bytes: &Bytes) -> Result<(), PlaceError> {
        for expected in [None, Some(NO_ETAG)] {
            match self.try_write(name, bytes, expected).await {
                Err(failure) if failure.kind == S3FailureKind::Changed => {}
                Err(failure) => return Err(self.unwritten(name, expected, &failure)),
                Ok(_) => return Err(self.error(name, without_conditions(expected))),
            }
        }
        Ok(())
    }

    /// The names of the objects in a folder, sorted.
    pub(super) async fn list(&self, folder: &str) -> Result<Vec<String>, PlaceError> {
        let prefix = format!("{}/", self.key(folder));
        let delimiter = Some("/".to_owned());
        let mut request = ListRequest { prefix, delimiter, ..ListRequest::default() };
        let mut names = Vec::new();
        loop {
            let page = self.store.list_page(&request).await;
            let page = page.map_err(|failure| self.failed(folder, &failure))?;
            let keys = page.objects.iter().map(|object| &object.key);
            // The key that is the folder's own is how consoles make one.
            let keys = keys.filter(|key| **key != request.prefix);
            names.extend(keys.filter_map(|key| key.strip_prefix(&self.prefix)).map(str::to_owned));
            match page.next {
                Some(token) => request.token = Some(token),
                None => break,
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Removes an object. One that is not there is no error.
    pub(super) async fn remove(&self, name: &str) -> Result<(), PlaceError> {
        let removed = self.store.remove(&self.key(name)).await;
        removed.map_err(|failure| self.failed(name, &failure))
    }

    pub(super) fn error(&self, name: &str, reason: impl Into<String>) -> PlaceError {
        PlaceError::new(self.locate(name), reason)
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn told(&self, name: &str, etag: Option<String>) -> Result<String, PlaceError> {
        etag.ok_or_else(|| self.error(name, "this store does not tell the ETag of an object"))
    }

    fn failed(&self, name: &str, failure: &S3Failure) -> PlaceError {
        self.error(name, failure.text.as_str())
    }

    fn unwritten(&self, name: &str, expected: Option<&str>, failure: &S3Failure) -> PlaceError {
        match failure.kind {
            S3FailureKind::NotImplemented => {
                self.error(name, format!("{} ({failure})", without_conditions(expected)))
            }
            _ => self.failed(name, failure),
        }
    }
}

/// Why a store is of no use for states.
fn without_conditions(expected: Option<&str>) -> String {
    let header = if expected.is_some() { "If-Match" } else { "If-None-Match" };
    format!(
        "this store does not do conditional writes ({header}), and without them two runs could both \
         commit; keep the state in a folder, or in another store"
    )
}
