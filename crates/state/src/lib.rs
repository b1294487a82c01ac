//! What a scheduled scan remembers from one run to the next: which objects were read, and what the
//! records in them add up to.
//!
//! The principal type is [`State`]. The engine asks it for each object that it finds whether the object
//! is [`New`](Standing::New), reads what is, and hands back a [`Delta`]: the objects of a batch together with the
//! rows that their records make. [`State::commit`] takes both or neither. So records count if and only
//! if their object is known, and a run that dies is repeated by asking again.
//!
//! A state lies in a [`Place`], a [`Folder`] or a [`Bucket`]: a small file `CURRENT`, the head, and the segments that it names.
//! Segments are never changed; a commit writes one and then replaces the head, but only if the head is
//! still the one that was read. Of two runs that commit at the same time, one is told of a
//! [`Conflict`](StateError::Conflict) and has changed nothing.
//!
//! Everything read from a place is checked against a digest, and what is damaged or missing is an error
//! that names the file. A state is never taken for empty because something of it is gone: that would
//! read and count everything once more.
//!
//! ```
//! use std::sync::Arc;
//!
//! use flowproof_state::{Delta, Edition, Folder, Mode, ReadObject, Settings, Shelf, Standing, State};
//!
//! # futures::executor::block_on(async {
//! let folder = tempfile::tempdir()?;
//! let place = Arc::new(Folder::new(folder.path()));
//! let mut state = State::open(place, Mode::Start(Settings::new())).await?;
//!
//! let shelf = Shelf::of_day("2025-06-01".parse()?);
//! let key = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01/a.log.gz";
//! let identity = state.identity("s3://flow-logs", key, Edition::ETag("9a0364b9"), 4096);
//! assert_eq!(state.known(shelf).await?.standing(&identity), Standing::New);
//!
//! let read = vec![ReadObject { shelf, identity }];
//! state.commit(Delta { lists: "lists of today".into(), read, ..Delta::default() }).await?;
//! assert!(matches!(state.known(shelf).await?.standing(&identity), Standing::Known { .. }));
//!
//! let rewritten = state.identity("s3://flow-logs", key, Edition::ETag("77de68da"), 4096);
//! assert_eq!(state.known(shelf).await?.standing(&rewritten), Standing::Replaced);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod bytes;
mod delta;
mod error;
mod finding;
mod head;
mod hex;
mod identity;
mod known;
mod place;
mod random;
mod remotes;
mod segment;
mod shelf;
mod state;
mod tables;
mod trouble;

pub use delta::{Commit, Delta, ReadObject};
pub use error::StateError;
pub use finding::{FindingKey, FindingRow, Telling};
pub use head::Settings;
pub use identity::{Edition, Identity};
pub use known::{Known, Standing};
pub use place::{Bucket, Folder, Hold, Locked, Place, PlaceError, Put, Swap, Version};
pub use remotes::Remotes;
pub use shelf::Shelf;
pub use state::{Compaction, Mode, Problem, State, Summary, Verification};
pub use trouble::Trouble;

#[cfg(test)]
mod tests {
    use super::{Known, PlaceError, State, StateError};

    #[test]
    fn the_principal_types_can_be_shared_between_threads() {
        fn shared<T: Send + Sync + 'static>() {}
        fn error<E: std::error::Error + Send + Sync + 'static>() {}
        shared::<State>();
        shared::<Known>();
        error::<StateError>();
        error::<PlaceError>();
    }
}

#[cfg(doctest)] // What the README shows is compiled and run.
#[doc = include_str!("../README.md")]
struct Readme;
