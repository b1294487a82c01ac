//! Processes that are gone in the middle of an analysis.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
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
        let rig = Rig::new(2, &environment, &[]);
        // Each executor has one slot, and a part that it reads takes several requests of this length: when
        // the fifth request comes, both are in the middle of a part.
        let faults = bucket.server.faults();
        faults.add(Rule::new(Fault::Delay(Duration::from_millis(60))).gets());
        let (pid, when) = (rig.executors[0].id(), Arc::new(Mutex::new(0)));
        let (told, server) = (Arc::clone(&when), bucket.server.counts().get);
        faults.add(
            Rule::new(Fault::Then(Arc::new(move || {
                kill(pid);
                *told.lock().unwrap() += 1;
            })))
            .gets()
            .skip(4)
            .times(1),
        );
        let client = command(&on(&rig.address, &question), &environment);
        let there = Run::of({ client }.output().unwrap());
        assert_same(&here, &there, &question);
        assert_eq!(*when.lock().unwrap(), 1, "{question:?}: nobody was killed");
        let read = bucket.server.counts().get - server;
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
