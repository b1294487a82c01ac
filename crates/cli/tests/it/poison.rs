//! Lists that would accuse everybody, or nobody: a default route, a private network, a web page, text
//! in another encoding. `lists check` tells of each, and `scan` never reports what is internal for
//! it, and says so where it does not use a list or a line of it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::{Run, arg, run, testdata};

fn worked(name: &str) -> String {
    arg(testdata().join("worked").join(name))
}

/// A list with these bytes, and its folder, which is gone with it.
fn list(bytes: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.netset");
    fs::write(&path, bytes).unwrap();
    let path = arg(&path);
    (folder, path)
}

fn scan(path: &str) -> Run {
    let logs = worked("logs");
    let window = ["--from", "2025-06-01T08:45:00Z", "--to", "2025-06-01T12:15:00Z"];
    let asked = ["scan", "--format", "json", "--logs", &logs, "--list", path];
    run(&[&asked[..], &window[..]].concat())
}

/// Kind, severity and line of what a check found, besides documentation addresses.
fn check(path: &str, code: i32) -> Vec<(String, String, Option<u64>)> {
    let run = run(&["lists", "check", "--format", "json", path]);
    assert_eq!(run.code, Some(code), "{run:?}");
    let answer = run.json();
    let findings = answer["lists"][0]["findings"].as_array().unwrap();
    let of = |finding: &Value| {
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        (text("kind"), text("severity"), finding["line"].as_u64())
    };
    findings.iter().map(of).filter(|(_, severity, _)| severity != "info").collect()
}

/// Neither command uses the list at all, and both say why.
fn is_refused(bytes: &[u8], words: &str) {
    let (_folder, path) = list(bytes);
    assert_eq!(check(&path, 1), [("unreadable".to_owned(), "error".to_owned(), None)], "{words}");
    let told = run(&["lists", "check", &path]).out;
    assert!(told.contains("not usable") && told.contains(words), "{told}");
    let scan = scan(&path);
    assert_eq!((scan.code, &*scan.out), (Some(1), ""), "{words}");
    assert!(scan.err.contains(words) && scan.err.contains(&path), "{}", scan.err);
    // A list in good order beside it does not make up for it.
    let (logs, good) = (worked("logs"), worked("tor-exits.txt"));
    let both = run(&["scan", "--logs", &logs, "--list", &good, "--list", &path]);
    assert_eq!((both.code, &*both.out), (Some(1), ""), "{words}");
}

/// Both commands use the good entry only, 203.0.113.9, and tell of the other lines. Returns what the
/// scan told of internal traffic.
fn is_used_without(
    lines: &str,
    check_code: i32,
    found: &[(&str, &str, u64)],
    warning: &str,
) -> Value {
    let (_folder, path) = list(format!("{lines}203.0.113.9\n").as_bytes());
    let found: Vec<_> = found
        .iter()
        .map(|(kind, severity, line)| ((*kind).to_owned(), (*severity).to_owned(), Some(*line)))
        .collect();
    assert_eq!(check(&path, check_code), found, "{lines}");
    let scan = scan(&path);
    assert_eq!(scan.code, Some(0), "{scan:?}");
    assert!(scan.err.contains(warning) && scan.err.contains(&path), "{}", scan.err);
    let answer = scan.json();
    let entries: Vec<&Value> =
        answer["rows"].as_array().unwrap().iter().map(|row| &row["entry"]).collect();
    assert_eq!(entries, [&json!("203.0.113.9"); 3], "{lines}");
    // The claimed 24 flows and one of another interface, as worked out by hand.
    assert_eq!(answer["total"]["flows"], 25, "{lines}");
    answer["internal"]["flows"].clone()
}

/// Text in UTF-16.
fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn a_default_route_is_no_entry() {
    let wider = "wider than a /8, refused unless wide entries are allowed";
    is_refused(b"0.0.0.0/0\n", wider);
    is_refused(b"::/0\n", "wider than a /16, refused");
    let kept = is_used_without(
        "0.0.0.0/0\n::/0\n0.0.0.0 - 255.255.255.255\n",
        1,
        &[("too_wide", "error", 1), ("too_wide", "error", 2), ("too_wide", "error", 3)],
        "3 lines not in use; first: line 1: \"0.0.0.0/0\": wider than a /8",
    );
    assert_eq!(kept, 0, "what is refused matches nothing");
}

#[test]
fn a_path_behind_a_prefix_length_makes_no_default_route() {
    let reason = "prefix length is not a number from 0 to 32";
    is_refused(b"203.0.113.9/0/login\n", reason);
    let kept = is_used_without(
        "203.0.113.9/0/login\n198.51.100.7/32/x\n",
        0,
        &[("refused", "warning", 1), ("refused", "warning", 2)],
        "2 lines not in use; first: line 1: \"203.0.113.9/0/login\": prefix length",
    );
    assert_eq!(kept, 0);
}

#[test]
fn a_list_with_all_that_is_not_routed_reports_no_internal_flow() {
    // As the header and the first networks of FireHOL's level 1.
    let bogons = "#\n# level1, made up\n# Entries : 9 subnets\n#\n0.0.0.0/8\n10.0.0.0/8\n\
                  100.64.0.0/10\n127.0.0.0/8\n169.254.0.0/16\n172.16.0.0/12\n192.168.0.0/16\n\
                  224.0.0.0/3\n";
    let internal = (5..=11).map(|line| ("internal", "warning", line));
    let found: Vec<_> = std::iter::once(("too_wide", "error", 12)).chain(internal).collect();
    let warning = "7 entries in or around internal addresses; first: line 5: \"0.0.0.0/8\"";
    let kept = is_used_without(bogons, 1, &found, warning);
    assert!(kept.as_u64().unwrap() > 10, "held back and counted: {kept}");
    let first = "first: line 12: \"224.0.0.0/3\": wider than a /8";
    is_used_without(bogons, 1, &found, first);
}

#[test]
fn trusted_networks_may_be_internal() {
    let trusted = worked("internal-trusted.txt");
    let scan = run(&[
        "scan",
        "--logs",
        &worked("logs"),
        "--list",
        &worked("tor-exits.txt"),
        "--trusted",
        &trusted,
    ]);
    assert!(fs::read_to_string(Path::new(&trusted)).unwrap().contains("10."));
    assert_eq!((scan.code, &*scan.err), (Some(0), ""));
}

#[test]
fn a_web_page_is_no_list_whatever_addresses_are_in_it() {
    is_refused(&fs::read(testdata().join("lists/page.html")).unwrap(), "looks like HTML");
    is_refused(
        b"\xef\xbb\xbf\r\n<!DOCTYPE html>\n<html><body>\n203.0.113.9\n0.0.0.0/0\n</body></html>\n",
        "looks like HTML",
    );
}

#[test]
fn utf16_is_refused_with_the_way_out() {
    for text in ["\u{feff}203.0.113.9\r\n", "203.0.113.9\r\n0.0.0.0/0\r\n"] {
        is_refused(&utf16(text, u16::to_le_bytes), "UTF-16LE: save it as UTF-8");
        is_refused(&utf16(text, u16::to_be_bytes), "UTF-16BE: save it as UTF-8");
    }
}

#[test]
fn a_scan_tells_how_many_indicators_of_other_kinds_are_not_in_use() {
    let lines = "c2.example.com\n*.example.org\nAS64500\nhttp://198.51.100.7/x\n";
    let kept = is_used_without(lines, 0, &[], "note: ");
    assert_eq!(kept, 0);
    let (_folder, path) = list(format!("{lines}203.0.113.9\n").as_bytes());
    assert!(scan(&path).err.contains("not in use: 1 asn, 2 domain, 1 url\n"));
    is_refused(lines.as_bytes(), "asn: 1, domain: 2, url: 1");
}
