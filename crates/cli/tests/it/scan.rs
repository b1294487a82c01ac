//! `flowproof scan`.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Run, arg, run, testdata};

fn worked(name: &str) -> String {
    arg(testdata().join("worked").join(name))
}

/// A scan of the worked investigation in its window.
fn scan(options: &[&str]) -> Run {
    let (logs, list) = (worked("logs"), worked("tor-exits.txt"));
    let window = ["--from", "2025-06-01T08:45:00Z", "--to", "2025-06-01T12:15:00Z"];
    let asked = ["scan", "--logs", &logs, "--list", &list];
    run(&[&asked[..], &window[..], options].concat())
}

#[test]
fn the_worked_investigation_is_found_with_the_figures_worked_out_by_hand() {
    let run = scan(&["--format", "json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let answer = run.json();
    let rows = answer["rows"].as_array().unwrap();
    let of = |row: &Value| {
        let keys = ["instance", "interface", "entry", "bytes_out", "bytes_in", "flows", "remotes"];
        keys.map(|key| row[key].clone())
    };
    let first = "eni-0a1b2c3d4e5f60001";
    // Until 10:30 the records name no instance. Both rows of 203.0.113.9 together are the claimed
    // traffic: 33,499,988 bytes out, 2,369,832 in, 24 flows.
    let expected = [
        [
            json!(null),
            json!(first),
            json!("203.0.113.9"),
            json!(22_006_000),
            json!(1_673_056),
            json!(16),
            json!(1),
        ],
        [
            json!(null),
            json!(first),
            json!("203.0.113.77"),
            json!(1460),
            json!(5380),
            json!(2),
            json!(1),
        ],
        [
            json!(null),
            json!("eni-0a1b2c3d4e5f60002"),
            json!("203.0.113.9"),
            json!(5208),
            json!(0),
            json!(1),
            json!(1),
        ],
        [
            json!("i-0aaaabbbbcccc0001"),
            json!(first),
            json!("203.0.113.9"),
            json!(11_493_988),
            json!(696_776),
            json!(8),
            json!(1),
        ],
    ];
    assert_eq!(rows.iter().map(of).collect::<Vec<_>>(), expected);
    let total = &answer["total"];
    assert_eq!(total["bytes_out"], 33_499_988 + 1460 + 5208);
    assert_eq!((&total["bytes_in"], &total["flows"]), (&json!(2_369_832 + 5380), &json!(27)));
    assert_eq!(answer["suppressed"]["flows"], 0);
    assert_eq!(answer["coverage"]["objects"]["read"], 31);
    assert_eq!(answer["lists"][0]["entries"], 4);
}

#[test]
fn every_format_has_the_same_rows() {
    let rows = scan(&["--format", "json"]).json()["rows"].clone();
    let lines = scan(&["--format", "jsonl"]).out;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(lines), rows);
    let csv = scan(&["--format", "csv"]).out;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 5);
    let names: Vec<&str> = lines[0].split(',').collect();
    for (line, row) in lines[1..].iter().zip(rows.as_array().unwrap()) {
        for (name, cell) in names.iter().zip(line.split(',')) {
            let told = match &row[name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(cell, told, "{name}");
        }
    }
    let text = scan(&[]).out;
    assert!(
        text.starts_with("2 interfaces: 33.5 MB out, 2.4 MB in, 27 flows accepted\n"),
        "{text}"
    );
    assert_eq!(text.matches("  203.0.113.9\n").count(), 2, "an interface is told once: {text}");
}

#[test]
fn trusted_lists_suppress_and_internal_addresses_do_not_drown_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let [trusted, wide] = ["trusted.txt", "wide.txt"].map(|name| folder.path().join(name));
    fs::write(&trusted, "203.0.113.0/25\n").unwrap();
    fs::write(&wide, "10.0.0.0/8\n0.0.0.0/0\n").unwrap();
    let answer = scan(&["--trusted", &arg(&trusted), "--format", "json"]).json();
    assert_eq!(answer["rows"], json!([]));
    assert_eq!(
        (&answer["total"]["flows"], &answer["suppressed"]["flows"]),
        (&json!(0), &json!(27))
    );

    // The default route is refused, and the private network is in every record.
    let answer = scan(&["--list", &arg(&wide), "--format", "json"]).json();
    assert_eq!(answer["rows"].as_array().unwrap().len(), 4, "as without the list");
    assert_eq!(answer["lists"][1]["rejected"], 1);
    let kept = &answer["internal"];
    assert!(kept["flows"].as_u64().unwrap() > 10, "{kept}");
    let all = scan(&["--list", &arg(&wide), "--include-internal", "--format", "json"]).json();
    assert_eq!(all["internal"]["flows"], 0);
    let flows = |value: &Value| value["flows"].as_u64().unwrap();
    assert_eq!(flows(&all["total"]), flows(&answer["total"]) + flows(kept));
}

#[test]
fn a_scan_needs_a_threat_list_and_logs() {
    let logs = worked("logs");
    assert_eq!(run(&["scan", "--logs", &logs]).code, Some(2));
    let trusted = worked("internal-trusted.txt");
    assert_eq!(run(&["scan", "--logs", &logs, "--trusted", &trusted]).code, Some(2));
    let empty = tempfile::tempdir().unwrap();
    let nothing = run(&["scan", "--logs", &arg(empty.path()), "--list", &worked("tor-exits.txt")]);
    assert_eq!(nothing.code, Some(4), "{nothing:?}");
}

#[test]
fn an_address_of_records_with_and_without_an_instance_is_counted_once_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let record = |n: u8, instance: &str| {
        format!(
            "123456789012 eni-0a1b2c3d4e5f60001{instance} 10.0.1.5 203.0.113.{n} 10 1748736000 1748736060 ACCEPT OK\n"
        )
    };
    let fields = |instance| {
        format!(
            "account-id interface-id{instance} srcaddr dstaddr bytes start end action log-status\n"
        )
    };
    let without: String = (1..=3).map(|n| record(n, "")).collect();
    let with: String = (3..=5).map(|n| record(n, " i-0aaaabbbbcccc0001")).collect();
    std::fs::write(logs.join("a.log"), fields("") + &without).unwrap();
    std::fs::write(logs.join("b.log"), fields(" instance-id") + &with).unwrap();
    let list = folder.path().join("list.txt");
    std::fs::write(&list, "203.0.113.0/24 a\u{1b}[31m label\n").unwrap();
    let ask = |format: &str| {
        run(&["scan", "--logs", &arg(&logs), "--list", &arg(&list), "--format", format])
    };
    let text = ask("text");
    assert!(text.out.contains("203.0.113.0/24, 5 addresses"), "{text:?}");
    let csv = ask("csv");
    assert!(csv.out.contains("203.0.113.0/24") && !csv.out.contains('\u{1b}'), "{csv:?}");
}

#[test]
fn a_list_of_refused_lines_is_not_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good.txt"), folder.path().join("bad.txt"));
    std::fs::write(&good, "203.0.113.0/24\n").unwrap();
    std::fs::write(&bad, "0.0.0.0/0\n").unwrap();
    let (good, bad) = (arg(&good), arg(&bad));
    for args in [["lists", "diff", &bad, &good], ["lists", "diff", &good, &bad]] {
        let run = run(&args);
        assert_eq!((run.code, &*run.out), (Some(1), ""), "{run:?}");
        assert!(run.err.contains("bad.txt has no entry"), "{run:?}");
    }
    assert_eq!(run(&["lists", "merge", &good, "--without", &bad]).code, Some(1));
}
