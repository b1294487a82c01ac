//! Files that a state keeps for its runs: the lists as they were when they were in order.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::State;
use crate::error::StateError;
use crate::hex;
use crate::place::Put;

/// The folder of files that are kept.
const FOLDER: &str = "kept";

impl State {
    /// Keeps a file, and tells the SHA-256 under which it is found again. One that is kept already is not
    /// written anew.
    ///
    /// # Errors
    ///
    /// [`StateError::ReadOnly`] and [`StateError::Place`].
    pub async fn keep(&mut self, bytes: Vec<u8>) -> Result<String, StateError> {
        self.check_writable()?;
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        let name = hex::encode(&digest);
        match self.place.put_new(&path(&name), bytes).await? {
            Put::Done | Put::Exists => Ok(name),
        }
    }

    /// A file that is kept under this SHA-256, or nothing if there is none.
    ///
    /// # Errors
    ///
    /// [`StateError::Damaged`] if it is not what was kept, and [`StateError::Place`].
    pub async fn kept(&self, sha256: &str) -> Result<Option<Vec<u8>>, StateError> {
        let Some(bytes) = self.place.get(&path(sha256)).await? else { return Ok(None) };
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        if hex::encode(&digest) == sha256 {
            return Ok(Some(bytes));
        }
        let reason = "its content does not have its digest";
        Err(StateError::damaged(self.locate(&path(sha256)), reason))
    }

    /// Removes all files that are kept but these.
    ///
    /// # Errors
    ///
    /// [`StateError::ReadOnly`] and [`StateError::Place`].
    pub async fn keep_only(&mut self, wanted: &BTreeSet<String>) -> Result<(), StateError> {
        self.check_writable()?;
        for name in self.place.list(FOLDER).await? {
            let file = name.rsplit('/').next().unwrap_or(&name);
            let is_ours = file.len() == 64 && file.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_ours && !wanted.contains(file) {
                self.place.remove(&name).await?;
            }
        }
        Ok(())
    }
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}")
}
