//! Clauses on coverage and verdicts that need the whole program.

use serde_json::{Value, json};

use super::logs::{BEGIN, HEADER, Logs, OURS, OWN, finding, idle, idle_minutes, record};
use crate::program::{arg, run, testdata};

const REMOTE: &str = "203.0.113.9";

/// The hour of the claim in these tests.
fn claim() -> Value {
    finding(REMOTE, "00:00:00", "01:00:00")
}

fn status(answer: &Value) -> &str {
    answer["verdict"]["status"].as_str().unwrap()
}

fn reasons(answer: &Value) -> String {
    answer["verdict"]["reasons"].to_string()
}

/// The gaps as `from to why`, times without their date.
fn gaps(answer: &Value) -> Vec<String> {
    let gaps = answer["coverage"]["gaps"].as_array().unwrap().iter();
    let time = |gap: &Value, name: &str| gap[name].as_str().unwrap()[11..19].to_owned();
    let text = |gap: &Value| {
        format!("{} {} {}", time(gap, "from"), time(gap, "to"), gap["why"].as_str().unwrap())
    };
    gaps.map(text).collect()
}

#[test]
fn nothing_of_the_claim_in_an_hour_without_a_gap_contradicts_it() {
    let answer = Logs::of(&idle_minutes(0..60)).investigate(&claim(), &[]);
    assert_eq!((status(&answer), gaps(&answer)), ("contradicted", vec![]), "{}", reasons(&answer));
}

#[test]
fn time_that_no_record_vouches_for_is_a_gap_and_contradicts_nothing() {
    let minutes = |missing: std::ops::Range<i64>| {
        let lines = [idle_minutes(0..missing.start), idle_minutes(missing.end..60)].concat();
        Logs::of(&lines).investigate(&claim(), &[])
    };
    assert_eq!(gaps(&minutes(20..21)), Vec::<String>::new(), "no longer than records may be late");
    let answer = minutes(20..22);
    assert_eq!(gaps(&answer), ["00:20:00 00:22:00 no record"]);
    assert_eq!(status(&answer), "inconclusive");
    assert!(reasons(&answer).contains("from 2025-06-01T00:20:00Z to 2025-06-01T00:22:00Z"));
}

#[test]
fn a_short_window_without_any_record_in_it_contradicts_nothing() {
    // The flow log stops ten minutes before the finding's one minute: shorter than two intervals.
    let answer =
        Logs::of(&idle_minutes(0..50)).investigate(&finding(REMOTE, "01:00:00", "01:01:00"), &[]);
    assert_ne!(status(&answer), "contradicted", "{}", reasons(&answer));
    assert_eq!(gaps(&answer).len(), 1);
}

#[test]
fn records_of_others_without_an_action_do_not_touch_the_subjects_claim() {
    let header = "interface-id srcaddr dstaddr bytes start end log-status";
    let other = vec![format!("eni-0a1b2c3d4e5f60002 10.9.9.9 10.9.9.8 1 {BEGIN} {BEGIN} OK")];
    let ours = [idle_minutes(0..60), vec![record(OWN, REMOTE, 8400, 60)]].concat();
    let logs = Logs::with(&[("a.log", HEADER, &ours), ("b.log", header, &other)]);
    assert_eq!(status(&logs.investigate(&claim(), &[])), "corroborated");
}

#[test]
fn a_record_of_more_than_ninety_seconds_tells_an_interval_of_ten_minutes() {
    let tens = |numbers: &[i64]| {
        let line = |number: &i64| idle(OURS, "NODATA", 600 * number, 600 * number + 598);
        numbers.iter().map(line).collect::<Vec<_>>()
    };
    let claim = finding(REMOTE, "00:00:00", "02:00:00");
    let one_missing = Logs::of(&tens(&[0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11]));
    assert_eq!(gaps(&one_missing.investigate(&claim, &[])), ["00:40:00 00:49:58 no record"]);
    let two_missing = Logs::of(&tens(&[0, 1, 2, 3, 6, 7, 8, 9, 10, 11]));
    assert_eq!(gaps(&two_missing.investigate(&claim, &[])), ["00:40:00 00:59:58 no record"]);
}

#[test]
fn skipdata_of_the_subject_is_a_gap_and_that_of_others_is_not() {
    let with = |interface| {
        let lost = vec![idle(interface, "SKIPDATA", 600, 660)];
        Logs::of(&[idle_minutes(0..60), lost].concat()).investigate(&claim(), &[])
    };
    let (ours, theirs) = (with(OURS), with("eni-0a1b2c3d4e5f60002"));
    assert_eq!((status(&ours), status(&theirs)), ("inconclusive", "contradicted"));
    assert_eq!(gaps(&ours), ["00:10:00 00:11:00 SKIPDATA"]);
    assert!(reasons(&ours).contains("1 interval of SKIPDATA"), "{}", reasons(&ours));
    assert_eq!(theirs["coverage"]["records"]["skipdata"], 1, "told all the same");
}

#[test]
fn an_interface_without_a_record_was_not_observed() {
    let logs = Logs::of(&[idle("eni-0a1b2c3d4e5f60002", "NODATA", 0, 60)]);
    let answer = logs.investigate(&claim(), &[]);
    assert_eq!(status(&answer), "not_observable", "{}", reasons(&answer));
    assert_eq!(answer["coverage"]["observed"], json!([]));
}

#[test]
fn a_malformed_line_or_an_object_cut_off_keeps_a_claim_from_being_contradicted() {
    let good = idle_minutes(0..60);
    let malformed = [good.clone(), vec!["nonsense".to_owned()]].concat();
    let answer = Logs::of(&malformed).investigate(&claim(), &[]);
    assert_eq!(status(&answer), "inconclusive");
    assert!(reasons(&answer).contains("1 line malformed"), "{}", reasons(&answer));

    let cut = format!("--logs={}", arg(testdata().join("truncated.log.gz")));
    let answer = Logs::of(&good).investigate(&claim(), &[&cut]);
    assert_eq!(status(&answer), "inconclusive");
    assert!(reasons(&answer).contains("1 object cut off"), "{}", reasons(&answer));
}

#[test]
fn traffic_within_the_slack_counts_and_coverage_is_judged_without_it() {
    let late = [idle_minutes(0..60), vec![record(OWN, REMOTE, 8400, 3600 + 600)]].concat();
    let logs = Logs::of(&late);
    let answer = logs.investigate(&claim(), &[]);
    assert_eq!((status(&answer), gaps(&answer)), ("corroborated", vec![]), "{}", reasons(&answer));
    assert_eq!(answer["window"]["slack_seconds"], 900);
    assert_eq!(status(&logs.investigate(&claim(), &["--slack=0s"])), "contradicted");
}

#[test]
fn several_findings_give_a_document_each_in_their_order() {
    let logs = Logs::of(&idle_minutes(0..60));
    let others = ["192.0.2.1", "192.0.2.2"].map(|remote| finding(remote, "00:00:00", "01:00:00"));
    let file = logs.file("findings.json", &json!({ "findings": others }));
    let run = logs.run("investigate", &["--format=jsonl", "--finding", &file]);
    let remotes = run.out.lines().map(|line| {
        let answer: Value = serde_json::from_str(line).unwrap();
        answer["finding"]["claims"][0]["remote"].as_str().unwrap().to_owned()
    });
    assert_eq!(remotes.collect::<Vec<_>>(), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(run.code, Some(0));
}

#[test]
fn without_a_finding_there_are_figures_and_no_judgement() {
    let logs = Logs::of(&[record(OWN, REMOTE, 8400, 0)]);
    let args = ["--interface", OURS, "--format=json"];
    let answer = logs.run("investigate", &args).json();
    assert_eq!(status(&answer), "inconclusive");
    assert!(reasons(&answer).contains("there is no claim to judge"), "{}", reasons(&answer));
    assert_eq!(answer["totals"]["bytes_out"], 8400);
}

#[test]
fn an_answer_names_every_object_and_list_it_stands_on() {
    let worked = testdata().join("worked");
    let place = |option: &str, name: &str| format!("--{option}={}", arg(worked.join(name)));
    let answer = run(&[
        "investigate".to_owned(),
        "--format=json".to_owned(),
        place("logs", "logs"),
        place("finding", "finding.json"),
        place("list", "tor-exits.txt"),
    ]);
    let answer = answer.json();
    let evidence = answer["evidence"].as_array().unwrap();
    assert_eq!(evidence.len(), 31);
    for object in evidence {
        let etag = object["etag"].as_str().unwrap();
        assert!(etag.starts_with("sha256:") && etag.len() == 7 + 64, "{object}");
    }
    let records: u64 = evidence.iter().map(|object| object["records"].as_u64().unwrap()).sum();
    assert_eq!(records, 46, "44 flows and 2 rejected ones");
    assert_eq!(answer["lists"][0]["entries"], 4);
    assert_eq!(answer["lists"][0]["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn a_finding_whose_time_is_one_instant_has_a_window_of_one_second() {
    let answer = Logs::of(&[record(OWN, REMOTE, 8400, 30)])
        .investigate(&finding(REMOTE, "00:01:00", "00:01:00"), &[]);
    assert_eq!(answer["window"]["from"], "2025-06-01T00:01:00Z");
    assert_eq!(answer["window"]["to"], "2025-06-01T00:01:01Z");
    assert_eq!(status(&answer), "corroborated", "{BEGIN}: {}", reasons(&answer));
}

#[test]
fn what_is_typed_never_makes_a_question_about_something_else() {
    let worked = |name: &str| arg(testdata().join("worked").join(name));
    let (logs, finding) = (worked("logs"), worked("finding.json"));
    let ask = |typed: &[&str]| {
        run(&[&["investigate", "--logs", &logs, "--finding", &finding], typed].concat())
    };
    for (typed, said) in [
        ("--instance=i-0aaaabbbbcccc0002", "the finding is about i-0aaaabbbbcccc0001"),
        ("--to=2025-06-01T08:50:00Z", "end at 2025-06-01T08:50:00Z"),
        ("--from=2025-06-02T00:00:00Z", "begin at 2025-06-02T00:00:00Z"),
    ] {
        let run = ask(&[typed]);
        assert_eq!(run.code, Some(2), "{typed}: {run:?}");
        assert!(run.err.contains(said), "{typed}: {run:?}");
        assert_eq!(run.out, "", "{typed}");
    }
    assert_eq!(ask(&["--instance=i-0aaaabbbbcccc0001"]).out, ask(&[]).out);

    // Of several findings, those that it does fit are answered.
    let text = std::fs::read_to_string(testdata().join("worked/finding.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.json");
    std::fs::write(&other, text.replace("i-0aaaabbbbcccc0001", "i-0aaaabbbbcccc0002")).unwrap();
    let both = ask(&["--finding", &arg(&other), "--instance=i-0aaaabbbbcccc0001"]);
    assert_eq!((both.code, &both.out), (Some(3), &ask(&[]).out));
    assert!(
        both.err.contains("refused: c0ffee00c0ffee00c0ffee00c0ffee01: the finding is about"),
        "{both:?}"
    );
    let mapped = ask(&["--named=::ffff:203.0.113.9"]);
    assert_eq!(mapped.out, ask(&["--named=203.0.113.9"]).out);
}
