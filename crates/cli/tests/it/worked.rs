//! The worked investigation: `testdata/worked/README.md` has the same figures, worked out by hand.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::naive::{Book, Naive};
use crate::program::{arg, run, testdata};

fn investigate(more: &[&str]) -> Value {
    let worked = testdata().join("worked");
    let mut args = vec![
        "investigate".to_owned(),
        "--format=json".to_owned(),
        format!("--finding={}", arg(worked.join("finding.json"))),
        format!("--logs={}", arg(worked.join("logs"))),
        format!("--list={}", arg(worked.join("tor-exits.txt"))),
        format!("--trusted={}", arg(worked.join("internal-trusted.txt"))),
    ];
    args.extend(more.iter().map(|more| more.to_string()));
    let run = run(&args);
    assert_eq!(run.code, Some(0), "{run:?}");
    run.json()
}

/// Some members of an object.
fn pick(object: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| (name.to_string(), object[*name].clone())).collect()
}

#[test]
fn the_finding_is_corroborated_with_the_figures_worked_out_by_hand() {
    let answer = investigate(&[]);
    assert_eq!(answer["verdict"]["status"], "corroborated", "{}", answer["verdict"]);
    let claimed = json!({
        "bytes_in": 2_369_832, "bytes_out": 33_499_988, "packets_in": 15_330,
        "packets_out": 25_390, "flows": 24, "rejected_flows": 0, "rejected_bytes": 0,
        "first_seen": "2025-06-01T09:06:12Z", "last_seen": "2025-06-01T11:33:22Z",
    });
    let totals = json!({
        "bytes_in": 5_369_098, "bytes_out": 33_672_920, "packets_in": 17_591,
        "packets_out": 26_094, "flows": 44, "rejected_flows": 2, "rejected_bytes": 240,
    });
    for (told, expected) in [("claimed_traffic", &claimed), ("totals", &totals)] {
        let names: Vec<&str> = expected.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(&pick(&answer[told], &names), expected, "{told}");
    }
}

#[test]
fn its_remotes_and_hours_are_those_worked_out_by_hand() {
    let answer = investigate(&[]);
    let remotes: BTreeMap<&str, [u64; 5]> = answer["remotes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|remote| {
            let count = |name: &str| remote[name].as_u64().unwrap();
            let counts = ["flows", "packets_out", "bytes_out", "packets_in", "bytes_in"].map(count);
            (remote["address"].as_str().unwrap(), counts)
        })
        .collect();
    let expected = BTreeMap::from([
        ("203.0.113.9", [24, 25_390, 33_499_988, 15_330, 2_369_832]),
        ("192.0.2.44", [4, 365, 26_560, 1_970, 2_786_500]),
        ("10.0.1.6", [2, 220, 31_900, 205, 188_600]),
        ("198.51.100.200", [4, 93, 112_090, 62, 16_660]),
        ("203.0.113.77", [2, 12, 1_460, 10, 5_380]),
        ("198.51.100.53", [8, 14, 922, 14, 2_126]),
        ("198.51.100.7", [0, 0, 0, 0, 0]),
    ]);
    assert_eq!(remotes, expected);

    let names = ["start", "flows", "bytes_out", "bytes_in", "rejected_flows"];
    let hours: Vec<Value> =
        answer["timeline"].as_array().unwrap().iter().map(|hour| pick(hour, &names)).collect();
    let hour = |start: &str, [flows, out, back, rejected]: [u64; 4]| {
        json!({
            "start": start, "flows": flows, "bytes_out": out, "bytes_in": back,
            "rejected_flows": rejected,
        })
    };
    let expected = [
        hour("2025-06-01T09:00:00Z", [20, 17_995_876, 4_143_614, 1]),
        hour("2025-06-01T10:00:00Z", [14, 12_286_166, 754_838, 1]),
        hour("2025-06-01T11:00:00Z", [10, 3_390_878, 470_646, 0]),
    ];
    assert_eq!(hours, expected);
}

#[test]
fn it_is_complete_and_says_so() {
    let coverage = &investigate(&[])["coverage"];
    assert_eq!(coverage["gaps"], json!([]));
    assert_eq!(coverage["objects"]["read"], 31);
    let names = ["ok", "nodata", "skipdata", "malformed", "unoriented"];
    let expected = json!({"ok": 62, "nodata": 5, "skipdata": 0, "malformed": 0, "unoriented": 0});
    assert_eq!(pick(&coverage["records"], &names), expected);
}

#[test]
fn the_slack_does_not_change_the_answer_and_a_wider_window_takes_the_edges_in() {
    let (with, without) = (investigate(&[]), investigate(&["--slack=0s"]));
    assert_eq!(with["totals"], without["totals"]);
    assert_eq!(with["claimed_traffic"], without["claimed_traffic"]);
    let wide = investigate(&["--from=2025-06-01T08:00:00Z", "--to=2025-06-01T13:00:00Z"]);
    assert_eq!(wide["totals"]["flows"], 48);
    assert_eq!(wide["totals"]["bytes_out"], 35_372_920);
    assert_eq!(wide["totals"]["bytes_in"], 5_479_098);
    assert_eq!(wide["claimed_traffic"]["bytes_out"], 33_499_988 + 1_700_000);
}

#[test]
fn the_objects_hold_the_records_of_the_plain_files() {
    let worked = testdata().join("worked");
    let plain = tempfile::tempdir().unwrap();
    for name in ["until-1030.v2.log", "from-1030.v5.log"] {
        std::fs::copy(worked.join(name), plain.path().join(name)).unwrap();
    }
    let keys = "interface,hour,remote,remote_port,local_port,protocol,action";
    let objects = Naive::read(&worked.join("logs"), Book::default()).volumes(keys);
    assert_eq!(objects, Naive::read(plain.path(), Book::default()).volumes(keys));
    let run = run(&["volumes", "--by", keys, "--format=csv", "--logs", &arg(worked.join("logs"))]);
    assert_eq!((run.out, run.code), (objects, Some(0)));
}
