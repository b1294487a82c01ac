//! Two runs on one place.

use std::sync::Arc;
use std::thread;

use flowproof_state::{Delta, Folder, Mode, Place, Settings, State, StateError};
use futures::executor::block_on;

use crate::support::{Buckets, Memory, Unlocked, all, object_row, read};

async fn open(place: impl Place + 'static) -> Result<State, StateError> {
    State::open(Arc::new(place), Mode::Start(Settings::new())).await
}

fn delta(state: &State, objects: &[u32]) -> Delta {
    Delta {
        read: objects.iter().map(|&number| read(state, number, 0)).collect(),
        rows: objects.iter().map(|&number| object_row(number, 0)).collect(),
        ..Delta::default()
    }
}

async fn second_is_refused(place: impl Place + Clone + 'static) {
    let first = open(place.clone()).await.unwrap();
    let second = open(place.clone()).await.unwrap_err();
    assert!(matches!(second, StateError::Busy { .. }), "{second}");
    let mut reader = State::open(Arc::new(place.clone()), Mode::Read).await.unwrap();
    assert!(matches!(reader.compact().await, Err(StateError::ReadOnly { .. })));
    let refused = reader.commit(delta(&reader, &[1])).await;
    assert!(matches!(refused, Err(StateError::ReadOnly { .. })));
    first.close().await.unwrap();
    open(place).await.unwrap();
}

#[test]
fn the_second_run_is_refused_by_the_lock() {
    block_on(second_is_refused(Memory::default()));
    let folder = tempfile::tempdir().unwrap();
    block_on(second_is_refused(Folder::new(folder.path())));
}

#[tokio::test]
async fn the_second_run_is_refused_by_the_lock_in_a_bucket() {
    second_is_refused(Buckets::serve().await.fresh()).await;
}

async fn one_commits(place: impl Place + Clone + 'static) {
    let mut one = open(place.clone()).await.unwrap();
    let mut other = open(place.clone()).await.unwrap();
    one.commit(delta(&one, &[1, 2])).await.unwrap();
    let refused = other.commit(delta(&other, &[2, 3])).await;
    assert!(matches!(refused, Err(StateError::Conflict { .. })), "{refused:?}");
    let again = other.commit(delta(&other, &[3])).await;
    assert!(matches!(again, Err(StateError::Conflict { .. })), "it does not heal by itself");
    assert!(matches!(other.compact().await, Ok(_) | Err(StateError::Conflict { .. })));
    one.commit(delta(&one, &[4])).await.unwrap();
    let mut now = open(place).await.unwrap();
    assert_eq!(all(&mut now, 8).await, all(&mut one, 8).await);
    assert_eq!(now.summary().objects, 3);
    assert!(now.verify().await.unwrap().is_whole());
}

#[test]
fn without_the_lock_exactly_one_commits() {
    block_on(one_commits(Unlocked(Memory::default())));
    let folder = tempfile::tempdir().unwrap();
    block_on(one_commits(Unlocked(Folder::new(folder.path()))));
}

#[tokio::test]
async fn without_the_lock_exactly_one_commits_in_a_bucket() {
    one_commits(Unlocked(Buckets::serve().await.fresh())).await;
}

/// Commits four objects, each as often as it takes; tells how often others were faster.
async fn insist(place: impl Place + Clone + 'static, own: u32) -> u32 {
    let mut conflicts = 0;
    for number in [own, own + 4, own + 8, own + 12] {
        loop {
            let done = async {
                let mut state = open(place.clone()).await?;
                state.commit(delta(&state, &[number])).await?;
                state.compact().await
            };
            match done.await {
                Ok(_) => break,
                // A compaction may have lost, or another may have removed what was being read.
                Err(StateError::Conflict { .. } | StateError::Damaged { .. }) => conflicts += 1,
                Err(StateError::Refused { .. }) => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    conflicts
}

/// After four have insisted, nothing is lost and nothing doubled.
async fn all_is_there_once(place: impl Place + Clone + 'static, conflicts: u32) {
    let mut state = open(place).await.unwrap();
    let verification = state.verify().await.unwrap();
    assert!(verification.is_whole(), "{verification:?}");
    assert_eq!(state.summary().objects, 16);
    let bytes: u64 = state.findings().await.unwrap().map(|row| row.traffic.bytes_out).sum();
    let each: u64 = (0..16).map(|number| object_row(number, 0).traffic.bytes_out).sum();
    assert_eq!(bytes, each, "with {conflicts} conflicts");
}

#[test]
fn many_runs_without_the_lock_lose_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = Unlocked(Folder::new(folder.path()));
    block_on(open(place.clone())).unwrap();
    let conflicts: u32 = thread::scope(|scope| {
        let insist = |own| block_on(insist(place.clone(), own));
        let runs: Vec<_> = (0..4).map(|own| scope.spawn(move || insist(own))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });
    block_on(all_is_there_once(place, conflicts));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_runs_without_the_lock_lose_and_double_nothing_in_a_bucket() {
    let buckets = Buckets::serve().await;
    let place = Unlocked(buckets.fresh());
    open(place.clone()).await.unwrap();
    let runs: Vec<_> = (0..4).map(|own| tokio::spawn(insist(place.clone(), own))).collect();
    let mut conflicts = 0;
    for run in runs {
        conflicts += run.await.unwrap();
    }
    assert!(conflicts > 0, "they were no rivals");
    all_is_there_once(place, conflicts).await;
}

#[test]
fn a_run_that_wakes_after_others_went_on_changes_nothing() {
    block_on(async {
        let place = Unlocked(Memory::default());
        let mut sleeper = open(place.clone()).await.unwrap();
        sleeper.commit(delta(&sleeper, &[1])).await.unwrap();
        let mut next = open(place.clone()).await.unwrap();
        for objects in [[2, 3], [4, 5], [6, 7]] {
            next.commit(delta(&next, &objects)).await.unwrap();
            next.compact().await.unwrap();
        }
        let refused = sleeper.commit(delta(&sleeper, &[9])).await;
        let is_refused =
            matches!(refused, Err(StateError::Conflict { .. } | StateError::Damaged { .. }));
        assert!(is_refused, "{refused:?}");
        let verification = next.verify().await.unwrap();
        assert!(verification.is_whole());
        assert_eq!(verification.objects, 7);
    });
}

#[test]
fn only_what_can_not_be_committed_any_more_is_removed() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(memory.clone()).await.unwrap();
        let next = state.generation() + 1;
        let name = |generation: u64| format!("seg/{generation:012}-00000000000000000000-0");
        for generation in [1, next, next + 1] {
            memory.files().insert(name(generation), b"of a run that died, or is at work".to_vec());
        }
        memory.files().insert("seg/notes.txt".into(), b"somebody's".to_vec());
        let left = memory.segments();
        assert_eq!(left.len(), 4);
        assert_eq!(state.verify().await.unwrap().orphans, left);
        assert_eq!(memory.segments(), left, "nothing is removed before a commit");
        let commit = state.commit(delta(&state, &[1])).await.unwrap();
        assert_eq!((commit.generation, commit.removed), (next, 2));
        let orphans = state.verify().await.unwrap().orphans;
        assert_eq!(orphans, [name(next + 1), "seg/notes.txt".into()]);
    });
}

#[test]
fn a_reader_can_go_on_until_the_second_commit_after_what_it_read() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(memory.clone()).await.unwrap();
        state.commit(delta(&state, &[1])).await.unwrap();
        let before = all(&mut state, 3).await;
        let read = || State::open(Arc::new(memory.clone()), Mode::Read);
        let (mut one, mut other) = (read().await.unwrap(), read().await.unwrap());
        state.compact().await.unwrap();
        assert_eq!(all(&mut one, 3).await, before);
        let commit = state.commit(delta(&state, &[2])).await.unwrap();
        assert_eq!(commit.removed, 1);
        let gone = other.findings().await.map(drop).unwrap_err();
        assert!(matches!(&gone, StateError::Damaged { reason, .. } if reason == "it is missing"));
        assert_eq!(all(&mut one, 3).await, before, "what was read is kept");
    });
}
