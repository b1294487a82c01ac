//! What holds for every finding and all records.

use std::net::IpAddr;

use flowproof_evidence::{
    Baseline, BaselinePort, ConnectionTotals, Conversation, Coverage, ListMatch, ListedRemote,
    MinuteTotals, ObjectCounts, Observations, Observed, Peer, PortSide, RecordCounts, ServicePort,
    Traffic, Window,
};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::tests::{
    at, both_ways, connection, conversation, finding, gap, observed, outbound, theirs,
};
use super::{Status, corroborate};
use crate::evidence_test::fixture::baseline;
use crate::{DataSource, Finding, finding_type, finding_types};

const REMOTES: &[&str] = &["203.0.113.9", "198.51.100.23", "192.0.2.200", "2001:db8::9"];

fn any_finding() -> impl Strategy<Value = Finding> {
    let direction = prop::sample::select(vec!["INBOUND", "OUTBOUND", "UNKNOWN", ""]);
    let port = prop::sample::select(vec![0_u16, 22, 443]);
    let unknown = ["Trojan:EC2/Newcomer", "Trojan:EC2/Newcomer!DNS", ""];
    let all: Vec<_> = finding_types().map(|of| of.name).chain(unknown).collect();
    let finding_type = prop::sample::select(all);
    let probes = prop::collection::vec((0..REMOTES.len(), port.clone()), 0..4);
    let flags = any::<[bool; 3]>();
    (finding_type, direction, port.clone(), port, probes, flags).prop_map(
        |(finding_type, direction, theirs, ours, probes, [sample, is_probe, known])| {
            let mut action = connection(direction, theirs, ours);
            if is_probe {
                let details = probes.iter().map(|&(remote, port)| {
                    json!({
                    "remoteIpDetails": {"ipAddressV4": REMOTES[remote]},
                    "localPortDetails": {"port": port}})
                });
                action = json!({"actionType": "PORT_PROBE", "portProbeAction":
                    {"portProbeDetails": details.collect::<Vec<_>>()}});
            }
            let mut finding = finding(finding_type, action, json!({"sample": sample}));
            if !known {
                finding.subject.interfaces.clear();
            }
            finding
        },
    )
}

/// Counters that are mostly small, often 0 and at times as large as they go.
fn counter() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0), 5 => 0_u64..5000, 1 => Just(u64::MAX / 2), 1 => Just(u64::MAX)]
}

fn any_traffic(counter: impl Strategy<Value = u64>) -> impl Strategy<Value = Traffic> {
    let counters = prop::collection::vec(counter, 10);
    let times = any::<Option<(u32, u32)>>();
    (counters, times).prop_map(|(n, times)| {
        let time = |second: u32| Timestamp::from_second(second.into()).unwrap();
        let near = times.map(|(a, b)| {
            let base = at("2025-06-01T00:00:00Z").as_second() as u32;
            (time(base - a % 9000), time(base + b % 9000))
        });
        Traffic {
            bytes_in: n[0],
            bytes_out: n[1],
            bytes_unoriented: n[2],
            packets_in: n[3],
            packets_out: n[4],
            packets_unoriented: n[5],
            flows: n[6],
            rejected_bytes: n[7],
            rejected_packets: n[8],
            rejected_flows: n[9],
            first_seen: near.map(|(first, _)| first),
            last_seen: near.map(|(_, last)| last),
        }
    })
}

fn any_port() -> impl Strategy<Value = Option<ServicePort>> {
    let side = prop::sample::select(vec![PortSide::Local, PortSide::Remote]);
    let port = prop::sample::select(vec![0_u16, 22, 443, 49152]);
    prop::option::of((side, port).prop_map(|(side, port)| ServicePort { side, port }))
}

fn any_conversation(counter: impl Strategy<Value = u64>) -> impl Strategy<Value = Conversation> {
    let protocol = prop::sample::select(vec![None, Some(1), Some(6), Some(17)]);
    (prop::option::weighted(0.9, 0..REMOTES.len()), any_port(), protocol, any_traffic(counter))
        .prop_map(|(remote, port, protocol, traffic)| {
            let mut made = conversation(REMOTES[0], port, traffic);
            made.remote = remote.map(|index| REMOTES[index].parse().unwrap());
            made.protocol = protocol;
            made
        })
}

/// Complete coverage as often as not: verdicts of contradiction need it.
fn any_coverage() -> impl Strategy<Value = Coverage> {
    prop_oneof![Just(observed(Vec::new()).coverage), holey_coverage()]
}

fn holey_coverage() -> impl Strategy<Value = Coverage> {
    let count = || prop_oneof![6 => Just(0_u64), 1 => 1_u64..9];
    (prop::collection::vec(count(), 10), any::<[bool; 3]>()).prop_map(|(n, [seen, other, hole])| {
        let observed_at = |interface: &str| Observed {
            interface: interface.into(),
            from: at("2025-06-01T00:00:00Z"),
            to: at("2025-06-01T00:10:00Z"),
        };
        let ours = seen.then(|| observed_at("eni-0a1b2c3d4e5f60001"));
        Coverage {
            objects: ObjectCounts { denied: n[0], corrupt: n[1], ..ObjectCounts::default() },
            records: RecordCounts {
                skipdata: n[2],
                malformed: n[3],
                bad_time: n[4],
                time_missing: n[5],
                action_missing: n[6],
                bytes_missing: n[7],
                direction_conflicts: n[8],
                ..RecordCounts::default()
            },
            observed: ours.into_iter().chain(other.then(|| observed_at("eni-2"))).collect(),
            gaps: if hole && n[9] > 0 { vec![gap()] } else { Vec::new() },
            samples: Vec::new(),
        }
    })
}

/// What is looked at for some questions only; each as often not there as there.
fn any_besides() -> impl Strategy<Value = Observations> {
    let small = || 0_u64..40;
    let address = || prop::sample::select(REMOTES).prop_map(|a| a.parse::<IpAddr>().unwrap());
    let totals =
        (address(), any_port(), prop::collection::vec(small(), 8)).prop_map(|(remote, port, n)| {
            ConnectionTotals {
                remote: Some(remote),
                protocol: Some(6),
                port,
                connections: n[0],
                rejected_connections: n[1],
                with_flags: n[2],
                opened_by_remote: n[3],
                opened_by_subject: n[4],
                answered: n[5],
                most_bytes_out: n[6],
                longest_seconds: Some(n[7] * 60),
                ..ConnectionTotals::default()
            }
        });
    let days = prop::collection::vec(0_u64..3_000_000, 0..9);
    let used = (any_port(), 0_u64..9);
    let before = (days, prop::collection::vec(used, 0..3)).prop_map(|(days, used)| {
        let used = used.into_iter().filter_map(|(port, days)| {
            port.map(|port| BaselinePort { protocol: Some(6), port, days, flows: days * 3 })
        });
        Baseline { ports: used.collect(), ..baseline(&days) }
    });
    let listed = (address(), any::<bool>()).prop_map(|(remote, trusted)| {
        let entry = ListMatch {
            list: "a.txt".into(),
            line: 1,
            entry: remote.to_string(),
            label: String::new(),
            trusted,
        };
        ListedRemote { remote, matches: vec![entry] }
    });
    let peer = (address(), prop::option::of("eni-[1-3]"), any_traffic(0_u64..99)).prop_map(
        |(remote, interface, traffic)| Peer { remote, interface, instance: None, traffic },
    );
    let peak = (address(), any_port(), 0_u64..9000, 0_u64..90).prop_map(
        |(remote, port, packets_out, seconds)| MinuteTotals {
            interface: None,
            remote: Some(remote),
            protocol: Some(6),
            port,
            start: at("2025-06-01T00:00:00Z"),
            packets_out,
            seconds,
        },
    );
    (
        prop::option::of(prop::collection::vec(totals, 0..5)),
        prop::option::of(prop::collection::vec(peak, 0..5)),
        prop::option::of(before),
        prop::option::of(prop::collection::vec(listed, 0..4)),
        prop::option::of(prop::collection::vec(peer, 0..4)),
    )
        .prop_map(|(connections, minutes, baseline, listed, peers)| Observations {
            connections,
            minutes,
            baseline,
            listed,
            peers,
            ..Observations::default()
        })
}

fn any_observations(counter: impl Strategy<Value = u64>) -> impl Strategy<Value = Observations> {
    let conversations = prop::collection::vec(any_conversation(counter), 0..8);
    (conversations, any_coverage(), any_besides(), any::<[bool; 3]>()).prop_map(
        |(conversations, coverage, besides, [open, beginning, known])| {
            let whole = observed(conversations);
            let mut made = Observations {
                subject: whole.subject,
                window: whole.window,
                conversations: whole.conversations,
                coverage,
                ..besides
            };
            if open {
                let Window { from, to } = made.window;
                let from = from.filter(|_| beginning);
                made.window = Window { from, to: to.filter(|_| !beginning) };
            }
            if !known {
                made.subject.interfaces.clear();
            }
            made
        },
    )
}

/// The ways in which evidence gets lost.
const LOSSES: &[fn(&mut Observations)] = &[
    |o| o.coverage.gaps.push(gap()),
    |o| o.coverage.records.skipdata += 1,
    |o| o.coverage.records.malformed += 1,
    |o| o.coverage.records.bad_time += 1,
    |o| o.coverage.records.time_missing += 1,
    |o| o.coverage.objects.denied += 1,
    |o| o.coverage.objects.kms_denied += 1,
    |o| o.coverage.objects.archived += 1,
    |o| o.coverage.objects.unreachable += 1,
    |o| o.coverage.objects.vanished += 1,
    |o| o.coverage.objects.truncated += 1,
    |o| o.coverage.objects.corrupt += 1,
    |o| o.coverage.objects.unsupported += 1,
    |o| o.coverage.objects.not_read += 1,
    |o| o.coverage.observed.clear(),
    |o| o.window.to = None,
];

/// The ways in which an object gets lost: its records go, and it is counted.
const LOST_OBJECTS: &[fn(&mut ObjectCounts)] = &[
    |o| o.denied += 1,
    |o| o.kms_denied += 1,
    |o| o.archived += 1,
    |o| o.vanished += 1,
    |o| o.unreachable += 1,
    |o| o.truncated += 1,
    |o| o.corrupt += 1,
    |o| o.unsupported += 1,
    |o| o.not_read += 1,
];

/// Turns every list of the observations round from `at` on.
fn rotate<T>(list: &mut [T], at: usize) {
    if !list.is_empty() {
        list.rotate_left(at % list.len());
    }
}

proptest! {
    #[test]
    fn no_observations_make_it_panic_and_a_wrong_total_is_never_given(
        finding in any_finding(),
        observations in any_observations(counter()),
    ) {
        let remotes = finding.remotes();
        let claimed = observations.conversations.iter()
            .filter(|c| c.remote.is_some_and(|remote| remotes.contains(&remote)));
        let bytes_out: u128 = claimed.map(|c| u128::from(c.traffic.bytes_out)).sum();
        match corroborate(&finding, &observations) {
            Ok(verdict) => {
                prop_assert_eq!(u128::from(verdict.claimed_traffic.bytes_out), bytes_out);
                prop_assert!(!verdict.reasons.is_empty());
                prop_assert_eq!(verdict.claims.len(), finding.claims.len());
            }
            Err(_) => prop_assert!(!finding.claims.is_empty()),
        }
    }

    #[test]
    fn addresses_in_ipv4_mapped_form_change_nothing(
        finding in any_finding(),
        observations in any_observations(0_u64..5000),
    ) {
        let mapped = |address: IpAddr| match address {
            IpAddr::V4(address) => IpAddr::V6(address.to_ipv6_mapped()),
            other => other,
        };
        let mut other = observations.clone();
        for conversation in &mut other.conversations {
            conversation.remote = conversation.remote.map(mapped);
            conversation.local = conversation.local.map(mapped);
        }
        other.connections.iter_mut().flatten().for_each(|it| it.remote = it.remote.map(mapped));
        other.minutes.iter_mut().flatten().for_each(|it| it.remote = it.remote.map(mapped));
        other.listed.iter_mut().flatten().for_each(|it| it.remote = mapped(it.remote));
        other.peers.iter_mut().flatten().for_each(|it| it.remote = mapped(it.remote));
        other.subject.addresses.iter_mut().for_each(|it| *it = mapped(*it));
        prop_assert_eq!(corroborate(&finding, &other), corroborate(&finding, &observations));
    }

    #[test]
    fn lost_evidence_never_contradicts(
        finding in any_finding(),
        observations in any_observations(0_u64..5000),
        loss in prop::sample::select(LOSSES),
    ) {
        let mut observations = observations;
        loss(&mut observations);
        let verdict = corroborate(&finding, &observations).unwrap();
        prop_assert_ne!(verdict.status, Status::Contradicted);
    }

    #[test]
    fn a_contradiction_falls_with_any_loss_of_evidence(
        others in prop::collection::vec(any_conversation(0_u64..5000), 0..6),
        losses in prop::sample::subsequence(LOSSES, 1..=LOSSES.len()),
    ) {
        let mut others = others;
        for other in &mut others {
            other.remote = Some("198.51.100.77".parse().unwrap());
            other.traffic = both_ways();
        }
        let mut observations = observed(others);
        let before = corroborate(&outbound(), &observations).unwrap().status;
        prop_assert_eq!(before, Status::Contradicted);
        losses.iter().for_each(|loss| loss(&mut observations));
        let after = corroborate(&outbound(), &observations).unwrap().status;
        prop_assert!(matches!(after, Status::Inconclusive | Status::NotObservable), "{:?}", after);
    }

    #[test]
    fn a_verdict_of_contradiction_means_that_no_claimed_remote_is_there(
        finding in any_finding(),
        observations in any_observations(0_u64..5000),
    ) {
        let verdict = corroborate(&finding, &observations).unwrap();
        if verdict.status == Status::Contradicted {
            prop_assert_eq!(verdict.claimed_traffic, Traffic::default());
            prop_assert!(!finding.sample);
        }
        if verdict.status == Status::Corroborated {
            prop_assert!(verdict.claimed_traffic.flows > 0);
        }
    }

    #[test]
    fn a_lost_object_never_contradicts(
        finding in any_finding(),
        observations in any_observations(0_u64..5000),
        lost in prop::sample::select(LOST_OBJECTS),
        kept in any::<u8>(),
    ) {
        let mut observations = observations;
        let mut place = 0;
        observations.conversations.retain(|_| { place += 1; kept >> (place % 8) & 1 == 1 });
        lost(&mut observations.coverage.objects);
        let verdict = corroborate(&finding, &observations).unwrap();
        prop_assert_ne!(verdict.status, Status::Contradicted);
    }

    #[test]
    fn what_was_not_looked_at_never_contradicts_what_was_not_contradicted(
        finding in any_finding(),
        observations in any_observations(0_u64..5000),
    ) {
        let before = corroborate(&finding, &observations).unwrap();
        let less = Observations {
            connections: None, minutes: None, baseline: None, listed: None, peers: None, ..observations
        };
        let after = corroborate(&finding, &less).unwrap();
        prop_assert_eq!(before.status == Status::Contradicted, after.status == Status::Contradicted);
        prop_assert_eq!(before.claims, after.claims);
    }

    #[test]
    fn what_does_not_come_from_flow_logs_is_never_contradicted(
        finding in any_finding(),
        observations in any_observations(0_u64..5000),
    ) {
        let of_table = finding_type(&finding.finding_type);
        let elsewhere = of_table.is_some_and(|of| of.source != DataSource::FlowLogs)
            || finding.finding_type.ends_with("!DNS");
        let status = corroborate(&finding, &observations).unwrap().status;
        prop_assert!(!elsewhere || status != Status::Contradicted);
    }

    #[test]
    fn unrelated_remotes_never_change_the_claimed_traffic(
        finding in any_finding(),
        observations in any_observations(0_u64..5000),
        others in prop::collection::vec(any_conversation(0_u64..5000), 0..6),
    ) {
        let before = corroborate(&finding, &observations).unwrap();
        let mut more = observations;
        more.conversations.extend(others.into_iter().map(|mut other| {
            other.remote = Some("198.51.100.77".parse().unwrap());
            other
        }));
        let after = corroborate(&finding, &more).unwrap();
        prop_assert_eq!(before.claimed_traffic, after.claimed_traffic);
        prop_assert_eq!(before.claims, after.claims);
        for (before, after) in before.tests.iter().zip(&after.tests) {
            // A fan-out is about all remotes.
            prop_assert!(before.test == "fan_out" || before.figures == after.figures);
        }
    }

    #[test]
    fn the_order_of_what_was_observed_changes_nothing(
        (observations, shuffled) in any_observations(0_u64..5000).prop_flat_map(|observations| {
            let shuffled = Just(observations.conversations.clone()).prop_shuffle();
            (Just(observations), shuffled)
        }),
        finding in any_finding(),
        turn in 0_usize..5,
    ) {
        let mut reordered = observations.clone();
        reordered.conversations = shuffled;
        rotate(&mut reordered.coverage.observed, turn);
        rotate(&mut reordered.coverage.gaps, turn);
        rotate(reordered.connections.as_deref_mut().unwrap_or_default(), turn);
        rotate(reordered.minutes.as_deref_mut().unwrap_or_default(), turn);
        rotate(reordered.listed.as_deref_mut().unwrap_or_default(), turn);
        rotate(reordered.peers.as_deref_mut().unwrap_or_default(), turn);
        if let Some(before) = &mut reordered.baseline {
            rotate(&mut before.hours, turn);
            rotate(&mut before.claimed_hours, turn);
            rotate(&mut before.ports, turn);
        }
        prop_assert_eq!(corroborate(&finding, &observations), corroborate(&finding, &reordered));
    }

    #[test]
    fn more_of_the_claimed_traffic_keeps_it_corroborated(
        others in prop::collection::vec(any_conversation(0_u64..5000), 0..6),
    ) {
        let mut observations = observed(vec![conversation(REMOTES[0], theirs(443), both_ways())]);
        observations.conversations.extend(others);
        let status = corroborate(&outbound(), &observations).unwrap().status;
        prop_assert_eq!(status, Status::Corroborated);
    }
}
