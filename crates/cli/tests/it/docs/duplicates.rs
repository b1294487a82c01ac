//! Clauses on what is there more than once.

use serde_json::{Value, json};

use super::logs::{BEGIN, HEADER, Logs, OURS, OWN, finding, idle, record};

const REMOTE: &str = "203.0.113.9";
const INSTANCE: &str = "i-0aaaabbbbcccc0001";

const DROP: &str = "--duplicates=drop";

/// The key of an object of a flow log.
fn object(flow_log: &str, number: u32) -> String {
    format!("123456789012_vpcflowlogs_us-east-1_{flow_log}_20250601T000{number}Z_1a2b3c4d.log")
}

/// A VPC's flow log of the default format, and a subnet's that also tells instance and direction.
///
/// | record | bytes | in the VPC's | in the subnet's | flows | bytes that count |
/// | --- | ---: | ---: | ---: | ---: | ---: |
/// | a | 8,400 | 2 | 1 | 2 | 16,800 |
/// | b | 100 | 1 | 1 | 1 | 100 |
/// | c | 55 | 0 | 1 | 1 | 55 |
/// | all | | 3 | 3 | 4 | 16,955 |
///
/// Both have the same NODATA record.
fn of_vpc_and_subnet() -> Logs {
    let [a, b, c] =
        [(8400, 0), (100, 60), (55, 60)].map(|(bytes, second)| record(OWN, REMOTE, bytes, second));
    let quiet = idle(OURS, "NODATA", 120, 180);
    let more = |line: &String| format!("{line} {INSTANCE} egress");
    let header = format!("{HEADER} instance-id flow-direction");
    Logs::with(&[
        (&object("fl-vpc", 0), HEADER, &[a.clone(), a.clone(), b.clone(), quiet.clone()]),
        (&object("fl-subnet", 0), &header, &[more(&a), more(&b), more(&c), format!("{quiet} - -")]),
    ])
}

#[test]
fn of_two_flow_logs_each_record_is_counted_as_often_as_one_of_them_has_it() {
    let logs = of_vpc_and_subnet();
    for threads in ["--threads=1", "--threads=2", "--threads=7"] {
        let totals = |more: &[&str]| {
            let rows = logs.rows("volumes", &[&["--by=interface", threads], more].concat());
            (rows[0]["flows"].clone(), rows[0]["bytes_out"].clone())
        };
        assert_eq!(totals(&[]), (json!(6), json!(25_455)), "as often as they are there");
        assert_eq!(totals(&[DROP]), (json!(4), json!(16_955)));
        let count = |table: &str| {
            let sql = format!("select count(*) as n, sum(bytes) as bytes from {table}");
            logs.rows("query", &[DROP, threads, &sql])[0].clone()
        };
        assert_eq!(count("traffic"), json!({ "n": 4, "bytes": 16_955 }));
        assert_eq!(count("flow_logs"), json!({ "n": 5, "bytes": 16_955 }), "NODATA too");
    }
}

#[test]
fn of_copies_the_one_is_kept_that_tells_most() {
    let rows = of_vpc_and_subnet().rows("volumes", &["--by=instance", DROP]);
    let told = |row: &Value| (row["instance"].clone(), row["bytes_out"].clone());
    // The second of the two records that are alike is the VPC's alone.
    let expected = [(Value::Null, json!(8400)), (json!(INSTANCE), json!(8400 + 100 + 55))];
    assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), expected);
}

#[test]
fn a_filter_finds_no_copy_that_was_dropped() {
    let logs = of_vpc_and_subnet();
    let count = |filter: &str| {
        let sql = format!("select count(*) as n from traffic where {filter}");
        logs.rows("query", &[DROP, &sql])[0]["n"].clone()
    };
    assert_eq!(count("instance_id is null"), 1);
    assert_eq!(count(&format!("instance_id = '{INSTANCE}'")), 3);
    assert_eq!(count("flow_log_id = 'fl-vpc'"), 1);
    assert_eq!(count("bytes = 8400 and flow_log_id is not null"), 2);
    assert_eq!(count("bytes > 99"), 3);
}

#[test]
fn what_was_counted_more_than_once_or_dropped_is_said() {
    let logs = of_vpc_and_subnet();
    let said = |more: &[&str]| logs.run("volumes", &[&["--by=interface"], more].concat()).err;
    let kept = said(&[]);
    let of_both = "1 interface in several flow logs at one time; first: eni-0a1b2c3d4e5f60001 in \
                   fl-subnet, fl-vpc";
    assert!(kept.contains(&format!("counted more than once: {of_both}")), "{kept}");
    let dropped = said(&[DROP]);
    assert!(dropped.contains("2 records dropped: another flow log has the same"), "{dropped}");
    assert!(!dropped.contains("more than once"), "{dropped}");
    assert!(!dropped.contains("unknown direction"), "{dropped}");

    let records = |more: &[&str]| {
        logs.run("inspect", &[&["--format=json"], more].concat()).json()["records"].clone()
    };
    assert_eq!(records(&[])["duplicates"], Value::Null);
    // Of the six records with traffic two, and one of the NODATA records.
    assert_eq!((&records(&[DROP])["duplicates"], &records(&[DROP])["ok"]), (&json!(3), &json!(6)));
}

#[test]
fn an_investigation_drops_copies_and_keeps_its_coverage() {
    let logs = of_vpc_and_subnet();
    let ask = |more: &[&str]| logs.investigate(&finding(REMOTE, "00:00:00", "00:03:00"), more);
    let (kept, dropped) = (ask(&[]), ask(&[DROP]));
    assert_eq!(kept["claimed_traffic"]["bytes_out"], 25_455);
    assert_eq!(dropped["claimed_traffic"]["bytes_out"], 16_955);
    assert_eq!(dropped["totals"]["flows"], 4);
    assert_eq!(dropped["verdict"]["status"], "corroborated");
    let said = |answer: &Value| answer["verdict"]["reasons"].to_string().contains("more than once");
    assert!(said(&kept) && !said(&dropped), "{dropped}");
    for part in ["observed", "gaps", "objects"] {
        assert_eq!(kept["coverage"][part], dropped["coverage"][part], "{part}");
    }
    let records = |answer: &Value, count: &str| answer["coverage"]["records"][count].clone();
    assert_eq!(records(&dropped, "duplicates"), 2);
    assert_eq!(records(&kept, "duplicates"), Value::Null);
    assert_eq!(records(&dropped, "ok"), records(&kept, "ok"));
}

#[test]
fn flow_logs_without_a_record_in_common_are_said_to_be_counted_twice() {
    // One wrote a minute, the other the ten minutes that hold it.
    let long = record(OWN, REMOTE, 8400, 0)
        .replace(&format!("{} ACCEPT", BEGIN + 60), &format!("{} ACCEPT", BEGIN + 600));
    let logs = Logs::with(&[
        (&object("fl-vpc", 0), HEADER, &[record(OWN, REMOTE, 8400, 0)]),
        (&object("fl-subnet", 0), HEADER, &[long]),
    ]);
    let run = logs.run("volumes", &["--by=interface", DROP]);
    assert!(run.err.contains("have no record in common"), "{}", run.err);
    let answer = logs.investigate(&finding(REMOTE, "00:00:00", "00:01:00"), &[DROP]);
    let reasons = answer["verdict"]["reasons"].to_string();
    assert!(reasons.contains("have no record in common"), "{reasons}");
}

#[test]
fn an_object_of_the_bytes_of_another_is_left_out() {
    let lines = [record(OWN, REMOTE, 8400, 0)];
    let logs = Logs::with(&[("a.log", HEADER, &lines), ("b.log", HEADER, &lines)]);
    let total = |more: &[&str]| {
        let rows = logs.rows("volumes", &[&["--by=interface"], more].concat());
        rows[0]["bytes_out"].clone()
    };
    assert_eq!(total(&[]), 16_800);
    assert_eq!(total(&[DROP]), 8400);
    let run = logs.run("volumes", &["--by=interface", DROP]);
    assert!(run.err.contains("1 object left out; first: "), "{}", run.err);
    assert!(run.err.contains("a.log: it was left out"), "{}", run.err);

    let objects = logs.run("inspect", &["--format=json", DROP]).json()["objects"].clone();
    assert_eq!([&objects["listed"], &objects["read"], &objects["duplicate"]], [2, 1, 1]);
    let counted: u64 = objects.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(counted, 2 * 2, "each object is in one count beside `listed`");

    let answer = logs.investigate(&finding(REMOTE, "00:00:00", "00:01:00"), &[DROP]);
    assert_eq!(answer["evidence"].as_array().unwrap().len(), 1);
    let samples = answer["coverage"]["samples"].as_array().unwrap();
    assert!(samples.iter().any(|sample| sample["kind"] == "duplicate"), "{samples:?}");
    assert!(!answer["verdict"]["reasons"].to_string().contains("more than once"));
}
