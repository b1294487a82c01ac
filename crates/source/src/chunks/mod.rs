//! The stored bytes of an object, chunk by chunk, or at once if it is small.

mod reader;
mod remote;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;

use bytes::Bytes;

use crate::error::SourceError;
use crate::object::{Location, Object};
use crate::pieces::Pieces;
use reader::{Ahead, Input, Reader};
use remote::Remote;

/// How an object is to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// Whether the SHA-256 of all bytes is wanted. Hashing costs a sixth of what inflating does.
    pub digest: bool,
    /// A gzip object of at most this many stored bytes is read to its end while it is opened, for
    /// [`Chunks::take_whole`]. Of any other object the first chunk is read, so that its first bytes
    /// can be looked at. With 0, nothing is read.
    pub whole_gzip: u64,
}

/// Opens an object for reading from its first byte, with a digest.
///
/// # Errors
///
/// [`SourceError::Vanished`] if it has gone since it was listed, [`SourceError::Denied`] if it must
/// not be read, [`SourceError::Io`] if it cannot be.
pub async fn open(object: &Object) -> Result<Chunks, SourceError> {
    open_with(object, OpenOptions { digest: true, ..OpenOptions::default() }).await
}

/// Opens an object for reading from its first byte. All of it is one task on tokio's blocking
/// threads, also where the object is read whole.
///
/// # Errors
///
/// As for [`open`]. A read that fails is told by [`Chunks::next`], after what was read before.
pub async fn open_with(object: &Object, options: OpenOptions) -> Result<Chunks, SourceError> {
    if let Location::S3 { store } = &object.location {
        let mut remote = Remote::open(object, store, options.digest).await?;
        let version_id = remote.version_id();
        let ahead = match options.whole_gzip {
            0 => None,
            limit => remote.read_ahead(limit).await,
        };
        let state = State::of_remote(Box::new(remote));
        return Ok(Chunks { key: object.key.clone(), version_id, size: 0, ahead, state });
    }
    let (location, size) = (object.location.clone(), object.size);
    let opened = blocking(move || {
        let input = match location {
            Location::Local(path) => Input::File(File::open(path)?),
            Location::Spooled(spool) => Input::Spool(spool.reader()),
            Location::Within { holder, .. } => return Err(within(&holder)),
            Location::S3 { .. } => return Err(in_bucket()),
        };
        let mut reader = Box::new(Reader::new(input, size, options.digest));
        let ahead = match options.whole_gzip {
            0 => None,
            limit => reader.read_ahead(limit),
        };
        Ok((reader, ahead))
    });
    let (reader, ahead) =
        opened.await.map_err(|error| SourceError::at_object(&object.key, error))?;
    let (version_id, state) = (None, State::of(reader));
    Ok(Chunks { key: object.key.clone(), version_id, size: 0, ahead, state })
}

/// Why what is in a bucket is not read as a file is: no place is both.
pub(crate) fn in_bucket() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "it is in a bucket")
}

/// Why an object that is within another has no bytes of its own.
pub(crate) fn within(holder: &Object) -> io::Error {
    let reason = format!("its records are held by {}", holder.key);
    io::Error::new(io::ErrorKind::Unsupported, reason)
}

/// The stored (compressed) bytes of an object, in chunks of 256 KiB; the last is shorter. If it grew
/// while it was opened, the first may be longer.
#[derive(Debug)]
pub struct Chunks {
    key: String,
    version_id: Option<String>,
    size: u64,
    /// What was read while the object was opened, and was not handed out.
    ahead: Option<Ahead>,
    state: State,
}

#[derive(Debug)]
enum State {
    Reading(Box<Reader>),
    Remote(Box<Remote>),
    Ended {
        digest: Option<String>,
    },
    /// A read failed, or the future of one was dropped.
    Broken,
}

impl State {
    fn of(reader: Box<Reader>) -> State {
        if reader.has_ended() {
            State::Ended { digest: reader.digest() }
        } else {
            State::Reading(reader)
        }
    }

    fn of_remote(remote: Box<Remote>) -> State {
        if remote.has_ended() {
            State::Ended { digest: remote.digest() }
        } else {
            State::Remote(remote)
        }
    }
}

impl Chunks {
    /// The version of the object that is read, in a bucket that keeps them.
    #[must_use]
    pub fn version_id(&self) -> Option<&str> {
        self.version_id.as_deref()
    }

    /// All stored bytes, if the object is gzip, was wanted whole
    /// ([`OpenOptions::whole_gzip`]) and came to its end within that limit, and if nothing was
    /// handed out before. After that, [`next`](Chunks::next) has no more. From a bucket they are in the
    /// pieces that they came in.
    ///
    /// `None` takes nothing: go on with [`next`](Chunks::next).
    pub fn take_whole(&mut self) -> Option<Pieces> {
        let whole = self.ahead.take_if(|ahead| ahead.is_whole)?.pieces;
        self.size += whole.len() as u64;
        Some(whole)
    }

    /// The next chunk, or `None` at the end. Reading and hashing run on tokio's blocking threads.
    ///
    /// The future must be driven to its end: if it is dropped before, a chunk is lost, and the
    /// object is broken from there on.
    ///
    /// # Errors
    ///
    /// As for [`open`]; after an error the object is broken and every call is an error.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        if let Some(Ahead { pieces, .. }) = self.ahead.take() {
            self.size += pieces.len() as u64;
            return Ok(Some(pieces.into_bytes()));
        }
        let mut reader = match std::mem::replace(&mut self.state, State::Broken) {
            State::Reading(reader) => reader,
            State::Remote(mut remote) => {
                let chunk = remote.read_chunk().await;
                let chunk =
                    chunk.map_err(|failure| SourceError::at_s3_object(&self.key, failure))?;
                self.state = State::of_remote(remote);
                self.size += chunk.len() as u64;
                return Ok(Some(chunk).filter(|chunk| !chunk.is_empty()));
            }
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
        self.state = State::of(reader);
        self.size += chunk.len() as u64;
        Ok(Some(Bytes::from(chunk)).filter(|chunk| !chunk.is_empty()))
    }

    /// Bytes handed out so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// `sha256:` and the hash of all bytes in hexadecimal, once all were handed out; `None` before,
    /// and if no digest was wanted ([`OpenOptions::digest`]).
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        match &self.state {
            State::Ended { digest } if self.ahead.is_none() => digest.as_deref(),
            _ => None,
        }
    }
}

/// Runs `work` on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    // The join fails if the work panicked or the runtime is shutting down.
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
