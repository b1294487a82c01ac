//! Replacing the head, which is what makes a commit.

use super::State;
use super::open::read_head;
use crate::error::StateError;
use crate::head::Head;
use crate::place::{HEAD, PlaceError, Swap, Version};

impl State {
    /// Makes `next` the head, if this state's is still there.
    pub(super) async fn publish_next(&mut self, next: Head) -> Result<(), StateError> {
        let expected = self.version.clone();
        self.publish(next, Some(expected)).await
    }

    /// Makes `next` the head, if the expected one is still there; without one, if there is none.
    pub(super) async fn publish(
        &mut self,
        next: Head,
        expected: Option<Version>,
    ) -> Result<(), StateError> {
        let bytes =
            next.encode().map_err(|error| PlaceError::new(self.locate(HEAD), error.to_string()))?;
        let swapped = self.place.swap_head(bytes, expected.as_ref()).await;
        if let Ok(Swap::Done(version)) = swapped {
            self.head = next;
            self.version = version;
            return Ok(());
        }
        // Whatever was answered, or was not: the head that is there says whether this commit is.
        self.is_unclean = true;
        if self.came_through(&next).await? {
            return Ok(());
        }
        match swapped {
            Err(error) => Err(error.into()),
            Ok(_) => Err(StateError::Conflict { place: self.locate("") }),
        }
    }

    /// Looks whether a commit is among those of the head, and takes up that head if it is.
    async fn came_through(&mut self, next: &Head) -> Result<bool, StateError> {
        let Some((bytes, version)) = self.place.head().await? else { return Ok(false) };
        let found = read_head(&*self.place, &bytes)?;
        let is_there = next.commits.last().is_some_and(|commit| found.has_commit(commit));
        if !is_there || found.state != next.state {
            return Ok(false);
        }
        if found.generation != next.generation {
            // Another run has committed on top.
            self.tables = None;
        }
        self.head = found;
        self.version = version;
        Ok(true)
    }
}
