//! Opening, settings, and what a commit refuses.

use std::collections::BTreeSet;
use std::sync::Arc;

use flowproof_state::{Delta, FindingRow, Mode, Settings, Standing, State, StateError, Trouble};
use futures::executor::block_on;

use crate::support::{Memory, Seen, all, day, key, object_row, read};

fn settings(endpoint: &str) -> Settings {
    Settings::from([
        ("endpoint".to_owned(), endpoint.to_owned()),
        ("format".to_owned(), "version account-id".to_owned()),
    ])
}

async fn open(memory: &Memory, mode: Mode) -> Result<State, StateError> {
    State::open(Arc::new(memory.clone()), mode).await
}

#[test]
fn a_state_is_made_only_where_that_is_said() {
    block_on(async {
        let memory = Memory::default();
        for mode in [Mode::Read, Mode::Run(settings("a")), Mode::Adopt(settings("a"))] {
            let opened = open(&memory, mode).await;
            assert!(matches!(opened, Err(StateError::Missing { .. })), "{opened:?}");
        }
        let state = open(&memory, Mode::Start(settings("a"))).await.unwrap();
        let id = state.id().to_owned();
        drop(state);
        for mode in [Mode::Read, Mode::Run(settings("a")), Mode::Start(settings("a"))] {
            assert_eq!(open(&memory, mode).await.unwrap().id(), id);
        }
        let other = open(&Memory::default(), Mode::Start(settings("a"))).await.unwrap();
        assert_ne!(other.id(), id);
    });
}

#[test]
fn other_settings_are_refused_until_they_are_adopted() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(&memory, Mode::Start(settings("a"))).await.unwrap();
        state.commit(Delta { read: vec![read(&state, 1, 0)], ..Delta::default() }).await.unwrap();
        drop(state);
        for mode in [Mode::Run(settings("b")), Mode::Start(settings("b"))] {
            let refused = open(&memory, mode).await.unwrap_err();
            let StateError::Settings { differences, .. } = refused else { panic!("{refused}") };
            assert_eq!(differences, [r#"endpoint was "a" and is "b" now"#]);
        }
        let adopted = open(&memory, Mode::Adopt(settings("b"))).await.unwrap();
        let (generation, identity) = (adopted.generation(), read(&adopted, 1, 0).identity);
        drop(adopted);
        let mut state = open(&memory, Mode::Run(settings("b"))).await.unwrap();
        assert_eq!(state.generation(), generation);
        assert_eq!(state.standing(day(1), &identity).await.unwrap(), Standing::Known { epoch: 0 });
        drop(state);
        let again = open(&memory, Mode::Adopt(settings("b"))).await.unwrap();
        assert_eq!(again.generation(), generation, "nothing to adopt");
    });
}

#[test]
fn a_total_that_would_wrap_is_an_error_and_nothing_is_kept() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(&memory, Mode::Start(settings("a"))).await.unwrap();
        let mut row = object_row(1, 0);
        row.traffic.bytes_in = u64::MAX;
        let delta = Delta { read: vec![read(&state, 1, 0)], rows: vec![row], ..Delta::default() };
        state.commit(delta).await.unwrap();
        let before = memory.files().clone();
        for _ in 0..2 {
            let mut row = object_row(1, 0);
            row.traffic.bytes_in = 1;
            let read = vec![read(&state, 2, 0)];
            let refused = state.commit(Delta { read, rows: vec![row], ..Delta::default() }).await;
            let error = refused.unwrap_err();
            assert!(matches!(error, StateError::Overflow { .. }));
            assert_eq!(
                error.to_string(),
                format!("{}: a total of bytes_in exceeds 64 bits", key(1))
            );
        }
        // Two rows of one delta, as well.
        let mut row = object_row(2, 0);
        row.traffic.bytes_in = u64::MAX / 2 + 1;
        let (read, rows) = (vec![read(&state, 2, 0)], vec![row.clone(), row]);
        let refused = state.commit(Delta { read, rows, ..Delta::default() }).await;
        assert!(matches!(refused, Err(StateError::Overflow { .. })), "{refused:?}");
        assert_eq!(*memory.files(), before);
        assert_eq!(all(&mut state, 3).await.standings[2], [Seen::New; 3]);
    });
}

#[test]
fn what_would_count_twice_or_for_no_object_is_refused() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(&memory, Mode::Start(settings("a"))).await.unwrap();
        let delta = |state: &State, objects: &[(u32, u32)], lists: &str| Delta {
            lists: lists.into(),
            read: objects.iter().map(|&(number, etag)| read(state, number, etag)).collect(),
            rows: vec![object_row(1, 0)],
            ..Delta::default()
        };
        state.commit(delta(&state, &[(1, 0)], "a")).await.unwrap();
        let before = memory.files().clone();
        for objects in [&[(1, 0)][..], &[(2, 0), (1, 0)], &[(2, 0), (2, 0)], &[(2, 0), (2, 1)], &[]]
        {
            let refused = state.commit(delta(&state, objects, "a")).await;
            assert!(matches!(refused, Err(StateError::Refused { .. })), "{objects:?}: {refused:?}");
        }
        assert_eq!(*memory.files(), before);

        // Under other lists an object can be read again, once.
        let again = state.commit(delta(&state, &[(1, 0), (2, 0)], "b")).await.unwrap();
        assert_eq!((again.new, again.replaced, again.again), (1, 0, 1));
        assert!(state.commit(delta(&state, &[(1, 0)], "b")).await.is_err());
        let replaced = state.commit(delta(&state, &[(1, 1)], "b")).await.unwrap();
        assert_eq!((replaced.new, replaced.replaced, replaced.again), (0, 1, 0));
        let summary = state.summary();
        assert_eq!((summary.objects, summary.replaced), (2, 1));
        let epochs = state.epochs().await.unwrap();
        assert_eq!(epochs.values().collect::<Vec<_>>(), ["a", "b"]);
    });
}

/// Compiles, or does not.
#[test]
fn a_state_can_go_to_other_threads() {
    fn can_go<T: Send>(_: &T) {}
    let memory = Memory::default();
    can_go(&async move {
        let mut state = open(&memory, Mode::Start(settings("a"))).await?;
        state.known(day(1)).await?;
        state.commit(Delta::default()).await?;
        state.compact().await?;
        state.verify().await?;
        state.close().await
    });
}

#[test]
fn nothing_is_written_for_nothing() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(&memory, Mode::Start(settings("a"))).await.unwrap();
        let before = memory.files().clone();
        let nothing = Delta { lists: "a".into(), ..Delta::default() };
        let commit = state.commit(nothing).await.unwrap();
        assert_eq!(commit.generation, state.generation());
        state.compact().await.unwrap();
        state.forget(&BTreeSet::from([day(1)])).await.unwrap();
        drop(state);
        let mut state = open(&memory, Mode::Run(settings("a"))).await.unwrap();
        assert_eq!(*memory.files(), before);

        let (read, rows) = (vec![read(&state, 0, 0)], vec![object_row(0, 0)]);
        state.commit(Delta { read, rows, ..Delta::default() }).await.unwrap();
        state.compact().await.unwrap();
        let before = memory.files().clone();
        state.compact().await.unwrap();
        let forgotten = state.forget(&BTreeSet::from([day(1)])).await.unwrap();
        assert_eq!((forgotten.before, forgotten.after, forgotten.forgotten), (2, 2, 0));
        assert_eq!(*memory.files(), before);
    });
}

#[test]
fn a_row_tells_in_which_generation_it_last_changed() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(&memory, Mode::Start(settings("a"))).await.unwrap();
        for number in [0, 1, 6] {
            let delta = Delta {
                read: vec![read(&state, number, 0)],
                rows: vec![FindingRow { revision: 99, ..object_row(number, 0) }],
                ..Delta::default()
            };
            state.commit(delta).await.unwrap();
        }
        state.compact().await.unwrap();
        drop(state);
        let mut state = open(&memory, Mode::Read).await.unwrap();
        let findings = state.findings().await.unwrap();
        let revisions: Vec<_> = findings.map(|row| (row.key.clone(), row.revision)).collect();
        // Starting is the first generation; objects 0 and 6 have one key.
        assert_eq!(key(0), key(6));
        assert_eq!(revisions, [(key(0), 4), (key(1), 3)]);
    });
}

#[test]
fn trouble_is_counted_until_it_is_settled() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(&memory, Mode::Start(settings("a"))).await.unwrap();
        let trouble = |object: &str, kind: &str| Trouble {
            object: object.into(),
            kind: kind.into(),
            reason: "says the store".into(),
            tried: 1,
        };
        let deltas = [
            (vec![], vec![trouble("a", "denied"), trouble("b", "denied")]),
            (vec![], vec![trouble("a", "archived")]),
            (vec!["b"], vec![]),
            (vec!["a", "c"], vec![trouble("c", "truncated")]),
            (vec![], vec![trouble("a", "denied")]),
        ];
        let expected: [&[(&str, &str, u64)]; 5] = [
            &[("a", "denied", 1), ("b", "denied", 1)],
            &[("a", "archived", 2), ("b", "denied", 1)],
            &[("a", "archived", 2)],
            &[("c", "truncated", 1)],
            &[("a", "denied", 1), ("c", "truncated", 1)],
        ];
        for ((settled, trouble), expected) in deltas.into_iter().zip(expected) {
            let settled = settled.into_iter().map(str::to_owned).collect();
            state.commit(Delta { settled, trouble, ..Delta::default() }).await.unwrap();
            for _ in 0..2 {
                let found: Vec<Trouble> = state.trouble().await.unwrap().cloned().collect();
                let found: Vec<_> =
                    found.iter().map(|t| (t.object.as_str(), t.kind.as_str(), t.tried)).collect();
                assert_eq!(found, expected);
                drop(state);
                state = open(&memory, Mode::Run(settings("a"))).await.unwrap();
            }
        }
        let before: Vec<Trouble> = state.trouble().await.unwrap().cloned().collect();
        state.compact().await.unwrap();
        drop(state);
        let mut state = open(&memory, Mode::Read).await.unwrap();
        assert_eq!(state.trouble().await.unwrap().cloned().collect::<Vec<_>>(), before);
    });
}

#[test]
fn forgotten_shelves_are_new_again_and_their_sums_stay() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(&memory, Mode::Start(settings("a"))).await.unwrap();
        for objects in [[0, 1], [8, 9]] {
            let delta = Delta {
                read: objects.map(|number| read(&state, number, 0)).into(),
                rows: objects.map(|number| object_row(number, 0)).into(),
                ..Delta::default()
            };
            state.commit(delta).await.unwrap();
        }
        let before = all(&mut state, 10).await;
        let forgotten = state.forget(&BTreeSet::from([day(0)])).await.unwrap();
        assert_eq!(forgotten.forgotten, 2);
        for _ in 0..2 {
            let after = all(&mut state, 10).await;
            assert_eq!(after.findings, before.findings);
            assert_eq!(after.objects, 2);
            for (number, seen) in
                [(0, Seen::New), (8, Seen::New), (1, Seen::Known), (9, Seen::Known)]
            {
                assert_eq!(after.standings[number][0], seen, "{number}");
            }
            assert!(state.verify().await.unwrap().is_whole());
            drop(state);
            state = open(&memory, Mode::Run(settings("a"))).await.unwrap();
        }
    });
}

#[test]
fn what_was_told_is_no_news_until_it_changes_whatever_comes_between() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(&memory, Mode::Start(settings("a"))).await.unwrap();
        let delta = |state: &State, number: u32| Delta {
            read: vec![read(state, number, 0)],
            rows: vec![object_row(number, 0)],
            ..Delta::default()
        };
        // Objects 0 and 6 have one key, 1 another.
        for number in [0, 1] {
            state.commit(delta(&state, number)).await.unwrap();
        }
        let unknown = Delta { told: [(key(2), 1)].into(), ..Delta::default() };
        assert!(matches!(state.commit(unknown).await, Err(StateError::Refused { .. })));
        let both = Delta { told: [(key(0), 1)].into(), ..delta(&state, 6) };
        assert!(matches!(state.commit(both).await, Err(StateError::Refused { .. })));
        let told = Delta { told: [(key(0), 1), (key(1), 1)].into(), ..Delta::default() };
        state.commit(told).await.unwrap();
        state.commit(delta(&state, 6)).await.unwrap();
        for round in 0..3 {
            let found: Vec<FindingRow> = state.findings().await.unwrap().cloned().collect();
            let news = |number| found.iter().find(|row| row.key == key(number)).unwrap().is_news();
            assert_eq!((news(0), news(1)), (true, false), "round {round}");
            assert!(found.iter().all(|row| row.told.unwrap().bulletin == 1));
            drop(state);
            state = open(&memory, Mode::Run(settings("a"))).await.unwrap();
            if round == 1 {
                state.compact().await.unwrap();
            }
        }
    });
}

#[test]
fn days_are_those_of_the_shelves_with_about_as_many_objects() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(&memory, Mode::Start(settings("a"))).await.unwrap();
        assert!(state.days().is_empty());
        // Days 0 and 3, so two in four; object 7 has no day, and its commit tells only the last.
        for numbers in [&[0, 3][..], &[7, 5]] {
            let read = numbers.iter().map(|&number| read(&state, number, 0)).collect();
            state.commit(Delta { read, ..Delta::default() }).await.unwrap();
        }
        let days = |state: &State| {
            let days = state.days();
            (0..7).map(|number| days.get(&day(number).day().unwrap()).copied()).collect::<Vec<_>>()
        };
        assert_eq!(days(&state), [Some(1), Some(1), Some(1), Some(1), None, Some(2), None]);
        let only = Delta { read: vec![read(&state, 15, 0)], ..Delta::default() };
        state.commit(only).await.unwrap();
        assert_eq!(state.days().len(), 5, "no day in it");
    });
}

#[test]
fn a_file_is_kept_until_it_is_not_wanted_and_damage_is_seen() {
    block_on(async {
        let memory = Memory::default();
        let mut state = open(&memory, Mode::Start(settings("a"))).await.unwrap();
        let one = state.keep(b"203.0.113.9".to_vec()).await.unwrap();
        let other = state.keep(b"198.51.100.7".to_vec()).await.unwrap();
        assert_eq!(state.keep(b"203.0.113.9".to_vec()).await.unwrap(), one);
        assert_eq!(state.kept(&one).await.unwrap().unwrap(), b"203.0.113.9");
        state.keep_only(&BTreeSet::from([other.clone()])).await.unwrap();
        assert_eq!(state.kept(&one).await.unwrap(), None);
        assert!(state.kept(&other).await.unwrap().is_some());
        assert!(state.verify().await.unwrap().orphans.is_empty(), "no segments");
        memory.files().insert(format!("kept/{other}"), b"another".to_vec());
        assert!(matches!(state.kept(&other).await, Err(StateError::Damaged { .. })));
    });
}
