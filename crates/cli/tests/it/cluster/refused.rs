//! What a cluster does not do, and says so.

use super::{Rig, Sample, asked, on};
use crate::program::{Run, arg, run};

fn refused(run: &Run, why: &[&str]) {
    assert_eq!(run.out, "", "{run:?}");
    assert_eq!(run.err.lines().count(), 1, "{run:?}");
    for part in why {
        assert!(run.err.contains(part), "{run:?}");
    }
}

#[test]
fn a_scheduler_that_is_not_there_is_named() {
    let sample = Sample::new(500, 1);
    let question = asked(&sample.questions()[0], &arg(sample.logs()));
    let run = run(&on("df://127.0.0.1:1", &question));
    assert_eq!(run.code, Some(1));
    refused(&run, &["df://127.0.0.1:1"]);
}

#[test]
fn a_scheduler_without_executors_is_told() {
    let sample = Sample::new(500, 1);
    let rig = Rig::scheduler();
    let question = asked(&sample.questions()[0], &arg(sample.logs()));
    let run = run(&on(&rig.address, &question));
    assert_eq!(run.code, Some(1));
    refused(&run, &["no executor", &rig.address]);
}

#[test]
fn an_address_of_another_kind_is_wrong_usage() {
    let sample = Sample::new(500, 1);
    let question = asked(&sample.questions()[0], &arg(sample.logs()));
    let run = run(&on("http://127.0.0.1:1", &question));
    assert_eq!(run.code, Some(2));
    refused(&run, &["--cluster", "df://host:port"]);
}

#[test]
fn what_is_done_on_one_machine_is_refused_by_name() {
    let sample = Sample::new(500, 2);
    let rig = Rig::new(1, &[], &[]);
    let logs = arg(sample.logs());
    let cluster = format!("--cluster={}", rig.address);
    let folder = tempfile::tempdir().unwrap();
    for flow_log in ["fl-0a0a0a0a0a0a0a0a1", "fl-0a0a0a0a0a0a0a0a2"] {
        let name =
            format!("123456789012_vpcflowlogs_us-east-1_{flow_log}_20250601T0900Z_00000001.log");
        let day =
            folder.path().join("copies/AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01");
        std::fs::create_dir_all(&day).unwrap();
        // The same records, and not the same bytes.
        let records = std::fs::read_to_string(crate::program::testdata().join("v2_default.log"));
        let text = records.unwrap() + &"\n".repeat(flow_log.ends_with('2').into());
        std::fs::write(day.join(name), text).unwrap();
    }
    let copies = arg(folder.path().join("copies"));
    let dropped = ["volumes", "--by=interface", "--logs", &copies, "--duplicates=drop", &cluster];
    let dropped = run(&dropped);
    assert_eq!(dropped.code, Some(1), "{dropped:?}");
    refused(&dropped, &["--duplicates drop"]);
    let set = arg(folder.path().join("set"));
    assert_eq!(run(&["collect", "--logs", &logs, "--to", &set]).code, Some(0));
    let of_set = run(&["volumes", "--by=interface", "--logs", &set, &cluster]);
    assert_eq!(of_set.code, Some(1));
    refused(&of_set, &["collected"]);
    let state = arg(folder.path().join("state"));
    let scheduled = run(&[
        "scan",
        "--logs",
        &logs,
        "--list",
        &sample.file("tor-exits.txt"),
        "--state",
        &state,
        &cluster,
    ]);
    assert_eq!(scheduled.code, Some(2));
    refused(&scheduled, &["--state"]);
}
