//! Looking at all of a state.

use std::collections::BTreeSet;

use serde::Serialize;

use super::State;
use super::open::read_head;
use crate::error::StateError;
use crate::place::HEAD;
use crate::shelf::Shelf;
use crate::tables::Tables;

/// What was found when all of a state was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// Segments that were read.
    pub segments: usize,
    /// Distinct objects.
    pub objects: u64,
    /// Distinct finding rows.
    pub findings: usize,
    /// What is wrong, file by file.
    pub problems: Vec<Problem>,
    /// Files that no head names, of runs that died. They do no harm.
    pub orphans: Vec<String>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Verification {
    /// Whether everything is as it was written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }
}

impl State {
    /// Reads every file that the head names, and looks at each digest, each count and each order.
    ///
    /// # Errors
    ///
    /// [`StateError::Place`] if a file cannot be read. What is wrong with files is in the answer.
    pub async fn verify(&mut self) -> Result<Verification, StateError> {
        let mut found = Verification::default();
        self.verify_head(&mut found).await?;
        let mut tables = Tables::default();
        let mut shelves: BTreeSet<Shelf> = BTreeSet::new();
        for entry in self.head.segments.clone() {
            let segment = match self.segment(&entry).await {
                Ok(segment) => segment,
                Err(error) => {
                    found.problems.push(problem(error)?);
                    continue;
                }
            };
            found.segments += 1;
            shelves.extend(segment.records.shelves());
            if let Err(overflow) = tables.add(segment) {
                let reason = overflow.to_string();
                found.problems.push(Problem { file: self.locate(&entry.name), reason });
            }
        }
        found.findings = tables.findings.len();
        // What files have together can be judged only if all of them are there.
        if found.is_whole() {
            self.verify_objects(shelves, &tables, &mut found).await?;
        }
        found.orphans = self.orphans().await?;
        Ok(found)
    }

    /// Makes sure that the head is there as this state has it.
    async fn verify_head(&self, found: &mut Verification) -> Result<(), StateError> {
        let file = self.locate(HEAD);
        let reason = match self.place.head().await? {
            None => Some("it is missing".to_owned()),
            Some((bytes, _)) => match read_head(&*self.place, &bytes) {
                Ok(head) if head == self.head || head.generation > self.head.generation => None,
                Ok(_) => Some("it is not the head that was opened".to_owned()),
                Err(error) => Some(problem(error)?.reason),
            },
        };
        found.problems.extend(reason.map(|reason| Problem { file, reason }));
        Ok(())
    }

    async fn verify_objects(
        &mut self,
        shelves: BTreeSet<Shelf>,
        tables: &Tables,
        found: &mut Verification,
    ) -> Result<(), StateError> {
        let mut nameless = BTreeSet::new();
        for shelf in shelves {
            let entries = self.known(shelf).await?.entries();
            found.objects += entries.len() as u64;
            let epochs = entries.iter().map(|entry| entry.epoch);
            nameless.extend(epochs.filter(|epoch| !tables.epochs.contains_key(epoch)));
        }
        if found.objects != self.head.objects {
            let (told, there) = (self.head.objects, found.objects);
            let reason = format!("it says {told} objects, and the segments have {there}");
            found.problems.push(Problem { file: self.locate(HEAD), reason });
        }
        for epoch in nameless {
            let reason = format!("no segment says which lists epoch {epoch} had");
            found.problems.push(Problem { file: self.locate(HEAD), reason });
        }
        Ok(())
    }
}

/// What an error says of a file, if it does.
fn problem(error: StateError) -> Result<Problem, StateError> {
    match error {
        StateError::Damaged { file, reason } => Ok(Problem { file, reason }),
        StateError::Newer { file, version, .. } => {
            let reason = format!("a newer version wrote it (format {version})");
            Ok(Problem { file, reason })
        }
        other => Err(other),
    }
}
