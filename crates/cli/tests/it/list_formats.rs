//! `flowproof lists check` of one list of each format, `testdata/lists/formats/`.
//!
//! What must come out was counted by hand from the files; the snapshots hold the words.

use std::collections::BTreeSet;
use std::fs;

use flowproof_intel::ListFormat;
use insta::{Settings, assert_snapshot};
use serde_json::{Value, json};

use crate::program::{arg, run, testdata};

/// What stands in a list, counted by hand.
struct Counted {
    /// The file, named as its format is.
    format: &'static str,
    entries: u64,
    /// Distinct addresses of the entries; as text where JSON writes it so.
    addresses: Value,
    rejected: u64,
    not_an_address: Value,
    expired: u64,
    revoked: u64,
    /// What is to be said of its entries, besides that they are documentation addresses.
    lints: &'static [&'static str],
}

fn lists() -> Vec<Counted> {
    let of = |format, [entries, addresses, rejected, expired, revoked]: [u64; 5], other, lints| {
        let (addresses, not_an_address) = (json!(addresses), other);
        Counted { format, entries, addresses, rejected, not_an_address, expired, revoked, lints }
    };
    // Entries, addresses, rejected, expired, revoked.
    let mut lists = vec![
        of(
            "plain_text",
            [7, 344, 3, 0, 0],
            json!({"asn": 1, "domain": 2, "url": 1}),
            &["defanged", "host_bits", "internal", "nested"],
        ),
        of("csv", [3, 18, 2, 1, 0], json!({"domain": 1, "hash": 1}), &["port_ignored"]),
        of("misp_csv", [3, 3, 1, 0, 1], json!({"domain": 1, "hash": 1}), &["port_ignored"]),
        of("otx_csv", [3, 17, 2, 0, 0], json!({"domain": 1, "url": 1}), &["nested"]),
        of("proof_point", [4, 3, 1, 0, 0], json!({"domain": 1}), &["duplicate"]),
        of("fire_eye", [4, 81, 1, 0, 0], json!({"domain": 1, "hash": 1}), &["nested"]),
        of("alien_vault", [3, 2, 2, 0, 0], json!({"domain": 1}), &["duplicate"]),
        of("dshield", [3, 640, 2, 0, 0], json!({}), &["internal"]),
        of("stix1", [4, 264, 1, 1, 1], json!({"domain": 1}), &["internal"]),
        of("stix2", [3, 257, 2, 1, 1], json!({"domain": 1, "hash": 1}), &["host_bits", "nested"]),
        of(
            "misp_json",
            [3, 2, 1, 0, 2],
            json!({"domain": 1, "hash": 1}),
            &["duplicate", "port_ignored"],
        ),
        of("openioc", [3, 18, 2, 0, 1], json!({"domain": 1, "hash": 1}), &["defanged"]),
        of("suricata_rules", [4, 400, 2, 0, 2], json!({"other": 1}), &["internal"]),
        of("tor_exit_addresses", [3, 2, 2, 0, 0], json!({}), &["duplicate"]),
        of("spamhaus_json", [3, 0, 2, 0, 0], json!({"asn": 1}), &["host_bits", "too_wide"]),
        of("aws_ip_ranges", [4, 384, 2, 0, 0], json!({}), &["duplicate", "nested"]),
        of("json", [3, 17, 2, 1, 1], json!({"domain": 1, "url": 1}), &["duplicate"]),
    ];
    // A /64 of IPv6 is 2^64 addresses, and there is a /25 and a /28 of IPv4.
    let wide = lists.iter_mut().find(|list| list.format == "spamhaus_json").unwrap();
    wide.addresses = json!((u128::from(u64::MAX) + 1 + 128 + 16).to_string());
    lists
}

fn folder() -> String {
    arg(testdata().join("lists/formats")) + "/"
}

/// The output, in which the list is named as seen from its folder.
fn checked(format: &str, options: &[&str]) -> String {
    let path = folder() + format;
    let run = run(&[&["lists", "check"], options, &[&*path]].concat());
    let is_wide = format == "spamhaus_json";
    assert_eq!((run.code, &*run.err), (Some(i32::from(is_wide)), ""), "{format}");
    run.out.replace(&folder(), "")
}

#[test]
fn each_format_that_can_be_named_has_a_list_here() {
    // The error is where a program gets to know the names.
    let error = "".parse::<ListFormat>().unwrap_err().to_string();
    let (_, names) = error.split_once("formats are ").unwrap();
    let here: BTreeSet<&str> = lists().iter().map(|list| list.format).collect();
    assert_eq!(names.split(", ").collect::<BTreeSet<_>>(), here);
}

#[test]
fn a_check_of_each_format_counts_what_was_counted_by_hand() {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for list in lists() {
        let format = list.format;
        let written = checked(format, &["--format", "json"]);
        let answer: Value = serde_json::from_str(&written).unwrap();
        let told = &answer["lists"][0];
        for (name, expected) in [
            ("format", json!(format)),
            ("entries", json!(list.entries)),
            ("addresses", list.addresses),
            ("rejected", json!(list.rejected)),
            ("not_an_address", list.not_an_address),
            ("expired", json!(list.expired)),
            ("revoked", json!(list.revoked)),
        ] {
            assert_eq!(told[name], expected, "{name} of {format}");
        }
        let mut lints: Vec<&str> = told["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["kind"].as_str().unwrap())
            .filter(|kind| !["refused", "special_use", "guard_duty"].contains(kind))
            .collect();
        lints.sort_unstable();
        lints.dedup();
        assert_eq!(lints, list.lints, "{format}");
        settings.bind(|| {
            assert_snapshot!(format!("lists_check_{format}_json"), written);
            assert_snapshot!(format!("lists_check_{format}_text"), checked(format, &[]));
        });
    }
}

#[test]
fn the_content_alone_tells_the_format() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["list", "list.csv", "list.json", "list.xml", "list.txt", "list.gz"] {
        let path = folder.path().join(name);
        for list in lists() {
            fs::copy(testdata().join("lists/formats").join(list.format), &path).unwrap();
            let answer = run(&["lists", "check", "--format", "json", &arg(&path)]).json();
            assert_eq!(answer["lists"][0]["format"], list.format, "{name}");
            assert_eq!(answer["lists"][0]["entries"], list.entries, "{name} of {}", list.format);
        }
    }
}
