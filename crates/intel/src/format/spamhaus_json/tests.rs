use std::collections::BTreeMap;

use super::super::Broken;
use super::super::ListFormat::SpamhausJson;
use super::super::json::tests::{check_told, parse, rejects, rows};
use crate::note::Indicator;
use crate::{List, ListRole};

const DROP: &str = r#"{"cidr":"203.0.113.0/24","sblid":"SBL000001","rir":"ripencc"}
{"rir":"apnic","sblid":"SBL000002","cidr":"2001:db8::/32"}

{"type":"metadata","timestamp":1748736000,"size":120,"records":2,"copyright":"(c) Example"}
"#;

#[test]
fn each_line_is_an_entry_but_the_one_about_the_list() {
    let content = parse(SpamhausJson, DROP).expect("whole");
    assert_eq!(
        rows(&content),
        [(1, "203.0.113.0/24", "SBL000001", ""), (2, "2001:db8::/32", "SBL000002", "")]
    );
    assert!(content.entries.iter().all(|entry| entry.details.is_none()), "lines need no path");
    assert_eq!((content.lines, content.rejects.total), (2, 0));
}

#[test]
fn an_array_of_the_lines_is_read_as_well() {
    let content = parse(SpamhausJson, r#"[{"cidr":"203.0.113.0/24"}]"#).expect("whole");
    assert_eq!(rows(&content), [(1, "203.0.113.0/24", "", "[0].cidr")]);
}

#[test]
fn as_numbers_are_no_entries() {
    let line =
        r#"{"asn":64496,"rir":"ripencc","domain":"example.com","cc":"ZZ","asname":"EXAMPLE"}"#;
    let content = parse(SpamhausJson, line).expect("whole");
    assert_eq!(content.not_addresses, BTreeMap::from([(Indicator::Asn, 1)]));
    check_told(&content);

    let refusal = List::from_bytes("asndrop.json", ListRole::Threat, line.as_bytes());
    assert_eq!(
        refusal.expect_err("no addresses").to_string(),
        "list asndrop.json is in no format that is read here: looks like Spamhaus ASN-DROP, a list \
         of AS numbers without addresses"
    );
}

#[test]
fn damaged_items_are_refused_one_by_one() {
    let text = "{\"cidr\":\"203.0.113/24\"}\n{\"sblid\":\"SBL1\"}\n\"203.0.113.9\"\n{\"cidr\":\"0.0.0.0/0\"}\n";
    let content = parse(SpamhausJson, text).expect("whole");
    check_told(&content);
    assert_eq!(
        rejects(&content),
        [
            "line 1: \"203.0.113/24\": not an address",
            "line 2: \"{...}\": nothing in it is known to be an address",
            "line 3: \"203.0.113.9\": nothing in it is known to be an address",
            "line 4: \"0.0.0.0/0\": wider than a /8, refused unless wide entries are allowed",
        ]
    );
    assert_eq!(content.too_wide, 1);
}

#[test]
fn a_cut_within_a_line_is_refused_and_one_between_lines_leaves_whole_entries() {
    let mut whole = 0;
    for end in 0..DROP.len() {
        match parse(SpamhausJson, &DROP[..end]) {
            Ok(content) => {
                check_told(&content);
                let lines = DROP[..end].matches("cidr").count();
                assert_eq!(content.entries.len(), lines, "at {end}");
                whole += 1;
            }
            Err(Broken::Syntax { line, .. }) => {
                assert_eq!(line, DROP[..end].matches('\n').count() as u64 + 1, "at {end}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(whole, 7, "before the first line, around each line end, and at the empty line");
}
