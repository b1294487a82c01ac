//! What the partitions of a scan read.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::common::{DataFusionError, Result};

use super::ScanContext;
use crate::catalog::{Changes, Where};
use crate::held::Holder;

/// Something that a partition reads as a whole.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    /// An object, by its number.
    Object(usize),
    /// A part of a holder.
    Part(Box<Part>),
}

impl Task {
    /// About how many bytes it is.
    fn bytes(&self, context: &ScanContext) -> u64 {
        match self {
            Task::Object(object_idx) => context.catalog.size(*object_idx),
            Task::Part(part) => part.holder.object.size / part.of as u64,
        }
    }
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

/// What is still to be read, by one partition or by several that ask in turn.
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
    /// These and no others.
    fn of(context: Arc<ScanContext>, tasks: Vec<Task>) -> Tasks {
        let rest = Rest { tasks: tasks.into(), objects: 0, is_whole: true };
        Tasks { context, partitions: 1, rest: Mutex::new(rest) }
    }

    /// All that are found, for so many partitions.
    fn as_found(context: Arc<ScanContext>, partitions: usize) -> Tasks {
        Tasks { context, partitions, rest: Mutex::default() }
    }

    /// Tells when there may be more.
    pub(super) fn changes(&self) -> Changes {
        self.context.catalog.changes()
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
        let mut tasks: Vec<Task> = Vec::new();
        while let Some(location) = catalog.get(self.objects) {
            let is_held = matches!(location, Where::Within(_));
            if !is_held && context.wants_object(self.objects) {
                tasks.push(Task::Object(self.objects));
            }
            self.objects += 1;
        }
        if let Some(whole) = ended {
            tasks.extend(parts(context, &whole.holders, partitions));
            self.is_whole = true;
        }
        tasks.sort_by_key(|task| std::cmp::Reverse(task.bytes(context)));
        self.tasks.extend(tasks);
        Ok(())
    }
}

/// The parts of holders in which something is wanted.
fn parts(context: &ScanContext, holders: &[Arc<Holder>], partitions: usize) -> Vec<Task> {
    let mut parts = Vec::new();
    for (holder_idx, holder) in holders.iter().enumerate() {
        let mut places = holder.places.iter().flatten();
        if places.any(|place| context.wants_object(*place)) {
            let of = partitions.min(holder.row_groups).max(1);
            let part = |part| Part { holder: Arc::clone(holder), holder_idx, part, of };
            parts.extend((0..of).map(|number| Task::Part(Box::new(part(number)))));
        }
    }
    parts
}

/// How the partitions of a plan come to their tasks.
#[derive(Debug)]
pub(super) enum Dealing {
    /// All is listed. Each partition has tasks of its own, which are the same whenever and wherever it is
    /// run, and about as many bytes as the others.
    Before(Arc<ScanContext>, Vec<Vec<Task>>),
    /// Objects are still being listed, and partitions ask for what was found.
    AsFound(Arc<ScanContext>, Mutex<Runs>),
    /// For so many partitions of a plan that is run elsewhere: none of them has a task here.
    Elsewhere(Arc<ScanContext>, usize),
}

/// A plan may be run several times: each run of a partition takes part in handing out all tasks anew.
#[derive(Debug)]
pub(super) struct Runs {
    /// How often each partition was run.
    counts: Vec<usize>,
    /// The tasks that the first, the second ... run of all partitions share.
    rounds: Vec<Arc<Tasks>>,
}

impl Dealing {
    pub(super) fn new(context: &Arc<ScanContext>, partitions: usize) -> Dealing {
        let (context, partitions) = (Arc::clone(context), partitions.max(1));
        if context.is_elsewhere {
            return Dealing::Elsewhere(context, partitions);
        }
        let mut all = Rest::default();
        // A listing that has failed fails whoever asks for a task.
        let known = context.catalog.is_whole() && all.fill(&context, partitions).is_ok();
        if known {
            let hands = deal_out(&context, all.tasks.into(), partitions);
            return Dealing::Before(context, hands);
        }
        let runs = Runs { counts: vec![0; partitions], rounds: Vec::new() };
        Dealing::AsFound(context, Mutex::new(runs))
    }

    pub(super) fn partitions(&self) -> usize {
        match self {
            Dealing::Before(_, hands) => hands.len(),
            Dealing::Elsewhere(_, partitions) => *partitions,
            Dealing::AsFound(_, runs) => lock(runs).counts.len(),
        }
    }

    /// The tasks of a partition that is run now.
    pub(super) fn begin(&self, partition: usize) -> Arc<Tasks> {
        match self {
            Dealing::Before(context, hands) => {
                Arc::new(Tasks::of(Arc::clone(context), hands[partition].clone()))
            }
            Dealing::Elsewhere(context, _) => Arc::new(Tasks::of(Arc::clone(context), Vec::new())),
            Dealing::AsFound(context, runs) => {
                let mut runs = lock(runs);
                let round = runs.counts[partition];
                runs.counts[partition] += 1;
                if runs.rounds.len() == round {
                    let tasks = Tasks::as_found(Arc::clone(context), runs.counts.len());
                    runs.rounds.push(Arc::new(tasks));
                }
                Arc::clone(&runs.rounds[round])
            }
        }
    }
}

fn lock(runs: &Mutex<Runs>) -> MutexGuard<'_, Runs> {
    // A round is counted and pushed in one move.
    runs.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Deals objects out by bytes, by their numbers.
pub(crate) fn dealt_out(
    context: &ScanContext,
    objects: Vec<usize>,
    hands: usize,
) -> Vec<Vec<usize>> {
    let mut tasks: Vec<Task> = objects.into_iter().map(Task::Object).collect();
    tasks.sort_by_key(|task| std::cmp::Reverse(task.bytes(context)));
    let number = |task: &Task| match task {
        Task::Object(object_idx) => Some(*object_idx),
        Task::Part(_) => None,
    };
    let hands = deal_out(context, tasks, hands);
    hands.iter().map(|hand| hand.iter().filter_map(number).collect()).collect()
}

/// Deals tasks out, the largest first, each to the partition that has least. The same listing is always
/// dealt out in the same way.
fn deal_out(context: &ScanContext, tasks: Vec<Task>, partitions: usize) -> Vec<Vec<Task>> {
    let mut hands = vec![(0u64, Vec::new()); partitions.min(tasks.len()).max(1)];
    for task in tasks {
        // There is at least one hand.
        if let Some(least) = hands.iter_mut().min_by_key(|(bytes, _)| *bytes) {
            least.0 += task.bytes(context).max(1);
            least.1.push(task);
        }
    }
    hands.into_iter().map(|(_, hand)| hand).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use flowproof_source::{Location, Object};

    fn object(size: u64) -> Object {
        Object {
            key: String::new(),
            location: Location::Local(String::new().into()),
            size,
            etag: None,
            layout: None,
        }
    }

    fn context(catalog: &Arc<Catalog>) -> Arc<ScanContext> {
        Arc::new(ScanContext { catalog: Arc::clone(catalog), ..ScanContext::of(object(0)) })
    }

    fn listed(sizes: &[u64]) -> Arc<Catalog> {
        Arc::new(Catalog::of(sizes.iter().copied().map(object).collect()))
    }

    /// The objects that are handed out until there are no more, or none yet.
    fn objects(tasks: &Tasks) -> (Vec<usize>, bool) {
        let mut objects = Vec::new();
        loop {
            match tasks.next().unwrap() {
                Next::Task(Task::Object(object_idx)) => objects.push(object_idx),
                Next::Task(other) => panic!("{other:?}"),
                Next::Wait => return (objects, false),
                Next::End => return (objects, true),
            }
        }
    }

    #[test]
    fn objects_are_dealt_out_by_bytes_and_each_once() {
        let dealt = |sizes: &[u64], partitions| {
            let dealing = Dealing::new(&context(&listed(sizes)), partitions);
            let hand = |partition| objects(&dealing.begin(partition)).0;
            (0..dealing.partitions()).map(hand).collect::<Vec<_>>()
        };
        let sizes = [10, 90, 40, 50, 0];
        assert_eq!(dealt(&sizes, 2), [vec![1, 0], vec![3, 2, 4]]);
        assert_eq!(dealt(&sizes, 9).len(), 5, "no partition without an object");
        assert_eq!(dealt(&[], 4), [Vec::<usize>::new()]);
        let dealing = Dealing::new(&context(&listed(&sizes)), 2);
        assert_eq!(
            objects(&dealing.begin(0)),
            objects(&dealing.begin(0)),
            "a second run is the same"
        );
    }

    #[test]
    fn what_is_found_while_it_is_read_is_handed_out_as_it_comes_and_once_in_each_round() {
        let catalog = Arc::new(Catalog::open());
        let dealing = Dealing::new(&context(&catalog), 2);
        let (one, other) = (dealing.begin(0), dealing.begin(1));
        assert_eq!(objects(&one), (vec![], false));
        [10, 90].into_iter().for_each(|size| catalog.add(object(size)));
        assert_eq!(objects(&other), (vec![1, 0], false), "the larger first");
        catalog.add(object(5));
        catalog.close();
        assert_eq!(objects(&one), (vec![2], true));
        assert_eq!(objects(&other), (vec![], true));
        assert_eq!(objects(&dealing.begin(1)), (vec![1, 0, 2], true), "a second round");
        assert_eq!(objects(&dealing.begin(0)), (vec![], true));
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
