//! What is damaged is an error that names the file, and never another state.

use std::sync::Arc;

use flowproof_state::{Delta, Mode, Place, Settings, Shelf, State, StateError, Trouble};
use futures::executor::block_on;
use sha2::{Digest, Sha256};

use crate::support::{Buckets, Memory, object_row, read};

/// A state with compacted months, their tables, a young segment, and what compaction replaced.
async fn state() -> Memory {
    let memory = Memory::default();
    let settings = Settings::from([("endpoint".to_owned(), "s3".to_owned())]);
    let mut state = State::open(Arc::new(memory.clone()), Mode::Start(settings)).await.unwrap();
    for (number, lists) in [(0, "a"), (1, "a"), (2, "b")] {
        if number == 2 {
            state.compact().await.unwrap();
        }
        let trouble = Trouble { object: number.to_string(), ..Trouble::default() };
        let delta = Delta {
            lists: lists.into(),
            read: vec![read(&state, number, 0), read(&state, number + 8, 0)],
            rows: vec![object_row(number, 0), object_row(number + 8, 0)],
            trouble: vec![trouble],
            notes: [("last".into(), Some(number.to_string()))].into(),
            ..Delta::default()
        };
        state.commit(delta).await.unwrap();
    }
    memory
}

/// Reads everything in the way of a run.
async fn use_all(place: &(impl Place + Clone + 'static)) -> Result<u64, StateError> {
    let mut state = State::open(Arc::new(place.clone()), Mode::Read).await?;
    let mut objects = 0;
    for shelf in state.shelves().await? {
        objects += state.known(shelf).await?.objects() as u64;
    }
    let findings = state.findings().await?.len();
    assert!(findings > 0);
    Ok(objects)
}

/// Looks at everything; what is wrong, in words.
async fn verify(place: &(impl Place + Clone + 'static)) -> Vec<String> {
    let opened = State::open(Arc::new(place.clone()), Mode::Read).await;
    match opened {
        Err(error) => vec![error.to_string()],
        Ok(mut state) => {
            let found = state.verify().await.unwrap();
            let told = found.problems.iter();
            told.map(|problem| format!("{}: {}", problem.file, problem.reason)).collect()
        }
    }
}

async fn is_found(place: &(impl Place + Clone + 'static), name: &str, what: &str) {
    let file = place.locate(name);
    let error = use_all(place).await.map_err(|error| error.to_string()).expect_err(what);
    assert!(error.contains(&file), "{what}: {error}");
    let told = verify(place).await;
    assert!(told.len() == 1 && told[0].contains(&file), "{what}: {told:?}");
}

#[tokio::test]
async fn what_is_damaged_in_a_bucket_is_found() {
    let buckets = Buckets::serve().await;
    let place = buckets.place("s3://states/a");
    let whole = state().await;
    let key = |name: &str| format!("a/{name}");
    for (name, bytes) in &*whole.files() {
        buckets.objects.put("states", &key(name), bytes.clone());
    }
    assert_eq!(use_all(&place).await.unwrap(), 6);
    for name in whole.segments().into_iter().chain(["CURRENT".into()]) {
        let bytes = whole.files()[&name].clone();
        let mut other = bytes.clone();
        other[bytes.len() / 2] ^= 1;
        buckets.objects.put("states", &key(&name), other);
        is_found(&place, &name, &format!("{name} with another byte")).await;
        buckets.objects.put("states", &key(&name), bytes[..bytes.len() - 1].to_vec());
        is_found(&place, &name, &format!("{name} cut off")).await;
        buckets.objects.remove("states", &key(&name));
        is_found(&place, &name, &format!("{name} is gone")).await;
        buckets.objects.put("states", &key(&name), bytes);
    }
    assert_eq!(verify(&place).await, [""; 0]);
}

#[test]
fn each_byte_that_is_another_is_found() {
    block_on(async {
        let whole = state().await;
        assert_eq!(verify(&whole).await, [""; 0]);
        assert_eq!(use_all(&whole).await.unwrap(), 6);
        let mut files = whole.segments();
        assert!(files.len() >= 3, "{files:?}");
        files.push("CURRENT".into());
        let mut tried = 0;
        let summary = State::open(Arc::new(whole.clone()), Mode::Read).await.unwrap().summary();
        for name in &files {
            // What the last two heads do not name is nobody's.
            let is_named = String::from_utf8_lossy(&whole.files()["CURRENT"]).contains(name);
            if name != "CURRENT" && !is_named {
                continue;
            }
            let length = whole.files()[name].len();
            for place in 0..length {
                for flip in [1 << (place % 8), 0x20, 0xff] {
                    let other = whole.copy();
                    other.files().get_mut(name).unwrap()[place] ^= flip;
                    is_found(&other, name, &format!("{name} {place} {flip:02x}")).await;
                    tried += 1;
                }
            }
        }
        assert!(tried as u64 > 3 * summary.bytes, "{tried}");
    });
}

#[test]
fn a_file_that_is_shorter_or_longer_or_gone_is_found() {
    block_on(async {
        let whole = state().await;
        let mut files = whole.segments();
        files.push("CURRENT".into());
        for name in &files {
            let length = whole.files()[name].len();
            for left in (0..length).step_by(7) {
                let other = whole.copy();
                other.files().get_mut(name).unwrap().truncate(left);
                is_found(&other, name, &format!("{name} cut off at {left}")).await;
            }
            let other = whole.copy();
            other.files().get_mut(name).unwrap().push(b'\n');
            is_found(&other, name, &format!("{name} and a line")).await;
            let other = whole.copy();
            other.files().remove(name);
            is_found(&other, name, &format!("{name} is gone")).await;
        }
    });
}

#[test]
fn a_segment_in_the_place_of_another_is_found() {
    block_on(async {
        let whole = state().await;
        let names = whole.segments();
        let other = whole.copy();
        let bytes = other.files()[&names[1]].clone();
        other.files().insert(names[0].clone(), bytes);
        is_found(&other, &names[0], "another segment").await;
    });
}

#[test]
fn a_segment_with_another_content_and_its_digest_is_found() {
    block_on(async {
        let whole = state().await;
        for name in whole.segments() {
            let body = whole.files()[&name].len() - 32;
            for place in 0..body {
                let other = whole.copy();
                {
                    let mut files = other.files();
                    let bytes = files.get_mut(&name).unwrap();
                    bytes[place] ^= 1;
                    let digest = Sha256::digest(&bytes[..body]);
                    bytes[body..].copy_from_slice(&digest);
                }
                is_found(&other, &name, &format!("{name} {place}")).await;
            }
        }
    });
}

#[test]
fn a_state_without_its_head_is_never_taken_as_empty() {
    block_on(async {
        let memory = state().await;
        memory.files().remove("CURRENT");
        let before = memory.files().clone();
        let settings = Settings::from([("endpoint".to_owned(), "s3".to_owned())]);
        for mode in [
            Mode::Read,
            Mode::Run(settings.clone()),
            Mode::Start(settings.clone()),
            Mode::Adopt(settings),
        ] {
            let opened = State::open(Arc::new(memory.clone()), mode).await;
            assert!(
                matches!(opened, Err(StateError::HeadMissing { segments, .. }) if segments >= 3),
                "{opened:?}"
            );
        }
        assert_eq!(*memory.files(), before);
    });
}

#[test]
fn a_newer_version_is_refused() {
    block_on(async {
        let memory = state().await;
        let body = r#"{"what":"nobody knows yet"}"#;
        let digest = Sha256::digest([&2u32.to_be_bytes(), body.as_bytes()].concat());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let cover = format!(r#"{{"format":"flowproof-state","version":2,"sha256":"{digest}"}}"#);
        let head = format!("{cover}\n{body}\n").into_bytes();
        memory.files().insert("CURRENT".into(), head);
        let opened = State::open(Arc::new(memory.clone()), Mode::Read).await.unwrap_err();
        assert!(matches!(opened, StateError::Newer { version: 2, known: 1, .. }), "{opened}");
        assert!(opened.to_string().contains("memory:CURRENT"), "{opened}");
    });
}

#[test]
fn a_run_does_not_go_on_with_a_damaged_shelf() {
    block_on(async {
        let memory = state().await;
        let settings = Settings::from([("endpoint".to_owned(), "s3".to_owned())]);
        let mut state = State::open(Arc::new(memory.clone()), Mode::Run(settings)).await.unwrap();
        for name in memory.segments() {
            memory.files().get_mut(&name).unwrap()[20] ^= 1;
        }
        let before = memory.files().clone();
        let delta = Delta { read: vec![read(&state, 16, 0)], ..Delta::default() };
        let refused = state.commit(delta).await;
        assert!(matches!(refused, Err(StateError::Damaged { .. })), "{refused:?}");
        assert!(matches!(state.compact().await, Err(StateError::Damaged { .. })));
        assert!(state.known(Shelf::Undated(1)).await.is_ok(), "no segment reaches it");
        assert_eq!(*memory.files(), before);
    });
}
