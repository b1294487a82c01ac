//! The bytes of an object, taken up again where a connection broke off.
//!
//! A body may end early in three ways: an error from the connection, an end before the length that
//! was told, or silence (the SDK makes an error of that). In each case the rest is asked for by
//! `Range`, under `If-Match` with the mark of the first answer, so that no byte comes twice, none is
//! lost, and another content is never joined to the first. After an interruption the checksum of the
//! whole is not checked: it belongs to the first answer.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::{GetOptions, GetRange};

use super::error::{S3Failure, S3FailureKind};
use super::read::Stat;
use super::store::S3Store;

/// How often a body is taken up again before it is given up.
const RESUMES: u32 = 8;

/// So many bytes on end, and the connection is trusted again.
const TRUSTED: u64 = 1 << 20;

/// The first wait before the rest is asked for; the waits double, each by a random part.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// An opened object, or a part of one, whose bytes are still to come.
pub struct Body {
    store: S3Store,
    key: String,
    version: Option<String>,
    stat: Stat,
    range: Range<u64>,
    /// The place of the next byte.
    at: u64,
    /// None before a resume, and after the end.
    stream: Option<ByteStream>,
    interrupted: Interrupted,
    /// Why no more bytes come.
    failed: Option<S3Failure>,
}

/// How the connection fared.
#[derive(Debug, Default)]
struct Interrupted {
    /// How often since it last brought [`TRUSTED`] bytes on end.
    times: u32,
    /// Where it was last.
    at: u64,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Body { key, stat, range, at, .. } = self;
        f.debug_struct("Body")
            .field("key", key)
            .field("stat", stat)
            .field("range", range)
            .field("at", at)
            .finish()
    }
}

impl Body {
    pub(super) fn new(
        store: S3Store,
        key: &str,
        version: Option<String>,
        stat: Stat,
        range: Range<u64>,
        stream: ByteStream,
    ) -> Body {
        let (key, at) = (key.to_owned(), range.start);
        let (stream, interrupted, failed) = (Some(stream), Interrupted::default(), None);
        Body { store, key, version, stat, range, at, stream, interrupted, failed }
    }

    /// What S3 told of the object.
    #[must_use]
    pub fn stat(&self) -> &Stat {
        &self.stat
    }

    /// Which bytes of the object this is about, the ones handed out already included.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Whether all bytes were handed out. Whether they are right is known once
    /// [`next`](Body::next) has said that there are no more.
    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.range.end
    }

    /// The next bytes, or `None` when all have come.
    ///
    /// # Errors
    ///
    /// [`S3FailureKind::Changed`] if the object became another one, [`S3FailureKind::Truncated`] if
    /// the rest cannot be had, [`S3FailureKind::Checksum`] at the end if the bytes are not those
    /// that were stored, or why the rest was refused. After an error every call is that error: a failure must not look
    /// like an end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, S3Failure> {
        if let Some(failure) = &self.failed {
            return Err(failure.clone());
        }
        let next = self.advance().await;
        self.failed = next.as_ref().err().cloned();
        next
    }

    async fn advance(&mut self) -> Result<Option<Bytes>, S3Failure> {
        loop {
            let Some(stream) = &mut self.stream else { return Ok(None) };
            let why = match stream.next().await {
                Some(Ok(bytes)) if bytes.is_empty() => continue,
                Some(Ok(bytes)) => return self.passed(bytes).map(Some),
                None if self.at == self.range.end => {
                    self.stream = None;
                    return Ok(None);
                }
                None => S3Failure::new(S3FailureKind::Truncated, "the body ended early"),
                Some(Err(error)) if self.at == self.range.end => {
                    return Err(S3Failure::at_end(&error));
                }
                Some(Err(error)) => S3Failure::of_body(&error),
            };
            self.resume(&why).await?;
        }
    }

    /// Notes that bytes were handed out.
    fn passed(&mut self, bytes: Bytes) -> Result<Bytes, S3Failure> {
        if bytes.len() as u64 > self.range.end - self.at {
            let text = "more bytes came than the answer told";
            return Err(S3Failure::new(S3FailureKind::Other, text));
        }
        self.at += bytes.len() as u64;
        if self.at - self.interrupted.at.max(self.range.start) >= TRUSTED {
            self.interrupted.times = 0;
        }
        Ok(bytes)
    }

    /// Asks for the rest.
    async fn resume(&mut self, why: &S3Failure) -> Result<(), S3Failure> {
        let given_up = |what: &str| {
            let (at, end) = (self.at, self.range.end);
            let text = format!("{}; byte {at} of {end}: {what}", why.text);
            S3Failure::new(S3FailureKind::Truncated, text)
        };
        let Some(etag) = self.stat.etag.clone() else {
            return Err(given_up("without an ETag the rest cannot be asked for"));
        };
        if self.interrupted.times == RESUMES {
            return Err(given_up("given up, it broke off too often"));
        }
        self.interrupted.times += 1;
        self.interrupted.at = self.at;
        tokio::time::sleep(wait(self.interrupted.times)).await;
        let options = GetOptions {
            range: Some(GetRange::Bounded(self.at..self.range.end)),
            if_match: Some(etag),
            version: self.version.clone(),
            ..GetOptions::default()
        };
        self.store.s3().counter().resumed();
        let (stat, _, stream) = self.store.open(&self.key, &options).await?;
        // A store that does not know conditions answers all the same.
        if (&stat.etag, stat.size) != (&self.stat.etag, self.stat.size) {
            let text = "the object became another one while it was read";
            return Err(S3Failure::new(S3FailureKind::Changed, text));
        }
        self.stream = Some(stream);
        Ok(())
    }

    /// All the rest in one piece.
    ///
    /// # Errors
    ///
    /// As for [`next`](Body::next).
    pub async fn read_all(mut self) -> Result<Bytes, S3Failure> {
        let Some(first) = self.next().await? else { return Ok(Bytes::new()) };
        if self.at == self.range.end {
            // The end is still asked for: the checksum is told there.
            return self.next().await.map(|_| first);
        }
        let length = usize::try_from(self.range.end - self.range.start).unwrap_or(0);
        let mut all = Vec::with_capacity(length.min(64 << 20));
        all.extend_from_slice(&first);
        while let Some(bytes) = self.next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(Bytes::from(all))
    }

    /// The same as a stream, which ends after an error.
    #[must_use]
    pub fn into_stream(self) -> BoxStream<'static, Result<Bytes, S3Failure>> {
        stream::try_unfold(self, |mut body| async move {
            Ok(body.next().await?.map(|bytes| (bytes, body)))
        })
        .boxed()
    }
}

/// How long to wait before the `n`th resume.
fn wait(n: u32) -> Duration {
    let longest = FIRST_WAIT * 2u32.pow(n.min(7) - 1);
    longest.mul_f64(fastrand::f64())
}
