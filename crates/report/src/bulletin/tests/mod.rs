//! Each format as it is written, and as readers that are not ours take it apart.

mod asff;
mod digest;
mod jsonl;
mod ocsf;

use serde_json::Value;

/// A validator of others, which first checks the schema against that of JSON Schema itself. To build it
/// takes far longer than to use it.
fn built(schema: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// What the validator finds wrong.
fn faults(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|it| format!("{}: {it}", it.instance_path())).collect()
}

/// A text of lines as the JSON values that they are.
fn values(lines: &str) -> Vec<Value> {
    assert!(lines.is_empty() || lines.ends_with('\n'));
    lines.split_terminator('\n').map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The pointers to all members of objects in a value.
fn members(value: &Value, at: &str, all: &mut Vec<String>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        members(value, &path, all);
        all.push(path);
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        members(value, &format!("{at}/{index}"), all);
    }
}

/// The members without which the value is still valid, with `N` for the places in arrays.
fn optional(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    members(value, "", &mut paths);
    let is_valid_without = |path: &String| {
        let mut broken = value.clone();
        let (parent, key) = path.rsplit_once('/').unwrap();
        let key = key.replace("~1", "/").replace("~0", "~");
        broken.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(&key).unwrap();
        validator.is_valid(&broken)
    };
    let general = |path: &String| {
        let parts = path.split('/').map(|part| match part.parse::<usize>() {
            Ok(_) => "N",
            Err(_) => part,
        });
        parts.collect::<Vec<_>>().join("/")
    };
    let mut optional: Vec<String> =
        paths.iter().filter(|it| is_valid_without(it)).map(general).collect();
    optional.sort();
    optional.dedup();
    optional
}
