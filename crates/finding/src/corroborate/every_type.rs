//! Every type of the table: a finding with records that bear it out, with complete records that hold
//! nothing of it, and with records that leave it open. The figures were added up by hand.

use std::collections::BTreeSet;
use std::net::IpAddr;

use flowproof_evidence::{
    ConnectionTotals, Conversation, ListMatch, ListedRemote, Observations, Peer, Traffic,
};
use serde_json::{Value, json};

use super::tests::{connection, finding, gap, observed};
use super::{Status, Verdict, corroborate, corroborate_naming};
use crate::evidence_test::fixture::{
    REMOTE, accepted, at, baseline, connections, later, ours, rejected, talk, theirs,
};
use crate::{DataSource, Finding, TestAnswer, finding_types};

/// One type: its action, the records that bear it out and what is to come of them.
struct Case {
    name: &'static str,
    action: Value,
    /// The subject's conversations that bear it out.
    there: Vec<Conversation>,
    /// What else was looked at.
    besides: fn(&mut Observations),
    /// Bytes out, bytes in and flows with the claimed remote.
    claimed: [u64; 3],
    /// A test, one of its figures, and its value.
    figure: (&'static str, &'static str, u64),
    /// Records of a contact without what makes it such a finding, if a test decides.
    weak: Option<(Vec<Conversation>, &'static str, &'static str, u64)>,
}

fn nothing(_: &mut Observations) {}

/// Outbound to [`REMOTE`] in this protocol on this port.
fn out(protocol: &str, port: u16) -> Value {
    let mut action = connection("OUTBOUND", port, 49152);
    action["networkConnectionAction"]["protocol"] = json!(protocol);
    action
}

/// Inbound from [`REMOTE`] on this port of the subject.
fn inbound(port: u16) -> Value {
    connection("INBOUND", 51820, port)
}

fn probe(port: u16) -> Value {
    json!({"actionType": "PORT_PROBE", "portProbeAction": {"blocked": false, "portProbeDetails": [
        {"localPortDetails": {"port": port}, "remoteIpDetails": {"ipAddressV4": REMOTE}}]}})
}

/// 8,400 bytes out, 1,200 back.
fn said(protocol: u8, port: u16) -> Vec<Conversation> {
    vec![talk(REMOTE, protocol, theirs(port), accepted((8400, 10), (1200, 10)))]
}

/// So many packets of 60 bytes in a minute, none back.
fn flood(protocol: u8, port: Option<u16>, packets: u64) -> Vec<Conversation> {
    let traffic = accepted((60 * packets, packets), (0, 0));
    vec![talk(REMOTE, protocol, port.and_then(theirs), traffic)]
}

/// 12 connections with a login service in 24 records, and what single ones carried.
fn logins(port: u16) -> Vec<Conversation> {
    let traffic = Traffic { flows: 24, ..accepted((24_000, 120), (36_000, 120)) };
    vec![talk(REMOTE, 6, ours(port), traffic)]
}

fn twelve_connections(observations: &mut Observations, port: u16) {
    let totals = ConnectionTotals {
        most_bytes_in: 3000,
        most_bytes_out: 2000,
        ..connections(ours(port), 12)
    };
    observations.connections = Some(vec![totals]);
}

/// One SYN and its answer to each of so many remotes, the claimed one first.
fn sweep(remotes: u8) -> Vec<Conversation> {
    let others = (1..remotes).map(|last| format!("198.51.100.{last}"));
    let all = std::iter::once(REMOTE.to_owned()).chain(others);
    all.map(|remote| talk(&remote, 6, theirs(445), accepted((60, 1), (40, 1)))).collect()
}

/// One SYN to each of so many ports, from 443 on.
fn scan(ports: u16) -> Vec<Conversation> {
    (0..ports).map(|n| talk(REMOTE, 6, theirs(443 + n), accepted((44, 1), (40, 1)))).collect()
}

fn on_a_list(observations: &mut Observations) {
    let entry = ListMatch {
        list: "own.txt".into(),
        line: 3,
        entry: REMOTE.into(),
        label: String::new(),
        trusted: false,
    };
    let remote = REMOTE.parse().unwrap();
    observations.listed = Some(vec![ListedRemote { remote, matches: vec![entry] }]);
}

fn quiet_week(observations: &mut Observations) {
    observations.baseline = Some(baseline(&[0; 7]));
}

fn login_case(name: &'static str, port: u16, besides: fn(&mut Observations)) -> Case {
    let few = vec![talk(REMOTE, 6, ours(port), accepted((2000, 10), (3000, 10)))];
    Case {
        besides,
        claimed: [24_000, 36_000, 24],
        figure: ("brute_force", "connections", 12),
        weak: Some((few, "brute_force", "flows", 2)),
        ..case(name, inbound(port), logins(port))
    }
}

fn flood_case(name: &'static str, protocol: (&'static str, u8), port: Option<u16>) -> Case {
    Case {
        claimed: [1_440_000, 0, 2],
        figure: ("flood", "packets_per_second", 400),
        weak: Some((flood(protocol.1, port, 9_999), "flood", "packets_out", 9_999)),
        ..case(name, out(protocol.0, port.unwrap_or(0)), flood(protocol.1, port, 24_000))
    }
}

fn resolver_case(name: &'static str, protocol: (&'static str, u8), port: u16) -> Case {
    Case {
        figure: ("resolver", "bytes_out", 8400),
        ..case(name, out(protocol.0, port), said(protocol.1, port))
    }
}

/// A contact of 8,400 bytes out and 1,200 in.
fn case(name: &'static str, action: Value, there: Vec<Conversation>) -> Case {
    Case {
        name,
        action,
        there,
        besides: nothing,
        claimed: [8400, 1200, 2],
        figure: ("", "", 0),
        weak: None,
    }
}

fn from_flow_logs() -> Vec<Case> {
    let hours = |port| {
        let one = talk(REMOTE, 6, theirs(port), accepted((1000, 10), (250, 10)));
        // Within an hour of the finding's time on either side.
        [-1, 0, 1, 1].map(|hour| later(&one, hour)).to_vec()
    };
    vec![
        Case {
            claimed: [4000, 1000, 8],
            figure: ("drip", "most_in_one_hour", 2000),
            ..case("Backdoor:EC2/C&CActivity.B", out("TCP", 443), hours(443))
        },
        flood_case("Backdoor:EC2/DenialOfService.Dns", ("UDP", 17), Some(53)),
        flood_case("Backdoor:EC2/DenialOfService.Tcp", ("TCP", 6), Some(80)),
        flood_case("Backdoor:EC2/DenialOfService.Udp", ("UDP", 17), Some(7777)),
        flood_case("Backdoor:EC2/DenialOfService.UdpOnTcpPorts", ("UDP", 17), Some(80)),
        flood_case("Backdoor:EC2/DenialOfService.UnusualProtocol", ("IGMP", 2), None),
        Case {
            figure: ("fan_out", "remotes", 1),
            ..case("Backdoor:EC2/Spambot", out("TCP", 25), said(6, 25))
        },
        Case {
            besides: quiet_week,
            figure: ("new_port", "days_known", 7),
            ..case("Behavior:EC2/NetworkPortUnusual", out("TCP", 6667), said(6, 6667))
        },
        Case {
            besides: quiet_week,
            claimed: [5_000_000, 90_000, 2],
            // Five times the least spread of 200,000.
            figure: ("volume", "limit", 1_000_000),
            weak: Some((said(6, 443), "volume", "bytes_out", 8400)),
            ..case(
                "Behavior:EC2/TrafficVolumeUnusual",
                out("TCP", 443),
                vec![talk(REMOTE, 6, theirs(443), accepted((5_000_000, 4000), (90_000, 2000)))],
            )
        },
        Case {
            besides: |o| {
                let long = ConnectionTotals {
                    longest_seconds: Some(3600),
                    ..connections(theirs(3333), 1)
                };
                o.connections = Some(vec![long]);
            },
            figure: ("long_connection", "longest_seconds", 3600),
            ..case("CryptoCurrency:EC2/BitcoinTool.B", out("TCP", 3333), said(6, 3333))
        },
        resolver_case("DefenseEvasion:EC2/UnusualDNSResolver", ("UDP", 17), 53),
        resolver_case("DefenseEvasion:EC2/UnusualDoHActivity", ("TCP", 6), 443),
        resolver_case("DefenseEvasion:EC2/UnusualDoTActivity", ("TCP", 6), 853),
        Case {
            claimed: [60, 40, 2],
            figure: ("fan_out", "remotes_without_payload", 20),
            weak: Some((sweep(19), "fan_out", "remotes_without_payload", 19)),
            ..case("Impact:EC2/PortSweep", out("TCP", 445), sweep(20))
        },
        login_case("Impact:EC2/WinRMBruteForce", 5985, |o| twelve_connections(o, 5985)),
        Case {
            claimed: [40, 60, 2],
            figure: ("probed_ports", "ports_answered", 1),
            ..case(
                "Recon:EC2/PortProbeEMRUnprotectedPort",
                probe(8088),
                vec![talk(REMOTE, 6, ours(8088), accepted((40, 1), (60, 1)))],
            )
        },
        Case {
            claimed: [0, 120, 2],
            figure: ("probed_ports", "ports_answered", 0),
            ..case(
                "Recon:EC2/PortProbeUnprotectedPort",
                probe(9200),
                vec![talk(REMOTE, 6, ours(9200), accepted((0, 0), (120, 2)))],
            )
        },
        Case {
            claimed: [440, 400, 20],
            figure: ("port_spread", "remote_ports", 10),
            weak: Some((scan(9), "port_spread", "remote_ports", 9)),
            ..case("Recon:EC2/Portscan", out("TCP", 443), scan(10))
        },
        Case {
            claimed: [6000, 60, 2],
            figure: ("no_reply", "bytes_in", 60),
            weak: Some((said(6, 80), "no_reply", "bytes_in", 1200)),
            ..case(
                "Trojan:EC2/BlackholeTraffic",
                out("TCP", 80),
                vec![talk(REMOTE, 6, theirs(80), accepted((6000, 100), (60, 1)))],
            )
        },
        Case {
            // 8,400 of 9,600 bytes.
            figure: ("upload", "percent_out", 87),
            ..case("Trojan:EC2/DropPoint", out("TCP", 21), said(6, 21))
        },
        Case {
            besides: on_a_list,
            figure: ("listed", "claimed_remotes_listed", 1),
            ..case(
                "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom",
                inbound(443),
                vec![talk(REMOTE, 6, ours(443), accepted((8400, 10), (1200, 10)))],
            )
        },
        login_case("UnauthorizedAccess:EC2/RDPBruteForce", 3389, |o| twelve_connections(o, 3389)),
        login_case("UnauthorizedAccess:EC2/SSHBruteForce", 22, |o| twelve_connections(o, 22)),
        Case {
            besides: |o| o.connections = Some(vec![connections(theirs(9001), 3)]),
            figure: ("sessions", "answered", 3),
            ..case("UnauthorizedAccess:EC2/TorClient", out("TCP", 9001), said(6, 9001))
        },
        Case {
            besides: |o| {
                let totals = connections(ours(9001), 3);
                let by_remote =
                    ConnectionTotals { opened_by_remote: 3, opened_by_subject: 0, ..totals };
                o.connections = Some(vec![by_remote]);
            },
            figure: ("sessions", "opened_by_remote", 3),
            ..case(
                "UnauthorizedAccess:EC2/TorRelay",
                inbound(9001),
                vec![talk(REMOTE, 6, ours(9001), accepted((8400, 10), (1200, 10)))],
            )
        },
    ]
}

fn judged(case: &Case, conversations: Vec<Conversation>) -> Verdict {
    let mut observations = observed(conversations);
    (case.besides)(&mut observations);
    corroborate(&finding(case.name, case.action.clone(), json!({})), &observations).unwrap()
}

/// The subject's everyday traffic, which is no part of any claim.
fn everyday() -> Vec<Conversation> {
    vec![talk("198.51.100.77", 6, theirs(8443), accepted((700, 9), (9000, 9)))]
}

#[track_caller]
fn assert_figure(verdict: &Verdict, test: &str, name: &str, value: u64) {
    let of_test = verdict.tests.iter().find(|result| result.test == test).unwrap();
    let figure = of_test.figures.iter().find(|figure| figure.name == name);
    assert_eq!(figure.map(|figure| figure.value), Some(value), "{test} {name}: {of_test:?}");
}

#[test]
fn the_cases_are_all_types_from_flow_logs() {
    let cases: Vec<_> = from_flow_logs().iter().map(|case| case.name).collect();
    let of_table = finding_types().filter(|of| of.source == DataSource::FlowLogs);
    assert_eq!(cases, of_table.map(|of| of.name).collect::<Vec<_>>());
}

#[test]
fn every_type_from_flow_logs_is_borne_out_with_its_figures() {
    for case in from_flow_logs() {
        let mut there = case.there.clone();
        there.extend(everyday());
        let verdict = judged(&case, there);
        assert_eq!(verdict.status, Status::Corroborated, "{}: {verdict:#?}", case.name);
        let traffic = verdict.claimed_traffic;
        assert_eq!(
            [traffic.bytes_out, traffic.bytes_in, traffic.flows],
            case.claimed,
            "{}",
            case.name
        );
        let (test, name, value) = case.figure;
        assert_figure(&verdict, test, name, value);
        let open =
            verdict.tests.iter().find(|test| test.decides && test.answer != TestAnswer::Shown);
        assert_eq!(open, None, "{}", case.name);
        assert!(!verdict.next_steps.is_empty(), "{}", case.name);
    }
}

#[test]
fn every_type_from_flow_logs_is_contradicted_by_complete_records_without_it() {
    for case in from_flow_logs() {
        let verdict = judged(&case, everyday());
        assert_eq!(verdict.status, Status::Contradicted, "{}: {verdict:#?}", case.name);
        assert_eq!(verdict.claimed_traffic, Traffic::default(), "{}", case.name);
    }
}

#[test]
fn every_type_from_flow_logs_is_left_open_by_a_gap() {
    for case in from_flow_logs() {
        let mut observations = observed(everyday());
        (case.besides)(&mut observations);
        observations.coverage.gaps.push(gap());
        let finding = finding(case.name, case.action.clone(), json!({}));
        let verdict = corroborate(&finding, &observations).unwrap();
        assert_eq!(verdict.status, Status::Inconclusive, "{}", case.name);
        assert!(verdict.reasons.iter().any(|reason| reason.starts_with("gap at")), "{}", case.name);
        assert_eq!(verdict.claimed_traffic, Traffic::default(), "{}", case.name);
    }
}

#[test]
fn a_contact_without_the_types_mark_is_part_of_a_claim() {
    let mut met = BTreeSet::new();
    for case in from_flow_logs() {
        let Some((there, test, name, value)) = &case.weak else { continue };
        let mut observations = observed(there.clone());
        if *test != "brute_force" {
            (case.besides)(&mut observations);
        }
        let finding = finding(case.name, case.action.clone(), json!({}));
        let verdict = corroborate(&finding, &observations).unwrap();
        assert_eq!(verdict.status, Status::Inconclusive, "{}: {verdict:#?}", case.name);
        assert_figure(&verdict, test, name, *value);
        let said = format!("{} not shown", test.replace('_', " "));
        assert!(verdict.reasons.iter().any(|reason| reason.starts_with(&said)), "{verdict:#?}");
        met.insert(*test);
    }
    // The other tests that decide ask for what the claimed place has by itself, or for a baseline.
    let all = ["brute_force", "fan_out", "flood", "no_reply", "port_spread", "volume"];
    assert_eq!(met, BTreeSet::from(all));
}

#[test]
fn a_port_that_was_in_use_before_is_not_unusual() {
    let case = from_flow_logs().into_iter().find(|c| c.name.ends_with("PortUnusual")).unwrap();
    let mut observations = observed(case.there.clone());
    quiet_week(&mut observations);
    let used = flowproof_evidence::BaselinePort {
        protocol: Some(6),
        port: theirs(6667).unwrap(),
        days: 4,
        flows: 90,
    };
    observations.baseline.as_mut().unwrap().ports.push(used);
    let finding = finding(case.name, case.action, json!({}));
    let verdict = corroborate(&finding, &observations).unwrap();
    assert_eq!(verdict.status, Status::Inconclusive);
    assert_figure(&verdict, "new_port", "days_used", 4);
}

// What comes from DNS logs.

fn from_dns() -> impl Iterator<Item = &'static str> {
    let dns = finding_types().filter(|of| of.source == DataSource::DnsLogs);
    dns.map(|of| of.name)
}

fn query(name: &str) -> Finding {
    let action =
        json!({"actionType": "DNS_REQUEST", "dnsRequestAction": {"domain": "a.example.com"}});
    finding(name, action, json!({}))
}

#[test]
fn a_query_is_not_observable_whatever_the_records_hold() {
    for name in from_dns() {
        for (conversations, with_gap) in
            [(vec![], false), (said(6, 443), false), (said(6, 443), true)]
        {
            let mut observations = observed(conversations);
            if with_gap {
                observations.coverage.gaps.push(gap());
            }
            let verdict = corroborate(&query(name), &observations).unwrap();
            assert_eq!(verdict.status, Status::NotObservable, "{name}");
            assert_eq!(
                verdict.claimed_traffic,
                Traffic::default(),
                "no bytes are invented: {name}"
            );
            assert!(verdict.reasons[0].contains("a.example.com"), "{name}");
        }
    }
}

#[test]
fn connections_with_named_addresses_are_told_and_change_nothing() {
    let named: BTreeSet<IpAddr> = [REMOTE.parse().unwrap(), "192.0.2.200".parse().unwrap()].into();
    for name in from_dns().filter(|name| !name.ends_with("MetadataDNSRebind")) {
        let mut there = said(6, 443);
        there.extend(everyday());
        let verdict = corroborate_naming(&query(name), &observed(there), &named).unwrap();
        assert_eq!(verdict.status, Status::NotObservable, "{name}");
        assert_figure(&verdict, "follow_up", "bytes_out", 8400);
        assert_figure(&verdict, "follow_up", "addresses_met", 1);
        let told = "of 2 addresses named, the subject met 1: 8400 bytes out, 1200 bytes in";
        assert!(verdict.reasons.iter().any(|reason| reason.starts_with(told)), "{verdict:#?}");
    }
}

#[test]
fn a_dns_type_with_a_connection_is_corroborated_or_open_and_never_contradicted() {
    for name in from_dns() {
        let finding = finding(name, out("TCP", 443), json!({}));
        let there = corroborate(&finding, &observed(said(6, 443))).unwrap();
        assert_eq!(there.status, Status::Corroborated, "{name}");
        assert!(there.reasons.iter().any(|r| r.contains("the query itself")), "{name}");
        let absent = corroborate(&finding, &observed(everyday())).unwrap();
        assert_eq!(absent.status, Status::NotObservable, "{name}");
        let mut holey = observed(everyday());
        holey.coverage.gaps.push(gap());
        let open = corroborate(&finding, &holey).unwrap();
        assert_eq!(open.status, Status::Inconclusive, "{name}");
    }
}

#[test]
fn an_attack_sequence_is_judged_by_its_endpoints_and_never_contradicted() {
    let name = "AttackSequence:EC2/CompromisedInstanceGroup";
    let finding = finding(name, out("TCP", 443), json!({}));
    let there = corroborate(&finding, &observed(said(6, 443))).unwrap();
    assert_eq!((there.status, there.claimed_traffic.bytes_out), (Status::Corroborated, 8400));
    let absent = corroborate(&finding, &observed(everyday())).unwrap();
    assert_eq!(absent.status, Status::Inconclusive);
    assert!(absent.reasons[0].contains("which are complete"), "{absent:#?}");
    let mut holey = observed(everyday());
    holey.coverage.gaps.push(gap());
    let open = corroborate(&finding, &holey).unwrap();
    assert!(open.reasons[0].contains("not complete"), "{open:#?}");
}

// What is about neither.

#[test]
fn an_api_call_asks_who_here_talked_to_the_caller() {
    let action = json!({"actionType": "AWS_API_CALL",
        "awsApiCallAction": {"remoteIpDetails": {"ipAddressV4": REMOTE}}});
    let finding = finding("UnauthorizedAccess:IAMUser/TorIPCaller", action, json!({}));
    let mut observations = observed(said(6, 443));
    let peer = |interface: &str| Peer {
        remote: REMOTE.parse().unwrap(),
        interface: Some(interface.into()),
        instance: None,
        traffic: accepted((8400, 10), (1200, 10)),
    };
    let silent = corroborate(&finding, &observations).unwrap();
    let asked: Vec<_> = silent.tests.iter().map(|test| (test.test, test.answer)).collect();
    assert!(asked.contains(&("peers", TestAnswer::NotLookedAt)), "{asked:?}");
    observations.peers = Some(vec![peer("eni-0a1b2c3d4e5f60001"), peer("eni-0a1b2c3d4e5f60009")]);
    let verdict = corroborate(&finding, &observations).unwrap();
    assert_eq!(verdict.status, Status::NotObservable);
    assert_figure(&verdict, "follow_up", "bytes_out", 8400);
    assert_figure(&verdict, "peers", "other_interfaces", 1);
    assert!(verdict.reasons.iter().any(|reason| reason.ends_with("eni-0a1b2c3d4e5f60009")));
}

#[test]
fn a_type_that_nobody_knows_is_judged_by_its_claim_and_called_unknown() {
    let finding = finding("Trojan:EC2/Newcomer", out("TCP", 443), json!({}));
    let there = corroborate(&finding, &observed(said(6, 443))).unwrap();
    assert_eq!(there.status, Status::Corroborated);
    assert!(there.reasons.iter().any(|r| r.contains("Trojan:EC2/Newcomer is not known")));
    let absent = corroborate(&finding, &observed(everyday())).unwrap();
    assert_eq!(absent.status, Status::Contradicted);
}

#[test]
fn named_addresses_are_looked_for_beside_any_claim() {
    let finding = finding("UnauthorizedAccess:EC2/TorClient", out("TCP", 9001), json!({}));
    let mut there = said(6, 9001);
    there.extend(everyday());
    let named = ["198.51.100.77".parse().unwrap()].into();
    let verdict = corroborate_naming(&finding, &observed(there), &named).unwrap();
    assert_eq!(verdict.status, Status::Corroborated);
    assert_figure(&verdict, "follow_up", "bytes_in", 9000);
    let said = "follow up shown: of 1 address named, the subject met 1: 700 bytes out";
    assert!(verdict.reasons.iter().any(|reason| reason.starts_with(said)), "{verdict:#?}");
}

#[test]
fn connections_on_other_ports_of_the_remote_are_not_those_claimed() {
    let finding = finding("CryptoCurrency:EC2/BitcoinTool.B", out("TCP", 3333), json!({}));
    let mut there = observed(said(6, 3333));
    let long = ConnectionTotals { longest_seconds: Some(9000), ..connections(theirs(443), 1) };
    there.connections = Some(vec![long, connections(theirs(3333), 1)]);
    let verdict = corroborate(&finding, &there).unwrap();
    assert_figure(&verdict, "long_connection", "longest_seconds", 60);
}

#[test]
fn connections_far_from_the_findings_time_are_not_those_claimed() {
    let finding = finding("CryptoCurrency:EC2/BitcoinTool.B", out("TCP", 3333), json!({}));
    let mut there = observed(said(6, 3333));
    let near = connections(theirs(3333), 1);
    let early = ConnectionTotals {
        longest_seconds: Some(9000),
        first_seen: Some(at("2025-05-30T00:00:00Z")),
        last_seen: Some(at("2025-05-30T02:30:00Z")),
        ..near.clone()
    };
    there.connections = Some(vec![early, near]);
    let verdict = corroborate(&finding, &there).unwrap();
    assert_figure(&verdict, "long_connection", "longest_seconds", 60);
}

#[test]
fn a_place_that_two_claims_share_is_looked_at_once() {
    let mut finding = finding("Backdoor:EC2/DenialOfService.Udp", out("UDP", 7777), json!({}));
    finding.claims.push(finding.claims[0].clone());
    // Two rows with the same figures are two.
    let there = [flood(17, Some(7777), 6000), flood(17, Some(7777), 6000)].concat();
    let verdict = corroborate(&finding, &observed(there)).unwrap();
    assert_eq!(verdict.status, Status::Corroborated);
    assert_figure(&verdict, "flood", "packets_out", 12_000);
}

#[test]
fn tests_look_at_rejects_and_bare_handshakes_in_the_claimed_place() {
    let probed = finding("Recon:EC2/PortProbeUnprotectedPort", probe(9200), json!({}));
    let rejects = vec![talk(REMOTE, 6, ours(9200), rejected())];
    let verdict = corroborate(&probed, &observed(rejects)).unwrap();
    assert_eq!(verdict.status, Status::Inconclusive);
    assert_figure(&verdict, "probed_ports", "ports", 1);
    assert_figure(&verdict, "probed_ports", "ports_accepted", 0);

    let client = finding("UnauthorizedAccess:EC2/TorClient", out("TCP", 9001), json!({}));
    let bare = vec![talk(REMOTE, 6, theirs(9001), accepted((180, 3), (120, 3)))];
    let mut there = observed(bare);
    let silent = ConnectionTotals { answered: 0, ..connections(theirs(9001), 3) };
    there.connections = Some(vec![silent]);
    let verdict = corroborate(&client, &there).unwrap();
    assert_eq!(verdict.status, Status::Inconclusive);
    assert_figure(&verdict, "sessions", "opened_by_subject", 3);
    assert_figure(&verdict, "sessions", "answered", 0);
}

// What was not looked at, and what is missing.

#[test]
fn a_test_that_was_not_made_decides_nothing_and_is_said() {
    let action = inbound(22);
    let finding = finding("UnauthorizedAccess:EC2/SSHBruteForce", action, json!({}));
    let verdict = corroborate(&finding, &observed(logins(22))).unwrap();
    assert_eq!(verdict.status, Status::Corroborated);
    assert!(verdict.reasons[0].ends_with("could be tested"), "{verdict:#?}");
    let said = "brute force not tested: single connections were not looked at";
    assert!(verdict.reasons.iter().any(|reason| reason == said), "{verdict:#?}");
}

#[test]
fn no_reply_in_records_with_a_gap_proves_nothing() {
    let case = from_flow_logs().into_iter().find(|c| c.name.ends_with("BlackholeTraffic")).unwrap();
    let mut observations = observed(case.there.clone());
    observations.coverage.gaps.push(gap());
    let finding = finding(case.name, case.action, json!({}));
    let verdict = corroborate(&finding, &observations).unwrap();
    assert_eq!(verdict.tests[0].answer, TestAnswer::NotLookedAt);
    assert!(verdict.reasons.iter().any(|reason| reason.starts_with("no reply not tested")));
}

#[test]
fn sums_of_records_that_are_counted_twice_decide_nothing() {
    let flood = |case: &Case| case.name.ends_with("DenialOfService.Udp");
    let case = from_flow_logs().into_iter().find(flood).unwrap();
    let finding = finding(case.name, case.action, json!({}));
    let answer = |counted_twice| {
        let observations = Observations { counted_twice, ..observed(case.there.clone()) };
        corroborate(&finding, &observations).unwrap().tests[0].answer
    };
    assert_eq!((answer(false), answer(true)), (TestAnswer::Shown, TestAnswer::NotLookedAt));
}

#[test]
fn a_sweep_over_others_is_part_of_the_claim() {
    let finding = finding("Impact:EC2/PortSweep", out("TCP", 445), json!({}));
    let others = sweep(21).split_off(1);
    let verdict = corroborate(&finding, &observed(others)).unwrap();
    assert_eq!(verdict.status, Status::Inconclusive);
    assert!(verdict.reasons[0].contains("such traffic with others is"), "{verdict:#?}");
    assert_eq!(verdict.claimed_traffic, Traffic::default());
}

#[test]
fn traffic_far_from_the_findings_time_is_no_part_of_a_test() {
    let case = from_flow_logs().into_iter().find(|c| c.name.ends_with("Portscan")).unwrap();
    let mut there = scan(9);
    there.push(later(&talk(REMOTE, 6, theirs(9000), accepted((44, 1), (40, 1))), 5));
    let verdict = judged(&case, there);
    assert_eq!(verdict.status, Status::Inconclusive);
    assert_figure(&verdict, "port_spread", "remote_ports", 9);
}
