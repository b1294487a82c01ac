//! The line against the published schema, and against the columns of a scan.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{built, faults, optional, values};
use crate::bulletin::fixture::{GENERATOR, any_bulletin, bulletin, hostile, of};
use crate::bulletin::{SCHEMA, jsonl};
use crate::escape::is_unsafe;

const PUBLISHED: &str = include_str!("../../../../../docs/listed-finding.schema.json");
static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| built(PUBLISHED));

#[test]
fn a_finding_is_a_line() {
    insta::assert_snapshot!(jsonl(&bulletin(), &GENERATOR).unwrap());
}

#[test]
fn no_finding_is_no_line() {
    assert_eq!(jsonl(&of(vec![]), &GENERATOR).unwrap(), "");
}

#[test]
fn the_schema_misses_each_field_of_a_line() {
    let lines = values(&jsonl(&bulletin(), &GENERATOR).unwrap());
    assert_eq!(optional(&VALIDATOR, &lines[0]), Vec::<String>::new());
}

#[test]
fn the_schema_describes_exactly_the_fields_of_a_line_in_their_order() {
    let schema: Value = serde_json::from_str(PUBLISHED).unwrap();
    let text = jsonl(&bulletin(), &GENERATOR).unwrap();
    let required = schema["required"].as_array().unwrap();
    let required: Vec<&str> = required.iter().map(|key| key.as_str().unwrap()).collect();
    let place = |key: &&str| text.find(&format!("\"{key}\":")).unwrap();
    assert!(required.is_sorted_by_key(place), "{required:?}");
    let sorted: BTreeSet<&str> = required.into_iter().collect();
    for told in [&schema["properties"], &values(&text)[0]] {
        assert!(told.as_object().unwrap().keys().eq(&sorted));
    }
}

#[test]
fn the_schema_can_be_broken() {
    let line = values(&jsonl(&bulletin(), &GENERATOR).unwrap()).remove(0);
    for (key, value) in [
        ("schema", json!("flowproof.listed_finding/2")),
        ("status", json!("old")),
        ("severity", json!("High")),
        ("reported_at", json!("yesterday")),
        ("bytes_in", json!(-1)),
        ("remotes", json!("many")),
        ("addresses", json!([1])),
        ("account", json!(123_456_789_012_u64)),
    ] {
        let mut broken = line.clone();
        broken[key] = value;
        assert!(!VALIDATOR.is_valid(&broken), "{key}");
    }
}

#[test]
fn texts_of_others_are_told_exactly_and_no_line_is_forged() {
    for text in ["a\n{\"schema\":1}", "\u{1b}[2J\u{9b}\u{2028}\u{202e}", "\"\\\u{1f980}"] {
        let lines = jsonl(&of(vec![hostile(text)]), &GENERATOR).unwrap();
        assert!(!lines.contains(|c| c != '\n' && is_unsafe(c)), "{lines}");
        let line = &values(&lines)[0];
        assert_eq!(values(&lines).len(), 1);
        for key in ["id", "event_id", "account", "region", "interface", "list", "entry", "label"] {
            assert_eq!(line[key], text);
        }
        assert_eq!(line["instances"], json!([text, text]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_line_fits_the_schema_and_has_the_columns_of_a_scan(bulletin in any_bulletin()) {
        let lines = values(&jsonl(&bulletin, &GENERATOR).unwrap());
        prop_assert_eq!(lines.len(), bulletin.findings.len());
        for (line, finding) in lines.iter().zip(&bulletin.findings) {
            let is_id = |id: &str| id.len() == 64 && id.bytes().all(|it| it.is_ascii_hexdigit());
            if is_id(&finding.id) && is_id(&finding.event_id) {
                prop_assert_eq!(faults(&VALIDATOR, line), Vec::<String>::new());
            }
            prop_assert_eq!(&line["schema"], SCHEMA);
            for (key, value) in json!(finding.traffic).as_object().unwrap() {
                prop_assert_eq!(&line[key], value);
            }
            prop_assert_eq!(&line["remotes"], &json!(finding.remotes));
        }
    }
}
