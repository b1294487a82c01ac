//! Runs that are ended from outside, and runs that end themselves since nothing more can be read.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flowproof_s3_testing::{Fault, Rule};

use crate::program::{Run, arg, command};
use crate::s3::{Bucket, eight};

/// What a run that is ended may take to stop.
const SOON: Duration = Duration::from_secs(2);

/// A bucket whose first object is read at once and the others after a minute.
fn slow() -> Bucket {
    let bucket = eight();
    for n in 1..8 {
        let late = Rule::new(Fault::Delay(Duration::from_secs(60)));
        bucket.server.faults().add(late.gets().key(format!("{n}.log")));
    }
    bucket
}

/// Starts a run, and ends it by a signal once the server was asked for all objects.
fn end(bucket: &Bucket, args: &[&str], signal: &str) -> Run {
    let reach = ["--path-style", "--endpoint-url", &bucket.server.endpoint()];
    let mut command = command(&[args, &reach].concat(), &bucket.server.environment());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let (begun, before) = (Instant::now(), bucket.server.counts().get);
    let child = command.spawn().unwrap();
    while bucket.server.counts().get < before + 8 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the objects are not asked for");
        std::thread::sleep(Duration::from_millis(10));
    }
    // The first one is on its way through the program.
    std::thread::sleep(Duration::from_millis(300));
    ended(child, signal)
}

/// Ends a run by a signal, and waits for it.
pub(crate) fn ended(child: Child, signal: &str) -> Run {
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let begun = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    Run::of(output)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_run_that_is_ended_stops_says_what_it_had_read_and_leaves_no_half_file() {
    let bucket = slow();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.csv");
    fs::write(&out, "what was there").unwrap();
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let args = ["volumes", "--logs=s3://logs", "--by=remote", "--format=csv", "--output"];
        let run = end(&bucket, &[&args[..], &[&arg(&out)]].concat(), signal);
        assert_eq!((run.code, &*run.out), (Some(code), ""), "{run:?}");
        let told = "error: interrupted; there is no answer. Read so far: 1 object (100 B), of 8 found \
                    (3,600 B)\n";
        assert_eq!(run.err, told.replace("100 B", &size(1)).replace("3,600 B", &size(36)));
        assert_eq!(names(folder.path()), ["out.csv"]);
        assert_eq!(fs::read(&out).unwrap(), b"what was there");
    }
}

/// So many lines, in words.
fn size(lines: u64) -> String {
    flowproof_report::exact_bytes(lines * crate::s3::LINE.len() as u64)
}

#[test]
fn a_collection_that_is_ended_leaves_a_set_that_the_next_run_completes() {
    let bucket = slow();
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    let run = end(&bucket, &["collect", "--logs=s3://logs", "--to", &arg(&set)], "-INT");
    assert_eq!((run.code, &*run.out), (Some(130), ""), "{run:?}");
    let whole = |name: &String| name.ends_with(".parquet") && !name.contains("unfinished");
    let files = crate::naive::files_below(&set);
    let files = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned());
    assert_eq!(files.filter(whole).count(), 0);
    bucket.server.faults().clear();
    let run = bucket.run(&["collect", "--logs=s3://logs", "--to", &arg(&set)]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let of = |logs: &str| bucket.run(&["volumes", "--logs", logs, "--by=remote", "--format=csv"]);
    assert_eq!(of(&arg(&set)).out, of("s3://logs").out);
}

#[test]
fn a_run_that_is_ended_leaves_no_case() {
    let bucket = slow();
    let folder = tempfile::tempdir().unwrap();
    let case = arg(folder.path().join("case"));
    let args = ["investigate", "--logs=s3://logs", "--interface=eni-1", "--case", &case];
    let run = end(&bucket, &args, "-INT");
    assert_eq!((run.code, &*run.out), (Some(130), ""), "{run:?}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_run_that_waits_for_standard_input_can_be_ended() {
    let mut command = command(&["volumes", "--logs=-", "--by=remote"], &[]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It is open, and nothing comes.
    let _input = child.stdin.take().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let run = ended(child, "-INT");
    let told = "error: interrupted before a log was read; there is no answer\n";
    assert_eq!((run.code, &*run.out, &*run.err), (Some(130), "", told));
}

#[test]
fn a_session_that_ends_while_objects_are_read_is_one_error() {
    for key in ["5.log", ""] {
        let bucket = eight();
        bucket.server.faults().add(Rule::new(Fault::ExpiredToken).gets().key(key));
        let run = bucket.run(&["volumes", "--logs=s3://logs", "--by=remote", "--format=csv"]);
        assert_eq!((run.code, &*run.out), (Some(1), ""), "{run:?}");
        assert_eq!(run.err.lines().count(), 1, "{run:?}");
        assert!(run.err.contains("ExpiredToken") && run.err.contains("log in again"), "{run:?}");
    }
}
