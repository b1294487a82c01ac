//! Clauses on interfaces that moved from one instance to another.

use serde_json::{Value, json};

use super::logs::{BEGIN, Logs, OURS, OWN, record};

const REMOTE: &str = "203.0.113.9";

/// A snapshot of AWS Config in which the interface was attached at these seconds of the day.
fn snapshot(attached: &[(&str, i64)]) -> Value {
    let item = |(instance, second): &(&str, i64)| {
        json!({
            "resourceType": "AWS::EC2::NetworkInterface",
            "resourceId": OURS,
            "configurationItemStatus": "OK",
            "configurationItemCaptureTime": BEGIN + second + 90,
            "configuration": {
                "networkInterfaceId": OURS,
                "privateIpAddress": OWN,
                "attachment": {"instanceId": instance, "attachTime": BEGIN + second},
            },
        })
    };
    let items: Vec<Value> = attached.iter().map(item).collect();
    json!({"fileVersion": "1.0", "configurationItems": items})
}

#[test]
fn an_interface_that_moved_is_each_instances_in_its_time() {
    let records = [record(OWN, REMOTE, 8400, 60), record(OWN, REMOTE, 600, 3600)];
    let logs = Logs::of(&records);
    // One file for each instance, as AWS Config delivers them one after the other.
    let first = logs.file("inventory-1.json", &snapshot(&[("i-1", 0)]));
    let next = logs.file("inventory-2.json", &snapshot(&[("i-2", 3600)]));
    for files in [[&first, &next], [&next, &first]] {
        let files = ["--inventory", files[0], "--inventory", files[1]];
        let rows = logs.rows("volumes", &[&["--by=instance"], &files[..]].concat());
        let bytes = rows.iter().map(|row| (row["instance"].as_str(), row["bytes_out"].as_u64()));
        assert_eq!(
            bytes.collect::<Vec<_>>(),
            [(Some("i-1"), Some(8400)), (Some("i-2"), Some(600))]
        );
        let args = [&["--instance=i-2", "--format=json"], &files[..]].concat();
        let answer = logs.run("investigate", &args).json();
        assert_eq!(answer["totals"]["bytes_out"], 600);
        let reasons = answer["verdict"]["reasons"].to_string();
        assert!(
            reasons.contains("1 records of the subject's interfaces are left out"),
            "{reasons}"
        );
    }
}

#[test]
fn several_inventories_that_disagree_without_times_are_told() {
    let logs = Logs::of(&[record(OWN, REMOTE, 8400, 60)]);
    let untimed = |name: &str, instance: &str| {
        logs.file(name, &super::logs::inventory(&[(OURS, OWN, instance)]))
    };
    let (first, last) = (untimed("inventory-1.json", "i-1"), untimed("inventory-2.json", "i-2"));
    let args = ["--by=instance", "--format=json", "--inventory", &first, "--inventory", &last];
    let run = logs.run("volumes", &args);
    assert_eq!(run.json()[0]["instance"], "i-2");
    assert!(run.err.contains("times do not tell them apart"), "{run:?}");
}
