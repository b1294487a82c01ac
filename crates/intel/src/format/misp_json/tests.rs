use std::collections::BTreeMap;

use super::super::ListFormat::MispJson;
use super::super::json::tests::{check_cuts, check_told, parse, rejects, rows};
use crate::WarningKind;
use crate::note::Indicator;

/// An event as MISP exports it, with an object, and with a proposal and a related event to be left
/// alone.
const EVENT: &str = r#"{
 "Event": {
  "id": "1",
  "Orgc": {"name": "Example", "uuid": "x"},
  "Attribute": [
   {"type": "ip-dst", "category": "Network activity", "to_ids": true, "deleted": false,
    "comment": "", "value": "203.0.113.9", "ShadowAttribute": [{"type": "ip-dst", "value": "192.0.2.1"}]},
   {"type": "ip-src", "to_ids": "1", "comment": "scanner", "value": "198.51.100.0/24"},
   {"type": "ip-dst|port", "to_ids": true, "comment": "c2", "value": "203.0.113.9|8443"},
   {"type": "ip-src|port", "to_ids": true, "value": "2001:db8::9|443"},
   {"type": "domain|ip", "to_ids": true, "value": "c2.example.com|203.0.113.10"},
   {"type": "domain", "to_ids": true, "value": "c2.example.com"},
   {"type": "sha256", "to_ids": true, "value": "00"},
   {"type": "filename|md5", "to_ids": true, "value": "a|00"},
   {"type": "email-src", "to_ids": true, "value": "a@example.com"},
   {"type": "url", "to_ids": true, "value": "http://203.0.113.9/"},
   {"type": "AS", "to_ids": false, "value": "64496"},
   {"type": "text", "to_ids": false, "value": "203.0.113.11"}
  ],
  "Object": [
   {"name": "ip-port", "Attribute": [
    {"type": "ip-dst", "to_ids": true, "value": "203.0.113.12"},
    {"type": "port", "to_ids": false, "value": "443"}
   ]}
  ],
  "RelatedEvent": [{"Event": {"info": "another", "Attribute": [{"type": "ip-dst", "value": "192.0.2.2"}]}}],
  "info": "Example campaign"
 }
}
"#;

#[test]
fn addresses_of_an_event_and_of_its_objects_are_entries_labelled_by_it() {
    let content = parse(MispJson, EVENT).expect("whole");
    check_told(&content);
    let at = |index| format!("Event.Attribute[{index}].value");
    assert_eq!(
        rows(&content),
        [
            (6, "203.0.113.9", "Network activity; Example campaign", &*at(0)),
            (8, "198.51.100.0/24", "scanner; Example campaign", &*at(1)),
            (9, "203.0.113.9:8443", "c2; Example campaign", &*at(2)),
            (10, "[2001:db8::9]:443", "Example campaign", &*at(3)),
            (11, "203.0.113.10", "c2.example.com; Example campaign", &*at(4)),
            (22, "203.0.113.12", "Example campaign", "Event.Object[0].Attribute[0].value"),
        ]
    );
    assert_eq!(content.warning_kinds, BTreeMap::from([(WarningKind::PortIgnored, 2)]));
    assert_eq!(
        content.not_addresses,
        BTreeMap::from([
            (Indicator::Asn, 1),
            (Indicator::Domain, 1),
            (Indicator::Email, 1),
            (Indicator::Hash, 2),
            (Indicator::Other, 2),
            (Indicator::Url, 1),
        ])
    );
    assert_eq!((content.lines, content.revoked, content.rejects.total), (14, 0, 0));
}

#[test]
fn what_is_deleted_or_no_indicator_is_left_out_and_counted() {
    let text = r#"{"response":[{"Event":{"info":"x","Attribute":[
        {"type":"ip-dst","to_ids":false,"value":"203.0.113.1"},
        {"type":"ip-dst","to_ids":"0","value":"203.0.113.2"},
        {"type":"ip-dst","to_ids":0,"value":"203.0.113.3"},
        {"type":"ip-dst","to_ids":true,"deleted":true,"value":"203.0.113.4"},
        {"type":"ip-dst","to_ids":true,"deleted":"1","value":"203.0.113.5"},
        {"type":"ip-dst|port","to_ids":false,"value":"203.0.113.6|80"},
        {"type":"ip-dst","to_ids":false,"value":"203.0.113"}],
      "Object":[{"Attribute":[{"type":"ip-dst","to_ids":true,"value":"203.0.113.7"}],"deleted":true},
                {"Attribute":[{"type":"ip-dst","to_ids":true,"value":"203.0.113.8"}],"deleted":false}]
    }}]}"#;
    let content = parse(MispJson, text).expect("whole");
    check_told(&content);
    let path = "response[0].Event.Object[1].Attribute[0].value";
    assert_eq!(rows(&content), [(10, "203.0.113.8", "x", path)]);
    assert_eq!(content.revoked, 7);
    assert_eq!(rejects(&content), ["line 8: \"203.0.113\": not an address"]);
}

#[test]
fn all_shapes_of_the_document_are_read() {
    let attribute = r#"{"type":"ip-dst","value":"203.0.113.9","comment":"c"}"#;
    let event = format!(r#"{{"info":"e","Attribute":[{attribute}]}}"#);
    for (text, label, path) in [
        (format!(r#"{{"Event":{event}}}"#), "c; e", "Event.Attribute[0].value"),
        (format!(r#"[{{"Event":{event}}}]"#), "c; e", "[0].Event.Attribute[0].value"),
        (
            format!(r#"{{"response":[{{"Event":{event}}}]}}"#),
            "c; e",
            "response[0].Event.Attribute[0].value",
        ),
        (
            format!(r#"{{"response":{{"Attribute":[{attribute}]}}}}"#),
            "c",
            "response.Attribute[0].value",
        ),
        (event.clone(), "c; e", "Attribute[0].value"),
        (format!("[{attribute}]"), "c", "[0].value"),
        (attribute.to_owned(), "c", "value"),
    ] {
        let content = parse(MispJson, &text).expect("whole");
        check_told(&content);
        assert_eq!(rows(&content), [(1, "203.0.113.9", label, path)], "{text}");
    }
}

#[test]
fn attributes_that_a_search_found_are_labelled_by_their_own_event() {
    let text = r#"{"response":{"Attribute":[
        {"type":"ip-dst","value":"203.0.113.1","Event":{"id":"1","info":"first"}},
        {"Event":{"info":"second"},"type":"ip-dst","value":"203.0.113.2","comment":"c"},
        {"type":"domain","value":"example.com","Event":{"info":"third"}},
        {"type":"ip-dst","value":"203.0.113.3"}]}}"#;
    let content = parse(MispJson, text).expect("whole");
    let labels: Vec<&str> = content.entries.iter().map(|entry| &*entry.label).collect();
    assert_eq!(labels, ["first", "c; second", ""]);
}

#[test]
fn several_events_keep_their_labels_apart() {
    let event = |info, address| {
        format!(
            r#"{{"Event":{{"Attribute":[{{"type":"ip-dst","value":"{address}"}}],"info":"{info}"}}}}"#
        )
    };
    let text = format!("[{},\n{}]", event("one", "203.0.113.1"), event("two", "203.0.113.2"));
    let content = parse(MispJson, &text).expect("whole");
    assert_eq!(
        rows(&content),
        [
            (1, "203.0.113.1", "one", "[0].Event.Attribute[0].value"),
            (2, "203.0.113.2", "two", "[1].Event.Attribute[0].value"),
        ]
    );
}

#[test]
fn damaged_attributes_are_refused_one_by_one() {
    let text = r#"{"Event":{"Attribute":[
        {"type":"ip-dst"},
        {"value":"203.0.113.9"},
        {"type":"ip-dst","value":"203.0.113.300"},
        {"type":"ip-dst|port","value":"203.0.113.9|99999"},
        {"type":"domain|ip","value":"c2.example.com"},
        {"type":"ip-src","value":["203.0.113.9"]},
        "203.0.113.9",
        {"type":"ip-dst","value":"203.0.113.9\n203.0.113.10"}]}}"#;
    let content = parse(MispJson, text).expect("whole");
    check_told(&content);
    assert_eq!(rows(&content), []);
    assert_eq!(
        rejects(&content),
        [
            "line 2: \"Event.Attribute[0]\": nothing in it is known to be an address",
            "line 3: \"Event.Attribute[1]\": nothing in it is known to be an address",
            "line 4: \"203.0.113.300\": not an address",
            "line 5: \"203.0.113.9:99999\": not an address",
            "line 6: \"c2.example.com\": not an address",
            "line 7: \"...\": not an address",
            "line 8: \"203.0.113.9\": nothing in it is known to be an address",
            "line 9: \"203.0.113.9\\n203.0.113.10\": not an address",
        ]
    );
}

#[test]
fn a_cut_anywhere_is_refused() {
    check_cuts(MispJson, EVENT);
}
