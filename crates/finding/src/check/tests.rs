use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Finding;

/// Fixtures that are one JSON document, by shape.
const DOCUMENTS: &[(&str, &str)] = &[
    ("answer", include_str!("../../../../testdata/findings/getfindings-tor-outbound.json")),
    ("event", include_str!("../../../../testdata/findings/eventbridge-portprobe.json")),
    ("sample", include_str!("../../../../testdata/findings/sample-finding.json")),
    ("dns", include_str!("../../../../testdata/findings/dns-request.json")),
    ("api", include_str!("../../../../testdata/findings/api-call.json")),
    ("asff", include_str!("../../testdata/asff-tor-outbound.json")),
    ("asff event", include_str!("../../testdata/asff-imported-event.json")),
    ("lake", include_str!("../../testdata/ocsf-security-lake.json")),
    ("hub", include_str!("../../testdata/ocsf-security-hub-event.json")),
    ("sequence", include_str!("../../testdata/attack-sequence-event.json")),
    ("sns", include_str!("../../testdata/sns-eventbridge.json")),
    ("sqs", include_str!("../../testdata/sqs-sns.json")),
];

/// All fixtures, as bytes.
fn fixtures() -> Vec<&'static [u8]> {
    let others: [&[u8]; 3] = [
        include_bytes!("../../../../testdata/findings/export.jsonl"),
        include_bytes!("../../../../testdata/findings/export.jsonl.gz"),
        include_bytes!("../../testdata/sentinel.csv"),
    ];
    DOCUMENTS.iter().map(|(_, text)| text.as_bytes()).chain(others).collect()
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// How many values a document has.
fn count(json: &Value) -> usize {
    match json {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(object) => 1 + object.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// Replaces the `target`-th value of a document, counted depth first, or takes it away.
fn change(json: &mut Value, target: usize, with: Option<&Value>) {
    fn walk(json: &mut Value, left: &mut usize, with: Option<&Value>) -> bool {
        if *left == 0 {
            if let Some(with) = with {
                *json = with.clone();
            }
            *left = usize::MAX;
            return with.is_none();
        }
        *left -= 1;
        match json {
            Value::Array(items) => {
                let away = items.iter_mut().position(|item| walk(item, left, with));
                away.map(|place| items.remove(place));
            }
            Value::Object(object) => {
                let mut members = object.iter_mut();
                let away =
                    members.find_map(|(key, item)| walk(item, left, with).then(|| key.clone()));
                away.map(|key| object.remove(&key));
            }
            _ => {}
        }
        false
    }
    walk(json, &mut { target }, with);
}

/// Values of other types; none of them can stand for an address or an id.
fn odd_values() -> Vec<Option<Value>> {
    let odd = [json!(true), json!(-7), json!([]), json!([[{"a": 1}], 5])];
    std::iter::once(None).chain(odd.into_iter().map(Some)).collect()
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "\\PC{0,12}".prop_map(Into::into),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{"port": -1}, "x", [[]]])),
        Just(json!("999999-12-31T23:59:59Z")),
        Just(json!("-009999-01-01T00:00:00Z")),
        Just(json!("{\"a\": 1}")),
    ]
}

fn findings(json: &Value) -> Vec<Finding> {
    read_findings(json.to_string().as_bytes()).map(|read| read.findings).unwrap_or_default()
}

/// Everything that a subject is known by.
fn identity(finding: &Finding) -> (BTreeSet<String>, BTreeSet<IpAddr>) {
    let owners = finding.interfaces.iter().filter_map(|interface| interface.instance.clone());
    let names = finding.subject.instance.iter().chain(&finding.subject.interfaces).cloned();
    (names.chain(owners).collect(), finding.subject.addresses.iter().copied().collect())
}

/// A changed document's findings are about the subjects of the whole one or less, and where one lost
/// its instance or gained a remote, it says something that the whole one does not.
fn check_subjects(name: &str, whole: &[Finding], changed: &[Finding]) {
    let names: BTreeSet<_> = whole.iter().flat_map(|finding| identity(finding).0).collect();
    let addresses: BTreeSet<_> = whole.iter().flat_map(|finding| identity(finding).1).collect();
    let notes: BTreeSet<_> = whole.iter().flat_map(|finding| &finding.notes).collect();
    let instances: BTreeSet<_> = whole.iter().map(|finding| &finding.subject.instance).collect();
    let remotes: BTreeSet<_> = whole.iter().flat_map(Finding::remotes).collect();
    for finding in changed {
        let (own_names, own_addresses) = identity(finding);
        assert!(own_names.is_subset(&names), "{name}: {own_names:?}");
        assert!(own_addresses.is_subset(&addresses), "{name}: {own_addresses:?}");
        let same = instances.contains(&finding.subject.instance);
        let told = finding.notes.iter().any(|note| !notes.contains(note));
        assert!(same || told, "{name}: {:?} {:?}", finding.subject, finding.notes);
        let claimed = finding.remotes().is_subset(&remotes);
        assert!(claimed || told, "{name}: {:?} {:?}", finding.remotes(), finding.notes);
    }
}

#[test]
fn a_finding_with_one_of_its_times_is_read() {
    for time in ["eventFirstSeen", "eventLastSeen"] {
        let json =
            format!(r#"{{"type": "A:EC2/B", "service": {{"{time}": "2025-06-01T00:00:00Z"}}}}"#);
        assert_eq!(read_findings(json.as_bytes()).unwrap().findings.len(), 1);
        check_never_panics(json.as_bytes());
    }
}

#[test]
fn a_change_replaces_or_takes_away_the_value_it_means() {
    let whole = json!({"a": [1, 2], "b": {"c": 3}});
    assert_eq!(count(&whole), 6);
    let changed = |target, with: Option<&Value>| {
        let mut json = whole.clone();
        change(&mut json, target, with);
        json
    };
    assert_eq!(changed(2, None), json!({"a": [2], "b": {"c": 3}}));
    assert_eq!(changed(5, None), json!({"a": [1, 2], "b": {}}));
    assert_eq!(changed(4, Some(&json!(9))), json!({"a": [1, 2], "b": 9}));
    assert_eq!(changed(0, Some(&json!(9))), json!(9));
}

#[test]
fn no_single_change_panics_or_changes_the_subject_silently() {
    for (name, text) in DOCUMENTS {
        let whole = document(text);
        let original = findings(&whole);
        assert!(!original.is_empty(), "{name}");
        for target in 0..count(&whole) {
            for with in odd_values() {
                let mut json = whole.clone();
                change(&mut json, target, with.as_ref());
                check_never_panics(json.to_string().as_bytes());
                check_subjects(
                    &format!("{name}, value {target}, {with:?}"),
                    &original,
                    &findings(&json),
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check_never_panics(&bytes);
    }

    #[test]
    fn fixtures_with_changed_bytes_never_panic(
        fixture in prop::sample::select(fixtures()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut bytes = fixture.to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check_never_panics(&bytes);
    }

    #[test]
    fn fixtures_with_odd_values_never_panic(
        fixture in prop::sample::select(DOCUMENTS),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(odd_value())), 1..6),
    ) {
        let mut json = document(fixture.1);
        for (place, with) in changes {
            let values = count(&json);
            change(&mut json, place.index(values), with.as_ref());
        }
        check_never_panics(json.to_string().as_bytes());
    }

    #[test]
    fn several_changes_never_change_the_subject_silently(
        fixture in prop::sample::select(DOCUMENTS),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(odd_values())), 1..6),
    ) {
        let whole = document(fixture.1);
        let mut json = whole.clone();
        for (place, with) in changes {
            let values = count(&json);
            change(&mut json, place.index(values), with.as_ref());
        }
        check_subjects(fixture.0, &findings(&whole), &findings(&json));
    }

    #[test]
    fn a_message_changes_nothing_of_what_it_carries(
        fixture in prop::sample::select(DOCUMENTS),
        place in any::<prop::sample::Index>(),
        with in prop::option::of(odd_value()),
    ) {
        let mut json = document(fixture.1);
        let values = count(&json);
        change(&mut json, place.index(values), with.as_ref());
        let message = json!({"Type": "Notification", "Message": json.to_string()});
        prop_assert_eq!(findings(&message), findings(&json));
    }
}
