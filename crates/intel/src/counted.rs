//! Lines counted while JSON is read.

use std::cell::Cell;
use std::io;

/// Bytes whose line ends are counted as they are read. The JSON parser reads them one by one, and
/// reads no further than the first byte of what it hands out next.
pub(crate) struct Counted<'a, R> {
    pub(crate) bytes: R,
    /// The line, from 1, on which the next byte stands.
    pub(crate) line: &'a Cell<u64>,
}

impl<R: io::Read> io::Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        let ends = buffer[..read].iter().filter(|byte| **byte == b'\n').count();
        self.line.set(self.line.get() + ends as u64);
        Ok(read)
    }
}
