//! The same bytes from a cluster as from one process.

use super::{Rig, Sample, asked, compare};
use crate::program::{arg, testdata};
use crate::s3::Bucket;

#[test]
fn two_executors_print_what_one_process_prints_of_files() {
    let sample = Sample::new(20_000, 12);
    let rig = Rig::new(2, &[], &[]);
    for question in sample.questions() {
        compare(&rig.address, &asked(&question, &arg(sample.logs())), &[]);
    }
}

#[test]
fn two_executors_print_what_one_process_prints_of_a_bucket() {
    let sample = Sample::new(20_000, 12);
    let bucket = Bucket::of(&sample.logs());
    let environment = bucket.environment();
    let rig = Rig::new(2, &environment, &[]);
    for question in sample.questions() {
        compare(&rig.address, &asked(&question, "s3://logs/"), &environment);
    }
}

#[test]
fn damaged_and_odd_objects_are_told_of_alike() {
    let rig = Rig::new(2, &[], &[]);
    let logs = arg(testdata());
    for question in [
        "inspect --logs @ --format=json --files",
        "volumes --logs @ --format=json --from=2025-06-01T09:00:00Z --by=account,interface,local,remote,action,hour",
        "volumes --logs @ --format=csv --from=2025-06-01T09:00:00Z --by=interface",
        "query --logs=@ --format=csv select*from(flow_logs)",
    ] {
        let question: Vec<String> = question.split(' ').map(str::to_owned).collect();
        let question = asked(&question, &logs);
        let here = crate::program::run(&question);
        let there = crate::program::run(&super::on(&rig.address, &question));
        super::assert_same(&here, &there, &question);
    }
}

#[test]
fn one_object_is_one_part_and_none_is_no_part() {
    let sample = Sample::new(500, 1);
    let rig = Rig::new(1, &[], &[]);
    for question in sample.questions() {
        compare(&rig.address, &asked(&question, &arg(sample.logs())), &[]);
    }
    let empty = tempfile::tempdir().unwrap();
    let question =
        ["volumes", "--format=json", "--by=interface", "--logs", &arg(&empty)].map(str::to_owned);
    let here = crate::program::run(&question);
    let there = crate::program::run(&super::on(&rig.address, &question));
    assert_eq!((there.out, there.err, there.code), (here.out, here.err, here.code));
}

#[test]
fn sets_that_are_collected_on_a_cluster_are_those_of_one_process() {
    let sample = Sample::new(5_000, 6);
    let rig = Rig::new(2, &[], &[]);
    let folder = tempfile::tempdir().unwrap();
    let mut asked_of = Vec::new();
    for (name, cluster) in [("here", None), ("there", Some(&rig.address))] {
        let set = arg(folder.path().join(name));
        let mut args = vec!["collect".to_owned(), "--logs".to_owned(), arg(sample.logs())];
        args.extend(["--to".to_owned(), set.clone()]);
        args.extend(cluster.map(|address| format!("--cluster={address}")));
        let collected = crate::program::run(&args);
        assert_eq!(collected.code, Some(0), "{collected:?}");
        let rows = crate::program::run(&[
            "query",
            "--format=csv",
            "--logs",
            &set,
            "SELECT * FROM flow_logs",
        ]);
        assert!(rows.out.lines().count() > 4_000, "{rows:?}");
        asked_of.push(rows.out);
    }
    assert_eq!(asked_of[1], asked_of[0]);
}
