//! The published JSON Schema against what is really written: as any validator reads it, and with a
//! small checker of the parts of JSON Schema that ours uses. The checker is stricter in one thing: a
//! key that the schema does not describe is a fault there, where a reader would ignore it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Investigation;
use crate::fixture::{corroborated, crowded, enriched, hostile, not_observable};

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
        // What is no object has no members, and lacks none.
        let required = schema["required"].as_array().filter(|_| value.is_object());
        for required in required.into_iter().flatten() {
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

/// A validator of others, which first checks the schema against that of JSON Schema itself.
fn validator() -> jsonschema::Validator {
    jsonschema::options().should_validate_formats(true).build(&schema()).unwrap()
}

#[test]
fn a_validator_of_others_accepts_every_investigation() {
    assert!(jsonschema::meta::is_valid(&schema()));
    let validator = validator();
    for investigation in
        [corroborated(), enriched(), not_observable(), crowded(300), hostile("\u{1b}\u{9b}\"\\\n")]
    {
        let document = document(&investigation);
        let faults: Vec<String> =
            validator.iter_errors(&document).map(|it| it.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new());
    }
}

/// Every field of every object is taken away in turn: those that the schema requires are missed.
#[test]
fn a_validator_of_others_misses_each_required_field() {
    let (whole, validator) = (document(&enriched()), validator());
    let (mut missed, mut not_missed) = (0, BTreeSet::new());
    for path in paths(&whole, "") {
        let mut broken = whole.clone();
        let (parent, key) = path.rsplit_once('/').unwrap();
        let parent = broken.pointer_mut(parent).unwrap();
        if parent.as_object_mut().is_some_and(|object| object.remove(key).is_some()) {
            match validator.is_valid(&broken) {
                true => drop(not_missed.insert(path.replace(|c: char| c.is_ascii_digit(), "N"))),
                false => missed += 1,
            }
        }
    }
    assert!(missed > 150, "{missed}");
    // Only what `skip_serializing_if` leaves out, and the names that a note chooses itself.
    let optional: BTreeSet<String> =
        not_missed.into_iter().filter(|path| !path.contains("/fields/")).collect();
    let expected = [
        "/enrichment",
        "/evidence/N/collected_in",
        "/evidence/N/version_id",
        "/finding/claims/N/remote_alternative",
        "/lists/N/trusted",
        "/peers",
        "/remotes/N/enrichment",
        "/remotes/N/matches/N/trusted",
        "/verdict/claims/N/claim/remote_alternative",
    ];
    assert_eq!(optional.iter().collect::<Vec<_>>(), expected);
}

/// The pointers to all values of a document.
fn paths(value: &Value, at: &str) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let inner = inner.into_iter().flat_map(|(key, value)| {
        let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        let mut all = paths(value, &path);
        all.push(path);
        all
    });
    inner.collect()
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
