//! A state in a bucket.

mod holder;
mod lease;
mod objects;

use std::time::Duration;

use async_trait::async_trait;
use flowproof_source::s3::S3;
use flowproof_source::{bucket_and_key, is_in_bucket};

use self::objects::{Found, Objects, Written};
use super::{HEAD, Locked, Place, PlaceError, Put, Swap, Version};

/// All keys of a bucket that begin alike, in a store that keeps the conditions of writes.
///
/// The head is replaced by a PUT with `If-Match`, and its `ETag` is the [`Version`]; everything else
/// is put with `If-None-Match` and never changed. Whoever takes the place makes sure first that the
/// store looks at both, and refuses it if not: without them two runs could both commit.
///
/// The lock is an object with a time until which it holds. A task renews it; it is taken over once
/// that time is over, or if its holder was a process of this machine that is no more. Calls need a
/// tokio runtime with time and I/O. Whoever drops a state instead of closing it and then ends the
/// runtime should wait for [`S3::cleaned_up`] in between, or the next run finds the lock.
///
/// Needed are `s3:GetObject`, `s3:PutObject` and `s3:DeleteObject` on the objects, and
/// `s3:ListBucket` for the prefix.
#[derive(Debug, Clone)]
pub struct Bucket {
    objects: Objects,
    lease: Duration,
}

impl Bucket {
    /// How long a lock holds unless it is renewed.
    pub const LEASE: Duration = Duration::from_secs(60);

    /// A place such as `s3://bucket/prefix` or `s3://bucket`, reached through this connection.
    /// Nothing is asked of it yet.
    ///
    /// # Errors
    ///
    /// If it is no place in a bucket.
    pub fn new(place: &str, s3: &S3) -> Result<Bucket, PlaceError> {
        Bucket::with_lease(place, s3, Bucket::LEASE)
    }

    /// The same with a lock that holds so long unless it is renewed, which is done each third of that
    /// time. It is 100 ms at least.
    ///
    /// # Errors
    ///
    /// If it is no place in a bucket.
    pub fn with_lease(place: &str, s3: &S3, lease: Duration) -> Result<Bucket, PlaceError> {
        let parts = bucket_and_key(place).ok().filter(|_| is_in_bucket(place));
        let (bucket, key) = parts.ok_or_else(|| {
            PlaceError::new(place, "a place in a bucket is s3://bucket or s3://bucket/prefix")
        })?;
        let end = if key.is_empty() || key.ends_with('/') { "" } else { "/" };
        let objects = Objects::new(s3.bucket(bucket), format!("{key}{end}"));
        Ok(Bucket { objects, lease: lease.max(Duration::from_millis(100)) })
    }
}

#[async_trait]
impl Place for Bucket {
    fn locate(&self, name: &str) -> String {
        self.objects.locate(name)
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, PlaceError> {
        Ok(self.objects.read(name).await?.map(|found| found.bytes.into()))
    }

    async fn put_new(&self, name: &str, bytes: Vec<u8>) -> Result<Put, PlaceError> {
        match self.objects.write(name, bytes.into(), None).await? {
            Written::Done(_) => Ok(Put::Done),
            Written::Other(_) => Ok(Put::Exists),
        }
    }

    async fn head(&self) -> Result<Option<(Vec<u8>, Version)>, PlaceError> {
        let found = self.objects.read(HEAD).await?;
        Ok(found.map(|Found { bytes, etag }| (bytes.into(), Version(etag))))
    }

    async fn swap_head(
        &self,
        bytes: Vec<u8>,
        expected: Option<&Version>,
    ) -> Result<Swap, PlaceError> {
        let expected = expected.map(|version| version.0.as_str());
        match self.objects.write(HEAD, bytes.into(), expected).await? {
            Written::Done(etag) => Ok(Swap::Done(Version(etag))),
            Written::Other(_) => Ok(Swap::Conflict),
        }
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PlaceError> {
        self.objects.list(folder).await
    }

    async fn remove(&self, name: &str) -> Result<(), PlaceError> {
        self.objects.remove(name).await
    }

    async fn lock(&self) -> Result<Locked, PlaceError> {
        lease::take(&self.objects, self.lease).await
    }
}
