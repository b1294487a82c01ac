//! `collect`, from the outside.

use serde_json::Value;

use crate::program::{Run, arg, run, testdata};

/// What a run printed, without the files that records were read from.
fn told(run: &Run) -> (Option<i32>, String) {
    fn strip(value: &mut Value) {
        if let Some(object) = value.as_object_mut() {
            object.remove("collected_in");
            object.values_mut().for_each(strip);
        }
        value.as_array_mut().into_iter().flatten().for_each(strip);
    }
    let text = match serde_json::from_str::<Value>(&run.out) {
        Ok(mut value) => {
            strip(&mut value);
            value.to_string()
        }
        Err(_) => run.out.clone(),
    };
    (run.code, text)
}

#[test]
fn every_fixture_answers_alike_when_it_is_collected() {
    let set = tempfile::tempdir().unwrap();
    let (logs, set) = (arg(testdata()), arg(set.path().join("set")));
    let collected = run(&["collect", "--logs", &logs, "--to", &set, "--format=json"]);
    assert_eq!(collected.code, Some(3), "damaged fixtures are among them: {collected:?}");
    let files = collected.json()["files"].as_array().unwrap().len();
    assert!(files >= 2, "{collected:?}");
    let questions: [&[&str]; 6] = [
        &["inspect", "--format=json", "--files"],
        &["query", "--format=csv", "select * from flow_logs"],
        // Counters of one fixture do not fit in a total: an error, and the same one.
        &["volumes", "--format=csv", "--by=account,interface"],
        &[
            "volumes",
            "--format=csv",
            "--by=interface,instance,local,remote,action,hour",
            "--from=2025-06-01T09:00:00Z",
        ],
        &["investigate", "--format=json", "--instance=i-0aaaabbbbcccc0001"],
        &["investigate", "--format=json", "--address=10.0.1.5", "--from=2025-06-01T09:00:00Z"],
    ];
    for question in questions {
        let [command, rest @ ..] = question else { panic!("a command") };
        let of = |place: &str| {
            let mut args = vec![*command, "--logs", place];
            args.extend(rest);
            told(&run(&args))
        };
        let (one, other) = (of(&logs), of(&set));
        assert!(one.1.len() > 100 || one.0 == Some(1), "{question:?}");
        assert_eq!(one, other, "{question:?}");
    }
    let again = run(&["collect", "--logs", &logs, "--to", &set, "--format=json"]);
    assert_eq!(again.json()["files"], Value::Array(Vec::new()));
}
