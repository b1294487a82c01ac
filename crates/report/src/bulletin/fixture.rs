//! Bulletins for the tests of every format.

use std::net::IpAddr;

use flowproof_evidence::Traffic;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{AsffOwner, Bulletin, Generator, ListedFinding, Severity};
use crate::fixture::at;

pub(super) const GENERATOR: Generator<'static> = Generator { name: "flowproof", version: "0.1.0" };

pub(super) fn owner() -> AsffOwner {
    AsffOwner {
        region: "us-east-1".to_owned(),
        account: "123456789012".to_owned(),
        partition: None,
    }
}

pub(super) fn digits(digit: char) -> String {
    std::iter::repeat_n(digit, 64).collect()
}

/// A grave finding with traffic both ways.
pub(super) fn tor() -> ListedFinding {
    ListedFinding {
        id: digits('1'),
        event_id: digits('a'),
        is_update: false,
        severity: Severity::High,
        account: Some("123456789012".to_owned()),
        region: Some("us-east-1".to_owned()),
        interface: Some("eni-0a1b2c3d4e5f60001".to_owned()),
        instances: vec!["i-0aaaabbbbcccc0001".to_owned()],
        list: "tor-exits.txt".to_owned(),
        entry: "203.0.113.9".to_owned(),
        label: "exit node".to_owned(),
        traffic: Traffic {
            bytes_in: 98_765_432,
            bytes_out: 1_234_567,
            bytes_unoriented: 12,
            packets_in: 70_000,
            packets_out: 1_500,
            packets_unoriented: 1,
            flows: 3,
            rejected_bytes: 40,
            rejected_packets: 1,
            rejected_flows: 1,
            first_seen: Some(at("2025-06-01T01:02:03Z")),
            last_seen: Some(at("2025-06-01T05:06:07Z")),
        },
        remotes: Some(1),
        addresses: vec!["203.0.113.9".parse().unwrap()],
        recounted: false,
    }
}

/// Somebody who only knocked at the same interface, told again.
fn scanner() -> ListedFinding {
    let address = |last: u8| IpAddr::from([198, 51, 100, last]);
    ListedFinding {
        id: digits('2'),
        event_id: digits('b'),
        is_update: true,
        severity: Severity::Low,
        list: "scanners.csv".to_owned(),
        entry: "198.51.100.0/24".to_owned(),
        label: String::new(),
        traffic: Traffic {
            rejected_bytes: 4_000,
            rejected_packets: 100,
            rejected_flows: 90,
            first_seen: Some(at("2025-06-01T00:00:00Z")),
            last_seen: Some(at("2025-06-01T06:00:00Z")),
            ..Traffic::default()
        },
        remotes: Some(9),
        addresses: (1..=9).map(address).collect(),
        recounted: true,
        ..tor()
    }
}

/// Of an interface that nothing is known of, with more addresses than are kept.
fn nameless() -> ListedFinding {
    ListedFinding {
        id: digits('3'),
        event_id: digits('c'),
        severity: Severity::Critical,
        account: None,
        region: None,
        interface: None,
        instances: vec![],
        list: "c2.json".to_owned(),
        entry: "2001:db8:9::/48".to_owned(),
        label: "botnet | <b>c2</b>".to_owned(),
        traffic: Traffic { bytes_out: 1, packets_out: 1, flows: 1, ..Traffic::default() },
        remotes: None,
        addresses: vec!["2001:db8:9::9".parse().unwrap()],
        ..tor()
    }
}

/// Three findings, each unlike the others.
pub(super) fn bulletin() -> Bulletin {
    of(vec![tor(), scanner(), nameless()])
}

pub(super) fn of(findings: Vec<ListedFinding>) -> Bulletin {
    Bulletin { number: 7, at: at("2025-06-01T06:10:00.25Z"), findings }
}

/// A finding with the same text wherever others may have written one.
pub(super) fn hostile(text: &str) -> ListedFinding {
    let text = || text.to_owned();
    ListedFinding {
        id: text(),
        event_id: text(),
        account: Some(text()),
        region: Some(text()),
        interface: Some(text()),
        instances: vec![text(), text()],
        list: text(),
        entry: text(),
        label: text(),
        ..tor()
    }
}

/// Texts that are short, odd, or far too long.
pub(super) fn any_text() -> impl Strategy<Value = String> {
    let characters = || vec(any::<char>(), 0..40).prop_map(|it| it.into_iter().collect::<String>());
    let odd = prop::sample::select(vec!["\n", "\u{1f980}", "\u{e9}", "\u{202e}", "<b>", "|", " "]);
    prop_oneof![
        4 => "[a-z0-9.-]{1,20}",
        4 => characters(),
        1 => (odd, 1_usize..10_000).prop_map(|(part, count)| part.repeat(count)),
    ]
}

fn any_time() -> impl Strategy<Value = Option<Timestamp>> {
    let seconds = prop_oneof![4 => 1_700_000_000_i64..1_800_000_000, 1 => -9_000_000_000_i64..250_000_000_000];
    option::of(seconds.prop_map(|seconds| Timestamp::from_second(seconds).unwrap()))
}

fn any_traffic() -> impl Strategy<Value = Traffic> {
    (any::<[u64; 10]>(), any_time(), any_time()).prop_map(|(n, first_seen, last_seen)| Traffic {
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
        first_seen,
        last_seen,
    })
}

/// An account, mostly that of [`owner`].
fn any_account() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        4 => Just(Some("123456789012".to_owned())),
        1 => Just(None),
        1 => Just(Some("210987654321".to_owned())),
        1 => any_text().prop_map(Some),
    ]
}

fn any_names() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        4 => vec(any_text(), 0..3),
        1 => Just((0..60).map(|n| format!("i-0aaaabbbbcccc{n:04}")).collect()),
    ]
}

/// Any finding whatever; most have ids as they should be.
pub(super) fn any_finding() -> impl Strategy<Value = ListedFinding> {
    let id = || prop_oneof![8 => "[0-9a-f]{64}", 1 => any_text()];
    let severity = prop::sample::select(Severity::ALL.to_vec());
    let region = option::of(prop_oneof![2 => Just("eu-central-1".to_owned()), 1 => any_text()]);
    let interface = option::of(prop_oneof![2 => "eni-[0-9a-f]{17}", 1 => any_text()]);
    let told = (id(), id(), any::<bool>(), severity, any::<bool>());
    let place = (any_account(), region, interface, any_names());
    let seen = (any_traffic(), any::<Option<u64>>(), vec(any::<IpAddr>(), 0..=20));
    let list = (any_text(), any_text(), any_text());
    (told, place, list, seen).prop_map(|(told, place, list, seen)| ListedFinding {
        id: told.0,
        event_id: told.1,
        is_update: told.2,
        severity: told.3,
        account: place.0,
        region: place.1,
        interface: place.2,
        instances: place.3,
        list: list.0,
        entry: list.1,
        label: list.2,
        traffic: seen.0,
        remotes: seen.1,
        addresses: seen.2,
        recounted: told.4,
    })
}

pub(super) fn any_bulletin() -> impl Strategy<Value = Bulletin> {
    (any::<u64>(), vec(any_finding(), 0..6)).prop_map(|(number, findings)| Bulletin {
        number,
        findings,
        ..of(vec![])
    })
}
