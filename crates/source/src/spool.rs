//! Standard input and pipes, made readable more than once.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use crate::chunks::{OpenOptions, blocking, open_with};
use crate::error::SourceError;
use crate::object::Object;

/// The content of a stream, kept in a temporary file that has no name and goes with its last owner.
#[derive(Debug, Clone)]
pub struct Spool {
    file: Arc<File>,
    size: u64,
}

impl Spool {
    /// Reads `stream` to its end.
    pub(crate) fn fill(stream: &mut impl io::Read) -> io::Result<Spool> {
        let mut file = tempfile::tempfile()?;
        let size = io::copy(stream, &mut file)?;
        Ok(Spool { file: Arc::new(file), size })
    }

    /// Fetches all of an object.
    ///
    /// # Errors
    ///
    /// As for [`open`](crate::open) and [`Chunks::next`](crate::Chunks::next); [`SourceError::Io`] if there is no room for it.
    pub async fn of(object: &Object) -> Result<Spool, SourceError> {
        let at_object = |error| SourceError::at_object(&object.key, error);
        let mut file = tempfile::tempfile().map_err(at_object)?;
        let mut chunks = open_with(object, OpenOptions::default()).await?;
        while let Some(chunk) = chunks.next().await? {
            file =
                blocking(move || file.write_all(&chunk).map(|()| file)).await.map_err(at_object)?;
        }
        Ok(Spool { file: Arc::new(file), size: chunks.size() })
    }

    /// Bytes kept.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The temporary file itself, for reading at any place.
    pub(crate) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// A reader from the beginning. Several can read at a time, each at its own place.
    #[must_use]
    pub fn reader(&self) -> SpoolReader {
        SpoolReader { file: Arc::clone(&self.file), at: 0 }
    }
}

/// Reads a [`Spool`] from its beginning.
#[derive(Debug)]
pub struct SpoolReader {
    file: Arc<File>,
    at: u64,
}

impl io::Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = read_at(&self.file, buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

#[cfg(unix)]
pub(crate) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
pub(crate) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_stream_can_be_read_twice_and_at_the_same_time() {
        let spool = Spool::fill(&mut &b"2 123456789012\n"[..]).unwrap();
        assert_eq!(spool.size(), 15);
        let (mut one, mut two) = (spool.reader(), spool.reader());
        let mut first = [0; 4];
        one.read_exact(&mut first).unwrap();
        let (mut rest, mut all) = (String::new(), String::new());
        two.read_to_string(&mut all).unwrap();
        one.read_to_string(&mut rest).unwrap();
        assert_eq!((&first[..], rest.as_str()), (&b"2 12"[..], "3456789012\n"));
        assert_eq!(all, "2 123456789012\n");
    }
}
