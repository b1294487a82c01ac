//! Blobs by the SHA-256 of their bytes, in the scheduler's process, over Arrow Flight.
//!
//! What a run needs beside its plan (its setup, the lists, which objects a part has) travels as blobs:
//! once from the client to the scheduler, once from there to each executor. The same service tells
//! versions and executors, and keeps count of what each run has done.

mod client;
mod get;
mod members;
mod name;
mod put;
mod runs;
mod service;
mod shelf;
mod wire;

pub use client::StoreClient;
pub(crate) use client::endpoint;
pub use name::{BlobName, NoBlobName};
pub use service::{Roster, StoreService};
pub use shelf::{Shelf, ShelfOptions};
pub use wire::{
    Count, Counts, Done, DoneAnswer, ExecutorInfo, Hello, Join, Names, Progress, ProgressOf,
    PutAnswer,
};

/// The most bytes of a blob that one message has.
pub const CHUNK_BYTES: usize = 1 << 20;

/// The most bytes of a question to the store.
const QUESTION_BYTES: usize = 16 << 20;

/// The most bytes of an answer of the store.
const ANSWER_BYTES: usize = 64 << 20;

/// The names of the actions.
mod action {
    pub(super) const HELLO: &str = "hello";
    pub(super) const JOIN: &str = "join";
    pub(super) const DONE: &str = "done";
    pub(super) const PROGRESS: &str = "progress";
    pub(super) const WANTED: &str = "wanted";
    pub(super) const COUNTS: &str = "counts";
    pub(super) const MISSING: &str = "missing";
    /// All of them, with what they are for.
    pub(super) const ALL: [(&str, &str); 7] = [
        (HELLO, "versions, executors and slots"),
        (JOIN, "an executor tells its version before it registers"),
        (DONE, "an executor has worked through a part of a run"),
        (PROGRESS, "how far a run is"),
        (WANTED, "whether anybody waits for a run"),
        (COUNTS, "how often each blob travelled"),
        (MISSING, "which of these blobs must be sent"),
    ];
}
