//! Where the files of a state lie.

mod bucket;
mod folder;
mod told;

pub use bucket::Bucket;
pub use folder::Folder;

use async_trait::async_trait;

/// The name of the head.
pub(crate) const HEAD: &str = "CURRENT";

/// The name of what is held by the run that is at work.
const LOCK: &str = "lock";

/// Where a state lies: files with names, of which only the head is ever replaced.
///
/// Names are ASCII letters, digits, `-` and `.`, with `/` between folders. What a place promises:
///
/// - a file is there as a whole or not at all, also after a power cut;
/// - what was put before the head was replaced is there whenever the new head is;
/// - the head is replaced only if it is the expected one, whoever else tries at the same time.
///
/// A [`Folder`] does the last by a lock of the system's, a [`Bucket`] by a conditional PUT.
#[async_trait]
pub trait Place: std::fmt::Debug + Send + Sync {
    /// The place as people find it, or a file in it.
    fn locate(&self, name: &str) -> String;

    /// The content of a file, or nothing if there is none.
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, PlaceError>;

    /// Puts a file where none is.
    async fn put_new(&self, name: &str, bytes: Vec<u8>) -> Result<Put, PlaceError>;

    /// The head and its version, or nothing if there is none.
    async fn head(&self) -> Result<Option<(Vec<u8>, Version)>, PlaceError>;

    /// Replaces the head if it is still the expected one; without an expected one, if there is none.
    ///
    /// An error may mean that the head was replaced and only the answer was lost.
    async fn swap_head(
        &self,
        bytes: Vec<u8>,
        expected: Option<&Version>,
    ) -> Result<Swap, PlaceError>;

    /// The names of the files in a folder, sorted. A folder that is not there has none.
    async fn list(&self, folder: &str) -> Result<Vec<String>, PlaceError>;

    /// Removes a file. One that is not there is no error.
    async fn remove(&self, name: &str) -> Result<(), PlaceError>;

    /// Takes the place for a run, or says who has it.
    async fn lock(&self) -> Result<Locked, PlaceError>;
}

/// Whether a place was taken for a run.
#[derive(Debug)]
pub enum Locked {
    /// It was, until this is released or dropped.
    Taken(Box<dyn Hold>),
    /// Another run has it, which says this of itself.
    Busy(String),
}

/// A place that is taken for a run, until this is released or dropped.
///
/// It spares runs the work that they would do for nothing. Nothing but the head's replacement makes
/// sure that only one of them commits.
#[async_trait]
pub trait Hold: std::fmt::Debug + Send + Sync {
    /// Gives the place free.
    async fn release(self: Box<Self>) -> Result<(), PlaceError>;
}

/// Which head it is, as the place tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub String);

/// Whether a new file was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there.
    Done,
    /// Another of this name was there, and still is.
    Exists,
}

/// Whether the head was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swap {
    /// It was, and this is its version now.
    Done(Version),
    /// It was not the expected one, and is as it was.
    Conflict,
}

/// A place could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct PlaceError {
    /// The file or folder.
    pub file: String,
    /// What the system or the store said.
    pub reason: String,
}

impl PlaceError {
    /// What went wrong with a file.
    #[must_use]
    pub fn new(file: impl Into<String>, reason: impl Into<String>) -> PlaceError {
        PlaceError { file: file.into(), reason: reason.into() }
    }
}
