//! Runs that die at any moment.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::{Scheduled, expected, flows_by_entry, json_lines};
use crate::program::{arg, command, run_in};
use crate::s3::Bucket;

/// So many kills are made in each test; three hundred when somebody asks for them.
fn kills() -> u32 {
    std::env::var("FLOWPROOF_TEST_KILLS").map_or(10, |kills| kills.parse().unwrap())
}

/// What scans, and where what it tells is to be found.
trait Scans {
    fn start(&self, told: &[&str]) -> Child;
    fn add(&self, numbers: std::ops::Range<u32>);
}

/// Objects that come before each kill.
const WAVE: u32 = 10;

/// Kills runs after a time that is drawn anew for each, while objects come; then lets one end.
fn survive(scans: &impl Scans, emit: &[&str], seed: u64) -> u32 {
    let mut random = fastrand::Rng::with_seed(seed);
    scans.add(0..WAVE);
    // As long as a run takes that has a wave to read.
    let begun = Instant::now();
    assert!(scans.start(emit).wait().unwrap().success());
    let whole = begun.elapsed();
    let (mut objects, mut killed) = (WAVE, 0);
    while killed < kills() {
        if objects < WAVE * kills() {
            scans.add(objects..objects + WAVE);
            objects += WAVE;
        }
        let mut child = scans.start(emit);
        std::thread::sleep(whole.mul_f64(random.f64()));
        // One that has ended by then was not killed.
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(scans.start(emit).wait().unwrap().code(), Some(0));
    objects
}

impl Scans for Scheduled {
    fn start(&self, emit: &[&str]) -> Child {
        let args = self.args(&[&["--batch-objects", "2"], emit].concat());
        command(&args, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn add(&self, numbers: std::ops::Range<u32>) {
        self.write(numbers);
    }
}

#[test]
fn runs_that_are_killed_at_any_moment_leave_each_object_read_once_and_each_finding_told_once() {
    let scans = Scheduled::new(4000);
    let (file, folder) = (scans.path("out.jsonl"), scans.path("bulletins"));
    let emit = [format!("jsonl={}", arg(&file)), format!("jsonl={}/", arg(&folder))];
    let objects = survive(&scans, &["--emit", &emit[0], "--emit", &emit[1]], 8);
    assert_eq!(flows_by_entry(&scans.lines("out.jsonl")), expected(objects));
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let told: Vec<Value> = files.iter().flat_map(|file| json_lines(file)).collect();
    assert_eq!(flows_by_entry(&told), expected(objects));
    scans.verify();
    assert_eq!(scans.answer(0, &[])["state"]["objects"], objects);
}

/// A scan of a bucket, whose state and targets are in it too.
struct InBucket {
    scans: Scheduled,
    bucket: Bucket,
}

impl InBucket {
    fn args(&self, options: &[&str]) -> Vec<String> {
        let list = arg(self.scans.path("list.txt"));
        let endpoint = self.bucket.server.endpoint();
        let own = ["scan", "--logs=s3://logs/AWSLogs", "--list", &list, "--state=s3://logs/state"];
        let reach = ["--path-style", "--endpoint-url", &endpoint, "--batch-objects", "2"];
        own.iter().chain(&reach).chain(options).map(|text| (*text).to_owned()).collect()
    }
}

impl Scans for InBucket {
    fn start(&self, emit: &[&str]) -> Child {
        let environment = self.bucket.server.environment();
        let mut command = command(&self.args(emit), &environment);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn add(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let text = super::line(number) + &super::shared_line();
            self.bucket.objects.put("logs", &super::key(number), text);
        }
    }
}

#[test]
fn the_same_holds_where_logs_state_and_bulletins_are_in_a_bucket() {
    let scans = InBucket { scans: Scheduled::new(4000), bucket: Bucket::new() };
    let emit = ["--emit", "jsonl=s3://logs/bulletins/"];
    let objects = survive(&scans, &emit, 80);
    let keys = scans.bucket.objects.keys("logs");
    let mut told = Vec::new();
    for key in keys.iter().filter(|key| key.starts_with("bulletins/")) {
        let text = scans.bucket.objects.get("logs", key).unwrap().bytes;
        let lines = str::from_utf8(&text).unwrap().lines();
        told.extend(lines.map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    assert_eq!(flows_by_entry(&told), expected(objects));
    let endpoint = scans.bucket.server.endpoint();
    let args = ["state", "verify", "s3://logs/state", "--path-style", "--endpoint-url", &endpoint];
    let verified = run_in(&args, &scans.bucket.server.environment());
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(
        verified.out.starts_with(&format!("{} objects", flowproof_report::thousands(objects))),
        "{verified:?}"
    );
}
