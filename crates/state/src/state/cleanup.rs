//! Removing what no head names any more.

use std::collections::BTreeSet;

use super::State;
use crate::error::StateError;
use crate::segment::FOLDER;

impl State {
    /// Removes segments that neither this head nor the one before it names. Tells how many, and why some
    /// are left if that failed.
    ///
    /// Only after a commit of this run: whoever is still about to commit on an earlier head is refused by
    /// then. A segment of a later generation is another's, who has read this head and may yet commit.
    pub(super) async fn clean(&mut self) -> (usize, Option<String>) {
        if !self.is_unclean {
            return (0, None);
        }
        let mut removed = 0;
        let left = self.remove_orphans(&mut removed).await.err().map(|error| error.to_string());
        // Those that were retired just now go after the next commit.
        self.is_unclean = left.is_some() || !self.head.retired.is_empty();
        (removed, left)
    }

    async fn remove_orphans(&self, removed: &mut usize) -> Result<(), StateError> {
        for name in self.orphans().await? {
            if generation_of(&name).is_some_and(|generation| generation <= self.head.generation) {
                self.place.remove(&name).await?;
                *removed += 1;
            }
        }
        Ok(())
    }

    /// Files among the segments that neither this head nor the one before it names.
    pub(super) async fn orphans(&self) -> Result<Vec<String>, StateError> {
        let named: BTreeSet<&String> =
            self.head.segments.iter().map(|entry| &entry.name).chain(&self.head.retired).collect();
        let there = self.place.list(FOLDER).await?;
        Ok(there.into_iter().filter(|name| !named.contains(name)).collect())
    }
}

/// The generation in the name of a segment; none in names that are no segment's.
fn generation_of(name: &str) -> Option<u64> {
    let (generation, _) = name.strip_prefix(FOLDER)?.strip_prefix('/')?.split_once('-')?;
    generation.parse().ok()
}
