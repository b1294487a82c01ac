use std::collections::BTreeMap;
use std::io::BufReader;

use super::super::ListFormat::Stix2;
use super::super::json::tests::{Generated, check_cuts, check_told, options, parse, rejects, rows};
use super::*;

/// A bundle with an address object beside the indicators.
const BUNDLE: &str = r#"{
  "type": "bundle",
  "id": "bundle--00000000-0000-4000-8000-000000000000",
  "objects": [
    {"type": "identity", "id": "identity--1", "name": "Example"},
    {
      "type": "indicator", "spec_version": "2.1", "id": "indicator--1",
      "name": "Command and control", "description": "long",
      "pattern": "[ipv4-addr:value = '203.0.113.9']", "pattern_type": "stix",
      "valid_from": "2025-01-01T00:00:00.000Z", "valid_until": "2025-07-01T00:00:00Z",
      "confidence": 85
    },
    {"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "192.0.2.1"},
    {"type": "observed-data", "objects": {"0": {"type": "ipv4-addr", "value": "192.0.2.2"}}},
    {"pattern": "[ipv6-addr:value ISSUBSET '2001:db8::/32' OR domain-name:value = 'c2.example.com']",
     "description": "no\n name", "type": "indicator"}
  ]
}
"#;

/// An array of indicators with these patterns, one a line.
fn indicators(patterns: &[&str]) -> String {
    let objects: Vec<_> = patterns
        .iter()
        .map(|pattern| serde_json::json!({"type": "indicator", "pattern": pattern}).to_string())
        .collect();
    format!("[{}]", objects.join(",\n"))
}

/// The texts of the entries that a pattern makes.
fn entries(pattern: &str) -> Vec<String> {
    let content = parse(Stix2, &indicators(&[pattern])).expect("whole");
    check_told(&content);
    assert_eq!(rejects(&content), Vec::<String>::new(), "{pattern}");
    content.entries.iter().map(|entry| entry.text().to_string()).collect()
}

#[test]
fn indicators_are_entries_with_their_names_and_validity_and_other_objects_are_not() {
    let content = parse(Stix2, BUNDLE).expect("whole");
    check_told(&content);
    assert_eq!(
        rows(&content),
        [
            (6, "203.0.113.9", "Command and control", "objects[1].pattern"),
            (15, "2001:db8::/32", "no name", "objects[4].pattern"),
        ]
    );
    let details = content.entries[0].details.as_ref().expect("details");
    assert_eq!(details.confidence, Some(85));
    assert_eq!(details.valid_from, Some("2025-01-01T00:00:00Z".parse().expect("a time")));
    assert_eq!(details.valid_until, Some("2025-07-01T00:00:00Z".parse().expect("a time")));
    assert_eq!(content.not_addresses, BTreeMap::from([(Indicator::Domain, 1)]));
    assert_eq!((content.lines, content.rejects.total), (3, 0));
}

#[test]
fn all_addresses_that_a_pattern_looks_for_are_entries() {
    for (pattern, expected) in [
        ("[ipv4-addr:value = '203.0.113.0/24']", &["203.0.113.0/24"][..]),
        ("[ipv4-addr:value ISSUBSET '203.0.113.0/24']", &["203.0.113.0/24"]),
        ("[ ipv4-addr:value IN ('203.0.113.1', '203.0.113.2') ]", &["203.0.113.1", "203.0.113.2"]),
        (
            "[ipv4-addr:value = '203.0.113.1' OR (ipv6-addr:value = '2001:db8::1' AND url:value = 'x')]",
            &["203.0.113.1", "2001:db8::1"],
        ),
        (
            "([ipv4-addr:value='203.0.113.1'] OR [ipv4-addr:value='203.0.113.2']) \
             FOLLOWEDBY [ipv4-addr:value='203.0.113.3'] WITHIN 600 SECONDS",
            &["203.0.113.1", "203.0.113.2", "203.0.113.3"],
        ),
        (
            "[network-traffic:dst_ref.value = '203.0.113.1' AND network-traffic:dst_port = 443]",
            &["203.0.113.1"],
        ),
        ("[network-traffic:src_ref.value = '2001:db8::1']", &["2001:db8::1"]),
        ("[ipv4-addr:value != '203.0.113.1']", &[]),
        ("[ipv4-addr:value NOT = '203.0.113.1']", &[]),
        ("[ipv4-addr:value NOT IN ('203.0.113.1')]", &[]),
        ("[ipv4-addr:value NOT ISSUBSET '203.0.113.0/24']", &[]),
        ("[NOT ipv4-addr:value = '203.0.113.1']", &[]),
        (
            "[ipv4-addr:value ISSUBSET '203.0.113.0/24' AND ipv4-addr:value != '203.0.113.1']",
            &["203.0.113.0/24"],
        ),
        ("[domain-name:resolves_to_refs[*].value = '203.0.113.1']", &[]),
        ("[file:name = '203.0.113.1']", &[]),
    ] {
        assert_eq!(entries(pattern), expected, "{pattern}");
    }
}

#[test]
fn what_a_pattern_excludes_is_no_part_of_its_entries() {
    let prefixes = |pattern: &str| {
        let content = parse(Stix2, &indicators(&[pattern])).expect("whole");
        check_told(&content);
        let prefixes = content.entries.iter().flat_map(|entry| &entry.prefixes);
        prefixes.map(ToString::to_string).collect::<Vec<_>>()
    };
    let both = |join: &str, other: &str| {
        prefixes(&format!(
            "[ipv4-addr:value ISSUBSET '203.0.113.0/30' {join} ipv4-addr:value {other}]"
        ))
    };
    assert_eq!(both("AND", "!= '203.0.113.1'"), ["203.0.113.0/32", "203.0.113.2/31"]);
    assert_eq!(both("AND", "NOT ISSUBSET '203.0.113.0/31'"), ["203.0.113.2/31"]);
    assert_eq!(both("AND", "NOT ISSUBSET '0.0.0.0/0'"), Vec::<String>::new());
    assert_eq!(both("OR", "!= '203.0.113.1'"), ["203.0.113.0/30"], "one of the two will do");
}

#[test]
fn other_indicators_are_counted_by_kind() {
    let text = indicators(&[
        "[domain-name:value = 'c2.example.com']",
        "[url:value = 'http://203.0.113.9/']",
        "[file:hashes.'SHA-256' = '00' OR file:hashes.MD5 = '00']",
        "[file:name = 'a.exe']",
        "[email-message:from_ref.value = 'a@example.com']",
        "[autonomous-system:number = 64496]",
        "[network-traffic:dst_ref.value = 'c2.example.com']",
        "[network-traffic:dst_port = 4444]",
        "[ipv4-addr:value != '203.0.113.9']",
        "[domain-name:value != 'c2.example.com']",
        "[windows-registry-key:key = 'x']",
    ]);
    let content = parse(Stix2, &text).expect("whole");
    check_told(&content);
    assert_eq!(rejects(&content), Vec::<String>::new());
    assert_eq!(
        content.not_addresses,
        BTreeMap::from([
            (Indicator::Asn, 1),
            (Indicator::Domain, 2),
            (Indicator::Email, 1),
            (Indicator::File, 1),
            (Indicator::Hash, 2),
            (Indicator::Other, 4),
            (Indicator::Url, 1),
        ])
    );
}

#[test]
fn patterns_in_other_languages_are_counted_as_other() {
    let text = r#"[{"type":"indicator","pattern_type":"snort","pattern":"alert ip 203.0.113.9 any"},
        {"type":"indicator","pattern_type":"STIX","pattern":"[ipv4-addr:value='203.0.113.8']"}]"#;
    let content = parse(Stix2, text).expect("whole");
    check_told(&content);
    assert_eq!(rows(&content), [(2, "203.0.113.8", "", "[1].pattern")]);
    assert_eq!(content.not_addresses, BTreeMap::from([(Indicator::Other, 1)]));
}

#[test]
fn what_has_expired_or_is_revoked_is_left_out_and_a_bad_time_refused() {
    let pattern =
        "\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value IN ('203.0.113.1','203.0.113.2')]\"";
    let text = format!(
        "[{{{pattern},\"valid_until\":\"2025-05-31T23:59:59.999Z\"}},\n{{{pattern},\"revoked\":true}},\n\
         {{{pattern},\"revoked\":false,\"valid_until\":\"2025-06-01T00:00:00.001Z\"}},\n\
         {{{pattern},\"valid_until\":\"never\"}}]"
    );
    let content = parse(Stix2, &text).expect("whole");
    check_told(&content);
    assert_eq!(
        rows(&content),
        [(3, "203.0.113.1", "", "[2].pattern"), (3, "203.0.113.2", "", "[2].pattern")]
    );
    assert_eq!((content.expired, content.revoked), (2, 2));
    assert_eq!(
        rejects(&content)[0],
        "line 4: \"203.0.113.1\": the time until or from which it is valid cannot be read"
    );
    assert_eq!(content.rejects.total, 2);
}

#[test]
fn damaged_indicators_are_refused_one_by_one() {
    let text = indicators(&[
        "[ipv4-addr:value = '203.0.113.300']",
        "[ipv4-addr:value = '203.0.113.1",
        "[ipv4-addr:value = '203.0.113.1'",
        "[ipv4-addr:value '203.0.113.1']",
        "[ipv4-addr:value LIKE '203.0.113.%']",
        "[ipv4-addr:value ISSUPERSET '203.0.113.1/32']",
        "[EXISTS ipv4-addr:value]",
        "[ipv4-addr:value = 'c2.example.com']",
        "203.0.113.1",
        "",
        "[ipv4-addr:value IN ('203.0.113.1', '203.0.113.01')]",
    ]);
    let content = parse(Stix2, &text).expect("whole");
    check_told(&content);
    assert_eq!(rows(&content), [(11, "203.0.113.1", "", "[10].pattern")]);
    let operator =
        "STIX pattern: an address is compared in a way that names no address, prefix or range";
    assert_eq!(
        rejects(&content),
        [
            "line 1: \"203.0.113.300\": not an address".to_owned(),
            "line 2: \"[ipv4-addr:value = '203.0.113.1\": STIX pattern: a string is not closed".into(),
            "line 3: \"[ipv4-addr:value = '203.0.113.1'\": STIX pattern: it is cut off".into(),
            "line 4: \"[ipv4-addr:value '203.0.113.1']\": STIX pattern: it breaks the rules of STIX patterning".into(),
            format!("line 5: \"203.0.113.%\": {operator}"),
            format!("line 6: \"203.0.113.1/32\": {operator}"),
            format!("line 7: \"EXISTS\": {operator}"),
            "line 8: \"c2.example.com\": not an address".into(),
            "line 9: \"203.0.113.1\": STIX pattern: it breaks the rules of STIX patterning".into(),
            "line 10: \"\": STIX pattern: it is cut off".into(),
            "line 11: \"203.0.113.01\": leading zero in an octet, could be octal".into(),
        ]
    );
}

#[test]
fn bundles_arrays_and_lines_of_objects_are_read() {
    let object = r#"{"type":"indicator","pattern":"[ipv4-addr:value = '203.0.113.9']"}"#;
    for (text, row) in [
        (format!("{{\"objects\":[{object}]}}"), (1, "objects[0].pattern")),
        (
            format!("[{{\"type\":\"bundle\",\"objects\":[{object}]}}]"),
            (1, "[0].objects[0].pattern"),
        ),
        (format!("\n[{object}]"), (2, "[0].pattern")),
        (format!("{{\"type\":\"malware\"}}\n{object}\n"), (2, "pattern")),
        (object.to_owned(), (1, "pattern")),
    ] {
        let content = parse(Stix2, &text).expect("whole");
        let (line, path) = row;
        assert_eq!(rows(&content), [(line, "203.0.113.9", "", path)], "{text}");
    }
}

#[test]
fn of_a_long_bundle_only_the_entries_are_kept() {
    const OBJECTS: u64 = 250_000;
    let object = |number: u64| match number % 1000 {
        0 => format!(
            "{{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value='203.0.113.{}']\"}}",
            number / 1000
        ),
        1..100 => "{\"type\":\"indicator\",\"pattern\":\"[url:value='x']\"}".to_owned(),
        _ => "{\"name\":\"x\"}".to_owned(),
    };
    let bundle = Generated::new("{\"type\":\"bundle\",\"objects\":[", OBJECTS, object, "]}");
    let content = super::parse(&mut BufReader::new(bundle), &options()).expect("whole");
    assert_eq!((content.lines, content.entries.len()), (25_000, 250));
    assert_eq!(content.not_addresses, BTreeMap::from([(Indicator::Url, 24_750)]));
    assert_eq!((content.entries[249].line, content.rejects.total), (249_001, 0));
    let kept = rows(&content)
        .into_iter()
        .map(|(_, text, label, path)| text.len() + label.len() + path.len());
    assert!(kept.max() <= Some(64), "an entry keeps no more than itself");
}

#[test]
fn a_cut_anywhere_is_refused() {
    check_cuts(Stix2, BUNDLE);
}
