//! Reads and hashes what comes from a bucket.

use bytes::Bytes;
use object_store::GetOptions;
use sha2::{Digest, Sha256};

use super::reader::{Ahead, CHUNK, digest_text};
use crate::error::SourceError;
use crate::inflate::is_gzip;
use crate::object::Object;
use crate::pieces::Pieces;
use crate::s3::{Body, S3Failure, S3Store};

/// The bytes of one object on their way.
#[derive(Debug)]
pub(super) struct Remote {
    body: Body,
    hash: Option<Sha256>,
    /// Bytes that came beyond the last chunk.
    rest: Bytes,
    has_ended: bool,
    /// A failure that was met after bytes that are to be handed out before.
    failed: Option<S3Failure>,
}

impl Remote {
    /// Opens the object as it was listed: another one in its place is [`SourceError::Changed`].
    pub(super) async fn open(
        object: &Object,
        store: &S3Store,
        digest: bool,
    ) -> Result<Remote, SourceError> {
        let options = GetOptions { if_match: object.etag.clone(), ..GetOptions::default() };
        let body = store.get(object.key_in_bucket(), &options).await;
        let body = body.map_err(|failure| SourceError::at_s3_object(&object.key, failure))?;
        let hash = digest.then(Sha256::new);
        Ok(Remote { body, hash, rest: Bytes::new(), has_ended: false, failed: None })
    }

    pub(super) fn version_id(&self) -> Option<String> {
        self.body.stat().version_id.clone()
    }

    /// A whole chunk, or what is left; empty at the end.
    pub(super) async fn read_chunk(&mut self) -> Result<Bytes, S3Failure> {
        match self.failed.take() {
            Some(failure) => return Err(failure),
            None if self.has_ended => return Ok(Bytes::new()),
            None => {}
        }
        let chunk = self.read(CHUNK).await;
        // What came before a failure is handed out first.
        match chunk {
            (bytes, Some(failure)) if bytes.is_empty() => Err(failure),
            (bytes, failure) => {
                self.failed = failure;
                Ok(bytes)
            }
        }
    }

    /// Reads the first chunk, and all that follows if it is gzip and no longer than `limit`. `None` if
    /// there is nothing.
    pub(super) async fn read_ahead(&mut self, limit: u64) -> Option<Ahead> {
        let size = self.body.stat().size;
        let expected = usize::try_from(if size <= limit { size } else { CHUNK }).unwrap_or(0);
        let mut pieces = Pieces::expecting(expected);
        self.failed = self.read_into(&mut pieces, CHUNK).await;
        let may_be_whole = size <= limit && is_gzip(pieces.first());
        if self.failed.is_none() && may_be_whole && !self.has_ended {
            self.failed = self.read_into(&mut pieces, limit).await;
        }
        let is_whole = may_be_whole && self.has_ended;
        Some(Ahead { pieces, is_whole }).filter(|ahead| !ahead.pieces.is_empty())
    }

    /// Whether all was read, and without an error.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended && self.failed.is_none()
    }

    pub(super) fn digest(self) -> Option<String> {
        Some(digest_text(self.hash?))
    }

    /// At most `most` bytes, fewer only at the end or before a failure.
    async fn read(&mut self, most: u64) -> (Bytes, Option<S3Failure>) {
        let mut pieces = Pieces::default();
        let failure = self.read_into(&mut pieces, most).await;
        (pieces.into_bytes(), failure)
    }

    /// Reads on until there are `most` bytes in all, the end comes or a failure.
    async fn read_into(&mut self, pieces: &mut Pieces, most: u64) -> Option<S3Failure> {
        let most = usize::try_from(most).unwrap_or(usize::MAX).max(pieces.len());
        let mut failure = None;
        while !self.has_ended && failure.is_none() {
            let piece = self.rest.split_to(self.rest.len().min(most - pieces.len()));
            if let Some(hash) = &mut self.hash {
                hash.update(&piece);
            }
            pieces.push(piece);
            // After the last byte the end is asked for: whether the bytes are right is told there.
            if !self.rest.is_empty() || (pieces.len() == most && !self.body.is_at_end()) {
                break;
            }
            match self.body.next().await {
                Ok(Some(more)) => self.rest = more,
                Ok(None) => self.has_ended = true,
                Err(error) => failure = Some(error),
            }
        }
        failure
    }
}
