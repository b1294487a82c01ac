//! Where the files of a set lie: in a folder or in a bucket, each in its own way whole or not there.
//!
//! Files have names from the root of the set on, with `/` between their parts, and keys by which
//! people find them.

use flowproof_source::Object;

use super::bucket::Bucket;
use super::draft::Draft;
use super::folder::Folder;
use super::target::CollectTarget;
use crate::error::EngineError;

/// A place for files that this process, and no other, is writing to.
#[derive(Debug)]
pub(super) enum Storage {
    Folder(Folder),
    Bucket(Bucket),
}

impl Storage {
    /// Takes the place for writing, and clears away what an interrupted run left half-written.
    pub(super) async fn open(target: &CollectTarget) -> Result<Storage, EngineError> {
        Ok(match target {
            CollectTarget::Folder(root) => Storage::Folder(Folder::open(root)?),
            CollectTarget::Bucket(root) => Storage::Bucket(Bucket::open(root).await?),
        })
    }

    /// A new file that is not there yet.
    pub(super) fn draft(&self) -> Result<Draft, EngineError> {
        match self {
            Storage::Folder(folder) => folder.draft(),
            Storage::Bucket(bucket) => bucket.draft(),
        }
    }

    /// The files in a folder that are named as holders are, sorted by name.
    pub(super) async fn holders_in(&self, folder: &str) -> Result<Vec<Object>, EngineError> {
        match self {
            Storage::Folder(root) => root.holders_in(folder),
            Storage::Bucket(root) => root.holders_in(folder).await,
        }
    }

    /// The file of this name, if it is there.
    pub(super) async fn find(&self, name: &str) -> Result<Option<Object>, EngineError> {
        match self {
            Storage::Folder(folder) => folder.find(name),
            Storage::Bucket(bucket) => bucket.find(name).await,
        }
    }

    /// Gives a draft its name: all of the file is there then, or nothing of it. Tells its key.
    pub(super) async fn keep(&self, draft: Draft, name: &str) -> Result<String, EngineError> {
        match self {
            Storage::Folder(folder) => folder.keep(draft, name),
            Storage::Bucket(bucket) => bucket.keep(draft, name).await,
        }
    }

    /// Removes a file.
    pub(super) async fn remove(&self, name: &str) -> Result<(), EngineError> {
        match self {
            Storage::Folder(folder) => folder.remove(name),
            Storage::Bucket(bucket) => bucket.remove(name).await,
        }
    }

    /// Fails if somebody has taken the place from this process.
    pub(super) async fn check_held(&self) -> Result<(), EngineError> {
        match self {
            // The system's lock goes with its holder.
            Storage::Folder(_) => Ok(()),
            Storage::Bucket(bucket) => bucket.check_held().await,
        }
    }

    /// Gives the place free for others.
    pub(super) async fn close(self) -> Result<(), EngineError> {
        match self {
            Storage::Folder(_) => Ok(()),
            Storage::Bucket(bucket) => bucket.close().await,
        }
    }
}
