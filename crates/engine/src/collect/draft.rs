//! A file before it is part of a set.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempPath};

/// A file that is being written and has no name yet. Dropped, it is gone.
#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    /// Where it lies, if it can get a name there.
    path: Option<TempPath>,
    hasher: Sha256,
    bytes: u64,
}

impl Draft {
    /// One that can get a name on the disk of this folder.
    pub(super) fn create_in(folder: &Path) -> io::Result<Draft> {
        let (file, path) = NamedTempFile::new_in(folder)?.into_parts();
        Ok(Draft { file, path: Some(path), hasher: Sha256::new(), bytes: 0 })
    }

    /// One that is to go elsewhere. It has no name in the folder of temporary files, so that nothing of
    /// it stays however the process ends.
    pub(super) fn create() -> io::Result<Draft> {
        Ok(Draft { file: tempfile::tempfile()?, path: None, hasher: Sha256::new(), bytes: 0 })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The beginning of the digest of all bytes, in hex.
    pub(super) fn hash(&self) -> String {
        let digest = self.hasher.clone().finalize();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// All that was written.
    pub(super) fn into_file(self) -> File {
        self.file
    }

    /// Gives the file its name, once it is on the disk.
    pub(super) fn keep(self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        let there = self.path.ok_or_else(|| io::Error::other("a draft without a place"))?;
        there.persist(path).map_err(|error| error.error)?;
        // The name is on the disk when its folder is; where folders cannot be synced, the system does
        // it in its own time.
        if let Some(folder) = path.parent()
            && let Ok(folder) = File::open(folder)
        {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
