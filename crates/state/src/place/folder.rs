//! A state in a folder of this machine.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::told::own_text;
use super::{HEAD, Hold, LOCK, Locked, Place, PlaceError, Put, Swap, Version};
use crate::hex;

// The files of locks are never removed: whoever had opened a removed one could hold it beside the holder
// of its successor.

/// Held while the head is compared and replaced, so that these two are one step for everybody, with or
/// without the other lock.
const SWAP: &str = "lock.head";
/// Where files are written before they get their names.
const WORK: &str = "work";
/// What names of files begin with that are being written.
const DRAFT: &str = ".flowproof-";
/// All that may stand in a folder of which a state is made.
const OURS: [&str; 5] = [LOCK, SWAP, WORK, "seg", "kept"];

/// How long the head's lock is tried for. It is held for two fsyncs.
const TRIES: u32 = 100;
const WAIT: Duration = Duration::from_millis(50);

/// A folder of this machine. Its calls block.
///
/// Files get their names by a rename once they are on the disk, and names are on the disk before a call
/// returns. The folder must be on a file system that has locks and renames; one without locks is
/// refused.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder of this path. It is made when a run takes it.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Folder {
        Folder { root: root.into() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn failed(&self, name: &str, error: &io::Error) -> PlaceError {
        PlaceError::new(self.locate(name), error.to_string())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, PlaceError> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(name, &error)),
        }
    }

    /// A file with this content that is on the disk and has no name in the state yet.
    fn draft(&self, bytes: &[u8]) -> io::Result<NamedTempFile> {
        let work = self.path(WORK);
        fs::create_dir_all(&work)?;
        let mut draft = tempfile::Builder::new().prefix(DRAFT).tempfile_in(work)?;
        draft.write_all(bytes)?;
        draft.as_file().sync_all()?;
        Ok(draft)
    }

    fn keep_new(&self, name: &str, bytes: &[u8]) -> io::Result<Put> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(&self.root);
        make_folder(folder)?;
        match self.draft(bytes)?.persist_noclobber(&path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                return Ok(Put::Exists);
            }
            Err(error) => return Err(error.error),
        }
        sync_folder(folder)?;
        Ok(Put::Done)
    }

    fn replace_head(&self, bytes: &[u8]) -> io::Result<()> {
        self.draft(bytes)?.persist(self.path(HEAD)).map_err(|error| error.error)?;
        sync_folder(&self.root)
    }

    /// A lock file, made if it is not there, as it is if it is.
    fn lock_file(&self, name: &str) -> io::Result<File> {
        make_folder(&self.root)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).open(self.path(name))
    }

    /// The head's lock, once it is free.
    fn lock_head(&self) -> Result<File, PlaceError> {
        let file = self.lock_file(SWAP).map_err(|error| self.failed(SWAP, &error))?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => thread::sleep(WAIT),
                Err(TryLockError::Error(error)) => return Err(self.failed(SWAP, &error)),
            }
        }
        Err(PlaceError::new(self.locate(SWAP), "another process has held this lock for long"))
    }

    /// Removes what runs that died were writing. Only the holder of the lock may: nobody else is writing.
    fn clear_work(&self) -> io::Result<()> {
        let entries = match fs::read_dir(self.path(WORK)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(DRAFT) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Fails if the folder is somebody else's: it has no head, and things that are not a state's.
    fn check_ours(&self) -> Result<(), PlaceError> {
        let failed = |error: io::Error| self.failed("", &error);
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries.collect::<io::Result<Vec<_>>>().map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        let names: Vec<String> =
            entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let foreign = names.iter().find(|name| !OURS.contains(&name.as_str()));
        match foreign {
            Some(name) if !names.iter().any(|name| name == HEAD) => {
                let reason = format!("there is {name}, and no state: name an empty folder");
                Err(PlaceError::new(self.locate(""), reason))
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Place for Folder {
    fn locate(&self, name: &str) -> String {
        let path = if name.is_empty() { self.root.clone() } else { self.path(name) };
        path.display().to_string()
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, PlaceError> {
        self.read(name)
    }

    async fn put_new(&self, name: &str, bytes: Vec<u8>) -> Result<Put, PlaceError> {
        self.keep_new(name, &bytes).map_err(|error| self.failed(name, &error))
    }

    async fn head(&self) -> Result<Option<(Vec<u8>, Version)>, PlaceError> {
        Ok(self.read(HEAD)?.map(|bytes| {
            let version = version_of(&bytes);
            (bytes, version)
        }))
    }

    async fn swap_head(
        &self,
        bytes: Vec<u8>,
        expected: Option<&Version>,
    ) -> Result<Swap, PlaceError> {
        let lock = self.lock_head()?;
        let found = self.read(HEAD)?.map(|bytes| version_of(&bytes));
        if found.as_ref() != expected {
            return Ok(Swap::Conflict);
        }
        self.replace_head(&bytes).map_err(|error| self.failed(HEAD, &error))?;
        drop(lock);
        Ok(Swap::Done(version_of(&bytes)))
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PlaceError> {
        let entries = match fs::read_dir(self.path(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(folder, &error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| self.failed(folder, &error))?;
            names.push(format!("{folder}/{}", entry.file_name().to_string_lossy()));
        }
        names.sort_unstable();
        Ok(names)
    }

    async fn remove(&self, name: &str) -> Result<(), PlaceError> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(name, &error)),
            _ => Ok(()),
        }
    }

    async fn lock(&self) -> Result<Locked, PlaceError> {
        self.check_ours()?;
        let mut file = self.lock_file(LOCK).map_err(|error| self.failed(LOCK, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let text = fs::read_to_string(self.path(LOCK)).unwrap_or_default();
                return Ok(Locked::Busy(text.trim().to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(self.failed(LOCK, &error)),
        }
        // Who holds it is told to people; the lock is the system's.
        let told = file.set_len(0).and_then(|()| writeln!(file, "{}", own_text()));
        told.map_err(|error| self.failed(LOCK, &error))?;
        self.clear_work().map_err(|error| self.failed(WORK, &error))?;
        Ok(Locked::Taken(Box::new(Flock { file })))
    }
}

/// A lock file that the system holds for this process.
#[derive(Debug)]
struct Flock {
    file: File,
}

#[async_trait]
impl Hold for Flock {
    async fn release(self: Box<Self>) -> Result<(), PlaceError> {
        self.file.unlock().map_err(|error| PlaceError::new(LOCK, error.to_string()))
    }
}

fn version_of(head: &[u8]) -> Version {
    let digest: [u8; 32] = Sha256::digest(head).into();
    Version(hex::encode(&digest))
}

/// Makes a folder and what it lies in, and has their names on the disk.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_folder(above)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_folder(folder.parent().unwrap_or(folder))
}

/// Has the names in a folder on the disk. Only Unix can open a folder for that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
