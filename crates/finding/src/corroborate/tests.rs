//! The rules of the module's table, one by one.

use flowproof_evidence::{
    ConnectionTotals, Conversation, Coverage, Gap, Observations, Observed, PortSide, ServicePort,
    Subject, Traffic, Window,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::read_findings;

const ENI: &str = "eni-0a1b2c3d4e5f60001";

pub(super) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub(super) fn finding(finding_type: &str, action: Value, info: Value) -> Finding {
    let json = json!({
        "id": "f1", "type": finding_type,
        "resource": {"resourceType": "Instance", "instanceDetails": {
            "instanceId": "i-0aaaabbbbcccc0001",
            "networkInterfaces": [{"networkInterfaceId": ENI, "privateIpAddress": "10.0.1.5"}]}},
        "service": {
            "action": action, "additionalInfo": info, "count": 1,
            "eventFirstSeen": "2025-06-01T00:00:00Z", "eventLastSeen": "2025-06-01T00:10:00Z"}
    });
    read_findings(json.to_string().as_bytes()).unwrap().findings.remove(0)
}

/// An action with one TCP connection.
pub(super) fn connection(direction: &str, remote_port: u16, local_port: u16) -> Value {
    json!({"actionType": "NETWORK_CONNECTION", "networkConnectionAction": {
        "connectionDirection": direction, "protocol": "TCP",
        "remoteIpDetails": {"ipAddressV4": "203.0.113.9"},
        "remotePortDetails": {"port": remote_port}, "localPortDetails": {"port": local_port}}})
}

/// `UnauthorizedAccess:EC2/TorClient`, outbound to 203.0.113.9 port 443.
pub(super) fn outbound() -> Finding {
    finding("UnauthorizedAccess:EC2/TorClient", connection("OUTBOUND", 443, 49152), json!({}))
}

/// `UnauthorizedAccess:EC2/MaliciousIPCaller.Custom`, inbound from 203.0.113.9 to port 22.
fn inbound() -> Finding {
    finding(
        "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom",
        connection("INBOUND", 51820, 22),
        json!({}),
    )
}

/// A port probe of `(remote, local port)`s.
fn probes(details: &[(&str, u16)]) -> Finding {
    let details: Vec<_> = details
        .iter()
        .map(|(remote, port)| {
            json!({"remoteIpDetails": {"ipAddressV4": remote}, "localPortDetails": {"port": port}})
        })
        .collect();
    let action = json!({"actionType": "PORT_PROBE",
        "portProbeAction": {"blocked": false, "portProbeDetails": details}});
    finding("Recon:EC2/PortProbeUnprotectedPort", action, json!({}))
}

pub(super) fn theirs(port: u16) -> Option<ServicePort> {
    Some(ServicePort { side: PortSide::Remote, port })
}

pub(super) fn ours(port: u16) -> Option<ServicePort> {
    Some(ServicePort { side: PortSide::Local, port })
}

/// 8400 bytes out and 1200 in, in 10 packets each way and two flows.
pub(super) fn both_ways() -> Traffic {
    Traffic {
        bytes_in: 1200,
        bytes_out: 8400,
        packets_in: 10,
        packets_out: 10,
        flows: 2,
        first_seen: Some(at("2025-06-01T00:00:00Z")),
        last_seen: Some(at("2025-06-01T00:01:00Z")),
        ..Traffic::default()
    }
}

fn rejected() -> Traffic {
    Traffic {
        rejected_bytes: 40,
        rejected_packets: 1,
        rejected_flows: 1,
        first_seen: Some(at("2025-06-01T00:00:00Z")),
        last_seen: Some(at("2025-06-01T00:01:00Z")),
        ..Traffic::default()
    }
}

pub(super) fn conversation(
    remote: &str,
    port: Option<ServicePort>,
    traffic: Traffic,
) -> Conversation {
    Conversation {
        interface: Some(ENI.into()),
        local: Some("10.0.1.5".parse().unwrap()),
        remote: Some(remote.parse().unwrap()),
        protocol: Some(6),
        port,
        hour: Some(at("2025-06-01T00:00:00Z")),
        traffic,
    }
}

/// The finding's interface, observed through the whole window.
pub(super) fn observed(conversations: Vec<Conversation>) -> Observations {
    let (from, to) = (at("2025-06-01T00:00:00Z"), at("2025-06-01T00:10:00Z"));
    Observations {
        subject: Subject { interfaces: vec![ENI.into()], ..Subject::default() },
        window: Window::new(from, to),
        conversations,
        coverage: Coverage {
            observed: vec![Observed { interface: ENI.into(), from, to }],
            ..Coverage::default()
        },
        ..Observations::default()
    }
}

pub(super) fn gap() -> Gap {
    Gap {
        interface: ENI.into(),
        from: at("2025-06-01T00:03:00Z"),
        to: at("2025-06-01T00:07:00Z"),
        why: "no record".into(),
    }
}

fn verdict(finding: &Finding, observations: &Observations) -> Verdict {
    corroborate(finding, observations).unwrap()
}

/// The verdict's status and the outcome of its only claim.
fn judged(finding: &Finding, conversations: Vec<Conversation>) -> (Status, Outcome) {
    let verdict = verdict(finding, &observed(conversations));
    assert_eq!(verdict.claims.len(), 1);
    assert!(!verdict.next_steps.is_empty(), "{verdict:?}");
    (verdict.status, verdict.claims[0].outcome)
}

/// The verdict's status and outcome if one conversation with the claimed remote is all there is.
fn judged_one(finding: &Finding, port: Option<ServicePort>, traffic: Traffic) -> (Status, Outcome) {
    judged(finding, vec![conversation("203.0.113.9", port, traffic)])
}

#[track_caller]
fn assert_says(verdict: &Verdict, words: &str) {
    let said = verdict.reasons.iter().any(|reason| reason.contains(words));
    assert!(said, "no reason says `{words}`: {:#?}", verdict.reasons);
}

// Rule a: samples.

#[test]
fn a_sample_is_never_contradicted_or_inconclusive() {
    let action = connection("OUTBOUND", 443, 49152);
    let sample = finding("Trojan:EC2/DropPoint", action, json!({"sample": true}));
    let absent = verdict(&sample, &observed(vec![]));
    assert_eq!(absent.status, Status::NotObservable);
    assert_eq!(absent.reasons[0], "a sample finding: it describes no real traffic");
    let mut incomplete = observed(vec![]);
    incomplete.coverage.gaps.push(gap());
    assert_eq!(verdict(&sample, &incomplete).status, Status::NotObservable);
    let there = observed(vec![conversation("203.0.113.9", theirs(443), both_ways())]);
    let there = verdict(&sample, &there);
    assert_eq!(there.status, Status::Corroborated);
    assert_eq!(there.reasons[0], "a sample finding: it describes no real traffic");
}

// Rule b: no claim.

#[test]
fn what_flow_logs_never_show_is_not_observable_and_no_bytes_are_invented() {
    let seen = observed(vec![conversation("203.0.113.9", theirs(443), both_ways())]);
    let dns = json!({"actionType": "DNS_REQUEST", "dnsRequestAction": {"domain": "a.example.com"}});
    let remote = json!({"remoteIpDetails": {"ipAddressV4": "203.0.113.9"}});
    let api = json!({"actionType": "AWS_API_CALL", "awsApiCallAction": remote});
    for (finding_type, action, words) in [
        ("Trojan:EC2/DropPoint!DNS", dns, "a DNS request for a.example.com: queries to the Amazon"),
        ("UnauthorizedAccess:IAMUser/TorIPCaller", api, "an AWS API call"),
        ("A:Kubernetes/B", json!({"actionType": "KUBERNETES_API_CALL"}), "Kubernetes API call"),
        ("A:RDS/B", json!({"actionType": "RDS_LOGIN_ATTEMPT"}), "a database login"),
        ("AttackSequence:IAM/CompromisedCredentials", json!(null), "about IAM"),
        ("Execution:EC2/MaliciousFile", json!(null), "malware on disk"),
        ("Trojan:EC2/DGADomainRequest.B", json!(null), "DNS logs"),
    ] {
        let verdict = verdict(&finding(finding_type, action, json!({})), &seen);
        assert_eq!(verdict.status, Status::NotObservable, "{finding_type}");
        assert_says(&verdict, words);
        assert_eq!(verdict.claimed_traffic, Traffic::default());
        assert!(!verdict.next_steps.is_empty());
    }
}

#[test]
fn a_finding_without_a_known_action_is_inconclusive() {
    let seen = observed(vec![]);
    for (action, words) in [
        (json!(null), "reports no action"),
        (json!({"actionType": "SOMETHING_NEW"}), "`SOMETHING_NEW` is not known"),
        (json!({"actionType": "NETWORK_CONNECTION"}), "has no details"),
        (json!({"actionType": "PORT_PROBE", "portProbeAction": {}}), "has no details"),
    ] {
        let verdict = verdict(&finding("A:EC2/B", action, json!({})), &seen);
        assert_eq!(verdict.status, Status::Inconclusive);
        assert_says(&verdict, words);
    }
}

#[test]
fn a_dns_type_with_a_connection_is_judged_by_its_action() {
    let action = connection("OUTBOUND", 443, 49152);
    let dns = finding("Backdoor:EC2/C&CActivity.B!DNS", action, json!({}));
    let expected = (Status::Corroborated, Outcome::Seen);
    assert_eq!(judged_one(&dns, theirs(443), both_ways()), expected);
}

// Rule c: no record.

#[test]
fn a_subject_without_a_record_was_not_observed() {
    let mut nothing = observed(vec![]);
    nothing.coverage.observed.clear();
    let verdict = verdict(&outbound(), &nothing);
    assert_eq!(verdict.status, Status::NotObservable);
    assert_says(&verdict, "no record of this interface in the window (eni-0a1b2c3d4e5f60001)");
}

#[test]
fn skipdata_alone_is_no_record() {
    let mut lost = observed(vec![]);
    lost.coverage.observed.clear();
    lost.coverage.records.skipdata = 2;
    let verdict = verdict(&outbound(), &lost);
    assert_eq!(verdict.status, Status::NotObservable);
    assert_says(&verdict, "2 intervals of SKIPDATA");
}

#[test]
fn a_record_that_may_be_in_an_unreadable_object_leaves_it_open() {
    let mut denied = observed(vec![]);
    denied.coverage.observed.clear();
    denied.coverage.objects.denied = 1;
    let verdict = verdict(&outbound(), &denied);
    assert_eq!(verdict.status, Status::Inconclusive);
    assert_says(&verdict, "1 object denied");
}

#[test]
fn an_instance_without_interface_or_address_may_not_be_findable() {
    let mut finding = outbound();
    finding.subject.interfaces.clear();
    finding.subject.addresses.clear();
    assert_says(&verdict(&finding, &Observations::default()), "without an instance-id field");
    finding.subject.instance = None;
    assert_says(&verdict(&finding, &Observations::default()), "does not say whose traffic");
}

// Rule d: direction and place.

#[test]
fn an_outbound_claim_is_on_the_remotes_port_with_bytes_out() {
    let finding = outbound();
    let seen = (Status::Corroborated, Outcome::Seen);
    let elsewhere = (Status::Inconclusive, Outcome::Elsewhere);
    assert_eq!(judged_one(&finding, theirs(443), both_ways()), seen);
    assert_eq!(judged_one(&finding, theirs(8443), both_ways()), elsewhere);
    assert_eq!(judged_one(&finding, ours(443), both_ways()), elsewhere);
    let only_in = Traffic { bytes_out: 0, packets_out: 0, ..both_ways() };
    assert_eq!(judged_one(&finding, theirs(443), only_in), elsewhere);
}

#[test]
fn an_inbound_claim_is_on_the_subjects_port_with_bytes_in() {
    let finding = inbound();
    let seen = (Status::Corroborated, Outcome::Seen);
    let elsewhere = (Status::Inconclusive, Outcome::Elsewhere);
    assert_eq!(judged_one(&finding, ours(22), both_ways()), seen);
    assert_eq!(judged_one(&finding, theirs(22), both_ways()), elsewhere);
    assert_eq!(judged_one(&finding, ours(2222), both_ways()), elsewhere);
    let only_out = Traffic { bytes_in: 0, packets_in: 0, ..both_ways() };
    assert_eq!(judged_one(&finding, ours(22), only_out), elsewhere);
}

#[test]
fn an_unknown_direction_takes_either_port() {
    let finding = finding("A:EC2/B", connection("UNKNOWN", 443, 22), json!({}));
    let seen = (Status::Corroborated, Outcome::Seen);
    assert_eq!(judged_one(&finding, theirs(443), both_ways()), seen);
    assert_eq!(judged_one(&finding, ours(22), both_ways()), seen);
    assert_eq!(judged_one(&finding, theirs(22), both_ways()).1, Outcome::Elsewhere);
}

#[test]
fn a_claim_without_its_port_takes_any_port_of_the_right_side() {
    let finding = finding("A:EC2/B", connection("OUTBOUND", 0, 0), json!({}));
    assert_eq!(judged_one(&finding, theirs(9001), both_ways()).1, Outcome::Seen);
    assert_eq!(judged_one(&finding, ours(22), both_ways()).1, Outcome::Elsewhere);
}

#[test]
fn another_protocol_is_elsewhere_and_an_unknown_one_is_not() {
    let mut udp = conversation("203.0.113.9", theirs(443), both_ways());
    udp.protocol = Some(17);
    assert_eq!(judged(&outbound(), vec![udp.clone()]).1, Outcome::Elsewhere);
    let verdict = verdict(&outbound(), &observed(vec![udp.clone()]));
    assert_says(&verdict, "with the same remote there is UDP with its port 443");
    udp.protocol = None;
    assert_eq!(judged(&outbound(), vec![udp]).1, Outcome::Seen);
}

#[test]
fn icmp_has_no_ports_to_compare() {
    let mut action = connection("INBOUND", 0, 0);
    action["networkConnectionAction"]["protocol"] = json!("ICMP");
    let finding = finding("A:EC2/B", action, json!({}));
    let mut ping = conversation("203.0.113.9", ours(0), both_ways());
    ping.protocol = Some(1);
    assert_eq!(judged(&finding, vec![ping.clone()]).1, Outcome::Seen);
    ping.port = None;
    assert_eq!(judged(&finding, vec![ping]).1, Outcome::Seen);
}

#[test]
fn records_without_ports_leave_it_open() {
    let expected = (Status::Inconclusive, Outcome::PortsUnknown);
    assert_eq!(judged_one(&outbound(), None, both_ways()), expected);
}

#[test]
fn sixty_bytes_a_packet_is_a_handshake_and_one_more_is_payload() {
    let traffic = |bytes_out| Traffic { bytes_in: 600, bytes_out, ..both_ways() };
    let handshake = (Status::Inconclusive, Outcome::HandshakeOnly);
    assert_eq!(judged_one(&outbound(), theirs(443), traffic(600)), handshake);
    assert_eq!(judged_one(&outbound(), theirs(443), traffic(601)).1, Outcome::Seen);
}

#[test]
fn a_probe_a_scan_a_flood_and_a_black_hole_need_no_payload() {
    let bare = Traffic { bytes_in: 400, bytes_out: 400, ..both_ways() };
    let probe = probes(&[("203.0.113.9", 22)]);
    assert_eq!(judged_one(&probe, ours(22), bare), (Status::Corroborated, Outcome::Seen));
    for finding_type in [
        "Recon:EC2/Portscan",
        "Impact:EC2/PortSweep",
        "Backdoor:EC2/DenialOfService.Tcp",
        "Trojan:EC2/BlackholeTraffic",
    ] {
        let finding = finding(finding_type, connection("OUTBOUND", 443, 49152), json!({}));
        assert_eq!(judged_one(&finding, theirs(443), bare).1, Outcome::Seen, "{finding_type}");
    }
}

#[test]
fn udp_needs_no_payload_check() {
    let mut action = connection("OUTBOUND", 53, 40000);
    action["networkConnectionAction"]["protocol"] = json!("UDP");
    let finding = finding("DefenseEvasion:EC2/UnusualDNSResolver", action, json!({}));
    let small =
        Traffic { bytes_in: 0, packets_in: 0, bytes_out: 50, packets_out: 1, ..both_ways() };
    let mut udp = conversation("203.0.113.9", theirs(53), small);
    udp.protocol = Some(17);
    assert_eq!(judged(&finding, vec![udp]).1, Outcome::Seen);
}

#[test]
fn records_without_counters_leave_it_open() {
    let none = Traffic { flows: 3, ..Traffic::default() };
    let expected = (Status::Inconclusive, Outcome::CountersMissing);
    assert_eq!(judged_one(&outbound(), theirs(443), none), expected);
    let no_packets = Traffic { packets_in: 0, packets_out: 0, ..both_ways() };
    assert_eq!(judged_one(&outbound(), theirs(443), no_packets), expected);
    let no_bytes = Traffic { bytes_in: 0, bytes_out: 0, ..both_ways() };
    assert_eq!(judged_one(&outbound(), theirs(443), no_bytes), expected);
}

#[test]
fn rejects_alone_leave_it_open_and_agree_with_a_blocked_finding() {
    let expected = (Status::Inconclusive, Outcome::RejectedOnly);
    assert_eq!(judged_one(&outbound(), theirs(443), rejected()), expected);
    let mut action = connection("OUTBOUND", 443, 49152);
    action["networkConnectionAction"]["blocked"] = json!(true);
    let blocked = finding("A:EC2/B", action, json!({}));
    let seen = observed(vec![conversation("203.0.113.9", theirs(443), rejected())]);
    let verdict = verdict(&blocked, &seen);
    assert_says(&verdict, "says that it was blocked, and the records show REJECT only");
    assert_eq!(verdict.claimed_traffic.rejected_flows, 1);
}

#[test]
fn traffic_of_unknown_direction_leaves_it_open() {
    let unoriented = Traffic {
        bytes_unoriented: 8400,
        packets_unoriented: 10,
        bytes_in: 0,
        bytes_out: 0,
        packets_in: 0,
        packets_out: 0,
        ..both_ways()
    };
    let expected = (Status::Inconclusive, Outcome::Unoriented);
    assert_eq!(judged_one(&outbound(), theirs(443), unoriented), expected);
}

#[test]
fn traffic_long_before_the_finding_is_not_its_traffic() {
    let early = Traffic {
        first_seen: Some(at("2025-05-25T00:00:00Z")),
        last_seen: Some(at("2025-05-25T00:01:00Z")),
        ..both_ways()
    };
    let expected = (Status::Inconclusive, Outcome::OutOfTime);
    assert_eq!(judged_one(&outbound(), theirs(443), early), expected);
}

#[test]
fn either_address_of_a_remote_satisfies_its_claim() {
    let mut action = connection("OUTBOUND", 443, 49152);
    action["networkConnectionAction"]["remoteIpDetails"]["ipAddressV6"] = json!("2001:db8::9");
    let finding = finding("A:EC2/B", action, json!({}));
    for remote in ["203.0.113.9", "2001:db8::9"] {
        let there = vec![conversation(remote, theirs(443), both_ways())];
        assert_eq!(judged(&finding, there).1, Outcome::Seen, "{remote}");
    }
}

#[test]
fn a_claim_without_a_remote_cannot_be_looked_for() {
    let action = json!({"actionType": "NETWORK_CONNECTION",
        "networkConnectionAction": {"connectionDirection": "OUTBOUND"}});
    let expected = (Status::Inconclusive, Outcome::NoRemote);
    assert_eq!(judged(&finding("A:EC2/B", action, json!({})), vec![]), expected);
}

// Rule e: all, some, none.

#[test]
fn a_corroborated_verdict_gives_the_figures() {
    let there = observed(vec![conversation("203.0.113.9", theirs(443), both_ways())]);
    let verdict = verdict(&outbound(), &there);
    assert_eq!(
        verdict.reasons,
        [
            "the claimed traffic is in the records",
            "TCP to 203.0.113.9 port 443: accepted, 8400 bytes out, 1200 bytes in, 2 flows, from \
             2025-06-01T00:00:00Z to 2025-06-01T00:01:00Z, on eni-0a1b2c3d4e5f60001"
        ]
    );
    assert_eq!(verdict.claimed_traffic, both_ways());
}

#[test]
fn part_of_a_claim_is_inconclusive_and_all_of_it_is_corroborated() {
    let finding = probes(&[("203.0.113.9", 22), ("198.51.100.23", 22), ("192.0.2.200", 8088)]);
    let first = conversation("203.0.113.9", ours(22), both_ways());
    let second = conversation("198.51.100.23", ours(22), both_ways());
    let third = conversation("192.0.2.200", ours(8088), both_ways());
    let part = verdict(&finding, &observed(vec![first.clone(), second.clone()]));
    assert_eq!(part.status, Status::Inconclusive);
    assert_eq!(part.reasons[0], "part of the claim is there: 2 of 3 claims");
    let all = verdict(&finding, &observed(vec![first, second, third]));
    assert_eq!((all.status, all.claimed_traffic.bytes_out), (Status::Corroborated, 3 * 8400));
}

#[test]
fn a_conversation_that_two_claims_name_is_counted_once() {
    let finding = probes(&[("203.0.113.9", 22), ("203.0.113.9", 22), ("203.0.113.9", 80)]);
    let verdict =
        verdict(&finding, &observed(vec![conversation("203.0.113.9", ours(22), both_ways())]));
    assert_eq!(verdict.claimed_traffic, both_ways());
    let outcomes: Vec<_> = verdict.claims.iter().map(|claim| claim.outcome).collect();
    assert_eq!(outcomes, [Outcome::Seen, Outcome::Seen, Outcome::Elsewhere]);
}

#[test]
fn nothing_in_complete_records_contradicts() {
    let expected = (Status::Contradicted, Outcome::NotSeen);
    assert_eq!(judged(&outbound(), vec![]), expected);
    let others = vec![conversation("198.51.100.23", theirs(443), both_ways())];
    assert_eq!(judged(&outbound(), others), expected);
}

#[test]
fn each_hole_in_the_records_keeps_them_from_contradicting_and_is_named() {
    type Hole = fn(&mut Observations);
    let holes: [(Hole, &str); 18] = [
        (|o| o.window.from = None, "the window has no end"),
        (|o| o.window.to = Some(at("2025-06-01T00:09:00Z")), "is not all inside the window"),
        (|o| o.coverage.gaps.push(gap()), "gap at eni-0a1b2c3d4e5f60001 from 2025-06-01T00:03:00Z"),
        (|o| o.coverage.records.skipdata = 1, "1 interval of SKIPDATA"),
        (|o| o.coverage.records.malformed = 2, "2 lines malformed"),
        (|o| o.coverage.records.bad_time = 1, "1 record with impossible times"),
        (|o| o.coverage.records.time_missing = 1, "1 record without times"),
        (|o| o.coverage.records.direction_conflicts = 1, "contradicts the interface's own address"),
        (|o| o.coverage.objects.denied = 1, "1 object denied"),
        (|o| o.coverage.objects.kms_denied = 1, "1 object denied by its key in KMS"),
        (|o| o.coverage.objects.archived = 1, "1 object in cold storage"),
        (|o| o.coverage.objects.unreachable = 1, "1 object not handed out by the store"),
        (|o| o.coverage.objects.vanished = 1, "1 object gone before it was read"),
        (|o| o.coverage.objects.truncated = 1, "1 object cut off"),
        (|o| o.coverage.objects.corrupt = 1, "1 object damaged"),
        (
            |o| o.coverage.observed[0].interface = "eni-0a1b2c3d4e5f60002".into(),
            "no record of eni-0a1b2c3d4e5f60001 in the window",
        ),
        (
            |o| {
                let mut sideless = conversation("203.0.113.9", None, both_ways());
                sideless.remote = None;
                o.conversations.push(sideless);
            },
            "do not tell which side is the remote",
        ),
        (
            |o| o.conversations = vec![conversation("198.51.100.23", theirs(443), rejected())],
            "all records of the subject are REJECTs",
        ),
    ];
    for (hole, words) in holes {
        let mut observations = observed(vec![]);
        hole(&mut observations);
        let verdict = verdict(&outbound(), &observations);
        assert_eq!(verdict.status, Status::Inconclusive, "{words}");
        assert_says(&verdict, words);
    }
}

#[test]
fn without_a_known_interface_or_time_nothing_is_contradicted() {
    let mut finding = outbound();
    finding.subject.interfaces.clear();
    let mut observations = observed(vec![]);
    observations.subject.interfaces.clear();
    let open = verdict(&finding, &observations);
    assert_eq!(open.status, Status::Inconclusive);
    assert_says(&open, "interfaces are not known");
    let mut finding = outbound();
    finding.first_seen = None;
    assert_says(&verdict(&finding, &observed(vec![])), "does not say when it happened");
}

#[test]
fn interfaces_that_the_records_taught_are_enough() {
    let mut finding = outbound();
    finding.subject.interfaces.clear();
    assert_eq!(judged(&finding, vec![]).0, Status::Contradicted);
}

// Rule f: lower bounds and the missing action.

#[test]
fn holes_make_the_figures_of_a_corroborated_claim_a_lower_bound() {
    let mut holey = observed(vec![conversation("203.0.113.9", theirs(443), both_ways())]);
    holey.coverage.records.skipdata = 1;
    holey.coverage.objects.archived = 2;
    holey.coverage.records.bytes_missing = 1;
    let verdict = verdict(&outbound(), &holey);
    assert_eq!(verdict.status, Status::Corroborated);
    assert_says(
        &verdict,
        "the figures are a lower bound: 1 interval of SKIPDATA: AWS lost records there; 2 objects in \
         cold storage; 1 record without a byte count",
    );
}

#[test]
fn without_actions_acceptance_cannot_be_checked() {
    let mut observations = observed(vec![conversation("203.0.113.9", theirs(443), both_ways())]);
    observations.coverage.records.action_missing = 2;
    let verdict = verdict(&outbound(), &observations);
    assert_eq!(verdict.status, Status::Inconclusive);
    assert_says(&verdict, "2 records without an action");
}

// Rule g: the finding's own figures.

#[test]
fn the_findings_own_byte_counts_are_compared_and_explained() {
    for (in_bytes, out_bytes, words) in [
        (
            "1200",
            "8400",
            "1200 bytes in against 1200, 8400 bytes out against 8400: they are the same",
        ),
        ("300", "8400", "counts one occurrence, the records all traffic"),
        ("1200", "99999", "less than the one occurrence"),
    ] {
        let info =
            json!({"value": json!({"inBytes": in_bytes, "outBytes": out_bytes}).to_string()});
        let finding = finding("A:EC2/B", connection("OUTBOUND", 443, 49152), info);
        let there = observed(vec![conversation("203.0.113.9", theirs(443), both_ways())]);
        let verdict = verdict(&finding, &there);
        assert_eq!(verdict.status, Status::Corroborated);
        assert_says(&verdict, words);
    }
}

#[test]
fn what_one_connection_carried_stands_beside_the_findings_own_counts() {
    let info = json!({"inBytes": "1200", "outBytes": "900"});
    let finding = finding("A:EC2/B", connection("OUTBOUND", 443, 49152), info);
    let mut there = observed(vec![conversation("203.0.113.9", theirs(443), both_ways())]);
    let totals = |remote: &str, most_bytes_in, most_bytes_out| ConnectionTotals {
        remote: Some(remote.parse().unwrap()),
        protocol: Some(6),
        port: theirs(443),
        connections: 4,
        most_bytes_in,
        most_bytes_out,
        ..ConnectionTotals::default()
    };
    there.connections = Some(vec![
        totals("203.0.113.9", 1200, 800),
        totals("203.0.113.9", 0, 900),
        totals("198.51.100.23", 5000, 5000),
    ]);
    assert_says(
        &verdict(&finding, &there),
        "one connection with the remote carried at most 1200 bytes in, and one at most 900 bytes out",
    );
}

#[test]
fn several_occurrences_are_said_to_show_one_remote() {
    let mut finding = outbound();
    finding.count = Some(7);
    assert_says(&verdict(&finding, &observed(vec![])), "7 occurrences and shows only the newest");
}

#[test]
fn a_total_beyond_64_bits_is_an_error() {
    let huge = Traffic { bytes_out: u64::MAX, ..both_ways() };
    let there = vec![conversation("203.0.113.9", theirs(443), huge); 2];
    let error = corroborate(&outbound(), &observed(there)).unwrap_err();
    assert_eq!(error, Overflow { counter: "bytes_out" });
}

#[test]
fn the_verdict_serialises_with_the_words_of_the_interface() {
    let json = serde_json::to_value(verdict(&outbound(), &observed(vec![]))).unwrap();
    assert_eq!(json["status"], "contradicted");
    assert_eq!(json["claims"][0]["outcome"], "not_seen");
    assert_eq!(json["claims"][0]["claim"]["kind"], "network_connection");
    assert_eq!(json["claimed_traffic"]["bytes_out"], 0);
}

// What flow logs cannot hold, or may lack.

/// A finding of an outbound connection to this remote, whose traffic nobody saw.
fn to_remote(remote: &str) -> Finding {
    let mut finding = outbound();
    finding.claims[0].remote = Some(remote.parse().unwrap());
    finding
}

#[test]
fn remotes_that_are_never_logged_are_not_observable() {
    for remote in ["169.254.169.254", "169.254.169.253", "169.254.170.2", "fd00:ec2::254"] {
        let verdict = verdict(&to_remote(remote), &observed(vec![]));
        assert_eq!(verdict.status, Status::NotObservable, "{remote}");
        assert_says(&verdict, "not logged");
    }
}

#[test]
fn a_remote_that_may_be_the_resolver_contradicts_nothing() {
    let mut finding = to_remote("10.0.0.2");
    finding.claims[0].remote_port = Some(53);
    let verdict = verdict(&finding, &observed(vec![]));
    assert_eq!(verdict.status, Status::Inconclusive);
    assert_says(&verdict, "may be the Amazon resolver");
}

#[test]
fn an_address_whose_interface_is_not_known_contradicts_nothing() {
    let mut finding = outbound();
    finding.subject.addresses.push("10.9.9.9".parse().unwrap());
    let unplaced = verdict(&finding, &observed(vec![]));
    assert_eq!(unplaced.status, Status::Inconclusive);
    assert_says(&unplaced, "the interface of 10.9.9.9 is not known");
    finding.interfaces.clear();
    assert_says(&verdict(&finding, &observed(vec![])), "does not name the subject's interfaces");
}

#[test]
fn a_blocked_claim_without_any_reject_in_the_logs_is_not_contradicted() {
    let mut finding = outbound();
    finding.claims[0].blocked = Some(true);
    let verdict = verdict(&finding, &observed(vec![]));
    assert_eq!(verdict.status, Status::Inconclusive);
    assert_says(&verdict, "there is no REJECT");
}

#[test]
fn bare_headers_of_ipv6_are_no_payload() {
    let syns = Traffic { bytes_out: 240, packets_out: 3, flows: 1, ..Traffic::default() };
    let remote = "2001:db8:ffff::9";
    let seen = vec![conversation(remote, theirs(443), syns)];
    let verdict = verdict(&to_remote(remote), &observed(seen));
    assert_eq!(verdict.claims[0].outcome, Outcome::HandshakeOnly);
}

#[test]
fn a_finding_with_one_time_or_none_says_so() {
    let mut finding = outbound();
    finding.last_seen = None;
    assert_eq!(verdict(&finding, &observed(vec![])).status, Status::Inconclusive);
    finding.first_seen = None;
    let seen = vec![conversation("203.0.113.9", theirs(443), both_ways())];
    assert_says(&verdict(&finding, &observed(seen)), "does not say when it happened");
}
