//! What is told, where, and when.

use std::fs;

use serde_json::Value;

use super::{Scheduled, flows_by_entry};
use crate::program::{arg, run};

fn entries(answer: &Value) -> Vec<&str> {
    let findings = answer["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["entry"].as_str().unwrap()).collect()
}

#[test]
fn every_format_and_kind_of_target_has_the_same_findings() {
    let scans = Scheduled::new(10);
    scans.write(0..3);
    let target = |name: &str| arg(scans.path(name));
    let emit = [
        format!("jsonl={}", target("out.jsonl")),
        format!("ocsf={}/", target("bulletins")),
        format!("asff={}", target("asff.jsonl")),
        format!("markdown={}", target("digest.md")),
        format!("html={}/", target("bulletins")),
        format!("jsonl=|cat >> {}", target("heard.jsonl")),
    ];
    let mut options = vec!["--asff-region", "us-east-1", "--asff-account", "123456789012"];
    emit.iter().for_each(|emit| options.extend(["--emit", emit]));
    let first = scans.answer(0, &options);
    assert_eq!(first["findings"].as_array().unwrap().len(), 4);
    scans.write(3..5);
    scans.answer(0, &options);
    scans.answer(0, &options);
    let told = scans.lines("out.jsonl");
    assert_eq!(told.len(), 4 + 3);
    let last = flows_by_entry(&told);
    assert_eq!(last, super::expected(5));
    assert_eq!(scans.lines("heard.jsonl"), told);
    let events: Vec<&Value> = told.iter().map(|finding| &finding["event_id"]).collect();
    let mut names: Vec<String> = fs::read_dir(scans.path("bulletins"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 4, "two bulletins in two formats: {names:?}");
    let ocsf: Vec<Value> = names
        .iter()
        .filter(|name| name.ends_with(".ocsf.jsonl"))
        .flat_map(|name| scans.lines(&format!("bulletins/{name}")))
        .collect();
    let uids: Vec<&Value> = ocsf.iter().map(|finding| &finding["metadata"]["uid"]).collect();
    assert_eq!(uids, events);
    assert!(ocsf.iter().all(|finding| finding["class_uid"] == 2004));
    let batches = scans.lines("asff.jsonl");
    let asff: Vec<&Value> = batches.iter().flat_map(|batch| batch.as_array().unwrap()).collect();
    assert_eq!(asff.len(), 7);
    assert!(asff.iter().all(|finding| finding["AwsAccountId"] == "123456789012"));
    // The digest is that of the last bulletin.
    let digest = fs::read_to_string(scans.path("digest.md")).unwrap();
    assert!(digest.contains("2001:db8::4") && !digest.contains("2001:db8::1"), "{digest}");
}

#[test]
fn a_target_that_fails_is_told_later_and_the_others_are_not_held_up() {
    let scans = Scheduled::new(10);
    scans.write(0..2);
    let good = format!("jsonl={}", arg(scans.path("good.jsonl")));
    let (switch, heard) = (arg(scans.path("switch")), arg(scans.path("heard.jsonl")));
    let bad = format!("jsonl=|test -e {switch} && cat >> {heard}");
    let full = "jsonl=/dev/full";
    let options = ["--emit", &bad, "--emit", &good, "--emit", full];
    for wave in 1..3 {
        let run = scans.scan(&[&["--format", "json"], &options[..]].concat());
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.err.contains("ended with exit status: 1"), "{run:?}");
        assert!(run.err.contains("/dev/full"), "{run:?}");
        let emitted = run.json()["emitted"].clone();
        assert!(emitted.as_array().unwrap().iter().any(|target| !target["error"].is_null()));
        assert_eq!(flows_by_entry(&scans.lines("good.jsonl")), super::expected(wave * 2));
        scans.write(wave * 2..wave * 2 + 2);
    }
    fs::write(scans.path("switch"), "").unwrap();
    scans.answer(0, &["--emit", &bad, "--emit", &good]);
    assert_eq!(flows_by_entry(&scans.lines("good.jsonl")), super::expected(6));
    // What it has missed comes first, as it stood then: four entries and the shared one.
    let heard = scans.lines("heard.jsonl");
    assert_eq!(heard.len(), 5 + 3);
    assert_eq!(flows_by_entry(&heard[..5]), super::expected(4));
    assert_eq!(flows_by_entry(&heard), super::expected(6));
}

#[test]
fn what_is_below_a_threshold_or_suppressed_is_told_once_it_is_not_any_more() {
    let scans = Scheduled::new(10);
    scans.write(0..3);
    // 7 bytes in each object: 21 so far.
    let few = scans.answer(0, &["--min-bytes", "list.txt=22"]);
    assert_eq!(entries(&few), ["2001:db8::", "2001:db8::1", "2001:db8::2"]);
    assert_eq!(few["not_told"]["below_threshold"], 1);
    let quiet = arg(scans.path("quiet.csv"));
    let text = "entry,until,reason\n203.0.113.0/24,2999-01-01,our own scanner\n";
    fs::write(&quiet, text).unwrap();
    let suppressed = scans.answer(0, &["--suppress", &quiet]);
    assert_eq!(entries(&suppressed), [] as [&str; 0]);
    assert_eq!(suppressed["not_told"]["suppressed"], 1);
    fs::write(&quiet, text.replace("2999", "2020")).unwrap();
    let run = scans.scan(&["--suppress", &quiet, "--format", "json"]);
    assert!(run.err.contains("quiet.csv:2: over since 2020-01-01"), "{run:?}");
    let told = run.json();
    assert_eq!(entries(&told), ["203.0.113.9"]);
    assert_eq!(told["findings"][0]["severity"], "medium");
    scans.write(3..4);
    let graver = scans.answer(0, &["--severity", "list.txt=critical"]);
    assert!(graver["findings"].as_array().unwrap().iter().all(|f| f["severity"] == "critical"));
    assert_eq!(graver["findings"].as_array().unwrap().len(), 2);
}

#[test]
fn options_come_from_a_file_and_what_is_typed_wins() {
    let scans = Scheduled::new(10);
    scans.write(0..2);
    let file = scans.path("scan.toml");
    let toml = format!(
        "logs = [{:?}]\nlist = [{:?}]\nstate = {:?}\nformat = \"json\"\nemit = [{:?}]\nmetrics = {:?}\n",
        scans.path("logs"),
        scans.path("list.txt"),
        scans.path("state"),
        format!("jsonl={}", arg(scans.path("out.jsonl"))),
        scans.path("scan.prom"),
    );
    fs::write(&file, toml).unwrap();
    let run1 = run(&["scan", "--config", &arg(&file)]);
    assert_eq!((run1.code, &run1.json()["objects"]["read"]), (Some(0), &2.into()), "{run1:?}");
    assert_eq!(scans.lines("out.jsonl").len(), 3);
    let typed = run(&["scan", "--config", &arg(&file), "--format", "jsonl"]);
    assert_eq!((typed.code, &*typed.out), (Some(0), ""), "{typed:?}");
    let metrics = fs::read_to_string(scans.path("scan.prom")).unwrap();
    for line in ["flowproof_scan_known_objects 2\n", "flowproof_scan_exit_code 0\n", "# EOF\n"] {
        assert!(metrics.contains(line), "{metrics}");
    }
    let more = run(&["scan", "--config", &arg(&file), "--accept-shrunk", "--min-bytes", "1kB"]);
    assert_eq!(more.code, Some(0), "{more:?}");
    let alone = run(&["scan", "--logs", "x", "--list", "y", "--emit", "jsonl=z"]);
    assert_eq!(alone.code, Some(2), "{alone:?}");
    assert!(alone.err.contains("--emit needs --state"), "{alone:?}");
    fs::write(&file, "lgos = 1").unwrap();
    let wrong = run(&["scan", "--config", &arg(&file)]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.err.contains("`lgos` is no option of scan"), "{wrong:?}");
}

#[test]
fn a_scan_is_well_if_its_last_run_came_to_its_end_not_long_ago() {
    let scans = Scheduled::new(10);
    let state = arg(scans.path("state"));
    let health = |options: &[&str]| run(&[&["health", "--state", &state], options].concat());
    assert_eq!(health(&[]).code, Some(1), "no state");
    scans.write(0..2);
    scans.answer(0, &[]);
    assert_eq!(health(&[]).code, Some(0));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let late = health(&["--max-age", "1s"]);
    assert!(late.code == Some(1) && late.err.contains("longer ago than 1s"), "{late:?}");
    scans.write(2..3);
    let failed = scans.scan(&["--emit", "jsonl=|false"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert_eq!(health(&[]).code, Some(1));
}

#[test]
fn a_loop_goes_on_until_it_is_ended_and_ends_well() {
    let scans = Scheduled::new(10);
    scans.write(0..2);
    let args = scans.args(&["--interval", "1s", "--format", "jsonl"]);
    let mut command = crate::program::command(&args, &[]);
    let child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let known = |objects: u64| {
        for _ in 0..300 {
            let show = run(&["state", "show", &arg(scans.path("state")), "--format", "json"]);
            if show.code == Some(0) && show.json()["state"]["objects"] == objects {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{objects} objects are not read");
    };
    known(2);
    scans.write(2..3);
    known(3);
    // The run has committed, and is to come to its end.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let ended = crate::ended::ended(child, "-TERM");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.out.lines().count(), 3 + 2);
}

#[test]
fn entries_that_a_list_gains_are_looked_for_in_what_was_read_before_and_nothing_counts_twice() {
    let scans = Scheduled::new(2);
    scans.write(0..6);
    let first = scans.answer(0, &["--rescan", "9000d"]);
    assert_eq!(entries(&first), ["2001:db8::", "2001:db8::1", "203.0.113.9"]);
    // Gained: two entries. What was there before is not counted again.
    scans.list((0..4).map(super::entry));
    scans.write(6..7);
    let without = scans.answer(0, &[]);
    assert_eq!(entries(&without), ["203.0.113.9"]);
    let mut told = first["findings"].as_array().unwrap().clone();
    told.extend(without["findings"].as_array().unwrap().clone());
    let gained = scans.answer(0, &["--rescan", "9000d", "--batch-objects", "2"]);
    assert_eq!(entries(&gained), ["2001:db8::2", "2001:db8::3"]);
    // The seventh object was read under the longer list.
    assert_eq!(
        (&gained["objects"]["read"], &gained["objects"]["read_again"]),
        (&0.into(), &6.into())
    );
    assert_eq!(scans.answer(0, &["--rescan", "9000d"])["objects"]["read_again"], 0);
    told.extend(gained["findings"].as_array().unwrap().clone());
    // One that leaves the list and comes back was looked for before.
    scans.list([0, 1, 3, 4].into_iter().map(super::entry));
    let other = scans.answer(0, &["--rescan", "9000d"]);
    assert_eq!(entries(&other), ["2001:db8::4"]);
    told.extend(other["findings"].as_array().unwrap().clone());
    scans.list((0..6).map(super::entry));
    for answer in [scans.answer(0, &["--rescan", "1d"]), scans.answer(0, &["--rescan", "9000d"])] {
        told.extend(answer["findings"].as_array().unwrap().clone());
    }
    let flows = flows_by_entry(&told);
    assert_eq!(flows.len(), 6 + 1, "{flows:?}");
    let expected = super::expected(7);
    for (entry, count) in &flows {
        assert_eq!(Some(count), expected.get(entry), "{entry}");
    }
    scans.verify();
}
