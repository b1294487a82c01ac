//! A set in a folder of this machine.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use flowproof_source::{Location, Object};
use same_file::Handle;
use walkdir::WalkDir;

use super::draft::Draft;
use super::{LOCK, WORK};
use crate::error::EngineError;
use crate::held::is_holder_name;

/// A folder that this process, and no other, is writing to.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// Held until the folder is dropped.
    _lock: File,
}

impl Drop for Folder {
    /// Nothing of a run stays but whole files, however it ends.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.root.join(WORK));
    }
}

impl Folder {
    pub(super) fn open(root: &Path) -> Result<Folder, EngineError> {
        loop {
            if let Some(lock) = lock(root)? {
                let folder = Folder { root: root.to_owned(), _lock: lock };
                folder.clear_work()?;
                return Ok(folder);
            }
        }
    }

    fn clear_work(&self) -> Result<(), EngineError> {
        let work = self.root.join(WORK);
        for entry in fs::read_dir(&work).map_err(|error| error_at(&work, &error))?.flatten() {
            if entry.file_name() != LOCK {
                fs::remove_file(entry.path()).map_err(|error| error_at(&entry.path(), &error))?;
            }
        }
        Ok(())
    }

    pub(super) fn draft(&self) -> Result<Draft, EngineError> {
        let work = self.root.join(WORK);
        Draft::create_in(&work).map_err(|error| error_at(&work, &error))
    }

    pub(super) fn holders_in(&self, folder: &str) -> Result<Vec<Object>, EngineError> {
        let folder = self.root.join(folder);
        let mut holders = Vec::new();
        for entry in WalkDir::new(&folder).max_depth(1).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if error.io_error().is_some_and(is_not_found) => continue,
                Err(error) => return Err(error_at(&folder, &error.into())),
            };
            if is_holder_name(&entry.path().display().to_string()) {
                holders.extend(object_at(entry.into_path())?);
            }
        }
        Ok(holders)
    }

    pub(super) fn find(&self, name: &str) -> Result<Option<Object>, EngineError> {
        object_at(self.root.join(name))
    }

    pub(super) fn keep(&self, draft: Draft, name: &str) -> Result<String, EngineError> {
        let path = self.root.join(name);
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(|error| error_at(folder, &error))?;
        draft.keep(&path).map_err(|error| error_at(&path, &error))?;
        Ok(path.display().to_string())
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), EngineError> {
        let path = self.root.join(name);
        fs::remove_file(&path).map_err(|error| error_at(&path, &error))
    }
}

/// The lock of a folder; `None` if the run that had it took the file away before it was locked here: others
/// make another one.
fn lock(root: &Path) -> Result<Option<File>, EngineError> {
    let work = root.join(WORK);
    let path = work.join(LOCK);
    let opened = fs::create_dir_all(&work).and_then(|()| File::create(&path));
    let lock = match opened {
        Ok(lock) => lock,
        // The folder was taken away in between.
        Err(error) if is_not_found(&error) && root.is_dir() => return Ok(None),
        Err(error) => return Err(error_at(root, &error)),
    };
    match lock.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let reason = "another run is collecting into it";
            return Err(EngineError::collect(root.display().to_string(), reason));
        }
        Err(fs::TryLockError::Error(error)) => return Err(error_at(root, &error)),
    }
    let is_there = is_at(&lock, &path).map_err(|error| error_at(&path, &error))?;
    Ok(is_there.then_some(lock))
}

/// Whether this is the file that has this name now.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let named = match Handle::from_path(path) {
        Ok(named) => named,
        Err(error) if is_not_found(&error) => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(Handle::from_file(file.try_clone()?)? == named)
}

fn object_at(path: PathBuf) -> Result<Option<Object>, EngineError> {
    let size = match path.metadata() {
        Ok(metadata) => metadata.len(),
        Err(error) if is_not_found(&error) => return Ok(None),
        Err(error) => return Err(error_at(&path, &error)),
    };
    let key = path.display().to_string();
    Ok(Some(Object { key, location: Location::Local(path), size, etag: None, layout: None }))
}

fn is_not_found(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

fn error_at(place: &Path, error: &io::Error) -> EngineError {
    EngineError::collect(place.display().to_string(), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_was_taken_away_before_it_was_locked_is_none() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("lock");
        let first = File::create(&path).unwrap();
        assert!(is_at(&first, &path).unwrap());
        fs::remove_file(&path).unwrap();
        first.try_lock().unwrap();
        assert!(!is_at(&first, &path).unwrap());
        let second = File::create(&path).unwrap();
        assert!(!is_at(&first, &path).unwrap(), "another run's");
        assert!(is_at(&second, &path).unwrap());
    }

    #[test]
    fn runs_that_come_and_go_never_hold_a_folder_together() {
        let root = tempfile::tempdir().unwrap();
        let holders = std::sync::atomic::AtomicUsize::new(0);
        let held = std::sync::atomic::AtomicUsize::new(0);
        let order = std::sync::atomic::Ordering::SeqCst;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..300 {
                        let Ok(folder) = Folder::open(root.path()) else { continue };
                        assert_eq!(holders.fetch_add(1, order), 0, "two at once");
                        std::thread::yield_now();
                        holders.fetch_sub(1, order);
                        held.fetch_add(1, order);
                        drop(folder);
                    }
                });
            }
        });
        assert!(held.into_inner() > 10);
    }
}
