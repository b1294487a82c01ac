//! Stored bytes of an object by their places, for formats that are not read from front to back.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use object_store::{GetOptions, GetRange};

use crate::chunks::{blocking, in_bucket, within};
use crate::error::SourceError;
use crate::object::{Location, Object};
use crate::s3::{S3Failure, S3Store};
use crate::spool::read_at;

/// Ranges that are no further apart are asked for together: a request takes longer than so many bytes.
const TOGETHER: u64 = 1024 * 1024;

/// An object opened for reading at any place. Clones share it.
#[derive(Debug, Clone)]
pub struct Ranges {
    key: Arc<str>,
    input: Input,
    size: u64,
}

#[derive(Debug, Clone)]
enum Input {
    File(Arc<File>),
    /// The key, and the mark that the object must still have.
    S3(S3Store, Arc<str>, Option<Arc<str>>),
}

impl Ranges {
    /// Opens an object.
    ///
    /// # Errors
    ///
    /// As for [`open`](crate::open).
    pub async fn open(object: &Object) -> Result<Ranges, SourceError> {
        if let Location::S3 { store } = &object.location {
            let key = object.key_in_bucket();
            let etag = object.etag.as_deref().map(Arc::from);
            let input = Input::S3(store.clone(), key.into(), etag);
            return Ok(Ranges { key: object.key.as_str().into(), input, size: object.size });
        }
        let location = object.location.clone();
        let opened = blocking(move || {
            let file = match location {
                Location::Local(path) => Arc::new(File::open(path)?),
                Location::Spooled(spool) => spool.file(),
                Location::Within { holder, .. } => return Err(within(&holder)),
                Location::S3 { .. } => return Err(in_bucket()),
            };
            let size = file.metadata()?.len();
            Ok((file, size))
        });
        let (file, size) =
            opened.await.map_err(|error| SourceError::at_object(&object.key, error))?;
        Ok(Ranges { key: object.key.as_str().into(), input: Input::File(file), size })
    }

    /// How many bytes the object has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The bytes at these places, in the order asked. Reading runs on tokio's blocking threads.
    ///
    /// # Errors
    ///
    /// [`SourceError::Io`] if reading fails; bytes beyond the end are
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
    pub async fn read(&self, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>, SourceError> {
        let size = self.size;
        match &self.input {
            Input::File(file) => {
                let file = Arc::clone(file);
                let read = blocking(move || {
                    ranges.into_iter().map(|range| read_range(&file, size, range)).collect()
                });
                read.await.map_err(|error| SourceError::at_object(&self.key, error))
            }
            Input::S3(store, key, etag) => self.fetch(store, key, etag.as_deref(), &ranges).await,
        }
    }

    async fn fetch(
        &self,
        store: &S3Store,
        key: &str,
        etag: Option<&str>,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>, SourceError> {
        if ranges.iter().any(|range| range.start > range.end || range.end > self.size) {
            return Err(SourceError::at_object(&self.key, io::ErrorKind::UnexpectedEof.into()));
        }
        let fetch = |range: Range<u64>| async move {
            if range.is_empty() {
                return Ok::<_, S3Failure>(Bytes::new());
            }
            let options = GetOptions {
                range: Some(GetRange::Bounded(range)),
                if_match: etag.map(str::to_owned),
                ..GetOptions::default()
            };
            store.get(key, &options).await?.read_all().await
        };
        let fetched = object_store::coalesce_ranges(ranges, fetch, TOGETHER).await;
        fetched.map_err(|failure| SourceError::at_s3_object(&self.key, failure))
    }
}

pub(crate) fn read_range(file: &File, size: u64, range: Range<u64>) -> io::Result<Bytes> {
    // Whoever asks may have read the places in a damaged object: no buffer is made for what cannot
    // be there.
    if range.start > range.end || range.end > size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
    let mut done = 0;
    while done < bytes.len() {
        match read_at(file, &mut bytes[done..], range.start + done as u64) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => done += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Bytes::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Spool;

    #[tokio::test]
    async fn a_file_and_a_spool_are_read_at_any_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "0123456789").unwrap();
        let spool = Spool::fill(&mut &b"0123456789"[..]).unwrap();
        for location in [Location::Local(path), Location::Spooled(spool)] {
            let object = Object { key: "a".into(), location, size: 3, etag: None, layout: None };
            let ranges = Ranges::open(&object).await.unwrap();
            assert_eq!(ranges.size(), 10, "what is there, not what was listed");
            let read = ranges.read(vec![8..10, 0..4, 5..5]).await.unwrap();
            assert_eq!(read, [&b"89"[..], b"0123", b""]);
            for beyond in [9..11, 11..12, 0..u64::MAX] {
                let error = ranges.read(vec![beyond]).await.unwrap_err();
                assert!(matches!(error, SourceError::Io { place, .. } if place == "a"));
            }
        }
    }

    #[tokio::test]
    async fn a_file_that_went_after_the_listing_has_vanished() {
        let object = Object {
            key: "gone".into(),
            location: Location::Local("no/such/file".into()),
            size: 1,
            etag: None,
            layout: None,
        };
        let error = Ranges::open(&object).await.unwrap_err();
        assert!(matches!(error, SourceError::Vanished { place } if place == "gone"));
    }
}
