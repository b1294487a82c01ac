//! Many findings in one run: each answer is the one that a run of its own gives.

use std::fs;

use serde_json::{Value, json};

use crate::program::{arg, run, testdata};

/// The worked finding with some of its members changed.
fn finding(number: usize, change: impl Fn(&mut Value)) -> Value {
    let text = fs::read_to_string(testdata().join("worked/finding.json")).unwrap();
    let mut finding: Value = serde_json::from_str(&text).unwrap();
    let mut finding = finding["Findings"][0].take();
    finding["Id"] = json!(format!("c0ffee00c0ffee00c0ffee00c0ffee{number:02}"));
    change(&mut finding);
    finding
}

/// Findings about several subjects, remotes, ports and times, and one whose type asks for connections.
fn findings() -> Vec<Value> {
    let times = |finding: &mut Value, first: &str, last: &str| {
        finding["Service"]["EventFirstSeen"] = json!(first);
        finding["Service"]["EventLastSeen"] = json!(last);
    };
    let action = |finding: &mut Value, name: &str, value: Value| {
        finding["Service"]["Action"]["NetworkConnectionAction"][name] = value;
    };
    vec![
        finding(1, |_| {}),
        finding(8, |_| {}),
        finding(2, |it| times(it, "2025-06-01T09:40:11.000Z", "2025-06-01T10:02:59.500Z")),
        finding(3, |it| {
            let details = &mut it["Resource"]["InstanceDetails"];
            details["InstanceId"] = json!("i-0aaaabbbbcccc0002");
            details["NetworkInterfaces"][0]["NetworkInterfaceId"] = json!("eni-0a1b2c3d4e5f60002");
            details["NetworkInterfaces"][0]["PrivateIpAddress"] = json!("10.0.1.6");
        }),
        finding(4, |it| {
            action(it, "RemoteIpDetails", json!({"IpAddressV4": "192.0.2.44"}));
            times(it, "2025-05-31T09:40:11.000Z", "2025-06-01T10:02:59.000Z");
        }),
        finding(5, |it| {
            it["Type"] = json!("UnauthorizedAccess:EC2/SSHBruteForce");
            action(it, "ConnectionDirection", json!("INBOUND"));
            action(it, "LocalPortDetails", json!({"Port": 22}));
        }),
        finding(6, |it| times(it, "2019-01-01T00:00:00.000Z", "2019-01-01T01:00:00.000Z")),
        finding(7, |it| it["Resource"]["InstanceDetails"]["NetworkInterfaces"] = json!([])),
    ]
}

fn lines(findings: &[Value], more: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("findings.json");
    fs::write(&file, json!({"Findings": findings}).to_string()).unwrap();
    let logs = format!("--logs={}", arg(testdata().join("worked/logs")));
    let list = format!("--list={}", arg(testdata().join("worked/tor-exits.txt")));
    let finding = format!("--finding={}", arg(&file));
    let run = run(&[&["investigate", "--format=jsonl", &logs, &list, &finding], more].concat());
    assert!(matches!(run.code, Some(0 | 3 | 4)), "{run:?}");
    run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn same_as_alone(more: &[&str]) {
    let findings = findings();
    let together = lines(&findings, more);
    assert_eq!(together.len(), findings.len());
    for (number, (finding, answer)) in findings.iter().zip(&together).enumerate() {
        let alone = lines(std::slice::from_ref(finding), more);
        assert_eq!(&alone[..], std::slice::from_ref(answer), "finding {} {more:?}", number + 1);
    }
}

#[test]
fn findings_in_one_run_are_answered_as_each_alone() {
    same_as_alone(&[]);
}

#[test]
fn so_they_are_within_a_window_with_peers_and_in_little_memory() {
    same_as_alone(&["--from=2025-06-01T10:00:00Z", "--to=2025-06-01T11:00:00Z", "--peers"]);
    same_as_alone(&["--memory=1MB", "--duplicates=drop"]);
}
