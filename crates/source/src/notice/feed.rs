//! Bytes of a stream that can be looked at twice: what was read stays until it is forgotten.

use std::io::{self, BufRead, ErrorKind};

/// How much is taken from the reader at once.
const STEP: usize = 64 << 10;

/// A stream, the part of it that is held, and a place in that part.
pub(super) struct Feed<R> {
    reader: R,
    held: Vec<u8>,
    next: usize,
    line: u64,
}

/// A place to go back to. It holds until the feed forgets.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    next: usize,
    line: u64,
}

impl Mark {
    /// The line of the place, counted from 1.
    pub(super) fn line(self) -> u64 {
        self.line
    }
}

impl<R: BufRead> Feed<R> {
    pub(super) fn new(reader: R) -> Feed<R> {
        Feed { reader, held: Vec::new(), next: 0, line: 1 }
    }

    /// The line of the next byte, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { next: self.next, line: self.line }
    }

    pub(super) fn back_to(&mut self, mark: Mark) {
        (self.next, self.line) = (mark.next, mark.line);
    }

    /// The bytes from `mark` to the next one.
    pub(super) fn since(&self, mark: Mark) -> &[u8] {
        &self.held[mark.next..self.next]
    }

    /// Lets go of what was passed. Done when that is the greater part, so that the rest is not moved
    /// again and again.
    pub(super) fn forget(&mut self) {
        if self.next > self.held.len() / 2 {
            self.held.drain(..self.next);
            self.next = 0;
        }
    }

    /// Reads on until `wanted` bytes are held after the place; fewer at the end of the stream.
    fn hold(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.held.len() - self.next < wanted {
            let taken = match self.reader.fill_buf() {
                Ok([]) => break,
                Ok(bytes) => {
                    let bytes = &bytes[..bytes.len().min(STEP)];
                    self.held.extend_from_slice(bytes);
                    bytes.len()
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.reader.consume(taken);
        }
        Ok(&self.held[self.next..])
    }

    /// The next byte, which stays the next.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.hold(1)?.first().copied())
    }

    /// Whether these bytes are next.
    pub(super) fn is_at(&mut self, bytes: &[u8]) -> io::Result<bool> {
        Ok(self.hold(bytes.len())?.starts_with(bytes))
    }

    /// Passes `bytes` of what is held, none of them a line end.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.next += bytes;
    }

    /// Passes one byte that was looked at.
    pub(super) fn pass_byte(&mut self, byte: u8) {
        self.next += 1;
        self.line += u64::from(byte == b'\n');
    }

    /// Passes the rest of the line and its end. Gives it without the end, or `None` if it has more
    /// than `most` bytes. Forgets.
    pub(super) fn take_line(&mut self, most: usize) -> io::Result<Option<Vec<u8>>> {
        let (mut line, mut length) = (Vec::new(), 0);
        loop {
            let bytes = self.hold(1)?;
            let end = memchr::memchr(b'\n', bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let passed = part.len();
            length += passed;
            if length <= most {
                line.extend_from_slice(part);
            }
            self.pass(passed);
            if end.is_some() {
                self.pass_byte(b'\n');
            }
            self.forget();
            if end.is_some() || passed == 0 {
                return Ok((length <= most).then_some(line));
            }
        }
    }
}
