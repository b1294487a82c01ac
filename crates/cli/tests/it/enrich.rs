//! `--enrich`: what other sources say stands beside remotes and entries, and changes nothing else.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::program::{Run, arg, run, testdata};

fn fixture(path: &str) -> String {
    arg(testdata().join(path))
}

fn sources() -> Vec<String> {
    ["asn.mmdb", "pdns.jsonl", "whois.csv", "ip-ranges.json"]
        .map(|name| format!("--enrich={}", fixture(&format!("enrich/{name}"))))
        .into()
}

/// The worked investigation.
fn investigate(more: &[String]) -> Run {
    let mut args: Vec<String> = vec![
        "investigate".to_owned(),
        format!("--finding={}", fixture("worked/finding.json")),
        format!("--logs={}", fixture("worked/logs")),
        format!("--list={}", fixture("worked/tor-exits.txt")),
    ];
    args.extend_from_slice(more);
    run(&args)
}

/// A scan of the worked investigation.
fn scan(more: &[String]) -> Run {
    let mut args: Vec<String> = vec![
        "scan".to_owned(),
        format!("--logs={}", fixture("worked/logs")),
        format!("--list={}", fixture("worked/tor-exits.txt")),
    ];
    args.extend_from_slice(more);
    run(&args)
}

fn with(format: &str, more: &[String]) -> Vec<String> {
    [&[format!("--format={format}")], more].concat()
}

fn removed(value: &mut Value) -> Value {
    value.as_object_mut().unwrap().remove("enrichment").unwrap()
}

/// The notes about 203.0.113.9, as its sources have them.
fn expected() -> Value {
    let [asn, pdns, whois] =
        ["asn.mmdb", "pdns.jsonl", "whois.csv"].map(|name| fixture(&format!("enrich/{name}")));
    json!([
        { "source": asn, "prefix": "203.0.113.8/29", "fields": {
            "asn": "64500", "as_organization": "Example Net", "country": "NL",
            "is_tor_exit_node": "true" } },
        { "source": pdns, "prefix": "203.0.113.9", "fields": {
            "rrname": "relay.example.com", "rrtype": "A",
            "time_first": "2025-05-02", "time_last": "2025-06-01" } },
        { "source": pdns, "prefix": "203.0.113.9", "fields": {
            "rrname": "old.example.com", "rrtype": "A",
            "time_first": "2024-01-07", "time_last": "2024-03-09" } },
        { "source": whois, "prefix": "203.0.113.0/25", "fields": {
            "netname": "EXAMPLE-RELAYS", "country": "NL" } },
        { "source": whois, "prefix": "203.0.113.0/24", "fields": {
            "netname": "EXAMPLE-NET", "country": "NL", "remarks": "Example Net, allocated" } },
    ])
}

#[test]
fn an_investigation_says_what_the_sources_have_of_each_remote_and_nothing_else_changes() {
    let plain = investigate(&with("json", &[]));
    let enriched = investigate(&with("json", &sources()));
    assert_eq!((plain.code, enriched.code), (Some(0), Some(0)), "{enriched:?}");
    let mut answer = enriched.json();
    let files = removed(&mut answer);
    let mut noted = 0;
    for remote in answer["remotes"].as_array_mut().unwrap() {
        let notes = removed(remote);
        if remote["address"] == "203.0.113.9" {
            assert_eq!(notes, expected());
        }
        noted += usize::from(notes != json!([]));
    }
    assert!(noted > 1, "only {noted} remotes have notes");
    // The same bytes as without, once what was added is gone.
    let rest = serde_json::to_string(&answer).unwrap();
    assert_eq!(rest, serde_json::to_string(&plain.json()).unwrap());
    assert!(!plain.out.contains("enrichment"));

    let kinds: Vec<_> = files.as_array().unwrap().iter().map(|file| &file["kind"]).collect();
    assert_eq!(kinds, ["mmdb", "json", "csv", "aws_ip_ranges"]);
    assert_eq!(files[0]["database_type"], "Example-ASN");
    assert_eq!(files[0]["built"], "2025-06-01T00:00:00Z");
    let counts = files
        .as_array()
        .unwrap()
        .iter()
        .map(|file| ["entries", "rejected"].map(|count| file[count].as_u64().unwrap()));
    assert_eq!(counts.collect::<Vec<_>>(), [[3, 0], [3, 1], [3, 0], [3, 0]]);
    let digest = Command::new("sha256sum").arg(fixture("enrich/whois.csv")).output();
    if let Ok(digest) = digest {
        let text = String::from_utf8(digest.stdout).unwrap();
        assert_eq!(files[2]["sha256"], text.split(' ').next().unwrap());
    }
}

/// The lines of a text that enrichment adds to a report.
fn is_added(line: &str) -> bool {
    line.trim_start().starts_with("note: ")
        || line.starts_with("Enrichment (")
        || line.contains("/testdata/enrich/")
}

#[test]
fn a_report_for_people_has_one_line_more_for_each_remote_with_notes() {
    let plain = investigate(&[]).out;
    let enriched = investigate(&sources());
    let line =
        "      note: AS64500 Example Net, NL, tor exit, rrname: relay.example.com, rrtype: A,";
    assert!(enriched.out.lines().any(|told| told.starts_with(line)), "{}", enriched.out);
    assert!(enriched.out.contains("Enrichment (4, no part of any figure)"), "{}", enriched.out);
    assert!(enriched.out.contains("Example-ASN of 2025-06-01 00:00:00Z"), "{}", enriched.out);
    // Each line of the plain report is there, in its order.
    let mut lines = enriched.out.lines();
    for line in plain.lines() {
        assert!(lines.any(|told| told == line), "{line}\n{}", enriched.out);
    }
    assert!(
        enriched.err.contains(
            "pdns.jsonl: 1 row not in use; first: line 3: \"relay.example.com\": not an address"
        ),
        "{}",
        enriched.err
    );
}

#[test]
fn a_scan_says_what_the_sources_have_of_all_of_an_entry_and_nothing_else_changes() {
    let plain = scan(&with("json", &[]));
    let enriched = scan(&with("json", &sources()));
    assert_eq!(plain.code, enriched.code);
    let mut answer = enriched.json();
    assert_eq!(removed(&mut answer).as_array().unwrap().len(), 4);
    let mut noted = 0;
    for row in answer["rows"].as_array_mut().unwrap() {
        let notes = removed(row);
        if row["entry"] == "203.0.113.9" {
            assert_eq!(notes, expected());
            noted += 1;
        }
    }
    assert!(noted > 0);
    assert_eq!(answer.to_string(), plain.json().to_string());

    let lines = |run: Run| -> Vec<Value> {
        run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let mut told = lines(scan(&with("jsonl", &sources())));
    let notes: Vec<Value> = told.iter_mut().map(removed).collect();
    assert!(notes.contains(&expected()), "{notes:?}");
    assert_eq!(told, lines(scan(&with("jsonl", &[]))));

    // Text: one line more for each row that has notes.
    let text = scan(&sources()).out;
    let rest: Vec<&str> = text.lines().filter(|line| !is_added(line)).collect();
    assert!(text.contains("    note: AS64500 Example Net, NL, tor exit, rrname: "), "{text}");
    assert_eq!(rest, scan(&[]).out.lines().collect::<Vec<_>>());
}

#[test]
fn csv_has_a_last_column_for_enrichment_only_if_it_is_asked_for() {
    let plain = scan(&with("csv", &[])).out;
    let enriched = scan(&with("csv", &sources()[2..3])).out;
    let header = plain.lines().next().unwrap();
    assert!(header.ends_with(",remotes"));
    assert_eq!(enriched.lines().next().unwrap(), format!("{header},enrichment"));
    let told = "\"EXAMPLE-RELAYS, NL (1 more note)\"";
    for (with, without) in enriched.lines().zip(plain.lines()).skip(1) {
        assert_eq!(with, format!("{without},{told}"));
    }
    assert_eq!(enriched.lines().count(), plain.lines().count());
}

#[test]
fn an_entry_that_is_a_network_has_only_the_notes_about_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("wide.txt");
    fs::write(&list, "203.0.112.0/22\n203.0.113.0/26\n").unwrap();
    let list = format!("--list={}", arg(&list));
    let answer = scan(&[with("json", &sources()), vec![list]].concat()).json();
    let notes = |entry: &str| {
        let rows = answer["rows"].as_array().unwrap();
        rows.iter().find(|row| row["entry"] == entry).unwrap()["enrichment"].clone()
    };
    assert_eq!(notes("203.0.112.0/22"), json!([]));
    let prefixes: Vec<Value> =
        notes("203.0.113.0/26").as_array().unwrap().iter().map(|n| n["prefix"].clone()).collect();
    assert_eq!(prefixes, ["203.0.113.0/25", "203.0.113.0/24"]);
}

#[test]
fn a_source_that_cannot_be_used_is_an_error_that_names_it_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.mmdb");
    let mut bytes = fs::read(testdata().join("enrich/asn.mmdb")).unwrap();
    bytes.truncate(bytes.len() - 200);
    fs::write(&damaged, bytes).unwrap();
    let two = folder.path().join("two.csv");
    fs::write(&two, "src_ip,dst_ip\n203.0.113.9,10.0.1.5\n").unwrap();
    for (path, said) in [
        (arg(&damaged), "damaged.mmdb cannot be used as a MaxMind database: "),
        (arg(&two), "addresses in several columns (src_ip, dst_ip), name the one to read"),
        (fixture("lists/page.html"), "looks like a web page, expected a MaxMind database (.mmdb)"),
        (arg(folder.path().join("missing.csv")), "cannot read "),
    ] {
        for run in [investigate(&[format!("--enrich={path}")]), scan(&[format!("--enrich={path}")])]
        {
            assert_eq!(run.code, Some(1), "{run:?}");
            assert!(run.err.contains(said), "{run:?}");
            assert_eq!(run.out, "");
        }
    }
    let named = [format!("--enrich={}", arg(&two)), "--enrich-column=src_ip".to_owned()];
    let answer = scan(&with("json", &named)).json();
    assert_eq!(answer["rows"][0]["enrichment"][0]["fields"], json!({ "dst_ip": "10.0.1.5" }));
}
