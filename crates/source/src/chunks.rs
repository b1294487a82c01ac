//! The stored bytes of an object, chunk by chunk.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::error::SourceError;
use crate::object::{Location, Object};
use crate::spool::SpoolReader;

/// The most bytes in a chunk.
const CHUNK: u64 = 256 * 1024;

/// Opens an object for reading from its first byte.
///
/// # Errors
///
/// [`SourceError::Vanished`] if it has gone since it was listed, [`SourceError::Denied`] if it must
/// not be read, [`SourceError::Io`] if it cannot be.
pub async fn open(object: &Object) -> Result<Chunks, SourceError> {
    let location = object.location.clone();
    let opened = blocking(move || match location {
        Location::Local(path) => File::open(path).map(Input::File),
        Location::Spooled(spool) => Ok(Input::Spool(spool.reader())),
    });
    let input = opened.await.map_err(|error| SourceError::at_object(&object.key, error))?;
    let reader = Reader { input, hash: Sha256::new(), expected: object.size };
    Ok(Chunks { key: object.key.clone(), size: 0, state: State::Reading(Box::new(reader)) })
}

/// The stored (compressed) bytes of an object, in chunks of 256 KiB; the last is shorter.
#[derive(Debug)]
pub struct Chunks {
    key: String,
    size: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Reading(Box<Reader>),
    Ended {
        digest: String,
    },
    /// A read failed, or the future of one was dropped.
    Broken,
}

impl Chunks {
    /// The next chunk, or `None` at the end. Reading and hashing run on tokio's blocking threads.
    ///
    /// The future must be driven to its end: if it is dropped before, a chunk is lost, and the
    /// object is broken from there on.
    ///
    /// # Errors
    ///
    /// As for [`open`]; after an error the object is broken and every call is an error.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        let mut reader = match std::mem::replace(&mut self.state, State::Broken) {
            State::Reading(reader) => reader,
            State::Ended { digest } => {
                self.state = State::Ended { digest };
                return Ok(None);
            }
            State::Broken => {
                let error = io::Error::other("an earlier read failed or was given up");
                return Err(SourceError::at_object(&self.key, error));
            }
        };
        let read = blocking(move || reader.read_chunk().map(|chunk| (chunk, reader)));
        let (chunk, reader) =
            read.await.map_err(|error| SourceError::at_object(&self.key, error))?;
        if chunk.is_empty() {
            self.state = State::Ended { digest: reader.digest() };
            return Ok(None);
        }
        self.size += chunk.len() as u64;
        self.state = State::Reading(reader);
        Ok(Some(chunk))
    }

    /// Bytes read so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// `sha256:` and the hash of all bytes in hexadecimal, once [`next`](Chunks::next) has said that
    /// there are no more; before that, `None`.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        match &self.state {
            State::Ended { digest } => Some(digest),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct Reader {
    input: Input,
    hash: Sha256,
    /// Bytes still to come, if the listing told the truth. Only sizes a buffer.
    expected: u64,
}

#[derive(Debug)]
enum Input {
    File(File),
    Spool(SpoolReader),
}

impl Reader {
    /// A whole chunk, or what is left; empty at the end.
    fn read_chunk(&mut self) -> io::Result<Bytes> {
        // One byte more than expected, so that the end is seen without growing the buffer.
        let capacity = (self.expected.saturating_add(1)).clamp(1024, CHUNK);
        let mut chunk = Vec::with_capacity(capacity as usize);
        match &mut self.input {
            Input::File(file) => file.take(CHUNK).read_to_end(&mut chunk)?,
            Input::Spool(spool) => spool.take(CHUNK).read_to_end(&mut chunk)?,
        };
        self.expected = self.expected.saturating_sub(chunk.len() as u64);
        self.hash.update(&chunk);
        Ok(Bytes::from(chunk))
    }

    fn digest(self) -> String {
        let mut text = String::from("sha256:");
        for byte in self.hash.finalize() {
            for nibble in [byte >> 4, byte & 0xf] {
                // A nibble is below 16, so that it always is a digit.
                text.extend(char::from_digit(u32::from(nibble), 16));
            }
        }
        text
    }
}

/// Runs `work` on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    // The join fails if the work panicked or the runtime is shutting down.
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::spool::Spool;

    fn local(path: &Path) -> Object {
        Object {
            key: "some/key.log".to_owned(),
            location: Location::Local(path.to_owned()),
            size: path.metadata().map_or(0, |metadata| metadata.len()),
            etag: None,
            layout: None,
        }
    }

    async fn read(object: &Object) -> (Vec<usize>, Vec<u8>, Chunks) {
        let mut chunks = open(object).await.unwrap();
        let (mut lengths, mut all) = (Vec::new(), Vec::new());
        while let Some(chunk) = chunks.next().await.unwrap() {
            assert_eq!(chunks.digest(), None, "no digest before the end");
            lengths.push(chunk.len());
            all.extend_from_slice(&chunk);
        }
        (lengths, all, chunks)
    }

    #[tokio::test]
    async fn the_digest_is_the_sha256_of_what_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let (_, bytes, mut chunks) = read(&local(&path)).await;
        assert_eq!((bytes.as_slice(), chunks.size()), (&b"abc"[..], 3));
        // The first example of FIPS 180-2.
        let expected = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(chunks.digest(), Some(expected));
        assert!(chunks.next().await.unwrap().is_none(), "the end stays the end");
        assert_eq!(chunks.digest(), Some(expected));
    }

    #[tokio::test]
    async fn large_files_come_in_chunks_of_256_kib_whatever_the_listing_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        let content: Vec<u8> = (0..600_000u32).map(|i| (i % 251) as u8).collect();
        std::fs::write(&path, &content).unwrap();
        for size in [0, 600_000, u64::MAX] {
            let object = Object { size, ..local(&path) };
            let (lengths, bytes, chunks) = read(&object).await;
            assert_eq!(lengths, [262_144, 262_144, 75_712]);
            assert!(bytes == content);
            assert_eq!(chunks.size(), 600_000);
        }
    }

    #[tokio::test]
    async fn an_empty_file_has_the_digest_of_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty");
        std::fs::write(&path, "").unwrap();
        let (lengths, _, chunks) = read(&local(&path)).await;
        assert!(lengths.is_empty());
        let expected = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(chunks.digest(), Some(expected));
    }

    #[tokio::test]
    async fn a_file_that_went_after_the_listing_has_vanished() {
        let folder = tempfile::tempdir().unwrap();
        let error = open(&local(&folder.path().join("gone"))).await.unwrap_err();
        assert!(matches!(&error, SourceError::Vanished { place } if place == "some/key.log"));
    }

    #[tokio::test]
    async fn a_read_that_fails_is_an_error_and_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let Ok(mut chunks) = open(&local(folder.path())).await else {
            return; // Some systems refuse to open a folder at all, which is as good.
        };
        for _ in 0..2 {
            assert!(matches!(chunks.next().await, Err(SourceError::Io { .. })));
        }
        assert_eq!(chunks.digest(), None);
    }

    #[tokio::test]
    async fn spooled_input_can_be_opened_twice() {
        let spool = Spool::fill(&mut &b"2 123456789012\n"[..]).unwrap();
        let object = Object {
            key: "-".to_owned(),
            size: spool.size(),
            location: Location::Spooled(spool),
            etag: None,
            layout: None,
        };
        let (_, first, _) = read(&object).await;
        let (_, second, _) = read(&object).await;
        assert_eq!(first, b"2 123456789012\n");
        assert_eq!(first, second);
    }
}
