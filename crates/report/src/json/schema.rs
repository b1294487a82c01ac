//! The published JSON Schema against what is really written.
//!
//! A small checker of the parts of JSON Schema that ours uses. It is stricter in one thing: a key
//! that the schema does not describe is a fault here, where a reader would ignore it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Investigation;
use crate::fixture::{corroborated, enriched, hostile, not_observable};

const SCHEMA_TEXT: &str = include_str!("../../../../docs/investigation.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA_TEXT).unwrap()
}

#[derive(Default)]
struct Checker {
    root: Value,
    faults: Vec<String>,
    /// Described properties that were met, as `description of the object/key`.
    met: BTreeSet<String>,
}

impl Checker {
    fn check(&mut self, schema: &Value, value: &Value, path: &str) {
        let known = self.check_keys(schema, value, path);
        for key in value.as_object().into_iter().flat_map(|object| object.keys()) {
            if !known.contains(key) && !known.is_empty() {
                self.faults.push(format!("{path}/{key} is not in the schema"));
            }
        }
    }

    /// Checks all but unknown keys, and gives the keys that the schema describes.
    fn check_keys(&mut self, schema: &Value, value: &Value, path: &str) -> BTreeSet<String> {
        let mut known = BTreeSet::new();
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.root.pointer(reference.trim_start_matches('#')).cloned();
            known.extend(self.check_keys(&target.expect(reference), value, path));
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            known.extend(self.check_keys(part, value, path));
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            known.extend(self.check_choices(choices, value, path));
        }
        self.check_value(schema, value, path);
        for required in schema["required"].as_array().into_iter().flatten() {
            if value.get(required.as_str().unwrap()).is_none() {
                self.faults.push(format!("{path} lacks {required}"));
            }
        }
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            known.insert(key.clone());
            if let Some(value) = value.get(key) {
                self.met.insert(format!("{}/{key}", schema["description"]));
                self.check(property, value, &format!("{path}/{key}"));
            }
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{path}/{index}"));
        }
        known
    }

    fn check_choices(&mut self, choices: &[Value], value: &Value, path: &str) -> BTreeSet<String> {
        let mut faults = Vec::new();
        for choice in choices {
            let mut trial = Checker { root: self.root.clone(), ..Checker::default() };
            let known = trial.check_keys(choice, value, path);
            if trial.faults.is_empty() {
                self.met.extend(trial.met);
                return known;
            }
            faults.extend(trial.faults);
        }
        self.faults.extend(faults);
        BTreeSet::new()
    }

    fn check_value(&mut self, schema: &Value, value: &Value, path: &str) {
        let types: Vec<&str> = match &schema["type"] {
            Value::Array(types) => types.iter().map(|t| t.as_str().unwrap()).collect(),
            Value::String(one) => vec![one],
            _ => Vec::new(),
        };
        let is = |name: &str| match name {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("the checker does not know the type {other}"),
        };
        let is_time = || value.as_str().is_none_or(|time| time.parse::<Timestamp>().is_ok());
        let within = |key: &str, fits: fn(f64, f64) -> bool| {
            let bound = schema[key].as_f64();
            bound.is_none_or(|bound| value.as_f64().is_none_or(|value| fits(value, bound)))
        };
        for (holds, what) in [
            (types.is_empty() || types.iter().any(|name| is(name)), "type"),
            (schema.get("const").is_none_or(|only| only == value), "const"),
            (schema["enum"].as_array().is_none_or(|all| all.contains(value)), "enum"),
            (schema["format"] != "date-time" || is_time(), "format"),
            (within("minimum", |value, bound| value >= bound), "minimum"),
            (within("maximum", |value, bound| value <= bound), "maximum"),
        ] {
            if !holds {
                self.faults.push(format!("{path}: {value} breaks {what} of {schema}"));
            }
        }
    }
}

fn checked(value: &Value) -> Checker {
    let root = schema();
    let mut checker = Checker { root: root.clone(), ..Checker::default() };
    checker.check(&root, value, "");
    checker
}

fn faults(value: &Value) -> Vec<String> {
    checked(value).faults
}

fn document(investigation: &Investigation) -> Value {
    serde_json::to_value(investigation).unwrap()
}

/// Every property that the schema describes anywhere, named as [`Checker::met`] names it.
fn described(schema: &Value, all: &mut BTreeSet<String>) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        all.insert(format!("{}/{key}", schema["description"]));
        described(property, all);
    }
    described_below(schema, all);
}

fn described_below(schema: &Value, all: &mut BTreeSet<String>) {
    if let Some(items) = schema.get("items") {
        described(items, all);
    }
    for (_, definition) in schema["$defs"].as_object().into_iter().flatten() {
        described(definition, all);
    }
}

#[test]
fn every_investigation_fits_the_published_schema() {
    for investigation in
        [corroborated(), enriched(), not_observable(), hostile("\u{1b}\u{9b}\"\\\n")]
    {
        assert_eq!(faults(&document(&investigation)), Vec::<String>::new());
    }
    let mut by_hand = not_observable();
    by_hand.finding = None;
    assert_eq!(faults(&document(&by_hand)), Vec::<String>::new());
}

#[test]
fn the_schema_describes_nothing_that_a_full_investigation_lacks() {
    let mut all = BTreeSet::new();
    described(&schema(), &mut all);
    assert_eq!(checked(&document(&enriched())).met, all);
}

#[test]
fn the_check_can_fail() {
    type Spoil = fn(&mut Value);
    let breaks: [(&str, Spoil); 10] = [
        ("const", |it| it["schema"] = json!("flowproof.investigation/2")),
        ("enum", |it| it["verdict"]["status"] = json!("guilty")),
        ("lacks \"totals\"", |it| drop(it.as_object_mut().unwrap().remove("totals"))),
        ("not in the schema", |it| it["remotes"][0]["extra"] = json!(1)),
        ("not in the schema", |it| it["finding"]["extra"] = json!(1)),
        ("type", |it| it["finding"]["claims"][0]["bytes_in"] = json!("318")),
        ("type", |it| it["timeline"][1]["bytes_in"] = json!(0.5)),
        ("minimum", |it| it["totals"]["flows"] = json!(-1)),
        ("maximum", |it| it["remotes"][0]["ports"][0] = json!(65_536)),
        ("format", |it| it["window"]["from"] = json!("yesterday")),
    ];
    for (fault, spoil) in breaks {
        let mut value = document(&corroborated());
        spoil(&mut value);
        let faults = faults(&value);
        assert!(faults.iter().any(|told| told.contains(fault)), "{fault}: {faults:?}");
    }
}
