//! Flowproof on several machines, by Apache Ballista.
//!
//! A [`Scheduler`] hands tasks to [`Executor`]s, and its store has the blobs that
//! tasks need. Clients and executors speak to the store by a [`StoreClient`]. Nothing here encrypts or
//! asks who is there: whoever reaches a port can run plans and read what the executors can read, so
//! everything is bound to the loopback unless it is told otherwise.

mod address;
mod client;
mod codec;
mod error;
mod executor;
mod job;
mod scheduler;
mod store;

pub use address::{SCHEDULER_PORT, SchedulerAddress};
pub use client::{Ballista, StoreHome};
pub use codec::Codec;
pub use error::ClusterError;
pub use executor::{Executor, ExecutorOptions};
pub use job::{Job, Output};
pub use scheduler::{Codecs, Scheduler, SchedulerOptions};
pub use store::{
    BlobName, CHUNK_BYTES, Count, Counts, Done, DoneAnswer, ExecutorInfo, Hello, Join, Names,
    NoBlobName, Progress, ProgressOf, PutAnswer, Roster, Shelf, ShelfOptions, StoreClient,
    StoreService,
};

/// The most bytes of a message, if nothing else is said: of a plan, or of a batch of rows.
const MESSAGE_BYTES: u32 = 1 << 30;

/// The version of Flowproof that this is. All processes of a cluster must have the same.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
