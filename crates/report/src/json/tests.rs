//! The bytes that are written.

use proptest::prelude::*;
use serde_json::{Value, json as value};

use crate::fixture::{corroborated, enriched, hostile, not_observable};
use crate::{Investigation, write_json};

fn json(investigation: &Investigation, pretty: bool) -> String {
    let mut out = Vec::new();
    write_json(investigation, &mut out, pretty).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn json_for_a_script_element_ends_nothing_and_means_the_same() {
    let texts = value!(["</script><!-- <script>", "a & b \u{2028}\u{9b}", {"<": ">"}, 1, null]);
    let json = crate::json::for_script(&texts).unwrap();
    assert!(!json.contains(|c: char| "<>&\u{2028}\u{9b}".contains(c)), "{json}");
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), texts);
}

#[test]
fn a_small_answer_is_written_in_the_published_order() {
    insta::assert_snapshot!(json(&not_observable(), true), @r#"
    {
      "schema": "flowproof.investigation/1",
      "generated_by": {
        "name": "flowproof",
        "version": "0.1.0"
      },
      "subject": {
        "instance": null,
        "interfaces": [
          "eni-0a1b2c3d4e5f60009"
        ],
        "addresses": [],
        "account": null,
        "region": null
      },
      "finding": {
        "id": "0ab1c2d3e4f5061728394a5b6c7d8e9f",
        "type": "Trojan:EC2/DNSDataExfiltration",
        "severity": 8.0,
        "title": "The instance is communicating with a Tor entry node.",
        "arn": "arn:aws:guardduty:us-east-1:123456789012:detector/d/finding/f",
        "count": 3,
        "sample": true,
        "first_seen": "2025-06-01T01:02:03Z",
        "last_seen": "2025-06-01T05:06:07.5Z",
        "claims": [],
        "notes": [
          "the finding names no subnet"
        ]
      },
      "window": {
        "from": null,
        "to": null,
        "slack_seconds": 0
      },
      "verdict": {
        "status": "not_observable",
        "reasons": [
          "a sample finding: it describes no real traffic",
          "Queries to the Amazon resolver are never in flow logs."
        ],
        "next_steps": [],
        "claims": [],
        "tests": []
      },
      "claimed_traffic": {
        "bytes_in": 0,
        "bytes_out": 0,
        "bytes_unoriented": 0,
        "packets_in": 0,
        "packets_out": 0,
        "packets_unoriented": 0,
        "flows": 0,
        "rejected_bytes": 0,
        "rejected_packets": 0,
        "rejected_flows": 0,
        "first_seen": null,
        "last_seen": null
      },
      "totals": {
        "bytes_in": 0,
        "bytes_out": 0,
        "bytes_unoriented": 0,
        "packets_in": 0,
        "packets_out": 0,
        "packets_unoriented": 0,
        "flows": 0,
        "rejected_bytes": 0,
        "rejected_packets": 0,
        "rejected_flows": 0,
        "first_seen": null,
        "last_seen": null
      },
      "remotes": [],
      "timeline": [],
      "baseline": null,
      "coverage": {
        "objects": {
          "listed": 0,
          "read": 0,
          "empty": 0,
          "not_a_flow_log": 0,
          "unsupported": 0,
          "denied": 0,
          "kms_denied": 0,
          "archived": 0,
          "vanished": 0,
          "unreachable": 0,
          "truncated": 0,
          "corrupt": 0,
          "not_read": 0,
          "duplicate": 0
        },
        "records": {
          "ok": 0,
          "nodata": 0,
          "skipdata": 0,
          "malformed": 0,
          "bad_time": 0,
          "transit_gateway": 0,
          "passed_over": 0,
          "in_window": 0,
          "bytes_missing": 0,
          "action_missing": 0,
          "time_missing": 0,
          "milliseconds": 0,
          "unoriented": 0,
          "direction_conflicts": 0,
          "assumed_direction": 0,
          "duplicates": null
        },
        "observed": [],
        "gaps": [],
        "samples": []
      },
      "evidence": [],
      "lists": []
    }
    "#);
}

#[test]
fn one_line_holds_the_same_document() {
    let compact = json(&corroborated(), false);
    assert_eq!(compact.lines().count(), 1);
    assert!(compact.ends_with("}\n"));
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(read(&compact), read(&json(&corroborated(), true)));
}

#[test]
fn counters_of_64_bits_are_written_exactly() {
    let mut told = not_observable();
    told.totals.bytes_in = u64::MAX;
    assert!(json(&told, false).contains("\"bytes_in\":18446744073709551615,"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn text_of_others_is_kept_and_does_nothing(
        characters in proptest::collection::vec(any::<char>(), 0..60),
        marks in "[\u{7f}-\u{9f}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{feff}\u{e0041}]{0,9}",
    ) {
        let evil = characters.into_iter().collect::<String>() + &marks;
        let written = json(&hostile(&evil), false);
        prop_assert!(!written.trim_end_matches('\n').contains(crate::escape::is_unsafe));
        let read: Value = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(read["remotes"][0]["matches"][0]["label"].as_str().unwrap(), evil);
    }
}

#[test]
fn enrichment_adds_its_keys_and_changes_no_other() {
    let mut told: Value = serde_json::from_str(&json(&enriched(), false)).unwrap();
    let files = told.as_object_mut().unwrap().remove("enrichment").unwrap();
    assert_eq!(files[0]["database_type"], "Example-ASN");
    let mut notes = Vec::new();
    for remote in told["remotes"].as_array_mut().unwrap() {
        notes.push(remote.as_object_mut().unwrap().remove("enrichment").unwrap());
    }
    assert_eq!(notes[0].as_array().unwrap().len(), 3);
    assert!(notes[1..].iter().all(|notes| notes == &value!([])), "{notes:?}");
    assert_eq!(told, serde_json::from_str::<Value>(&json(&corroborated(), false)).unwrap());
    // As an object, in the order of the source.
    let text = json(&enriched(), false);
    let note = r#"{"source":"pdns.csv","prefix":"203.0.113.9","fields":{"rrname":"b.example.com","count":"2"}}"#;
    assert!(text.contains(note), "{text}");
}
