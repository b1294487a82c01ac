//! What the partitions of a scan read.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::common::{DataFusionError, Result};
use flowproof_source::Location;

use super::ScanContext;
use crate::catalog::Changes;
use crate::held::Holder;

/// Something that a partition reads as a whole.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    /// An object, by its number.
    Object(usize),
    /// A part of a holder.
    Part(Part),
}

/// One of `of` parts of a holder: a run of its row groups.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) holder: Arc<Holder>,
    /// The holder's own number.
    pub(crate) holder_idx: usize,
    pub(crate) part: usize,
    pub(crate) of: usize,
}

impl Part {
    /// The row groups of the part, of so many.
    pub(crate) fn row_groups(&self, all: usize) -> Range<usize> {
        row_groups(self.part, self.of, all)
    }
}

fn row_groups(part: usize, of: usize, all: usize) -> Range<usize> {
    let bound = |part: usize| all * part / of;
    bound(part)..bound(part + 1)
}

/// What is still to be read, handed out to the partitions of a scan as they ask: the largest first, so
/// that they end at about the same time. While objects are still being listed they are handed out as
/// they come. Holders are parted, so that a large one keeps all partitions busy.
#[derive(Debug)]
pub(super) struct Tasks {
    context: Arc<ScanContext>,
    partitions: usize,
    rest: Mutex<Rest>,
}

#[derive(Debug, Default)]
struct Rest {
    /// In the order in which they are handed out.
    tasks: VecDeque<Task>,
    /// How many of the objects are among the tasks, or were.
    objects: usize,
    /// Whether all are.
    is_whole: bool,
}

/// What a partition is to do.
#[derive(Debug)]
pub(super) enum Next {
    Task(Task),
    /// There is nothing yet, but there may be.
    Wait,
    /// There is nothing any more.
    End,
}

impl Tasks {
    pub(super) fn new(context: Arc<ScanContext>, partitions: usize) -> Tasks {
        Tasks { context, partitions, rest: Mutex::default() }
    }

    /// Tells when there may be more.
    pub(super) fn changes(&self) -> Changes {
        self.context.catalog.changes()
    }

    /// How many tasks there are, if that is known.
    fn count(&self) -> Option<usize> {
        if !self.context.catalog.is_whole() {
            return None;
        }
        let mut rest = self.lock();
        rest.fill(&self.context, self.partitions).ok()?;
        Some(rest.tasks.len())
    }

    /// The next task. Each is given once.
    ///
    /// # Errors
    ///
    /// If the listing failed.
    pub(super) fn next(&self) -> Result<Next> {
        let mut rest = self.lock();
        if rest.tasks.is_empty() && !rest.is_whole {
            rest.fill(&self.context, self.partitions)?;
        }
        Ok(match rest.tasks.pop_front() {
            Some(task) => Next::Task(task),
            None if rest.is_whole => Next::End,
            None => Next::Wait,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Rest> {
        // What is in there is whole at any time.
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rest {
    /// Takes up all objects that were found since, and the holders once all of them are known.
    fn fill(&mut self, context: &ScanContext, partitions: usize) -> Result<()> {
        let catalog = &context.catalog;
        // Asked before the objects are looked at: none may come in between.
        let ended = catalog.ended().map_err(|error| DataFusionError::External(Box::new(error)))?;
        let mut tasks: Vec<(u64, Task)> = Vec::new();
        while let Some(object) = catalog.get(self.objects) {
            let is_held = matches!(object.location, Location::Within { .. });
            if !is_held && context.wants_object(self.objects) {
                tasks.push((object.size, Task::Object(self.objects)));
            }
            self.objects += 1;
        }
        if let Some(whole) = ended {
            tasks.extend(parts(context, &whole.holders, partitions));
            self.is_whole = true;
        }
        tasks.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        self.tasks.extend(tasks.into_iter().map(|(_, task)| task));
        Ok(())
    }
}

/// The parts of holders in which something is wanted, with their bytes.
fn parts(context: &ScanContext, holders: &[Arc<Holder>], partitions: usize) -> Vec<(u64, Task)> {
    let mut parts = Vec::new();
    for (holder_idx, holder) in holders.iter().enumerate() {
        let mut places = holder.places.iter().flatten();
        if places.any(|place| context.wants_object(*place)) {
            let of = partitions.min(holder.row_groups).max(1);
            let bytes = holder.object.size / of as u64;
            parts.extend((0..of).map(|part| {
                (bytes, Task::Part(Part { holder: Arc::clone(holder), holder_idx, part, of }))
            }));
        }
    }
    parts
}

/// The tasks of a plan that may be run several times: each run of a partition takes part in handing out
/// all tasks anew.
#[derive(Debug)]
pub(super) struct Rounds {
    context: Arc<ScanContext>,
    /// How many partitions were asked for. There may be less to do.
    asked: usize,
    runs: Mutex<Runs>,
}

#[derive(Debug)]
struct Runs {
    /// How often each partition was run.
    counts: Vec<usize>,
    rounds: Vec<Arc<Tasks>>,
}

impl Rounds {
    pub(super) fn new(context: Arc<ScanContext>, partitions: usize) -> Rounds {
        let tasks = Tasks::new(Arc::clone(&context), partitions);
        let least = tasks.count().map_or(partitions, |count| count.min(partitions)).max(1);
        let runs = Runs { counts: vec![0; least], rounds: vec![Arc::new(tasks)] };
        Rounds { context, asked: partitions, runs: Mutex::new(runs) }
    }

    pub(super) fn partitions(&self) -> usize {
        self.lock().counts.len()
    }

    /// The tasks that a partition shares with the others that are run as often as it is.
    pub(super) fn begin(&self, partition: usize) -> Arc<Tasks> {
        let mut runs = self.lock();
        let round = runs.counts[partition];
        runs.counts[partition] += 1;
        if runs.rounds.len() == round {
            runs.rounds.push(Arc::new(Tasks::new(Arc::clone(&self.context), self.asked)));
        }
        Arc::clone(&runs.rounds[round])
    }

    fn lock(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use flowproof_source::Object;

    fn object(size: u64) -> Object {
        Object {
            key: String::new(),
            location: Location::Local(String::new().into()),
            size,
            etag: None,
            layout: None,
        }
    }

    fn rounds(sizes: &[u64], partitions: usize) -> Rounds {
        let catalog = Arc::new(Catalog::of(sizes.iter().copied().map(object).collect()));
        let context = ScanContext { catalog, ..ScanContext::of(object(0)) };
        Rounds::new(Arc::new(context), partitions)
    }

    #[test]
    fn the_largest_object_is_handed_out_first_and_each_once() {
        let rounds = rounds(&[10, 90, 40, 50, 0], 2);
        let (one, other) = (rounds.begin(0), rounds.begin(1));
        let mut handed = Vec::new();
        for tasks in [&one, &other, &one, &one, &other] {
            match tasks.next().unwrap() {
                Next::Task(Task::Object(idx)) => handed.push(idx),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(handed, [1, 3, 2, 0, 4]);
        assert!(matches!((one.next().unwrap(), other.next().unwrap()), (Next::End, Next::End)));
    }

    #[test]
    fn a_plan_that_is_run_again_reads_everything_again() {
        let rounds = rounds(&[1, 2], 2);
        let count = |tasks: &Tasks| {
            std::iter::from_fn(|| Some(matches!(tasks.next().unwrap(), Next::Task(_))))
                .take_while(|is_task| *is_task)
                .count()
        };
        assert_eq!(count(&rounds.begin(0)), 2);
        assert_eq!(count(&rounds.begin(0)), 2, "the second run of this partition");
        assert_eq!(count(&rounds.begin(1)), 0, "the first one took all");
        assert_eq!(count(&rounds.begin(1)), 0);
    }

    #[test]
    fn parts_have_every_row_group_once() {
        for (all, of) in [(7, 3), (3, 3), (1, 1), (0, 1), (24, 2)] {
            let groups = (0..of).flat_map(|part| row_groups(part, of, all));
            let groups: Vec<usize> = groups.collect();
            assert_eq!(groups, (0..all).collect::<Vec<_>>());
        }
    }
}
