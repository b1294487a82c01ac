//! Reads and hashes. All of this blocks and runs on a blocking thread.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::inflate::is_gzip;
use crate::pieces::Pieces;
use crate::spool::SpoolReader;

/// The most bytes in a chunk.
pub(super) const CHUNK: u64 = 256 * 1024;

#[derive(Debug)]
pub(super) struct Reader {
    input: Input,
    hash: Option<Sha256>,
    /// Bytes still to come, if the listing told the truth. Only sizes buffers.
    expected: u64,
    has_ended: bool,
    /// An error that was met after bytes that are to be handed out before.
    failed: Option<io::Error>,
}

#[derive(Debug)]
pub(super) enum Input {
    File(File),
    Spool(SpoolReader),
}

/// What was read while an object was opened.
#[derive(Debug)]
pub(super) struct Ahead {
    pub(super) pieces: Pieces,
    /// Whether it is all of a gzip object that was wanted whole.
    pub(super) is_whole: bool,
}

impl Reader {
    pub(super) fn new(input: Input, expected: u64, digest: bool) -> Reader {
        let hash = digest.then(Sha256::new);
        Reader { input, hash, expected, has_ended: false, failed: None }
    }

    /// A whole chunk, or what is left; empty at the end.
    pub(super) fn read_chunk(&mut self) -> io::Result<Vec<u8>> {
        match self.failed.take() {
            Some(error) => return Err(error),
            None if self.has_ended => return Ok(Vec::new()),
            None => {}
        }
        let mut chunk = Vec::new();
        self.read(&mut chunk, CHUNK)?;
        self.note(&chunk);
        Ok(chunk)
    }

    /// Reads the first chunk, and all that follows if it is gzip and expected to be no longer than
    /// `limit`. `None` if there is nothing.
    pub(super) fn read_ahead(&mut self, limit: u64) -> Option<Ahead> {
        let mut buffer = Vec::new();
        let may_be_whole = self.size() <= limit;
        let mut result = self.read(&mut buffer, CHUNK);
        let may_be_whole = may_be_whole && is_gzip(&buffer);
        if result.is_ok() && may_be_whole && !self.has_ended {
            // One byte more than the limit shows that it has grown beyond it.
            let more = limit.saturating_add(1).saturating_sub(buffer.len() as u64);
            result = self.read(&mut buffer, more);
        }
        self.failed = result.err();
        self.note(&buffer);
        let is_whole = may_be_whole && self.has_ended && buffer.len() as u64 <= limit;
        let pieces = Pieces::from(Bytes::from(buffer));
        Some(Ahead { pieces, is_whole }).filter(|ahead| !ahead.pieces.is_empty())
    }

    /// Whether all was read, and without an error.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    pub(super) fn digest(self) -> Option<String> {
        Some(digest_text(self.hash?))
    }

    /// How long the object is now, as far as can be known.
    fn size(&self) -> u64 {
        match &self.input {
            Input::File(file) => file.metadata().map_or(self.expected, |metadata| metadata.len()),
            Input::Spool(_) => self.expected,
        }
    }

    /// Appends at most `most` bytes; fewer only at the end.
    fn read(&mut self, buffer: &mut Vec<u8>, most: u64) -> io::Result<()> {
        // One byte more than expected, so that the end is seen without growing the buffer. The
        // expectation may be wrong, and is trusted for some memory only.
        let left = self.expected.saturating_sub(buffer.len() as u64).saturating_add(1);
        buffer.reserve(left.min(most).clamp(1024, 64 * CHUNK) as usize);
        let read = match &mut self.input {
            Input::File(file) => file.take(most).read_to_end(buffer),
            Input::Spool(spool) => spool.take(most).read_to_end(buffer),
        };
        self.has_ended = (read? as u64) < most;
        Ok(())
    }

    /// Counts and hashes what is handed out.
    fn note(&mut self, bytes: &[u8]) {
        self.expected = self.expected.saturating_sub(bytes.len() as u64);
        if let Some(hash) = &mut self.hash {
            hash.update(bytes);
        }
    }
}

/// A digest as answers tell it.
pub(super) fn digest_text(hash: Sha256) -> String {
    let mut text = String::from("sha256:");
    for byte in hash.finalize() {
        for nibble in [byte >> 4, byte & 0xf] {
            // A nibble is below 16, so that it always is a digit.
            text.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
    text
}
