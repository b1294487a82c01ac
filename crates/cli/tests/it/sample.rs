//! The sample's answer is added up while it is written; the program has to find the same.

use serde_json::Value;

use crate::program::{arg, run};

#[test]
fn the_sample_is_answered_as_its_answer_says() {
    let dir = tempfile::tempdir().unwrap();
    let sample = dir.path().join("sample");
    let written = run(&["sample", &arg(&sample)]);
    assert_eq!(written.code, Some(0), "{written:?}");
    let text = std::fs::read_to_string(sample.join("answer.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();

    let answer = run(&[
        "investigate",
        "--format=json",
        "--finding",
        &arg(sample.join("finding.json")),
        "--logs",
        &arg(sample.join("logs")),
        "--list",
        &arg(sample.join("tor-exits.txt")),
        "--inventory",
        &arg(sample.join("inventory.json")),
    ]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let answer = answer.json();
    assert_eq!(answer["verdict"]["status"], expected["verdict"]["status"]);
    for part in ["claimed_traffic", "totals"] {
        for (name, value) in expected[part].as_object().unwrap() {
            assert_eq!(&answer[part][name], value, "{part}.{name}");
        }
    }
    for (name, value) in expected["records"].as_object().unwrap() {
        assert_eq!(&answer["coverage"]["records"][name], value, "records.{name}");
    }
    assert_eq!(answer["coverage"]["objects"]["read"], expected["objects"]);
    assert_eq!(answer["coverage"]["gaps"], serde_json::json!([]));
    let claimed = answer["remotes"].as_array().unwrap().iter().find(|r| r["claimed"] == true);
    assert_eq!(claimed.unwrap()["matches"].as_array().unwrap().len(), 1);
}
