//! A file as an object: in one request, or in parts if it is large.
//!
//! There is no object before all of its bytes are there. An upload in parts that does not come to its
//! end is aborted, also if its future is dropped; what a killed process leaves is no object, but S3
//! keeps the parts until a lifecycle rule of the bucket removes them.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt};

use super::error::{S3Failure, S3FailureKind};
use super::multipart::Upload;
use super::store::S3Store;
use super::write::Condition;
use crate::chunks::blocking;
use crate::ranges::read_range;

/// What is no larger goes in one request.
const PART: u64 = 8 << 20;
/// S3 takes no more parts than this; those of a file that would have more are larger.
const MOST_PARTS: u64 = 10_000;
/// Parts on their way at the same time, each of them in memory.
const AT_ONCE: usize = 4;

impl S3Store {
    /// Writes an object with the first `size` bytes of a file, whatever was there before. Each request
    /// carries a checksum that S3 compares.
    ///
    /// # Errors
    ///
    /// The failure of a request; [`S3FailureKind::Other`] if the file cannot be read. The object is
    /// then what it was before, unless the answer to the last request was lost.
    pub async fn put_file(&self, key: &str, file: Arc<File>, size: u64) -> Result<(), S3Failure> {
        if size <= PART {
            let bytes = read(&file, 0..size).await?;
            return self.put(key, bytes, None, Condition::default()).await.map(|_| ());
        }
        let mut begun = Begun { store: self, upload: Some(Upload::begin(self, key, None).await?) };
        let sent = begun.send(&file, size).await;
        begun.end(sent).await
    }
}

/// An upload that is aborted if it is dropped before it has ended.
struct Begun<'s> {
    store: &'s S3Store,
    upload: Option<Upload>,
}

impl Begun<'_> {
    async fn send(&mut self, file: &Arc<File>, size: u64) -> Result<(), S3Failure> {
        let Some(upload) = &mut self.upload else { return Ok(()) };
        let mut on_their_way = FuturesUnordered::new();
        for range in parts(size) {
            if on_their_way.len() == AT_ONCE {
                on_their_way.next().await.transpose()?;
            }
            on_their_way.push(upload.send(read(file, range).await?));
        }
        while on_their_way.next().await.transpose()?.is_some() {}
        upload.finish().await.map(|_| ())
    }

    async fn end(mut self, sent: Result<(), S3Failure>) -> Result<(), S3Failure> {
        if sent.is_err()
            && let Some(upload) = &self.upload
        {
            // Why it failed is told; that its parts are still there would be no news to anybody who
            // can do something about it.
            let _ = upload.discard().await;
        }
        self.upload = None;
        sent
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take() {
            self.store.s3().clean_up(async move {
                let _ = upload.discard().await;
            });
        }
    }
}

/// The places of the parts. All but the last are as large as each other.
fn parts(size: u64) -> impl Iterator<Item = Range<u64>> {
    let part = PART.max(size.div_ceil(MOST_PARTS));
    (0..size.div_ceil(part)).map(move |n| n * part..size.min((n + 1) * part))
}

async fn read(file: &Arc<File>, range: Range<u64>) -> Result<Bytes, S3Failure> {
    let file = Arc::clone(file);
    let read = blocking(move || read_range(&file, range.end, range));
    read.await.map_err(|error: io::Error| {
        let text = format!("what was to be written cannot be read from the disk: {error}");
        S3Failure::new(S3FailureKind::Other, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_all_bytes_once_and_are_never_too_many() {
        for size in [PART + 1, 2 * PART, 2 * PART + 1, 10_000 * PART, 10_000 * PART + 1, 5 << 40] {
            let mut at = 0;
            let mut count = 0;
            for part in parts(size) {
                assert_eq!(part.start, at, "{size}");
                assert!(part.end > part.start, "{size}");
                (at, count) = (part.end, count + 1);
            }
            assert_eq!(at, size);
            assert!((2..=MOST_PARTS).contains(&count), "{size}: {count}");
        }
    }
}
