//! `flowproof scan --state`: each object is read once, each finding is told once.

mod faults;
mod kills;
mod told;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Run, arg, command, run};

const INTERFACE: &str = "eni-0a1b2c3d4e5f60001";

/// Logs, a list and a state in a folder.
struct Scheduled {
    root: TempDir,
}

/// The entry of object `number`, in its canonical spelling.
fn entry(number: u32) -> String {
    std::net::Ipv6Addr::from(0x2001_0db8 << 96 | u128::from(number)).to_string()
}

/// The line of object `number`: some bytes to its own entry of the list, 2001:db8::number.
fn line(number: u32) -> String {
    let bytes = 1000 + number;
    format!(
        "2 123456789012 {INTERFACE} 2001:db8:ffff::5 2001:db8::{number:x} 49152 443 6 10 {bytes} \
         1748736000 1748736060 ACCEPT OK\n"
    )
}

/// And some bytes to 203.0.113.9, which is everybody's.
fn shared_line() -> String {
    format!(
        "2 123456789012 {INTERFACE} 10.0.1.5 203.0.113.9 49152 443 6 10 7 1748736000 1748736060 \
         ACCEPT OK\n"
    )
}

/// The key of object `number`: a hundred a day.
fn key(number: u32) -> String {
    let (day, minute) = (1 + number / 100 % 28, number % 100);
    let month = 1 + number / 2800;
    format!(
        "AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/{month:02}/{day:02}/\
         123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_2025{month:02}{day:02}T00{:02}Z_\
         {number:08x}.log",
        minute % 60
    )
}

impl Scheduled {
    /// With a list of so many entries, and 203.0.113.9.
    fn new(entries: u32) -> Scheduled {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("logs")).unwrap();
        let scheduled = Scheduled { root };
        scheduled.list((0..entries).map(entry));
        scheduled
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes the list: these entries, and 203.0.113.9.
    fn list(&self, entries: impl Iterator<Item = String>) {
        let mut file = File::create(self.path("list.txt")).unwrap();
        writeln!(file, "203.0.113.9").unwrap();
        entries.for_each(|entry| writeln!(file, "{entry}").unwrap());
    }

    /// Writes objects, each under a name of its own first so that no run sees a half.
    fn write(&self, numbers: impl IntoIterator<Item = u32>) {
        for number in numbers {
            self.put(&key(number), &(line(number) + &shared_line()));
        }
    }

    fn put(&self, key: &str, text: &str) {
        let path = self.path("logs").join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let draft = self.path("draft");
        fs::write(&draft, text).unwrap();
        fs::rename(draft, path).unwrap();
    }

    fn args(&self, options: &[&str]) -> Vec<String> {
        let paths = ["logs", "list.txt", "state"].map(|name| arg(self.path(name)));
        let [logs, list, state] = &paths;
        let own = ["scan", "--logs", logs, "--list", list, "--state", state];
        own.iter().chain(options).map(|text| (*text).to_owned()).collect()
    }

    fn scan(&self, options: &[&str]) -> Run {
        run(&self.args(options))
    }

    /// A scan whose answer is JSON, with this exit code.
    fn answer(&self, code: i32, options: &[&str]) -> Value {
        let run = self.scan(&[&["--format", "json"], options].concat());
        assert_eq!(run.code, Some(code), "{run:?}");
        run.json()
    }

    fn verify(&self) {
        let run = run(&["state", "verify", &arg(self.path("state"))]);
        assert_eq!(run.code, Some(0), "{run:?}");
    }

    /// Lines of a file, as JSON.
    fn lines(&self, name: &str) -> Vec<Value> {
        json_lines(&self.path(name))
    }
}

fn json_lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Flows by entry, as the last telling of each has them; no event is there twice.
fn flows_by_entry(findings: &[Value]) -> BTreeMap<String, u64> {
    let mut events = std::collections::BTreeSet::new();
    let mut flows = BTreeMap::new();
    for finding in findings {
        let event = finding["event_id"].as_str().unwrap();
        assert!(events.insert(event.to_owned()), "{finding} was told twice");
        let entry = finding["entry"].as_str().unwrap().to_owned();
        let now = finding["flows"].as_u64().unwrap();
        let before = flows.insert(entry, now);
        assert_eq!(before.is_some(), finding["status"] == "updated", "{finding}");
        assert!(before.is_none_or(|before| before < now), "{finding}");
    }
    flows
}

/// Flows by entry if each of the objects was counted once.
fn expected(objects: u32) -> BTreeMap<String, u64> {
    let mut flows: BTreeMap<String, u64> = (0..objects).map(|number| (entry(number), 1)).collect();
    flows.insert("203.0.113.9".to_owned(), objects.into());
    flows
}

#[test]
fn each_object_is_read_once_whenever_it_comes_and_whatever_its_name_says() {
    let scans = Scheduled::new(40);
    scans.write(0..10);
    let first = scans.answer(0, &[]);
    assert_eq!(first["objects"]["read"], 10);
    assert_eq!(first["findings"].as_array().unwrap().len(), 11);
    // Nothing new.
    let idle = scans.answer(0, &[]);
    assert_eq!((&idle["objects"]["read"], &idle["objects"]["known"]), (&0.into(), &10.into()));
    assert_eq!(idle["findings"], serde_json::json!([]));
    // Late ones, before and between those that are known, with one and the same time.
    scans.write([20, 12, 11]);
    let late = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2024/12/31/\
                123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20241231T0000Z_late.log";
    scans.put(late, &(line(10) + &shared_line()));
    let time = File::open(scans.path("logs").join(key(0))).unwrap().metadata().unwrap();
    for key in [key(20), key(12), key(11), late.to_owned()] {
        let file = File::options().write(true).open(scans.path("logs").join(key)).unwrap();
        file.set_modified(time.modified().unwrap()).unwrap();
    }
    let answer = scans.answer(0, &[]);
    assert_eq!(answer["objects"]["read"], 4);
    let shared =
        answer["findings"].as_array().unwrap().iter().find(|f| f["entry"] == "203.0.113.9");
    assert_eq!(
        (&shared.unwrap()["flows"], &shared.unwrap()["status"]),
        (&14.into(), &"updated".into())
    );
    // The same objects under another name of theirs.
    let link = scans.path("link");
    std::os::unix::fs::symlink(scans.path("logs"), &link).unwrap();
    let args = scans.args(&["--format", "json", "--logs", &arg(&link)]);
    let again = run(&args);
    assert_eq!(again.json()["objects"]["read"], 0, "{again:?}");
    scans.verify();
}

#[test]
fn an_object_with_another_content_is_read_again_and_that_is_said() {
    let scans = Scheduled::new(40);
    scans.write(0..3);
    scans.answer(0, &[]);
    scans.put(&key(1), &(line(1) + &line(2) + &shared_line()));
    let run = scans.scan(&["--format", "json"]);
    assert!(run.err.contains("1 object read in a new edition"), "{run:?}");
    let answer = run.json();
    assert_eq!(
        (&answer["objects"]["replaced"], &answer["objects"]["read"]),
        (&1.into(), &1.into())
    );
    for (finding, flows) in answer["findings"].as_array().unwrap().iter().zip([2, 2, 4]) {
        assert_eq!((&finding["recounted"], &finding["flows"]), (&true.into(), &flows.into()));
    }
    assert_eq!(scans.answer(0, &[])["objects"]["read"], 0);
}

#[test]
fn a_scan_in_any_number_of_runs_and_batches_comes_to_what_one_scan_does() {
    let scans = Scheduled::new(30);
    let mut told = Vec::new();
    for batch in ["1", "7", "1000"] {
        let from = told.len() as u32;
        scans.write(from * 10..from * 10 + 10);
        told.push(scans.answer(0, &["--batch-objects", batch]));
    }
    let findings: Vec<Value> =
        told.iter().flat_map(|answer| answer["findings"].as_array().unwrap().clone()).collect();
    assert_eq!(flows_by_entry(&findings), expected(30));
    let (logs, list) = (arg(scans.path("logs")), arg(scans.path("list.txt")));
    let whole = run(&["scan", "--logs", &logs, "--list", &list, "--format", "json"]).json();
    for row in whole["rows"].as_array().unwrap() {
        let last = findings.iter().rev().find(|finding| finding["entry"] == row["entry"]).unwrap();
        for name in
            ["bytes_in", "bytes_out", "packets_out", "flows", "first_seen", "last_seen", "remotes"]
        {
            assert_eq!(last[name], row[name], "{name} of {row}");
        }
    }
}

#[test]
fn another_run_at_work_is_left_to_it_and_named() {
    let scans = Scheduled::new(4);
    scans.write(0..2);
    scans.answer(0, &[]);
    scans.write(2..4);
    let lock = File::options().read(true).write(true).open(scans.path("state/lock")).unwrap();
    lock.lock().unwrap();
    let busy = scans.scan(&[]);
    assert_eq!((busy.code, &*busy.out), (Some(5), ""), "{busy:?}");
    assert!(busy.err.contains("another run is at work"), "{busy:?}");
    drop(lock);
    assert_eq!(scans.answer(0, &[])["objects"]["read"], 2);
}

#[test]
fn of_scans_that_start_at_once_each_object_is_counted_once() {
    let scans = Scheduled::new(60);
    scans.write(0..60);
    let emit = format!("jsonl={}", arg(scans.path("out.jsonl")));
    let start = || {
        let args = scans.args(&["--emit", &emit, "--batch-objects", "5"]);
        command(&args, &[]).stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..4).map(|_| start()).collect();
    let codes: Vec<_> =
        children.into_iter().map(|mut child| child.wait().unwrap().code()).collect();
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 5))), "{codes:?}");
    assert!(codes.contains(&Some(0)), "{codes:?}");
    assert_eq!(flows_by_entry(&scans.lines("out.jsonl")), expected(60));
}

#[test]
fn a_state_knows_with_which_settings_it_was_made() {
    let scans = Scheduled::new(4);
    scans.write(0..2);
    scans.answer(0, &[]);
    let other = scans.scan(&["--include-internal"]);
    assert_eq!(other.code, Some(1), "{other:?}");
    assert!(
        other.err.contains("--include-internal was \"false\" and is \"true\" now"),
        "{other:?}"
    );
    assert!(other.err.contains("--adopt"), "{other:?}");
    scans.answer(0, &["--include-internal", "--adopt"]);
    scans.answer(0, &["--include-internal"]);
    for (options, what) in [
        (&["--to", "2025-06-01"][..], "--to cannot"),
        (&["--duplicates", "drop"], "--duplicates drop cannot"),
        (&["--logs", "-"], "standard input cannot"),
        (&["--min-bytes", "other.txt=1"], "no --list has this name"),
        (&["--emit", "xml=a"], "`xml` is no format"),
    ] {
        let refused = scans.scan(&[&["--include-internal"], options].concat());
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains(what), "{refused:?}");
    }
}
