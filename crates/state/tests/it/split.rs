//! However work is split into commits and runs, and wherever it is compacted, the sums are the same.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use flowproof_state::{Delta, FindingKey, FindingRow, Folder, Mode, Place, Settings, State};
use futures::executor::block_on;
use proptest::prelude::*;

use crate::support::{Buckets, Memory, Seen, all, day, object_row, read};

const OBJECTS: u32 = 21;

#[derive(Debug, Clone)]
enum Step {
    /// An object is there in some edition.
    Listed(u32, u32),
    Commit,
    /// The lists change.
    Lists(u8),
    Compact,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..OBJECTS, 0..3u32).prop_map(|(object, etag)| Step::Listed(object, etag)),
        3 => Just(Step::Commit),
        1 => (0..3u8).prop_map(Step::Lists),
        1 => Just(Step::Compact),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 0..80)
}

/// What a state should say, in the plainest way.
#[derive(Debug, Default)]
struct Twin {
    known: HashMap<u32, u32>,
    sums: HashMap<FindingKey, FindingRow>,
    counted: HashMap<(u32, u32), u32>,
}

impl Twin {
    /// Whether the object is to be read.
    fn take(&mut self, object: u32, etag: u32) -> bool {
        if self.known.get(&object) == Some(&etag) {
            return false;
        }
        // A power of two that is added three times would be another: each edition is read at most twice.
        let counted = self.counted.entry((object, etag)).or_default();
        if *counted == 2 {
            return false;
        }
        *counted += 1;
        self.known.insert(object, etag);
        let row = object_row(object, etag);
        let sum = self.sums.entry(row.key.clone());
        let sum = sum.or_insert_with(|| FindingRow { key: row.key.clone(), ..Default::default() });
        sum.merge(&row).unwrap();
        true
    }

    fn seen(&self, object: u32, etag: u32) -> Seen {
        match self.known.get(&object) {
            None => Seen::New,
            Some(known) if *known == etag => Seen::Known,
            Some(_) => Seen::Replaced,
        }
    }
}

async fn open(place: &Arc<dyn Place>) -> State {
    State::open(Arc::clone(place), Mode::Start(Settings::new())).await.unwrap()
}

async fn check(place: Arc<dyn Place>, steps: Vec<Step>) {
    let mut twin = Twin::default();
    let mut state = open(&place).await;
    let mut batch: BTreeMap<u32, u32> = BTreeMap::new();
    let mut lists = "0".to_owned();
    for step in steps.into_iter().chain([Step::Commit]) {
        match step {
            Step::Listed(object, etag) => {
                // A batch has an object once.
                if !batch.contains_key(&object) && twin.take(object, etag) {
                    batch.insert(object, etag);
                }
            }
            Step::Commit | Step::Lists(_) => {
                let objects = std::mem::take(&mut batch);
                let delta = Delta {
                    lists: lists.clone(),
                    read: objects
                        .iter()
                        .map(|(&object, &etag)| read(&state, object, etag))
                        .collect(),
                    rows: objects.iter().map(|(&object, &etag)| object_row(object, etag)).collect(),
                    ..Delta::default()
                };
                state.commit(delta).await.unwrap();
                if let Step::Lists(name) = step {
                    lists = name.to_string();
                }
            }
            Step::Compact => drop(state.compact().await.unwrap()),
            Step::Reopen => {
                state.close().await.unwrap();
                state = open(&place).await;
            }
        }
    }
    for _ in 0..2 {
        let found = all(&mut state, OBJECTS).await;
        let mut sums: Vec<FindingRow> = twin.sums.values().cloned().collect();
        sums.sort_by(|a, b| a.key.cmp(&b.key));
        assert_eq!(found.findings, sums);
        assert_eq!(found.objects, twin.known.len() as u64);
        for object in 0..OBJECTS {
            let seen = [0, 1, 2].map(|etag| twin.seen(object, etag));
            assert_eq!(found.standings[object as usize], seen, "{object} on {}", day(object));
        }
        let verification = state.verify().await.unwrap();
        assert!(verification.is_whole(), "{verification:?}");
        assert_eq!(verification.objects, found.objects);
        // And once more as another process would find it.
        state.close().await.unwrap();
        state = open(&place).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn any_split_gives_the_sums_and_standings_of_the_twin(steps in steps()) {
        block_on(check(Arc::new(Memory::default()), steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn any_split_gives_the_same_in_a_folder(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        block_on(check(Arc::new(Folder::new(folder.path())), steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn any_split_gives_the_same_in_a_bucket(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let buckets = Buckets::serve().await;
            check(Arc::new(buckets.fresh()), steps).await;
        });
    }
}
