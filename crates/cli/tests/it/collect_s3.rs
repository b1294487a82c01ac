//! `collect` into a bucket, from the outside.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowproof_s3_testing::{Fault, Rule};
use serde_json::Value;

use crate::naive::files_below;
use crate::program::{Run, arg, run, testdata};
use crate::s3::{Bucket, eight, sample};

const LOCK: &str = "set/.flowproof-work/lock";
const NOTE: &str = "set/flowproof-unfinished.parquet";
/// A part of the key of the one file that the records of [`eight`] go into.
const FILE: &str = "set/unplaced/flowproof-";
const TO_SET: [&str; 4] =
    ["collect", "--logs=s3://logs/*.log", "--to=s3://logs/set", "--format=json"];

/// The names and bytes of all in a folder.
fn of_folder(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let name =
        |file: &std::path::PathBuf| file.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
    let files = files_below(folder.as_ref());
    files.iter().map(|file| (name(file), fs::read(file).unwrap())).collect()
}

/// The same of a bucket's `set/`.
fn of_set(bucket: &Bucket) -> BTreeMap<String, Vec<u8>> {
    let keys = bucket.objects.keys("logs").into_iter();
    let bytes = |key: &str| bucket.objects.get("logs", key).unwrap().bytes.to_vec();
    keys.filter_map(|key| Some((key.strip_prefix("set/")?.to_owned(), bytes(&key)))).collect()
}

/// The keys of a bucket's `set/`.
fn keys(bucket: &Bucket) -> Vec<String> {
    let keys = bucket.objects.keys("logs").into_iter();
    keys.filter(|key| key.starts_with("set/")).collect()
}

/// The run has one error, which has these words in it.
fn fails(run: &Run, words: &[&str]) {
    assert_eq!((run.code, &*run.out), (Some(1), ""), "{run:?}");
    assert_eq!(run.err.lines().count(), 1, "{run:?}");
    words.iter().for_each(|word| assert!(run.err.contains(word), "{word}: {run:?}"));
}

/// The set answers as the eight objects do.
fn answers(bucket: &Bucket) {
    let of = |logs: &str| {
        let run = bucket.run(&["volumes", "--logs", logs, "--by=remote,hour", "--format=csv"]);
        (run.code, run.out)
    };
    let (set, originals) = (of("s3://logs/set"), of("s3://logs/*.log"));
    assert_eq!(originals.0, Some(0));
    assert_eq!(set, originals);
}

#[test]
fn a_set_in_a_bucket_is_byte_for_byte_the_one_in_a_folder_and_answers_alike() {
    let sets = tempfile::tempdir().unwrap();
    let place = |name: &str| arg(sets.path().join(name));
    let sampled = sample("hive");
    let fixtures = testdata();
    for (name, folder) in [("sampled", sampled.path().join("logs")), ("fixtures", fixtures)] {
        let bucket = Bucket::of(&folder);
        for key in bucket.objects.keys("logs") {
            // Beside the set.
            let object = bucket.objects.get("logs", &key).unwrap();
            bucket.objects.remove("logs", &key);
            bucket.objects.store("logs", &format!("in/{key}"), object);
        }
        for (from, logs) in [("disk", arg(&folder)), ("bucket", "s3://logs/in".to_owned())] {
            let here = place(&format!("{name}-{from}"));
            let collect =
                |to: &str| bucket.run(&["collect", "--logs", &logs, "--to", to, "--format=json"]);
            let one = collect(&here);
            // Some folders are found later than the others, and than they were before.
            let late = Rule::new(Fault::Delay(Duration::from_millis(500))).listings().key("in/");
            bucket.server.faults().add(late.chance(0.5));
            let other = collect("s3://logs/set");
            bucket.server.faults().clear();
            assert_eq!((one.code, &one.err), (other.code, &other.err), "{one:?}");
            let there = of_set(&bucket);
            assert!(there.len() >= 2 || name == "sampled", "{:?}", there.keys());
            assert!(there == of_folder(&here), "{:?}", there.keys());
            let stripped = |run: &Run, root: &str| run.out.replace(&format!("{root}/"), "");
            assert_eq!(stripped(&one, &here), stripped(&other, "s3://logs/set"));

            let again = collect("s3://logs/set").json();
            assert_eq!(again["files"], Value::Array(Vec::new()));
            assert_eq!(again["had"], collect(&here).json()["had"]);
            assert!(again["had"].as_u64().unwrap() > 0);

            for question in [
                &["query", "--format=csv", "select * from flow_logs"][..],
                &["volumes", "--by=interface,hour", "--format=csv", "--from=2025-06-01T09:00:00Z"],
            ] {
                let of = |logs: &str| {
                    let mut args = vec![question[0], "--logs", logs];
                    args.extend(&question[1..]);
                    let run = bucket.run(&args);
                    (run.code, run.out)
                };
                assert_eq!(of("s3://logs/set"), of(&logs), "{question:?}");
            }
            keys(&bucket).iter().for_each(|key| bucket.objects.remove("logs", key));
        }
    }
}

#[test]
fn the_same_objects_give_the_same_bytes_in_whatever_order_they_are_found() {
    let bucket = eight();
    for (folder, remote) in [("a", "203.0.113.9"), ("b", "203.0.113.1")] {
        let line = crate::s3::LINE.replace("203.0.113.9", remote);
        bucket.objects.put("logs", &format!("in/{folder}/flow.log"), line);
    }
    let sets = tempfile::tempdir().unwrap();
    let collect = |name: &str| {
        let to = arg(sets.path().join(name));
        let run = bucket.run(&["collect", "--logs=s3://logs/in/", "--to", &to]);
        assert_eq!(run.code, Some(0), "{run:?}");
        of_folder(&to)
    };
    let found_first = collect("one");
    // Longer than objects are waited for before the first of them are read.
    let late = Rule::new(Fault::Delay(Duration::from_secs(2)));
    bucket.server.faults().add(late.listings().key("in/a/"));
    assert!(found_first == collect("other"));
}

#[test]
fn a_run_whose_file_cannot_be_put_leaves_nothing_half_and_the_next_one_completes_it() {
    for fault in [Fault::HangUp, Fault::InternalError] {
        let bucket = eight();
        bucket.server.faults().add(Rule::new(fault).method("PUT").key(FILE));
        fails(&bucket.run(&TO_SET), &["s3://logs/set/unplaced/flowproof-"]);
        assert_eq!(keys(&bucket), [NOTE]);
        let found = bucket.run(&["inspect", "--logs=s3://logs/set", "--format=json"]);
        assert_eq!(found.code, Some(3), "{found:?}");
        let objects = &found.json()["objects"];
        assert_eq!((&objects["vanished"], &objects["read"]), (&8.into(), &0.into()));
        bucket.server.faults().clear();
        assert_eq!(bucket.run(&TO_SET).code, Some(0));
        assert_eq!(keys(&bucket).len(), 1, "{:?}", keys(&bucket));
        answers(&bucket);
    }
}

#[test]
fn answers_that_are_lost_on_the_way_change_nothing() {
    let (bucket, expected) = (eight(), eight());
    bucket.server.faults().add(Rule::new(Fault::LoseAnswer).times(1));
    bucket.server.faults().add(Rule::new(Fault::HangUp).skip(1).times(1));
    bucket.server.faults().add(Rule::new(Fault::SlowDown).method("DELETE").times(1));
    let (found, right) = (bucket.run(&TO_SET), expected.run(&TO_SET));
    assert_eq!((found.code, &found.out), (Some(0), &right.out), "{found:?}");
    assert!(of_set(&bucket) == of_set(&expected), "{:?}", keys(&bucket));
    assert!(bucket.server.faults().done("lose answer") > 3);
}

#[test]
fn a_lock_is_never_taken_from_another_run_and_says_whose_it_is() {
    let bucket = eight();
    let lock = r#"{"holder":"desk, process 4711","since":"2025-06-01T10:00:00Z","run":"1"}"#;
    bucket.objects.put("logs", LOCK, lock);
    let told = ["s3://logs/set: ", "desk, process 4711", "2025-06-01T10:00:00Z"];
    let advice = "remove s3://logs/set/.flowproof-work/lock";
    fails(&bucket.run(&TO_SET), &[&told[..], &[advice]].concat());
    bucket.objects.put("logs", LOCK, "not ours");
    fails(&bucket.run(&TO_SET), &["cannot read", advice]);
    assert_eq!(keys(&bucket), [LOCK]);
    bucket.objects.remove("logs", LOCK);
    assert_eq!(bucket.run(&TO_SET).code, Some(0));
    answers(&bucket);
}

fn start(bucket: &Bucket) -> Child {
    let mut command = bucket.command(&TO_SET);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn of_two_runs_at_once_one_writes_and_the_other_says_why_not() {
    let bucket = eight();
    // Long enough for the other to come.
    let late = Rule::new(Fault::Delay(Duration::from_secs(8)));
    bucket.server.faults().add(late.method("PUT").key(FILE));
    let both = [start(&bucket), start(&bucket)];
    let mut both = both.map(|child| Run::of(child.wait_with_output().unwrap()));
    both.sort_by_key(|run| run.code);
    let [won, lost] = &both;
    assert_eq!(won.code, Some(0), "{both:?}");
    fails(lost, &["another run has been collecting into it since", ", process "]);
    assert_eq!(keys(&bucket).len(), 1);
    answers(&bucket);
}

#[test]
fn a_run_that_is_ended_takes_its_lock_away_and_the_next_one_completes_the_set() {
    // Once while it writes and once while it reads.
    for (method, key) in [("PUT", FILE), ("GET", "7.log")] {
        for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
            let bucket = eight();
            let late = Rule::new(Fault::Delay(Duration::from_secs(60)));
            bucket.server.faults().add(late.method(method).key(key));
            let (child, begun) = (start(&bucket), Instant::now());
            while bucket.server.faults().done("delay") == 0 {
                assert!(begun.elapsed() < Duration::from_secs(30), "it is not asked for");
                std::thread::sleep(Duration::from_millis(10));
            }
            let run = crate::ended::ended(child, signal);
            assert_eq!((run.code, &*run.out), (Some(code), ""), "{run:?}");
            assert_eq!(keys(&bucket), [NOTE], "{method} {signal}");
            bucket.server.faults().clear();
            assert_eq!(bucket.run(&TO_SET).code, Some(0));
            answers(&bucket);
        }
    }
}

#[test]
fn a_refused_write_is_one_error_that_names_the_key_and_the_right() {
    let kms = "User is not authorized to perform: kms:GenerateDataKey on this resource";
    let kms = Fault::Answer(403, "AccessDenied", kms);
    let lock = "s3://logs/set/.flowproof-work/lock";
    let file = "s3://logs/set/unplaced/flowproof-";
    for (fault, method, key, place, right) in [
        (Fault::Denied, "PUT", "", lock, "s3:PutObject"),
        (Fault::Denied, "PUT", FILE, file, "s3:PutObject"),
        (kms, "PUT", FILE, file, "kms:GenerateDataKey"),
        (Fault::Denied, "DELETE", NOTE, "s3://logs/set/flowproof-unfinished", "s3:DeleteObject"),
        (Fault::Denied, "DELETE", LOCK, lock, "s3:DeleteObject"),
    ] {
        let bucket = eight();
        bucket.server.faults().add(Rule::new(fault).method(method).key(key));
        fails(&bucket.run(&TO_SET), &[place, right]);
        let left: Vec<String> =
            keys(&bucket).into_iter().filter(|key| !key.starts_with(FILE)).collect();
        let expected: &[&str] = match (method, key) {
            ("PUT", "") => &[],
            ("DELETE", LOCK) => &[LOCK],
            _ => &[NOTE],
        };
        assert_eq!(left, expected, "{method} {key}");
    }
}

#[test]
fn a_session_that_ends_while_a_set_is_written_is_one_error_that_tells_of_the_lock_too() {
    let bucket = eight();
    bucket.server.faults().add(Rule::new(Fault::ExpiredToken).method("PUT").key(FILE));
    bucket.server.faults().add(Rule::new(Fault::ExpiredToken).method("DELETE"));
    let told = ["s3://logs/set/unplaced/flowproof-", "log in again", "lock could not be removed"];
    fails(&bucket.run(&TO_SET), &told);
}

#[test]
fn a_store_without_conditional_writes_is_refused() {
    let unknown = "A header you provided implies functionality that is not implemented.";
    for fault in [Fault::Answer(501, "NotImplemented", unknown), Fault::IgnoreIfNoneMatch] {
        let bucket = eight();
        bucket.server.faults().add(Rule::new(fault).method("PUT").key("lock"));
        fails(&bucket.run(&TO_SET), &["If-None-Match", "collect into a folder"]);
        assert_eq!(keys(&bucket), [""; 0]);
    }
}

#[test]
fn a_lock_that_is_removed_under_a_run_is_an_error_and_the_set_stays_unfinished() {
    let bucket = eight();
    let objects = bucket.objects.clone();
    let remove = move || objects.remove("logs", LOCK);
    bucket.server.faults().add(Rule::new(Fault::Then(Arc::new(remove))).method("PUT").key(FILE));
    // So S3 answers for an object that is not there, where the right to list has a condition.
    bucket.server.faults().add(Rule::new(Fault::Denied).gets().key(LOCK));
    fails(&bucket.run(&TO_SET), &["it was removed while this run was writing", "Run again"]);
    assert!(keys(&bucket).contains(&NOTE.to_owned()), "{:?}", keys(&bucket));
    bucket.server.faults().clear();
    assert_eq!(bucket.run(&TO_SET).json()["had"], 8);
    assert_eq!(keys(&bucket).len(), 1, "{:?}", keys(&bucket));
    answers(&bucket);
}

#[test]
fn a_set_among_its_logs_or_around_them_is_refused_before_anything_is_written() {
    let bucket = eight();
    for (logs, to) in [
        ("s3://logs", "s3://logs/set"),
        ("s3://logs/", "s3://logs"),
        ("s3://logs/7.log", "s3://logs"),
    ] {
        let run = bucket.run(&["collect", "--logs", logs, "--to", to]);
        fails(&run, &[to, "both"]);
    }
    assert_eq!(bucket.server.counts().write, 0);
}

#[test]
fn the_region_of_the_bucket_is_found_and_a_bucket_that_is_not_there_is_named() {
    let bucket = eight();
    bucket.server.faults().add(Rule::new(Fault::WrongRegion("eu-west-1")));
    let found = bucket.run(&TO_SET);
    assert_eq!(found.code, Some(0), "{found:?}");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.log"), crate::s3::LINE).unwrap();
    let logs = arg(folder.path());
    let nowhere = bucket.run(&["collect", "--logs", &logs, "--to", "s3://nowhere/set"]);
    fails(&nowhere, &["s3://nowhere/set", "NoSuchBucket"]);
    let nameless = run(&["collect", "--logs", &logs, "--to", "s3:///set"]);
    fails(&nameless, &["s3:///set", "s3://bucket/prefix"]);
}
