//! A state that is open.

mod cleanup;
mod commit;
mod compact;
mod kept;
mod loaded;
mod open;
mod publish;
mod read;
mod summary;
mod verify;

pub use compact::Compaction;
pub use open::Mode;
pub use summary::Summary;
pub use verify::{Problem, Verification};

use std::collections::BTreeMap;
use std::sync::Arc;

use loaded::Loaded;

use crate::error::StateError;
use crate::head::{Head, Settings};
use crate::identity::{Edition, Identity};
use crate::place::{Hold, Place, Version};
use crate::tables::Tables;

/// What a scheduled scan remembers, as of the last commit of this run or, before it, as it was opened.
///
/// Objects are looked up with [`known`](State::known) or [`standing`](State::standing), which read no more of the
/// state than the month of the shelf. Everything that changes the state is whole or not there: after
/// any error, and after any death of the process, the state is as before or as after.
#[derive(Debug)]
pub struct State {
    place: Arc<dyn Place>,
    /// Held by those who may commit.
    hold: Option<Box<dyn Hold>>,
    head: Head,
    version: Version,
    salt: [u8; 32],
    loaded: Loaded,
    /// Findings and the like, once somebody has asked for them.
    tables: Option<Tables>,
    /// Whether there may be files that no head names.
    is_unclean: bool,
}

impl State {
    /// The identity of an object, as this state knows it.
    ///
    /// `place` is what a key is unique in: the endpoint and the bucket, or nothing for files.
    #[must_use]
    pub fn identity(&self, place: &str, key: &str, edition: Edition<'_>, size: u64) -> Identity {
        Identity::new(&self.salt, place, key, edition, size)
    }

    /// What tells this state from any other.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.head.state
    }

    /// How many commits it is made of.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.head.generation
    }

    /// What it was made with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.head.settings
    }

    /// What runs left for the next.
    #[must_use]
    pub fn notes(&self) -> &BTreeMap<String, String> {
        &self.head.notes
    }

    /// Gives the place free for other runs. Dropping the state does so too, where the place can.
    ///
    /// # Errors
    ///
    /// [`StateError::Place`] if that fails; all commits are there nevertheless.
    pub async fn close(mut self) -> Result<(), StateError> {
        match self.hold.take() {
            Some(hold) => Ok(hold.release().await?),
            None => Ok(()),
        }
    }

    fn locate(&self, name: &str) -> String {
        self.place.locate(name)
    }

    /// Fails if the state is open for reading alone.
    fn check_writable(&self) -> Result<(), StateError> {
        match self.hold {
            Some(_) => Ok(()),
            None => Err(StateError::ReadOnly { place: self.locate("") }),
        }
    }
}
