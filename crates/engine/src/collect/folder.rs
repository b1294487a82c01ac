//! A set in a folder of this machine.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use flowproof_source::{Location, Object};
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
        let work = root.join(WORK);
        let opened = fs::create_dir_all(&work).and_then(|()| File::create(work.join(LOCK)));
        let lock = opened.map_err(|error| error_at(root, &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let reason = "another run is collecting into it";
                return Err(EngineError::collect(root.display().to_string(), reason));
            }
            Err(fs::TryLockError::Error(error)) => return Err(error_at(root, &error)),
        }
        let folder = Folder { root: root.to_owned(), _lock: lock };
        folder.clear_work()?;
        Ok(folder)
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
