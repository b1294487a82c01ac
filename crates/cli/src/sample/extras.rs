//! What belongs to the logs: the finding, a threat list, the inventory, the answer.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::{SampleSummary, time};
use super::list;
use super::random::Random;
use super::story::OWN_PORT;
use super::world::{
    Interface, SUBJECT_ADDRESS, SUBJECT_INSTANCE, SUBJECT_INTERFACE, TOR, TOR_PORT, World,
};

/// What the answer calls itself.
const SCHEMA: &str = "flowproof.sample/1";

pub(super) fn write(dir: &Path, world: &World, summary: &SampleSummary) -> anyhow::Result<()> {
    write_json(&dir.join("finding.json"), &finding(world, summary))?;
    write_json(&dir.join("inventory.json"), &inventory(world))?;
    write_json(&dir.join("answer.json"), &answer(world, summary))?;
    if world.options.list_entries > 0 {
        write_big_list(&dir.join("threats.txt"), world)?;
    }
    let path = dir.join("tor-exits.txt");
    let list = threat_list(world);
    fs::write(&path, list).with_context(|| format!("{}: cannot be written", path.display()))
}

fn write_big_list(path: &Path, world: &World) -> anyhow::Result<()> {
    let cannot = || format!("{}: cannot be written", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(cannot)?);
    list::write(&mut file, world, world.options.list_entries)
        .and_then(|()| file.flush())
        .with_context(cannot)
}

fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let cannot = || format!("{}: cannot be written", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(cannot)?);
    serde_json::to_writer_pretty(&mut file, value).with_context(cannot)?;
    file.write_all(b"\n").and_then(|()| file.flush()).with_context(cannot)
}

/// The finding as `aws guardduty get-findings` prints it.
fn finding(world: &World, summary: &SampleSummary) -> Value {
    let (from, to) = world.span();
    let (first, last) = (time(from).to_string(), time(to).to_string());
    let log = world.subjects_log();
    let (account, region) = (log.account, log.region);
    let random = Random::of(world.options.seed, &[5]).number();
    let id = format!("{random:016x}{:016x}", random.rotate_left(32));
    let (in_bytes, out_bytes) = summary.newest;
    let own_counts = json!({ "inBytes": in_bytes.to_string(), "outBytes": out_bytes.to_string() });
    json!({ "Findings": [{
        "SchemaVersion": "2.0",
        "AccountId": account,
        "Region": region,
        "Partition": "aws",
        "Id": id,
        "Arn": format!(
            "arn:aws:guardduty:{region}:{account}:detector/00112233445566778899aabbccddeeff/finding/{id}"
        ),
        "Type": "UnauthorizedAccess:EC2/TorClient",
        "Resource": {
            "ResourceType": "Instance",
            "InstanceDetails": {
                "InstanceId": SUBJECT_INSTANCE,
                "InstanceState": "running",
                "NetworkInterfaces": [{
                    "NetworkInterfaceId": SUBJECT_INTERFACE,
                    "PrivateIpAddress": SUBJECT_ADDRESS,
                    "PrivateIpAddresses": [{ "PrivateIpAddress": SUBJECT_ADDRESS }],
                    "Ipv6Addresses": [],
                    "PublicIp": "198.51.100.5",
                    "SubnetId": log.subnet,
                    "VpcId": log.vpc,
                }],
            },
        },
        "Service": {
            "ServiceName": "guardduty",
            "DetectorId": "00112233445566778899aabbccddeeff",
            "Action": {
                "ActionType": "NETWORK_CONNECTION",
                "NetworkConnectionAction": {
                    "ConnectionDirection": "OUTBOUND",
                    "Protocol": "TCP",
                    "Blocked": false,
                    "LocalPortDetails": { "Port": OWN_PORT, "PortName": "Unknown" },
                    "RemotePortDetails": { "Port": TOR_PORT, "PortName": "Unknown" },
                    "LocalIpDetails": { "IpAddressV4": SUBJECT_ADDRESS },
                    "RemoteIpDetails": { "IpAddressV4": TOR },
                },
            },
            "ResourceRole": "TARGET",
            // GuardDuty puts JSON text into the JSON.
            "AdditionalInfo": { "Type": "default", "Value": own_counts.to_string() },
            "EventFirstSeen": first,
            "EventLastSeen": last,
            "Archived": false,
            "Count": 7,
        },
        "Severity": 8.0,
        "CreatedAt": first,
        "UpdatedAt": last,
        "Title": format!(
            "EC2 instance {SUBJECT_INSTANCE} is communicating with a Tor entry node."
        ),
        "Description": format!(
            "EC2 instance {SUBJECT_INSTANCE} is communicating with IP address {TOR} on the Tor \
             Anonymizing Proxy network marked as an entry node."
        ),
    }] })
}

/// All interfaces as `aws ec2 describe-network-interfaces` prints them.
fn inventory(world: &World) -> Value {
    let interfaces: Vec<Value> =
        world.interfaces.iter().map(|interface| described(world, interface)).collect();
    json!({ "NetworkInterfaces": interfaces })
}

fn described(world: &World, interface: &Interface) -> Value {
    let log = &world.flow_logs[interface.flow_log];
    let ipv6: Vec<Value> =
        interface.ipv6.iter().map(|address| json!({ "Ipv6Address": address })).collect();
    let mut described = json!({
        "NetworkInterfaceId": interface.id,
        "InterfaceType": if interface.is_nat { "nat_gateway" } else { "interface" },
        "RequesterManaged": interface.instance.is_none(),
        "OwnerId": log.account,
        "Status": "in-use",
        "VpcId": log.vpc,
        "SubnetId": log.subnet,
        "PrivateIpAddress": interface.address,
        "PrivateIpAddresses": [{ "Primary": true, "PrivateIpAddress": interface.address }],
        "Ipv6Addresses": ipv6,
    });
    if let Some(instance) = &interface.instance {
        described["Attachment"] =
            json!({ "InstanceId": instance, "DeviceIndex": 0, "Status": "attached" });
    }
    described
}

/// The finding's remote among others that are not met.
fn threat_list(world: &World) -> String {
    let mut random = Random::of(world.options.seed, &[6]);
    let mut list = String::from("# Tor nodes, made up. All of them are nobody's addresses.\n");
    for line in 0..200 {
        if line == 120 {
            let _ = writeln!(list, "{TOR}"); // Writing to memory does not fail.
        }
        let last = random.below(256);
        let _ = match line {
            50 => writeln!(list, "203.0.113.128/26 # a whole rack of them"),
            _ => writeln!(list, "198.51.100.{}", 128 + last / 2),
        };
    }
    list
}

/// The answer, under the names that `investigate --format json` has for the same things.
fn answer(world: &World, summary: &SampleSummary) -> Value {
    let (from, to) = world.span();
    let log = world.subjects_log();
    json!({
        "schema": SCHEMA,
        "seed": world.options.seed,
        "finding": "finding.json",
        "logs": "logs",
        "list": "tor-exits.txt",
        "inventory": "inventory.json",
        "subject": {
            "instance": SUBJECT_INSTANCE,
            "interfaces": [SUBJECT_INTERFACE],
            "addresses": [SUBJECT_ADDRESS],
            "account": log.account,
            "region": log.region,
        },
        "claim": {
            "remote": TOR, "remote_port": TOR_PORT, "protocol": 6, "direction": "outbound",
        },
        "window": { "from": time(from), "to": time(to) },
        "verdict": { "status": "corroborated" },
        "claimed_traffic": summary.claimed,
        "totals": summary.totals,
        "objects": summary.files,
        "records": {
            "ok": summary.ok,
            "nodata": summary.nodata,
            "skipdata": summary.skipdata,
        },
        "bytes": { "compressed": summary.stored_bytes, "inflated": summary.text_bytes },
    })
}
