//! The events against what OCSF says of their class, as `testdata/ocsf-detection-finding.schema.json`
//! has it in our words.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{built, faults, optional, values};
use crate::bulletin::fixture::{GENERATOR, any_bulletin, bulletin, hostile, of, tor};
use crate::bulletin::{Bulletin, ListedFinding, Severity, ocsf};
use crate::escape::is_unsafe;

const CLASS: &str = include_str!("../../../testdata/ocsf-detection-finding.schema.json");
static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| built(CLASS));

fn events(bulletin: &Bulletin) -> Vec<Value> {
    values(&ocsf(bulletin, &GENERATOR).unwrap())
}

#[test]
fn a_finding_is_a_detection_finding() {
    let events: Vec<String> = events(&bulletin())
        .iter()
        .map(|event| serde_json::to_string_pretty(event).unwrap())
        .collect();
    insta::assert_snapshot!(events.join("\n"));
}

#[test]
fn no_finding_is_no_event() {
    assert_eq!(ocsf(&of(vec![]), &GENERATOR).unwrap(), "");
}

#[test]
fn the_severities_are_those_of_the_schema_in_its_order() {
    let finding = |severity| ListedFinding { severity, ..tor() };
    let events = events(&of(Severity::ALL.map(finding).into()));
    let ids: Vec<u64> = events.iter().map(|it| it["severity_id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
}

#[test]
fn an_update_has_the_id_of_the_finding_and_one_of_its_own() {
    let first = tor();
    let again = ListedFinding { is_update: true, event_id: "d".repeat(64), ..tor() };
    let events = events(&of(vec![first, again]));
    assert_eq!(events[0]["finding_info"]["uid"], events[1]["finding_info"]["uid"]);
    assert_ne!(events[0]["metadata"]["uid"], events[1]["metadata"]["uid"]);
    assert_eq!(
        (&events[0]["type_uid"], &events[1]["type_uid"]),
        (&json!(200_401), &json!(200_402))
    );
}

#[test]
fn times_are_milliseconds() {
    let event = events(&bulletin()).remove(0);
    assert_eq!(event["time"], 1_748_758_200_250_i64);
    assert_eq!(event["start_time"], 1_748_739_723_000_i64);
}

/// The data of the test misses what the class requires, and nothing else.
#[test]
fn the_class_misses_each_required_attribute() {
    let event = events(&bulletin()).remove(0);
    let optional: BTreeSet<String> = optional(&VALIDATOR, &event).into_iter().collect();
    for required in [
        "/activity_id",
        "/category_uid",
        "/class_uid",
        "/cloud",
        "/cloud/provider",
        "/finding_info",
        "/finding_info/analytic/type_id",
        "/finding_info/uid",
        "/metadata",
        "/metadata/product",
        "/metadata/version",
        "/observables/N/type_id",
        "/severity_id",
        "/time",
        "/type_uid",
    ] {
        assert!(!optional.contains(required), "{required}");
    }
    assert!(optional.contains("/message"));
    for (pointer, value) in [
        ("/severity_id", json!(7)),
        ("/severity", json!("Low")),
        ("/activity_id", json!(2)),
        ("/type_uid", json!(200_499)),
        ("/status_id", json!(9)),
        ("/time", json!("2025-06-01T00:00:00Z")),
        ("/finding_info/title", Value::Null),
        ("/resources/0/role_id", json!(5)),
        ("/resources/0/colour", json!("red")),
    ] {
        let mut broken = event.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        broken.pointer_mut(parent).unwrap()[key] = value;
        assert!(!VALIDATOR.is_valid(&broken), "{pointer}");
    }
}

#[test]
fn texts_of_others_act_nowhere() {
    let text = "a\n\u{1b}[2J\u{9b}\u{2028}\u{202e}";
    let lines = ocsf(&of(vec![hostile(text)]), &GENERATOR).unwrap();
    assert!(!lines.contains(|c| c != '\n' && is_unsafe(c)), "{lines}");
    assert_eq!(values(&lines)[0]["unmapped"]["label"], text);
    assert!(!values(&lines)[0]["message"].as_str().unwrap().contains(is_unsafe));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_event_fits_its_class_and_has_all_figures(bulletin in any_bulletin()) {
        let events = events(&bulletin);
        prop_assert_eq!(events.len(), bulletin.findings.len());
        for (event, finding) in events.iter().zip(&bulletin.findings) {
            prop_assert_eq!(faults(&VALIDATOR, event), Vec::<String>::new());
            prop_assert_eq!(&event["finding_info"]["uid"], &json!(finding.id));
            prop_assert_eq!(&event["metadata"]["uid"], &json!(finding.event_id));
            prop_assert_eq!(&event["unmapped"]["traffic"], &json!(finding.traffic));
        }
    }
}
