//! Small flow logs, written for one clause each.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Run, arg, run};

/// 2025-06-01T00:00:00Z, the beginning of most of these logs.
pub(super) const BEGIN: i64 = 1_748_736_000;

/// The subject of most of these logs, and its address.
pub(super) const OURS: &str = "eni-0a1b2c3d4e5f60001";
pub(super) const OWN: &str = "10.0.1.5";

pub(super) const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport \
    protocol packets bytes start end action log-status";

/// A folder of flow logs.
pub(super) struct Logs(TempDir);

impl Logs {
    /// One object of the default format.
    pub(super) fn of(records: &[String]) -> Logs {
        Logs::with(&[("a.log", HEADER, records)])
    }

    /// Objects by name, header and records.
    pub(super) fn with(objects: &[(&str, &str, &[String])]) -> Logs {
        let folder = tempfile::tempdir().unwrap();
        for (name, header, records) in objects {
            let text = format!("{header}\n{}\n", records.join("\n"));
            fs::write(folder.path().join(name), text).unwrap();
        }
        Logs(folder)
    }

    /// Writes another file beside the logs, one that is not taken for a log; returns its path.
    pub(super) fn file(&self, name: &str, content: &Value) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, content.to_string()).unwrap();
        arg(path)
    }

    /// Runs a command over them.
    pub(super) fn run(&self, command: &str, more: &[&str]) -> Run {
        let logs = format!("--logs={}", arg(self.0.path()));
        let mut args = vec![command, &logs];
        args.extend(more);
        run(&args)
    }

    /// The rows that `volumes` or `query` gives.
    pub(super) fn rows(&self, command: &str, more: &[&str]) -> Vec<Value> {
        let mut args = vec!["--format=json"];
        args.extend(more);
        let run = self.run(command, &args);
        assert_eq!(run.code, Some(0), "{run:?}");
        run.json().as_array().unwrap().clone()
    }

    /// The answer that `investigate` gives about a finding.
    pub(super) fn investigate(&self, finding: &Value, more: &[&str]) -> Value {
        let finding = format!("--finding={}", self.file("finding.json", finding));
        let mut args = vec!["--format=json", finding.as_str()];
        args.extend(more);
        self.run("investigate", &args).json()
    }
}

/// A record of 60 seconds that begins `second` seconds after [`BEGIN`], on the subject's interface,
/// port 49152 to 443.
pub(super) fn record(source: &str, destination: &str, bytes: u64, second: i64) -> String {
    record_of(OURS, source, destination, bytes, second)
}

/// The same of any interface.
pub(super) fn record_of(
    interface: &str,
    source: &str,
    destination: &str,
    bytes: u64,
    second: i64,
) -> String {
    let (start, end) = (BEGIN + second, BEGIN + second + 60);
    format!(
        "2 123456789012 {interface} {source} {destination} 49152 443 6 10 {bytes} {start} {end} \
         ACCEPT OK"
    )
}

/// A NODATA or SKIPDATA record of an interface.
pub(super) fn idle(interface: &str, status: &str, from: i64, to: i64) -> String {
    let (start, end) = (BEGIN + from, BEGIN + to);
    format!("2 123456789012 {interface} - - - - - - - {start} {end} - {status}")
}

/// One NODATA record of the subject for each minute of a stretch.
pub(super) fn idle_minutes(minutes: std::ops::Range<i64>) -> Vec<String> {
    minutes.map(|minute| idle(OURS, "NODATA", 60 * minute, 60 * minute + 60)).collect()
}

/// A finding of a connection from the subject to a remote's port 443, between two times of
/// 2025-06-01 like `00:10:00`.
pub(super) fn finding(remote: &str, first: &str, last: &str) -> Value {
    let time = |time: &str| format!("2025-06-01T{time}Z");
    json!({
        "id": "f1",
        "type": "UnauthorizedAccess:EC2/TorClient",
        "resource": {"instanceDetails": {
            "instanceId": "i-0aaaabbbbcccc0001",
            "networkInterfaces": [{"networkInterfaceId": OURS, "privateIpAddress": OWN}],
        }},
        "service": {
            "eventFirstSeen": time(first),
            "eventLastSeen": time(last),
            "action": {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": {
                "connectionDirection": "OUTBOUND",
                "protocol": "TCP",
                "remoteIpDetails": {"ipAddressV4": remote},
                "remotePortDetails": {"port": 443},
            }},
        },
    })
}

/// An inventory: interfaces with their address and instance.
pub(super) fn inventory(interfaces: &[(&str, &str, &str)]) -> Value {
    let interfaces = interfaces.iter().map(|(interface, address, instance)| {
        json!({
            "NetworkInterfaceId": interface,
            "PrivateIpAddress": address,
            "Attachment": {"InstanceId": instance, "Status": "attached"},
        })
    });
    json!({ "NetworkInterfaces": interfaces.collect::<Vec<_>>() })
}
