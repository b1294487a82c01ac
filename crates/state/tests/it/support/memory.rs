//! A place in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use flowproof_state::{Hold, Locked, Place, PlaceError, Put, Swap, Version};

/// Files by name. Clones are the same place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    lock: Arc<Mutex<bool>>,
}

impl Memory {
    pub(crate) fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.files.lock().unwrap()
    }

    /// A place of its own with the same files.
    pub(crate) fn copy(&self) -> Memory {
        let files = Arc::new(Mutex::new(self.files().clone()));
        Memory { files, lock: Arc::default() }
    }

    pub(crate) fn segments(&self) -> Vec<String> {
        self.files().keys().filter(|name| name.starts_with("seg/")).cloned().collect()
    }
}

#[async_trait]
impl Place for Memory {
    fn locate(&self, name: &str) -> String {
        format!("memory:{name}")
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, PlaceError> {
        Ok(self.files().get(name).cloned())
    }

    async fn put_new(&self, name: &str, bytes: Vec<u8>) -> Result<Put, PlaceError> {
        let mut files = self.files();
        if files.contains_key(name) {
            return Ok(Put::Exists);
        }
        files.insert(name.to_owned(), bytes);
        Ok(Put::Done)
    }

    async fn head(&self) -> Result<Option<(Vec<u8>, Version)>, PlaceError> {
        Ok(self.files().get("CURRENT").map(|bytes| (bytes.clone(), version(bytes))))
    }

    async fn swap_head(
        &self,
        bytes: Vec<u8>,
        expected: Option<&Version>,
    ) -> Result<Swap, PlaceError> {
        let mut files = self.files();
        if files.get("CURRENT").map(|bytes| version(bytes)).as_ref() != expected {
            return Ok(Swap::Conflict);
        }
        let version = version(&bytes);
        files.insert("CURRENT".to_owned(), bytes);
        Ok(Swap::Done(version))
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PlaceError> {
        let folder = format!("{folder}/");
        Ok(self.files().keys().filter(|name| name.starts_with(&folder)).cloned().collect())
    }

    async fn remove(&self, name: &str) -> Result<(), PlaceError> {
        assert_ne!(name, "CURRENT", "the head is never removed");
        self.files().remove(name);
        Ok(())
    }

    async fn lock(&self) -> Result<Locked, PlaceError> {
        let mut is_held = self.lock.lock().unwrap();
        if *is_held {
            return Ok(Locked::Busy("another test".into()));
        }
        *is_held = true;
        Ok(Locked::Taken(Box::new(Held(Arc::clone(&self.lock)))))
    }
}

fn version(bytes: &[u8]) -> Version {
    Version(String::from_utf8_lossy(bytes).into_owned())
}

#[derive(Debug)]
struct Held(Arc<Mutex<bool>>);

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = false;
    }
}

#[async_trait]
impl Hold for Held {
    async fn release(self: Box<Self>) -> Result<(), PlaceError> {
        Ok(())
    }
}
