//! `flowproof lists`.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::program::{arg, run, testdata};

fn list(name: &str) -> String {
    arg(testdata().join("lists").join(name))
}

#[test]
fn a_check_tells_every_finding_and_its_severity_decides_the_exit_code() {
    let (hosting, doubtful, page) = (list("hosting.txt"), list("doubtful.txt"), list("page.html"));
    let good = run(&["lists", "check", &hosting]);
    assert_eq!(good.code, Some(0), "{good:?}");
    assert_eq!(run(&["lists", "check", "--strict", &hosting]).code, Some(0));
    let checked =
        run(&["lists", "check", "--format", "json", &hosting, &doubtful, &page, "missing.txt"]);
    assert_eq!(checked.code, Some(1));
    let answer = checked.json();
    let lists = answer["lists"].as_array().unwrap();
    let figures = |of: &Value| {
        [&of["entries"], &of["rejected"], &of["errors"], &of["warnings"]].map(|value| value.clone())
    };
    assert_eq!(figures(&lists[0]), [json!(4), json!(0), json!(0), json!(0)]);
    assert_eq!(figures(&lists[1]), [json!(5), json!(2), json!(1), json!(5)]);
    let findings = lists[1]["findings"].as_array().unwrap();
    let told: Vec<(u64, &str, &str)> = findings
        .iter()
        .filter(|finding| finding["severity"] != "info")
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap();
            (finding["line"].as_u64().unwrap(), text("kind"), text("text"))
        })
        .collect();
    assert_eq!(
        told,
        [
            (6, "too_wide", "203.0.113.9/0"),
            (1, "host_bits", "203.0.113.9/24"),
            (2, "defanged", "203.0.113[.]77"),
            (3, "port_ignored", "198.51.100.7:8080"),
            (4, "refused", "203.0.113.300"),
            (5, "internal", "10.20.0.0/16"),
        ]
    );
    for (list, words) in [(&lists[2], "looks like HTML"), (&lists[3], "cannot read list")] {
        assert_eq!((&list["entries"], &list["errors"]), (&json!(0), &json!(1)));
        let message = list["findings"][0]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
    let overlaps = json!([
        { "a": hosting, "b": doubtful, "entries": 3 },
        { "a": doubtful, "b": hosting, "entries": 4 },
    ]);
    assert_eq!(answer["overlaps"], overlaps);
}

#[test]
fn a_warning_fails_a_strict_check_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, "8.8.8.8/24\n").unwrap();
    assert_eq!(run(&["lists", "check", &arg(&path)]).code, Some(0));
    assert_eq!(run(&["lists", "check", "--strict", &arg(&path)]).code, Some(1));
    // Wide entries are an error, and the same entry is none where it is allowed.
    fs::write(&path, "0.0.0.0/0\n8.8.8.8\n").unwrap();
    assert_eq!(run(&["lists", "check", &arg(&path)]).code, Some(1));
    assert_eq!(run(&["lists", "check", "--allow-wide", &arg(&path)]).code, Some(0));
}

#[test]
fn a_look_up_tells_every_entry_outwards_and_what_is_trusted() {
    let (hosting, doubtful) = (list("hosting.txt"), list("doubtful.txt"));
    let asked = ["lists", "lookup", "--list", &hosting, "--trusted", &doubtful, "--format", "json"];
    let asked = [&asked[..], &["203.0.113.9", "::ffff:198.51.100.7", "192.0.2.1"]].concat();
    let answer = run(&asked).json();
    let told = |at: usize| -> Vec<(String, u64, bool)> {
        let matches = answer[at]["matches"].as_array().unwrap().iter();
        let of = |found: &Value| {
            let entry = found["entry"].as_str().unwrap().to_owned();
            (entry, found["line"].as_u64().unwrap(), found["trusted"].as_bool().unwrap())
        };
        matches.map(of).collect()
    };
    let expected =
        [("203.0.113.9", 3, false), ("203.0.113.0/24", 2, false), ("203.0.113.9/24", 1, true)];
    assert_eq!(told(0), expected.map(|(entry, line, trusted)| (entry.to_owned(), line, trusted)));
    let expected =
        [("198.51.100.7", 4, false), ("198.51.100.7:8080", 3, true), ("198.51.100.7", 7, true)];
    assert_eq!(told(1), expected.map(|(entry, line, trusted)| (entry.to_owned(), line, trusted)));
    assert!(told(2).is_empty());
    assert_eq!(run(&["lists", "lookup", "192.0.2.1"]).code, Some(2), "no list is named");
    assert_eq!(run(&["lists", "lookup", "--list", &hosting, "192.0.2"]).code, Some(2));
}

#[test]
fn lists_are_named_by_globs_and_read_from_standard_input() {
    let glob = arg(testdata().join("lists").join("*.txt"));
    let answer = run(&["lists", "check", "--format", "json", &glob]).json();
    assert_eq!(answer["lists"].as_array().unwrap().len(), 2);
    let missing = run(&["lists", "check", "nowhere/*.txt"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(missing.err.contains("nowhere/*.txt"), "{missing:?}");

    let mut piped = Command::new(env!("CARGO_BIN_EXE_flowproof"))
        .args(["lists", "lookup", "--list", "-", "203.0.113.9"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    piped.stdin.take().unwrap().write_all(b"203.0.113.0/24 a feed\n").unwrap();
    let output = piped.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, "203.0.113.9: 203.0.113.0/24 in -, line 1: a feed\n");
}

#[test]
fn a_difference_and_a_merger_are_those_of_the_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = ["one.txt", "other.txt"].map(|name| folder.path().join(name));
    fs::write(&one, "203.0.113.0/25\n203.0.113.128/25\n198.51.100.7\n").unwrap();
    fs::write(&other, "203.0.113.0/24\n198.51.100.8/31\n2001:db8::/32\n").unwrap();
    let (one, other) = (arg(&one), arg(&other));
    let diff = run(&["lists", "diff", &one, &other]);
    assert_eq!(diff.out, "- 198.51.100.7/32\n+ 198.51.100.8/31\n+ 2001:db8::/32\n");
    let merged = run(&["lists", "merge", &one, &other, "--without", &one]);
    let expected = format!("# from {one}\n# from {other}\n198.51.100.8/31\n2001:db8::/32\n");
    assert_eq!(merged.out, expected);
    // What is merged is a list again.
    let path = folder.path().join("merged.txt");
    fs::write(&path, run(&["lists", "merge", &one, &other]).out).unwrap();
    let checked = run(&["lists", "check", "--format", "json", &arg(&path)]).json();
    assert_eq!(checked["lists"][0]["entries"], 4);
    assert_eq!(checked["lists"][0]["rejected"], 0);
}

#[test]
fn a_column_that_is_not_there_is_an_error_that_names_the_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, "src_ip,dst_ip,note\n192.0.2.1,203.0.113.9,x\n").unwrap();
    let path = arg(&path);
    let check = |column: &str| run(&["lists", "check", "--list-column", column, &path]);
    assert_eq!(check("dst_ip").code, Some(0));
    let told = check("peer");
    assert_eq!(told.code, Some(1), "{told:?}");
    let message = "line 1: no column \"peer\", there are src_ip, dst_ip, note";
    assert!(told.out.contains(message) && !told.out.contains("damaged"), "{}", told.out);
    let asked = ["lists", "lookup", "--list-column", "peer", "--list", &path, "203.0.113.9"];
    let told = run(&asked);
    assert_eq!((told.code, &*told.out), (Some(1), ""), "{told:?}");
    assert!(told.err.contains(message), "{}", told.err);
}
