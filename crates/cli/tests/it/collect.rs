//! `collect`, from the outside.

use std::fs;

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

#[test]
fn a_set_beside_what_it_was_collected_from_is_told_as_counted_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (raw, set) = (folder.path().join("raw"), folder.path().join("set"));
    fs::create_dir(&raw).unwrap();
    let line = "2 123456789012 eni-0a1b2c3d4e5f60001 10.0.1.5 203.0.113.9 49152 443 6 10 8400 1748736000 \
                1748736060 ACCEPT OK\n";
    fs::write(raw.join("a.log"), line).unwrap();
    assert_eq!(run(&["collect", "--logs", &arg(&raw), "--to", &arg(&set)]).code, Some(0));
    let ask = |more: &[&str]| {
        let all = arg(folder.path());
        run(&[&["volumes", "--logs", &all, "--by=interface", "--format=csv"], more].concat())
    };
    let kept = ask(&[]);
    assert!(kept.out.contains("16800"), "{kept:?}");
    assert!(kept.err.contains("counted more than once") && kept.err.contains("holds"), "{kept:?}");
    let dropped = ask(&["--duplicates=drop"]);
    assert!(dropped.out.contains("8400") && !dropped.out.contains("16800"), "{dropped:?}");
}
