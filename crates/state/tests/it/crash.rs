//! A run dies before and after every operation on its place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flowproof_state::{Delta, Mode, Place, Settings, Standing, State, StateError, Trouble};
use futures::executor::block_on;

use crate::support::{
    Buckets, Fault, InMemory, Memory, Mortal, Places, Snapshot, all, day, object_row, read,
};

const OBJECTS: u32 = 18;

/// What is done, one after the other.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Objects of these numbers are read, in this edition, under lists of this name.
    Commit(&'static [u32], u32, &'static str),
    Compact,
    /// The objects without a day are gone: numbers 7 and 15.
    Forget,
}

const STEPS: &[Step] = &[
    Step::Commit(&[0, 1, 2, 7], 0, "a"),
    Step::Commit(&[3, 4], 0, "a"),
    Step::Compact,
    Step::Commit(&[5, 6, 8, 15], 0, "b"),
    Step::Commit(&[0, 7], 1, "b"),
    Step::Compact,
    Step::Forget,
    Step::Commit(&[9, 10, 11, 12, 13], 0, "b"),
    Step::Commit(&[0], 2, "c"),
    Step::Compact,
    Step::Compact,
    Step::Commit(&[16, 17], 0, "c"),
];

fn delta(state: &State, objects: &[u32], etag: u32, lists: &str) -> Delta {
    let first = objects[0];
    let trouble = Trouble {
        object: format!("object {}", first + 1),
        kind: "denied".into(),
        reason: format!("with {first}"),
        tried: 1,
    };
    Delta {
        lists: lists.into(),
        read: objects.iter().map(|&number| read(state, number, etag)).collect(),
        rows: objects.iter().map(|&number| object_row(number, etag)).collect(),
        trouble: vec![trouble],
        settled: vec![format!("object {first}")],
        told: BTreeMap::new(),
        notes: [("last".into(), Some(first.to_string()))].into(),
    }
}

/// Does a step, unless it was done: whether it was, its objects say, and all of them say the same.
async fn step(state: &mut State, step: Step) -> Result<(), StateError> {
    match step {
        Step::Compact => state.compact().await.map(drop),
        Step::Forget => state.forget(&BTreeSet::from([day(7)])).await.map(drop),
        Step::Commit(objects, etag, lists) => {
            let mut known = Vec::new();
            for &number in objects {
                let object = read(state, number, etag);
                let standing = state.standing(object.shelf, &object.identity).await?;
                known.push(matches!(standing, Standing::Known { .. }));
            }
            assert!(known.windows(2).all(|pair| pair[0] == pair[1]), "half a commit: {known:?}");
            if known[0] {
                return Ok(());
            }
            state.commit(delta(state, objects, etag, lists)).await.map(drop)
        }
    }
}

/// Does all steps as far as the place allows; tells how many were done, and after each what was seen.
async fn run<P: Place + 'static>(place: Mortal<P>, look: bool) -> (usize, Vec<Snapshot>) {
    let mut seen = Vec::new();
    let Ok(mut state) = State::open(Arc::new(place), Mode::Start(Settings::new())).await else {
        return (0, seen);
    };
    for (number, &next) in STEPS.iter().enumerate() {
        if look {
            seen.push(all(&mut state, OBJECTS).await);
        }
        if step(&mut state, next).await.is_err() {
            return (number, seen);
        }
    }
    if look {
        seen.push(all(&mut state, OBJECTS).await);
    }
    (STEPS.len(), seen)
}

/// What is seen before and after each step when nothing goes wrong.
pub(crate) async fn clean() -> Vec<Snapshot> {
    run(Mortal::new(Memory::default(), Fault::Never), true).await.1
}

/// How many operations all steps take.
async fn operations() -> usize {
    let counting = Mortal::new(Memory::default(), Fault::Never);
    run(counting.clone(), false).await;
    counting.operations()
}

/// Does all steps, none of which may fail, and tells what is seen at the end.
pub(crate) async fn run_all(place: impl Place + 'static) -> Snapshot {
    let place: Arc<dyn Place> = Arc::new(place);
    let mut state = State::open(place, Mode::Start(Settings::new())).await.unwrap();
    for &next in STEPS {
        step(&mut state, next).await.unwrap();
    }
    let verification = state.verify().await.unwrap();
    assert!(verification.is_whole(), "{verification:?}");
    let seen = all(&mut state, OBJECTS).await;
    state.close().await.unwrap();
    seen
}

async fn open(place: &(impl Place + Clone + 'static)) -> State {
    State::open(Arc::new(place.clone()), Mode::Start(Settings::new())).await.unwrap()
}

/// After a death: the state is as before or as after the step, and doing the rest ends as without it.
async fn after_death<P: Place + Clone + 'static>(
    place: &P,
    done: usize,
    clean: &[Snapshot],
    fault: Fault,
) {
    let mut state = open(place).await;
    let verification = state.verify().await.unwrap();
    assert!(verification.is_whole(), "{fault:?}: {verification:?}");
    let found = all(&mut state, OBJECTS).await;
    let after = clean.get(done + 1).unwrap_or(&clean[done]);
    assert!(found == clean[done] || &found == after, "{fault:?} after {done} steps: {found:#?}");
    for &next in &STEPS[done..] {
        step(&mut state, next).await.unwrap();
    }
    assert_eq!(all(&mut state, OBJECTS).await, *clean.last().unwrap(), "{fault:?}");

    // Two more commits, and nothing of the dead is left.
    for note in ["one", "two"] {
        let notes = [("more".into(), Some(note.into()))].into();
        let commit = state.commit(Delta { notes, ..Delta::default() }).await.unwrap();
        assert_eq!(commit.left, None);
    }
    let verification = state.verify().await.unwrap();
    assert!(verification.is_whole(), "{fault:?}: {verification:?}");
    assert_eq!(verification.orphans, [""; 0], "{fault:?}");
    let segments = place.list("seg").await.unwrap();
    assert_eq!(segments.len(), state.summary().segments, "{fault:?}");
}

/// At each operation these faults; tells how many runs were cut short.
async fn after_each(
    places: &impl Places,
    operations: impl Iterator<Item = usize>,
    faults: [fn(usize) -> Fault; 2],
) -> usize {
    let clean = clean().await;
    let mut cut_short = 0;
    for at in operations {
        for fault in faults.map(|fault| fault(at)) {
            let place = places.fresh();
            let (done, _) = run(Mortal::new(place.clone(), fault), false).await;
            places.settle().await;
            cut_short += usize::from(done < STEPS.len());
            after_death(&place, done, &clean, fault).await;
        }
    }
    cut_short
}

const DEATHS: [fn(usize) -> Fault; 2] = [Fault::DieBefore, Fault::DieAfter];
const FAILURES: [fn(usize) -> Fault; 2] = [Fault::Fail, Fault::LoseAnswer];

#[test]
fn a_run_that_dies_leaves_the_state_as_before_or_as_after_a_commit() {
    block_on(async {
        let (done, clean) = run(Mortal::new(Memory::default(), Fault::Never), true).await;
        assert_eq!(done, STEPS.len());
        assert_eq!(clean.len(), STEPS.len() + 1);
        for (number, pair) in clean.windows(2).enumerate() {
            let changes = matches!(STEPS[number], Step::Commit(..) | Step::Forget);
            assert_eq!(pair[0] != pair[1], changes, "step {number}");
        }
        let operations = operations().await;
        assert!(operations > 60, "{operations}");
        let died_midway = after_each(&InMemory, 0..operations, DEATHS).await;
        assert!(died_midway > operations, "{died_midway}");
    });
}

#[tokio::test]
async fn a_run_that_dies_over_a_bucket_leaves_the_state_as_before_or_as_after_a_commit() {
    let operations = operations().await;
    let buckets = Buckets::serve().await;
    let died_midway = after_each(&buckets, (0..operations).step_by(11), DEATHS).await;
    assert!(died_midway > operations / 11, "{died_midway}");
}

#[test]
fn a_failure_that_passes_leaves_the_state_as_before_or_as_after_a_commit() {
    block_on(async {
        let operations = operations().await;
        let cut_short = after_each(&InMemory, 0..operations, FAILURES).await;
        assert!(cut_short < 2 * operations, "what is removed after a commit is not needed for it");
    });
}

#[tokio::test]
async fn a_failure_that_passes_over_a_bucket_leaves_the_state_as_before_or_as_after_a_commit() {
    let operations = (1..operations().await).step_by(13);
    after_each(&Buckets::serve().await, operations, FAILURES).await;
}

#[test]
fn a_commit_whose_answer_was_lost_is_known_by_the_head() {
    block_on(async {
        let clean = clean().await;
        let counting = Mortal::new(Memory::default(), Fault::Never);
        run(counting.clone(), false).await;
        let swaps = counting.swaps();
        assert_eq!(swaps.len(), STEPS.len(), "one to start, and no second compaction in a row");
        for at in swaps {
            let memory = Memory::default();
            let (done, _) = run(Mortal::new(memory.clone(), Fault::LoseAnswer(at)), false).await;
            assert_eq!(done, STEPS.len(), "{at}");
            let mut state = open(&memory).await;
            assert_eq!(all(&mut state, OBJECTS).await, *clean.last().unwrap(), "{at}");
        }
    });
}

#[test]
fn a_commit_that_failed_can_be_tried_again() {
    block_on(async {
        for at in 0..40 {
            let memory = Memory::default();
            let place = Mortal::new(memory.clone(), Fault::Fail(at));
            let Ok(mut state) = State::open(Arc::new(place), Mode::Start(Settings::new())).await
            else {
                continue;
            };
            for &next in STEPS {
                if step(&mut state, next).await.is_err() {
                    step(&mut state, next).await.unwrap();
                }
            }
            let clean = clean().await;
            assert_eq!(all(&mut state, OBJECTS).await, *clean.last().unwrap(), "{at}");
        }
    });
}
