//! What the store's actions say, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::BlobName;

/// What a scheduler is, and who works for it. The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The scheduler's version of Flowproof.
    pub flowproof: String,
    /// The scheduler's version of Ballista.
    pub ballista: String,
    /// Those that are registered and heard of, by id.
    pub executors: Vec<ExecutorInfo>,
    /// How many tasks they run at once, all together.
    pub slots: u64,
}

/// One executor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutorInfo {
    /// Its id, new with each start.
    pub id: String,
    /// The host under which others reach it.
    pub host: String,
    /// How many tasks it runs at once.
    pub slots: u64,
    /// Its version of Flowproof; none if it has not joined this scheduler, which ours do.
    pub version: Option<String>,
}

/// That an executor is about to register. The question of `join`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The executor's id.
    pub id: String,
    /// Its version of Flowproof.
    pub version: String,
}

/// That a part of a run has been worked through. The question of `done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The run, by the name that the client gave it.
    pub run: String,
    /// The number of the part within it.
    pub part: u32,
    /// Objects that were read.
    pub objects: u64,
    /// Bytes that they have.
    pub bytes: u64,
}

/// The answer to `done`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoneAnswer {
    /// Whether the part is new; it is counted once only.
    pub counted: bool,
}

/// The run whose progress is asked for. The question of `progress`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressOf {
    /// The run.
    pub run: String,
}

/// How far a run is: all zeros for one of which nothing was heard. The answer to `progress`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Objects that were read.
    pub objects: u64,
    /// Bytes that they have.
    pub bytes: u64,
    /// Parts that are done.
    pub parts: u64,
}

/// Names of blobs: the question of `missing`, and those of them that must be sent as its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The names.
    pub names: Vec<BlobName>,
}

/// How often a blob travelled. Bytes are those that came or went, also of streams that broke off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The blob's own bytes.
    pub bytes: u64,
    /// Times it was put, also those when it was there already.
    pub puts: u64,
    /// Bytes that came by them.
    pub bytes_put: u64,
    /// Times it was got.
    pub gets: u64,
    /// Bytes that went by them.
    pub bytes_got: u64,
}

/// The counts of all blobs that are there, by name. The answer to `counts`.
pub type Counts = BTreeMap<BlobName, Count>;

/// What is said of each blob that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutAnswer {
    /// The blob.
    pub name: BlobName,
    /// Whether it is new; otherwise it was there already.
    pub stored: bool,
}
