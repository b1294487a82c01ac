//! One file or key that holds flow log records.

use std::path::PathBuf;
use std::sync::Arc;

use crate::layout::Layout;
use crate::listing::bucket_and_key;
use crate::s3::S3Store;
use crate::spool::Spool;

/// One file or key, listed but not opened.
#[derive(Debug, Clone)]
pub struct Object {
    /// The path as the user would write it, with `/` between its parts; `s3://bucket/key` in a bucket, `-`
    /// for standard input.
    pub key: String,
    /// Where [`open`](crate::open) finds the bytes.
    pub location: Location,
    /// Bytes as stored, when it was listed.
    pub size: u64,
    /// The store's own mark of this version of the content. Files have none: the digest of what was
    /// read is their identity.
    pub etag: Option<String>,
    /// What the key tells, if it follows a known layout.
    pub layout: Option<Layout>,
}

impl Object {
    /// The key of an object in a bucket, without the bucket, exactly.
    #[must_use]
    pub fn key_in_bucket(&self) -> &str {
        bucket_and_key(&self.key).map_or(&self.key, |(_, key)| key)
    }
}

/// Where the bytes of an object are.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Location {
    /// A file.
    Local(PathBuf),
    /// Standard input or a pipe, kept in a temporary file so that it can be read again.
    Spooled(Spool),
    /// In a bucket.
    S3 {
        /// The bucket, and how it is reached. The object's key there is [`Object::key_in_bucket`].
        store: S3Store,
    },
    /// Within another object. Whoever knows how the holder is built reads it; [`open`](crate::open)
    /// does not.
    Within {
        /// The object that holds its records, and those of others.
        holder: Arc<Object>,
        /// Its number there.
        number: u32,
        /// Where its key led to, if the key alone does not tell.
        place: Option<String>,
    },
}
