use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::Broken;
use super::super::ListFormat::Json;
use super::super::json::tests::{check_cuts, check_told, parse, rejects, rows};
use super::*;
use crate::fuzz::check_list;
use crate::note::Indicator;
use crate::{List, ListRole};

/// In the shape of Feodo Tracker.
const ARRAY: &str = r#"[
  {
    "ip_address": "203.0.113.9",
    "port": 443,
    "status": "online",
    "hostname": null,
    "malware": "Example"
  },
  {"ip_address": "198.51.100.7", "malware": "Example", "description": "loader"}
]
"#;

#[test]
fn a_length_that_stands_apart_from_its_address_is_not_lost() {
    for object in [
        r#"{"ip": "203.0.113.0", "prefix": 24}"#,
        r#"{"network": "203.0.113.0", "netmask": "255.255.255.0"}"#,
        r#"{"address": "203.0.113.0", "prefixlen": 24}"#,
        r#"{"ip": "203.0.113.0", "cidr": "24"}"#,
    ] {
        let content = parse(Json, &format!("[{object}]")).expect("whole");
        check_told(&content);
        assert_eq!((content.entries.len(), content.rejects.total), (0, 1), "{object}");
    }
}

#[test]
fn objects_of_an_array_are_entries() {
    let content = parse(Json, ARRAY).expect("whole");
    assert_eq!(
        rows(&content),
        [
            (2, "203.0.113.9", "Example", "[0].ip_address"),
            (9, "198.51.100.7", "Example; loader", "[1].ip_address"),
        ]
    );
    assert_eq!((content.lines, content.rejects.total), (2, 0));
}

#[test]
fn objects_on_lines_and_texts_are_entries() {
    let lines = "{\"ip\":\"203.0.113.9\"}\n\n{\"cidr\":\"203.0.113.0/24\",\"comment\":\"net\"}\r\n";
    let content = parse(Json, lines).expect("whole");
    assert_eq!(
        rows(&content),
        [(1, "203.0.113.9", "", "ip"), (3, "203.0.113.0/24", "net", "cidr")]
    );

    let content = parse(Json, "[\"203.0.113.9\",\n \"198.51.100.1-198.51.100.9\"]").expect("whole");
    assert_eq!(
        rows(&content),
        [(1, "203.0.113.9", "", "[0]"), (2, "198.51.100.1-198.51.100.9", "", "[1]")]
    );
}

#[test]
fn every_known_key_is_read_and_kept() {
    for key in address_keys() {
        assert!(<Objects<'_> as Shape>::KEPT.contains(&key), "{key}");
        let content = parse(Json, &format!("{{\"{key}\":\"203.0.113.9\"}}")).expect("whole");
        assert_eq!(rows(&content), [(1, "203.0.113.9", "", key)]);
    }
    for key in TYPE.iter().chain(&NAME).chain(&DESCRIPTION).chain(&CONFIDENCE) {
        assert!(<Objects<'_> as Shape>::KEPT.contains(key), "{key}");
    }
}

#[test]
fn objects_inside_one_more_are_entries_and_those_inside_an_item_are_not() {
    let text = r#"{"meta": {"ip": "192.0.2.1"}, "data": [
        {"ipAddress": "203.0.113.9", "abuseConfidenceScore": 100,
         "data": [{"ip": "192.0.2.2"}], "history": [{"ip": "192.0.2.3"}], "tags": ["192.0.2.4"]}]}"#;
    let content = parse(Json, text).expect("whole");
    check_told(&content);
    assert_eq!(rows(&content), [(2, "203.0.113.9", "", "data[0].ipAddress")]);
    let details = content.entries[0].details.as_ref().expect("details");
    assert_eq!(details.confidence, Some(100));
}

#[test]
fn both_families_and_the_surest_key_are_taken() {
    let text = r#"[{"ipv4":"203.0.113.9","ipv6":"2001:db8::9"},{"ipv4":"","ipv6":"2001:db8::8"},
        {"network":"203.0.113.0/24","ip":"203.0.113.9","value":"x"},{"ip":null,"value":"203.0.113.8"}]"#;
    let content = parse(Json, text).expect("whole");
    check_told(&content);
    assert_eq!(
        rows(&content),
        [
            (1, "203.0.113.9", "", "[0].ipv4"),
            (1, "2001:db8::9", "", "[0].ipv6"),
            (1, "2001:db8::8", "", "[1].ipv6"),
            (2, "203.0.113.9", "", "[2].ip"),
            (2, "203.0.113.8", "", "[3].value"),
        ]
    );
}

#[test]
fn indicators_of_other_kinds_are_counted_and_damaged_addresses_refused() {
    let text = r#"[{"indicator":"c2.example.com"},{"ioc":"203.0.113.9:443","ioc_type":"ip:port"},
        {"value":"00","type":"sha256"},{"value":"203.0.113.9","type":"domain"},
        {"ioc_value":"http://203.0.113.9/x"},{"indicator":"203.0.113.300"},
        {"indicator":"c2.example.com","type":"IPv4"},{"ip":"c2.example.com"},
        {"value":"c2.example.com|203.0.113.7","type":"domain|ip","malware":"Example"}]"#;
    let content = parse(Json, text).expect("whole");
    check_told(&content);
    assert_eq!(
        rows(&content),
        [
            (1, "203.0.113.9:443", "", "[1].ioc"),
            (5, "203.0.113.7", "c2.example.com; Example", "[8].value"),
        ]
    );
    assert_eq!(
        content.not_addresses,
        BTreeMap::from([(Indicator::Domain, 2), (Indicator::Hash, 1), (Indicator::Url, 1)])
    );
    assert_eq!(
        rejects(&content),
        [
            "line 3: \"203.0.113.300\": not an address",
            "line 4: \"c2.example.com\": not an address",
            "line 4: \"c2.example.com\": not an address",
        ]
    );
}

#[test]
fn what_has_expired_or_is_revoked_is_left_out_and_a_bad_time_refused() {
    let text = r#"[{"ip":"203.0.113.1","valid_until":"2025-05-31T23:59:59Z"},
        {"ip":"203.0.113.2","valid_until":"2025-06-01T00:00:01Z","confidence":"75"},
        {"ip":"203.0.113.3","revoked":true},{"ip":"203.0.113.4","valid_until":"soon"}]"#;
    let content = parse(Json, text).expect("whole");
    check_told(&content);
    assert_eq!(rows(&content), [(2, "203.0.113.2", "", "[1].ip")]);
    let details = content.entries[0].details.as_ref().expect("details");
    assert_eq!((details.confidence, details.valid_until.is_some()), (Some(75), true));
    assert_eq!((content.expired, content.revoked), (1, 1));
    assert_eq!(
        rejects(&content),
        ["line 3: \"203.0.113.4\": the time until or from which it is valid cannot be read"]
    );
}

#[test]
fn what_holds_no_address_is_refused() {
    let content =
        parse(Json, "{\"a\":1}\n[{\"b\":\"203.0.113.9\"}, 5, null, \"x\"]").expect("whole");
    check_told(&content);
    assert_eq!(
        rejects(&content),
        [
            "line 1: \"{...}\": nothing in it is known to be an address",
            "line 2: \"[0]\": nothing in it is known to be an address",
            "line 2: \"5\": not an address",
            "line 2: \"null\": not an address",
            "line 2: \"x\": not an address",
        ]
    );
}

#[test]
fn a_cut_anywhere_is_refused() {
    check_cuts(Json, ARRAY);
    check_cuts(Json, "[\"203.0.113.9\", \"2001:db8::9\"]");
}

#[test]
fn a_damaged_list_is_refused_as_a_whole_and_a_byte_order_mark_is_no_damage() {
    let read = |text: &str| List::from_bytes("a.json", ListRole::Threat, text.as_bytes());
    let list = read(&format!("\u{feff}\r\n{ARRAY}")).expect("a list");
    assert_eq!((list.format, list.entries.len(), list.entries[0].line), (Json, 2, 3));
    assert_eq!(
        read(&ARRAY[..ARRAY.len() - 3]).expect_err("cut off").to_string(),
        "list a.json is damaged, read as JSON: line 9: EOF while parsing a list (column 79)"
    );
}

#[test]
fn a_trailing_comma_is_refused_with_its_line() {
    let refusal = parse(Json, "[\n\"203.0.113.9\",\n]").expect_err("damaged");
    assert!(matches!(&refusal, Broken::Syntax { line: 3, .. }), "{refusal:?}");
}

proptest! {
    #[test]
    fn damage_of_any_kind_is_refused_or_told(
        text in proptest::sample::select(vec![
            ARRAY,
            "{\"ip\":\"203.0.113.9\"}\n{\"cidr\":\"2001:db8::/32\"}\n",
            "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",\"pattern\":\
             \"[ipv4-addr:value = '203.0.113.9' OR ipv6-addr:value IN ('2001:db8::1')]\"}]}",
            "{\"Event\":{\"info\":\"e\",\"Attribute\":[{\"type\":\"ip-dst|port\",\
             \"value\":\"203.0.113.9|80\",\"to_ids\":true}]}}",
        ]),
        damage in proptest::collection::vec(
            (any::<proptest::sample::Index>(), "[\\[\\]{}\",:\\\\ \n'|a-f0-9.-]|\\PC"), 0..4,
        ),
    ) {
        let mut text: Vec<char> = text.chars().collect();
        for (at, by) in damage {
            let at = at.index(text.len());
            text.splice(at..at + 1, by.chars());
        }
        let text: String = text.into_iter().collect();
        check_list(text.as_bytes());
        for format in [Json, super::super::ListFormat::Stix2, super::super::ListFormat::MispJson] {
            if let Ok(content) = parse(format, &text) {
                check_told(&content);
            }
        }
    }

    #[test]
    fn any_address_comes_out_as_it_went_in(
        addresses in proptest::collection::vec(any::<std::net::IpAddr>(), 1..20),
    ) {
        let text = serde_json::to_string(&addresses).expect("JSON");
        let content = parse(Json, &text).expect("whole");
        let found: Vec<_> = content.entries.iter().map(|entry| entry.prefixes[0].addr()).collect();
        let written: Vec<_> = addresses.iter().map(|address| address.to_canonical()).collect();
        prop_assert_eq!(found, written);
    }
}
