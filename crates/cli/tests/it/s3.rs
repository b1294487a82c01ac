//! Places in buckets, from the outside, against a server within this process.

use std::fs;
use std::path::Path;
use std::process::Command;

use flowproof_s3_testing::{Fault, Memory, Rule, S3Server, Stored};
use serde_json::Value;
use tempfile::TempDir;

use crate::naive::files_below;
use crate::program::{Run, arg, command, run, run_in, testdata};

/// A server and what it needs to run beside the program.
pub(crate) struct Bucket {
    pub(crate) server: S3Server,
    pub(crate) objects: Memory,
    _runtime: tokio::runtime::Runtime,
}

impl Bucket {
    pub(crate) fn new() -> Bucket {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let objects = Memory::default();
        objects.create("logs");
        let server = runtime.block_on(S3Server::memory(objects.clone())).unwrap();
        Bucket { server, objects, _runtime: runtime }
    }

    /// A bucket with all files below a folder.
    pub(crate) fn of(folder: &Path) -> Bucket {
        let bucket = Bucket::new();
        for file in files_below(folder) {
            let key = file.strip_prefix(folder).unwrap().to_str().unwrap();
            bucket.objects.put("logs", key, fs::read(&file).unwrap());
        }
        bucket
    }

    /// What a process needs in its environment to reach the server, if it has no options for it.
    #[cfg(feature = "cluster")]
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = self.server.environment();
        environment.push(("FLOWPROOF_ENDPOINT_URL", self.server.endpoint()));
        environment.push(("FLOWPROOF_PATH_STYLE", "true".to_owned()));
        environment.push(("FLOWPROOF_S3_ATTEMPTS", "3".to_owned()));
        environment
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        run_in(&self.args(args), &self.server.environment())
    }

    /// The program with some arguments, to be started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        command(&self.args(args), &self.server.environment())
    }

    /// The arguments with those by which the server is reached.
    fn args(&self, args: &[&str]) -> Vec<String> {
        let endpoint = self.server.endpoint();
        let mut reach = vec!["--path-style", "--endpoint-url", endpoint.as_str()];
        if !args.iter().any(|arg| arg.starts_with("--s3-attempts")) {
            reach.push("--s3-attempts=3");
        }
        // Before the first option, since a query ends in what is none.
        let at = args.iter().position(|arg| arg.starts_with("--")).unwrap();
        let args = [&args[..at], &reach[..], &args[at..]].concat();
        args.into_iter().map(str::to_owned).collect()
    }
}

/// What a run printed, without what tells where the logs are.
fn told(run: &Run, root: &str) -> (Option<i32>, String) {
    fn strip(value: &mut Value) {
        if let Some(object) = value.as_object_mut() {
            // Of a file the digest stands for the store's own mark.
            for place in ["etag", "requests", "collected_in"] {
                object.remove(place);
            }
            object.values_mut().for_each(strip);
        }
        value.as_array_mut().into_iter().flatten().for_each(strip);
    }
    let out = run.out.replace(root, "");
    let text = match serde_json::from_str::<Value>(&out) {
        Ok(mut value) => {
            strip(&mut value);
            value.to_string()
        }
        Err(_) => out,
    };
    (run.code, format!("{text}\n{}", run.err.replace(root, "")))
}

/// Asks the same of a folder and of the bucket that has all of it.
fn compare(folder: &Path, questions: &[&[&str]]) -> Bucket {
    let bucket = Bucket::of(folder);
    let root = format!("{}/", arg(folder));
    for question in questions {
        let at = |root: &str| -> Vec<String> {
            question.iter().map(|part| part.replace("@", root)).collect()
        };
        let (here, there) = (at(&root), at("s3://logs/"));
        let here = told(&run(&here), &root);
        let there: Vec<&str> = there.iter().map(String::as_str).collect();
        let there = told(&bucket.run(&there), "s3://logs/");
        assert!(here.1.len() > 100 || here.0 == Some(1), "{question:?}: {here:?}");
        assert_eq!(there, here, "{question:?}");
    }
    bucket
}

#[test]
fn every_fixture_answers_alike_from_a_bucket() {
    compare(
        &testdata(),
        &[
            &["inspect", "--logs", "@", "--format=json", "--files"],
            &["query", "--logs=@", "--format=csv", "select * from flow_logs"],
            // Not the fixture whose counters do not fit in a total.
            &[
                "volumes",
                "--logs",
                "@",
                "--format=csv",
                "--by=interface,local,remote,action,hour",
                "--from=2025-06-01T09:00:00Z",
            ],
            &["investigate", "--logs", "@", "--format=json", "--instance=i-0aaaabbbbcccc0001"],
        ],
    );
}

pub(crate) fn sample(layout: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let args = ["sample", &arg(folder.path()), "--layout", layout, "--records=3000"];
    let made = run(&[&args[..], &["--list-entries=200", "--files=6"]].concat());
    assert_eq!(made.code, Some(0), "{made:?}");
    folder
}

#[test]
fn every_layout_answers_alike_from_a_bucket() {
    for layout in LAYOUTS {
        let folder = sample(layout);
        let bucket = compare(
            folder.path(),
            &[
                &["inspect", "--logs", "@logs", "--format=json"],
                &["volumes", "--logs", "@logs", "--by=interface,hour", "--format=csv"],
                &[
                    "scan",
                    "--logs",
                    "@logs",
                    "--list",
                    "@threats.txt",
                    "--inventory",
                    "@inventory.json",
                    "--format=json",
                ],
                &[
                    "investigate",
                    "--logs",
                    "@logs",
                    "--finding",
                    "@finding.json",
                    "--inventory",
                    "@inventory.json",
                    "--list",
                    "@threats.txt",
                    "--format=json",
                ],
                &["lists", "lookup", "--list", "@threats.txt", "192.0.2.1"],
                &["lists", "check", "--format=json", "@threats.txt"],
            ],
        );
        // What is collected from the bucket is what is collected from the folder, and answers alike.
        let sets = tempfile::tempdir().unwrap();
        let (one, other) = (arg(sets.path().join("one")), arg(sets.path().join("other")));
        let logs = arg(folder.path().join("logs"));
        assert_eq!(run(&["collect", "--logs", &logs, "--to", &one]).code, Some(0));
        let collected = bucket.run(&["collect", "--logs", "s3://logs/logs", "--to", &other]);
        assert_eq!(collected.code, Some(0), "{collected:?}");
        let of =
            |set: &str| run(&["volumes", "--logs", set, "--by=interface,hour", "--format=csv"]);
        assert_eq!(of(&one).out, of(&other).out);
        // A set can be in a bucket too.
        for file in files_below(Path::new(&other)) {
            let key = format!("set/{}", file.strip_prefix(&other).unwrap().to_str().unwrap());
            bucket.objects.put("logs", &key, fs::read(&file).unwrap());
        }
        let there = bucket.run(&[
            "volumes",
            "--logs",
            "s3://logs/set",
            "--by=interface,hour",
            "--format=csv",
        ]);
        assert_eq!((there.code, &there.out), (Some(0), &of(&one).out), "{there:?}");
    }
}

/// The layouts of `sample`.
const LAYOUTS: [&str; 4] = ["classic", "classic-hourly", "hive", "hive-hourly"];

pub(crate) const LINE: &str = "2 123456789012 eni-0a1b2c3d4e5f60001 10.0.1.5 203.0.113.9 49152 443 6 10 100 \
                    1748736000 1748736060 ACCEPT OK\n";

/// Eight objects of one record each.
pub(crate) fn eight() -> Bucket {
    let bucket = Bucket::new();
    for n in 0..8 {
        bucket.objects.put("logs", &format!("{n}.log"), LINE.repeat(n + 1));
    }
    bucket
}

#[test]
fn what_cannot_be_read_is_counted_by_kind_and_named_and_the_rest_is_right() {
    let bucket = eight();
    bucket.objects.store("logs", "7.log", Stored::new(LINE.repeat(8)).class("DEEP_ARCHIVE"));
    let faults = bucket.server.faults();
    faults.add(Rule::new(Fault::Denied).gets().key("1.log"));
    faults.add(Rule::new(Fault::KmsDenied).gets().key("2.log"));
    faults.add(Rule::new(Fault::Archived("GLACIER")).gets().key("3.log"));
    faults.add(Rule::new(Fault::Gone).gets().key("4.log"));
    faults.add(Rule::new(Fault::SlowDown).gets().key("5.log"));
    let args = ["investigate", "--logs", "s3://logs", "--interface=eni-0a1b2c3d4e5f60001"];
    let found = bucket.run(&[&args[..], &["--format=json"]].concat());
    assert_eq!(found.code, Some(3), "{found:?}");
    let found = found.json();
    let objects = &found["coverage"]["objects"];
    let count = |kind: &str| objects[kind].as_u64().unwrap();
    let kinds = ["listed", "read", "denied", "kms_denied", "archived", "vanished", "unreachable"];
    assert_eq!(kinds.map(count), [8, 2, 1, 1, 2, 1, 1], "{objects}");
    // The first has one record, the seventh has seven.
    assert_eq!(found["totals"]["bytes_out"], 800);
    let mut named: Vec<&str> = found["coverage"]["samples"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|sample| sample["kind"] != "assumed")
        .map(|sample| sample["object"].as_str().unwrap())
        .collect();
    named.sort_unstable();
    let expected = [1, 2, 3, 4, 5, 7].map(|n| format!("s3://logs/{n}.log"));
    assert_eq!(named, expected);
    let reason = |kind: &str| {
        let samples = found["coverage"]["samples"].as_array().unwrap();
        let sample = samples.iter().find(|sample| sample["kind"] == kind).unwrap();
        sample["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason("kms_denied").contains("kms:Decrypt"));
    assert!(reason("archived").contains("GLACIER"));
    assert!(reason("unreachable").contains("SlowDown"), "{}", reason("unreachable"));
}

#[test]
fn faults_that_pass_change_nothing() {
    let bucket = eight();
    let args = ["volumes", "--logs", "s3://logs", "--by=remote", "--format=csv"];
    let expected = bucket.run(&args);
    assert_eq!(expected.code, Some(0), "{expected:?}");
    let faults = bucket.server.faults();
    faults.add(Rule::new(Fault::SlowDown).times(2));
    faults.add(Rule::new(Fault::Reset(150)).gets().times(4));
    faults.add(Rule::new(Fault::Truncate(90)).gets().times(4));
    let found = bucket.run(&args);
    assert_eq!((found.code, &found.out), (Some(0), &expected.out), "{found:?}");
    assert!(faults.done("reset") + faults.done("truncate") > 0);
}

#[test]
fn what_a_run_costs_is_told_before_it_is_run() {
    let bucket = eight();
    let found = bucket.run(&["inspect", "--logs", "s3://logs", "--dry-run", "--format=json"]);
    assert_eq!(found.json()["requests"], serde_json::json!({ "list": 1, "get": 8 }));
    let counts = bucket.server.counts();
    assert_eq!((counts.list, counts.get), (1, 0));
    let found = bucket.run(&["inspect", "--logs", "s3://logs", "--format=json"]);
    assert_eq!(found.json()["requests"], serde_json::json!({ "list": 1, "get": 8 }));
}

#[test]
fn what_ends_a_run_is_one_error_that_says_what_to_do() {
    let bucket = eight();
    let fails = |run: Run, words: &[&str]| {
        assert_eq!((run.code, &*run.out), (Some(1), ""), "{run:?}");
        assert_eq!(run.err.lines().count(), 1, "{run:?}");
        words.iter().for_each(|word| assert!(run.err.contains(word), "{word}: {run:?}"));
    };
    let volumes = |place: &str| bucket.run(&["volumes", "--logs", place, "--by=remote"]);
    fails(volumes("s3://no-such-bucket/a"), &["s3://no-such-bucket/a", "NoSuchBucket"]);
    fails(volumes("s3://logs/no/such/key"), &["s3://logs/no/such/key"]);
    bucket.server.faults().add(Rule::new(Fault::ExpiredToken));
    fails(volumes("s3://logs"), &["s3://logs", "ExpiredToken"]);
    bucket.server.faults().clear();
    bucket.server.faults().add(Rule::new(Fault::Denied).listings());
    fails(volumes("s3://logs"), &["s3://logs", "s3:ListBucket"]);
    bucket.server.faults().clear();
    // Nobody listens there.
    let args = ["volumes", "--logs=s3://logs", "--by=remote", "--s3-attempts=1"];
    let nobody = [&args[..], &["--endpoint-url=http://127.0.0.1:1", "--path-style"]].concat();
    fails(run_in(&nobody, &bucket.server.environment()), &["s3://logs", "--endpoint-url"]);
    // Nobody says who is asking.
    let mut environment = bucket.server.environment();
    environment
        .retain(|(name, _)| !name.starts_with("AWS_ACCESS") && !name.starts_with("AWS_SECRET"));
    let endpoint = bucket.server.endpoint();
    let nameless = [&args[..], &["--path-style", "--endpoint-url", &endpoint]].concat();
    fails(run_in(&nameless, &environment), &["s3://logs", "credentials"]);
}

/// Ten thousand objects under faults for as long as `SOAK_MINUTES` says, each answer held against the
/// one that is known: what is readable is added up once, and all else is named.
#[test]
#[ignore = "takes as long as it is told to: SOAK_MINUTES=30 cargo test ... -- --ignored soak"]
fn soak() {
    let minutes = std::env::var("SOAK_MINUTES").map_or(1, |text| text.parse().unwrap());
    let begin = std::time::Instant::now();
    let bucket = Bucket::new();
    let mut expected = [0_u64; 2];
    let accounts = ["123456789012", "210987654321"];
    for n in 0..10_000_u64 {
        let (account, day) = (accounts[usize::from(n % 50 == 0)], 1 + n % 20);
        let key = format!(
            "AWSLogs/{account}/vpcflowlogs/us-east-1/2025/06/{day:02}/{account}_vpcflowlogs_us-east-1_\
             fl-0123456789abcdef0_202506{day:02}T{:02}{:02}Z_{n:08x}.log",
            n % 24,
            n % 12 * 5
        );
        let text = LINE.repeat(1 + (n % 7) as usize);
        let archived = day == 20 && account == accounts[0];
        let stored = Stored::new(text);
        let stored = if archived { stored.class("GLACIER") } else { stored };
        bucket.objects.store("logs", &key, stored);
        if account == accounts[0] && !archived {
            expected[0] += 1;
            expected[1] += 1 + n % 7;
        }
    }
    let faults = bucket.server.faults();
    faults.add(Rule::new(Fault::Denied).gets().key(format!("AWSLogs/{}", accounts[1])));
    faults.add(Rule::new(Fault::SlowDown).chance(0.3));
    faults.add(Rule::new(Fault::Reset(60)).gets().chance(0.05));
    faults.add(Rule::new(Fault::Truncate(80)).gets().chance(0.05));
    let mut runs = 0;
    while runs == 0 || begin.elapsed().as_secs() < minutes * 60 {
        faults.seed(runs);
        let eni = "--interface=eni-0a1b2c3d4e5f60001";
        let args = ["investigate", "--logs=s3://logs", eni, "--format=json", "--s3-attempts=14"];
        let found = bucket.run(&args);
        assert_eq!(found.code, Some(3), "{}", found.err);
        let found = found.json();
        let objects = &found["coverage"]["objects"];
        let kinds = ["listed", "read", "denied", "archived"].map(|kind| objects[kind].as_u64());
        // Of the account that is denied no day is archived before it is asked for.
        assert_eq!(kinds[0], Some(10_000), "run {runs}: {objects}");
        assert_eq!(kinds[1], Some(expected[0]), "run {runs}: {objects}");
        let unread: u64 = kinds[2].unwrap() + kinds[3].unwrap();
        assert_eq!(unread, 10_000 - expected[0], "run {runs}: {objects}");
        assert_eq!(found["totals"]["flows"].as_u64(), Some(expected[1]), "run {runs}");
        assert_eq!(found["totals"]["bytes_out"].as_u64(), Some(100 * expected[1]), "run {runs}");
        runs += 1;
    }
    let done = ["slow down", "reset", "truncate", "denied"].map(|name| faults.done(name));
    eprintln!("{runs} runs in {:?}, faults: {done:?}", begin.elapsed());
}
