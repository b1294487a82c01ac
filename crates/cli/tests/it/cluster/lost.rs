//! Processes that are gone in the middle of an analysis.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flowproof_s3_testing::{Fault, Rule};

use super::{Rig, Sample, asked, assert_same, on};
use crate::program::{Run, command, run_in};
use crate::s3::Bucket;

/// Kills a process that must still be there.
fn kill(pid: u32) {
    let killed = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    assert!(killed.unwrap().success(), "{pid} was gone before");
}

#[test]
fn what_an_executor_was_at_when_it_was_killed_is_done_by_another() {
    let sample = Sample::new(20_000, 12);
    for question in sample.questions() {
        // A server for each question, so that its counts are those of this question.
        let bucket = Bucket::of(&sample.logs());
        let environment = bucket.environment();
        let question = asked(&question, "s3://logs/");
        let here = run_in(&question, &environment);
        let alone = bucket.server.counts().get;
        let mut rig = Rig::new(2, &environment, &[]);
        // Each executor has one slot, and a request takes long enough that both are in the middle of a part
        // when the fifth comes.
        let faults = bucket.server.faults();
        faults.add(Rule::new(Fault::Delay(Duration::from_millis(60))).gets());
        let (pid, requests) = (rig.executors[0].id(), Arc::new(AtomicU64::new(0)));
        let seen = Arc::clone(&requests);
        let kill_at_fifth = move || {
            if seen.fetch_add(1, Ordering::Relaxed) + 1 == 5 {
                kill(pid);
            }
        };
        faults.add(Rule::new(Fault::Then(Arc::new(kill_at_fifth))).gets());
        let client = command(&on(&rig.address, &question), &environment);
        let there = Run::of({ client }.output().unwrap());
        assert_same(&here, &there, &question);
        // One executor is gone, and it was not done: what it had read was read again.
        assert!(rig.executors[0].try_wait().unwrap().is_some(), "{question:?}: nobody was killed");
        let read = requests.load(Ordering::Relaxed);
        assert!(read > alone, "{question:?}: nothing was read again: {read} of {alone}");
    }
}

#[test]
fn a_scheduler_that_is_gone_is_one_error() {
    let sample = Sample::new(2_000, 12);
    let bucket = Bucket::of(&sample.logs());
    let environment = bucket.environment();
    let mut rig = Rig::new(2, &environment, &[]);
    bucket.server.faults().add(Rule::new(Fault::Delay(Duration::from_millis(500))).gets());
    let question = asked(&sample.questions()[0], "s3://logs/");
    let mut client = command(&on(&rig.address, &question), &environment);
    let mut client = client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while bucket.server.counts().get < 2 {
        assert!(client.try_wait().unwrap().is_none(), "the analysis ended before");
        std::thread::sleep(Duration::from_millis(10));
    }
    rig.lose_scheduler();
    let run = Run::of(client.wait_with_output().unwrap());
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{run:?}");
    assert_eq!(run.err.lines().count(), 1, "{run:?}");
    assert!(run.err.contains(&rig.address), "{run:?}");
}
