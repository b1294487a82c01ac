//! A folder of everything that can be wrong: each thing is named, nothing is dropped in silence, and
//! memory stays small.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol \
                      packets bytes start end action log-status\n";

fn line(n: u64) -> String {
    let start = 1_748_736_000 + n;
    // Bytes without a pattern, so that gzip leaves something to cut.
    let bytes = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    format!(
        "2 123456789012 eni-0a1b2c3d4e5f60001 10.0.1.5 203.0.113.9 49152 443 6 10 {bytes} {start} {} \
         ACCEPT OK\n",
        start + 60
    )
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn log(records: u64) -> Vec<u8> {
    let lines = (0..records).map(line).collect::<String>();
    gzip(format!("{HEADER}{lines}").as_bytes())
}

fn flowproof(args: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowproof"));
    command.args(args).arg("--logs").arg(folder).output().unwrap()
}

/// The folder: one good log of 1000 records, and what is wrong.
fn damaged_set(folder: &Path) {
    let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    put("a-good.log.gz", &log(1000));
    let cut = log(5000);
    put("b-truncated.log.gz", &cut[..cut.len() * 6 / 10]);
    let mut flipped = log(5000);
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    put("c-flipped.log.gz", &flipped);
    put("d-zero.log.gz", b"");
    put(
        "e-page.log",
        b"<!DOCTYPE html><html><body>429 Too Many Requests 192.0.2.55</body></html>\n",
    );
    put("f-binary.log.gz", &gzip(&vec![b'A'; 50_000_000]));
    put("g-wrong-header.log", b"colour shape size\nred round 3\n");
    put("h-odd.log", b"123456789012 ACCEPT 8400 203.0.113.9\n");
    put("i-envelope.log", b"{\"message\": \"2 123456789012 eni-1 ...\"}\n");
    put("j-table.log.parquet", b"PAR1....PAR1");
    put("k-notes.md", b"# not a log\n");
}

#[test]
fn a_damaged_set_is_answered_in_part_and_every_damage_is_named() {
    let folder = tempfile::tempdir().unwrap();
    damaged_set(folder.path());
    let output = flowproof(&["inspect", "--format", "json", "--files"], folder.path());
    assert_eq!(output.status.code(), Some(3));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = [
        ("listed", 11),
        ("read", 1),
        ("empty", 1),
        ("truncated", 1),
        ("corrupt", 2),
        ("not_a_flow_log", 2),
        ("unsupported", 4),
    ];
    for (name, count) in expected {
        assert_eq!(told["objects"][name], count, "{name}: {}", told["objects"]);
    }
    let text = told["samples"].to_string();
    for name in [
        "b-truncated",
        "c-flipped",
        "d-zero",
        "e-page",
        "f-binary",
        "g-wrong-header",
        "h-odd",
        "i-envelope",
        "j-table",
        "k-notes",
    ] {
        assert!(text.contains(name), "{name} is not named in {text}");
    }
    let outcome = |name: &str| {
        let files = told["files"].as_array().unwrap();
        let file = files.iter().find(|f| f["object"].as_str().unwrap().contains(name)).unwrap();
        (file["outcome"].as_str().unwrap().to_owned(), file["records"]["ok"].as_u64().unwrap())
    };
    assert_eq!(outcome("a-good"), ("read".to_owned(), 1000));
    let (cut, kept) = outcome("b-truncated");
    assert!(cut == "truncated" && (2000..4000).contains(&kept), "{cut} {kept}");
    // The over-long line, the page, two odd files, the envelope: each line of them is told.
    assert!(told["records"]["malformed"].as_u64().unwrap() >= 6);
}

#[test]
fn totals_over_a_damaged_set_say_that_they_are_partial() {
    let folder = tempfile::tempdir().unwrap();
    damaged_set(folder.path());
    let output =
        flowproof(&["-v", "volumes", "--by", "interface", "--format", "csv"], folder.path());
    assert_eq!(output.status.code(), Some(3));
    let errors = String::from_utf8(output.stderr).unwrap();
    for part in [
        "1 object truncated",
        "2 objects corrupt",
        "objects in a form that is not read",
        "unverified",
        "malformed line",
    ] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    if cfg!(target_os = "linux") {
        let peak = errors.split("peak memory ").nth(1).unwrap().split(' ').next().unwrap();
        assert!(peak.parse::<u64>().unwrap() < 300, "{peak} MB");
    }
}

#[test]
fn nothing_to_answer_from_is_not_a_clean_zero() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("page.log"), "<html>\n").unwrap();
    let output = flowproof(&["volumes", "--by", "interface", "--format", "csv"], folder.path());
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8(output.stderr).unwrap().contains("looks like HTML"));
    let none = tempfile::tempdir().unwrap();
    let output = flowproof(&["volumes", "--by", "interface"], none.path());
    assert_eq!(output.status.code(), Some(4));
    let output = flowproof(&["volumes", "--by", "interface"], &none.path().join("nowhere"));
    assert_eq!(output.status.code(), Some(1));
}
