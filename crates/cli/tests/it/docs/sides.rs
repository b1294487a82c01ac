//! Clauses on which side of a record is whose.

use serde_json::{Value, json};

use super::logs::{BEGIN, Logs, OURS, OWN, finding, idle_minutes, inventory, record, record_of};
use crate::program::{arg, run, testdata};

const THEIRS: &str = "eni-0a1b2c3d4e5f60002";
const PEER: &str = "10.0.1.6";
const REMOTE: &str = "203.0.113.9";

fn totals(row: &Value) -> [u64; 3] {
    ["bytes_in", "bytes_out", "bytes_unoriented"].map(|name| row[name].as_u64().unwrap())
}

/// Two private addresses that only talk to each other: the records do not tell whose is whose.
fn private_pair() -> Logs {
    Logs::of(&[record(OWN, PEER, 8400, 0), record(PEER, OWN, 1200, 0)])
}

#[test]
fn a_logged_direction_is_believed_over_addresses_and_the_conflict_is_noted() {
    let header = "interface-id srcaddr dstaddr flow-direction bytes start end log-status";
    let line = format!("{OURS} {OWN} {REMOTE} ingress 8400 {BEGIN} {BEGIN} OK");
    let logs = Logs::with(&[("a.log", header, &[line])]);
    let inventory = logs.file("inventory.json", &inventory(&[(OURS, OWN, "i-1")]));
    let args = ["--by=interface", "--format=json", "--inventory", &inventory];
    let run = logs.run("volumes", &args);
    assert_eq!(totals(&run.json()[0]), [8400, 0, 0]);
    assert!(run.err.contains("1 record whose flow-direction and own address disagree"), "{run:?}");
}

#[test]
fn what_cannot_be_oriented_is_in_neither_direction_until_an_inventory_tells() {
    let logs = private_pair();
    let run = logs.run("volumes", &["--by=interface", "--format=json"]);
    assert_eq!(totals(&run.json()[0]), [0, 0, 9600]);
    assert!(run.err.contains("2 records of unknown direction"), "{run:?}");

    let inventory = logs.file("inventory.json", &inventory(&[(OURS, OWN, "i-1")]));
    let rows = logs.rows("volumes", &["--by=instance,local", "--inventory", &inventory]);
    assert_eq!(totals(&rows[0]), [1200, 8400, 0]);
    assert_eq!((&rows[0]["instance"], &rows[0]["local"]), (&json!("i-1"), &json!(OWN)));
}

#[test]
fn the_address_that_all_records_share_is_learned_and_orients_them() {
    let logs = Logs::of(&[
        record(OWN, PEER, 8400, 0),
        record("10.0.9.9", OWN, 1200, 0),
        record(PEER, OWN, 30, 60),
    ]);
    let run = logs.run("volumes", &["--by=interface,local", "--format=json"]);
    assert_eq!(totals(&run.json()[0]), [1230, 8400, 0]);
    assert_eq!(run.err, "", "nothing was guessed");
}

#[test]
fn what_is_learned_does_not_depend_on_the_question() {
    let logs = Logs::of(&[record(OWN, PEER, 8400, 0), record("10.0.9.9", OWN, 1200, 0)]);
    let sql = format!("select direction, bytes from traffic where dstaddr = '{PEER}'");
    assert_eq!(logs.rows("query", &[&sql]), [json!({"direction": "egress", "bytes": 8400})]);
}

#[test]
fn of_one_public_and_one_private_address_the_private_one_is_taken_and_that_is_said() {
    let logs = Logs::of(&[record(REMOTE, OWN, 8400, 0)]);
    let run = logs.run("volumes", &["--by=interface,local", "--format=json"]);
    assert_eq!(totals(&run.json()[0]), [8400, 0, 0]);
    assert!(run.err.contains("1 record of assumed direction"), "{run:?}");
}

#[test]
fn a_remote_that_the_finding_names_orients_what_nothing_else_does() {
    let records = [idle_minutes(0..30), vec![record(OWN, PEER, 8400, 60)]].concat();
    let mut finding = finding(PEER, "00:00:00", "00:30:00");
    let details = &mut finding["resource"]["instanceDetails"]["networkInterfaces"][0];
    details.as_object_mut().unwrap().remove("privateIpAddress");
    let answer = Logs::of(&records).investigate(&finding, &[]);
    assert_eq!(answer["verdict"]["status"], "corroborated", "{}", answer["verdict"]);
    assert_eq!(answer["claimed_traffic"]["bytes_out"], 8400);
}

#[test]
fn an_address_under_investigation_is_the_local_side_whoever_logged_it() {
    let nat = format!("--logs={}", arg(testdata().join("nat_pkt_addresses.log")));
    let answer = run(&["investigate", &nat, "--address", OWN, "--format=json"]).json();
    let remotes = answer["remotes"].as_array().unwrap();
    assert_eq!(remotes.len(), 1, "the far end of the packet, not the gateway: {remotes:?}");
    assert_eq!(remotes[0]["address"], REMOTE);
    assert_eq!((&remotes[0]["bytes_in"], &remotes[0]["bytes_out"]), (&14200.into(), &8400.into()));
    let reasons = answer["verdict"]["reasons"].to_string();
    assert!(reasons.contains("is not known to be its own"), "{reasons}");
}

#[test]
fn the_remote_is_the_far_end_of_the_packet_where_it_is_logged() {
    let nat = format!("--logs={}", arg(testdata().join("nat_pkt_addresses.log")));
    let sql = "select remote, sum(bytes) as bytes from traffic where direction = 'egress' \
               group by remote";
    let rows = run(&["query", &nat, "--format=json", sql]).json();
    assert_eq!(
        rows,
        json!([{"remote": "10.0.1.5", "bytes": 14200}, {"remote": REMOTE, "bytes": 8400}])
    );
}

#[test]
fn a_flow_between_two_logged_interfaces_is_in_the_totals_of_both() {
    let flow = |interface| record_of(interface, OWN, PEER, 8400, 0);
    let others = [record(OWN, REMOTE, 1, 0), record_of(THEIRS, REMOTE, PEER, 2, 0)];
    let logs = Logs::of(&[&[flow(OURS), flow(THEIRS)], &others[..]].concat());
    let rows = logs.rows("volumes", &["--by=interface"]);
    assert_eq!(rows.iter().map(totals).collect::<Vec<_>>(), [[0, 8401, 0], [8402, 0, 0]]);
}

#[test]
fn for_an_address_alone_its_own_interface_wins_over_others_that_logged_the_same() {
    let logs = format!("--logs={}", arg(testdata().join("worked/logs")));
    let answer = run(&["investigate", &logs, "--address", OWN, "--format=json"]).json();
    assert_eq!(answer["subject"]["interfaces"], json!([OURS]));
    assert_eq!(answer["totals"]["bytes_out"], 35_372_920);
    let reasons = answer["verdict"]["reasons"].to_string();
    assert!(reasons.contains("about the subject's addresses is left out"));
}

#[test]
fn a_records_own_instance_wins_over_its_interface_and_an_inventory_fills_in() {
    let header = "interface-id instance-id srcaddr dstaddr bytes start end log-status";
    let line = |instance, bytes| {
        format!("{OURS} {instance} {OWN} {REMOTE} {bytes} {BEGIN} {} OK", BEGIN + 60)
    };
    // The interface moved from i-1 to i-2; a record without an instance is the inventory's.
    let logs = Logs::with(&[("a.log", header, &[line("i-1", 1), line("i-2", 20), line("-", 300)])]);
    let inventory = logs.file("inventory.json", &inventory(&[(OURS, OWN, "i-2")]));
    let rows = logs.rows("volumes", &["--by=instance", "--inventory", &inventory]);
    let bytes = rows.iter().map(|row| (row["instance"].as_str(), row["bytes_out"].as_u64()));
    assert_eq!(bytes.collect::<Vec<_>>(), [(Some("i-1"), Some(1)), (Some("i-2"), Some(320))]);

    let args = ["--instance=i-2", "--inventory", &inventory, "--format=json"];
    assert_eq!(logs.run("investigate", &args).json()["totals"]["bytes_out"], 320);
}

#[test]
fn volumes_of_an_instance_say_which_objects_do_not_tell_it() {
    let told = format!("{OURS} i-1 {OWN} {REMOTE} egress 8400 {BEGIN} {BEGIN} OK");
    let header =
        "interface-id instance-id srcaddr dstaddr flow-direction bytes start end log-status";
    let untold = format!("{OURS} {OWN} {REMOTE} egress 7 {BEGIN} {BEGIN} OK");
    let without = "interface-id srcaddr dstaddr flow-direction bytes start end log-status";
    let logs = Logs::with(&[("a.log", header, &[told]), ("b.log", without, &[untold])]);
    let args = ["--by=instance", "--format=json", "--instance=i-1"];
    let run = logs.run("volumes", &args);
    assert_eq!(totals(&run.json()[0]), [0, 8400, 0]);
    assert!(run.err.contains("1 object without instance-id"), "{run:?}");

    let inventory = logs.file("inventory.json", &inventory(&[(OURS, OWN, "i-1")]));
    let run = logs.run("volumes", &[&args[..], &["--inventory", &inventory]].concat());
    assert_eq!(totals(&run.json()[0]), [0, 8407, 0]);
    assert!(!run.err.contains("without instance-id"), "{run:?}");
}
