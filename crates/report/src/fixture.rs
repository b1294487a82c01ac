//! Investigations for the tests of every format.

use std::collections::BTreeMap;
use std::net::IpAddr;

use flowproof_evidence::{
    Baseline as Before, BaselinePort, Coverage, EnrichmentFile, EnrichmentNote, Gap, ListMatch,
    ListSource, ObjectCounts, ObjectEvidence, Observed, Peer as Whoever, PortSide, RecordCounts,
    Remote, Sample, SampleKind, ServicePort, Subject, TimelineHour, Traffic, Window,
};
use flowproof_finding::{
    Action, Claim, ClaimDirection, ClaimKind, ClaimResult, Figure, Finding, Outcome, OwnBytes,
    Status, TestAnswer, TestResult, Verdict,
};
use jiff::Timestamp;

use crate::{
    Band, Baseline, BaselineHour, Chapter, Enrichment, Investigation, Peer, Tool, WindowView,
};

pub(crate) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A Tor contact that the records bear out, with something to say in every section.
pub(crate) fn corroborated() -> Investigation {
    Investigation {
        generated_by: Tool { name: "flowproof".to_owned(), version: "0.1.0".to_owned() },
        subject: Subject {
            instance: Some("i-0aaaabbbbcccc0001".to_owned()),
            interfaces: texts(&["eni-0a1b2c3d4e5f60001", "eni-0a1b2c3d4e5f60002"]),
            addresses: vec![address("10.0.1.5"), address("2001:db8::5")],
            account: Some("123456789012".to_owned()),
            region: Some("us-east-1".to_owned()),
        },
        finding: Some(tor_finding()),
        window: WindowView {
            from: Some(at("2025-06-01T00:00:00Z")),
            to: Some(at("2025-06-02T00:00:00Z")),
            slack_seconds: 900,
        },
        verdict: Verdict {
            status: Status::Corroborated,
            reasons: texts(&[
                "The records show accepted outbound TCP traffic with 203.0.113.9 port 9001: \
                 1,234,567 bytes out and 98,765,432 bytes in, over 3 flows.",
                "203.0.113.9 is on the list tor-exits.txt.",
            ]),
            next_steps: texts(&[
                "Isolate the instance and keep its memory and disk.",
                "Ask who else in the account talked to 203.0.113.9.",
            ]),
            claims: vec![ClaimResult {
                claim: tor_claim(),
                outcome: Outcome::Seen,
                traffic: claimed(),
            }],
            tests: vec![TestResult {
                test: "sessions",
                decides: false,
                answer: TestAnswer::Shown,
                said: "the subject opened 3 connections, and all were answered".to_owned(),
                figures: vec![Figure { name: "opened_by_subject", value: 3 }],
            }],
            claimed_traffic: claimed(),
        },
        totals: Traffic {
            bytes_in: 98_770_532,
            bytes_out: 1_240_667,
            bytes_unoriented: 480,
            packets_in: 70_010,
            packets_out: 4_020,
            packets_unoriented: 8,
            flows: 17,
            rejected_bytes: 180,
            rejected_packets: 3,
            rejected_flows: 3,
            first_seen: Some(at("2025-06-01T00:10:00Z")),
            last_seen: Some(at("2025-06-01T22:01:00Z")),
        },
        remotes: remotes(),
        timeline: timeline(),
        coverage: coverage(),
        evidence: vec![
            ObjectEvidence {
                object: "s3://example-logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01/\
                         123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20250601T0005Z_\
                         1a2b3c4d.log.gz"
                    .to_owned(),
                version_id: Some("3HL4kqtJvjVBH40Nrjfkd".to_owned()),
                etag: Some("\"0123456789abcdef0123456789abcdef\"".to_owned()),
                size: 1_234_567,
                records: 12,
                collected_in: None,
            },
            ObjectEvidence {
                object: "logs/late.log".to_owned(),
                version_id: None,
                etag: Some(format!("sha256:{}", "ab".repeat(32))),
                size: 512,
                records: 8,
                collected_in: Some("set/unplaced/flowproof-0123456789abcdef.parquet".to_owned()),
            },
        ],
        baseline: Some(before()),
        peers: Some(vec![Whoever {
            remote: address("203.0.113.9"),
            interface: Some("eni-0a1b2c3d4e5f60003".to_owned()),
            instance: Some("i-0aaaabbbbcccc0002".to_owned()),
            traffic: Traffic { bytes_out: 45_678, flows: 2, ..Traffic::default() },
        }]),
        lists: vec![
            ListSource {
                path: "tor-exits.txt".to_owned(),
                sha256: "cd".repeat(32),
                entries: 1_312,
                rejected: 2,
                trusted: false,
            },
            ListSource {
                path: "own-ranges.txt".to_owned(),
                sha256: "ef".repeat(32),
                entries: 1,
                rejected: 0,
                trusted: true,
            },
        ],
        enrichment: None,
    }
}

/// The same, with what other sources say of the first remote.
/// One day before, of which one hour is known.
fn before() -> Before {
    let hour = |bytes_out| TimelineHour {
        start: at("2025-05-31T09:00:00Z"),
        traffic: Traffic { bytes_out, ..Traffic::default() },
    };
    Before {
        window: Window::new(at("2025-05-31T00:00:00Z"), at("2025-06-01T00:00:00Z")),
        hours: vec![hour(500)],
        claimed_hours: vec![hour(20)],
        ports: vec![BaselinePort {
            protocol: Some(6),
            port: ServicePort { side: PortSide::Remote, port: 443 },
            days: 1,
            flows: 12,
        }],
    }
}

pub(crate) fn enriched() -> Investigation {
    let mut told = corroborated();
    let note = |source: &str, prefix: &str, fields: &[(&str, &str)]| EnrichmentNote {
        source: source.to_owned(),
        prefix: prefix.to_owned(),
        fields: fields.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect(),
    };
    let file = |path: &str, kind: &str| EnrichmentFile {
        path: path.to_owned(),
        sha256: "ab".repeat(32),
        kind: kind.to_owned(),
        entries: 3,
        rejected: u64::from(kind == "csv"),
        database_type: (kind == "mmdb").then(|| "Example-ASN".to_owned()),
        built: (kind == "mmdb").then(|| at("2025-05-30T00:00:00Z")),
    };
    let asn = [("asn", "64500"), ("as_organization", "Example Net"), ("is_tor_exit_node", "true")];
    let notes = vec![
        note("asn.mmdb", "203.0.113.0/24", &asn),
        note("pdns.csv", "203.0.113.9", &[("rrname", "b.example.com"), ("count", "2")]),
        note("pdns.csv", "203.0.113.9", &[("rrname", "a.example.com"), ("count", "1")]),
    ];
    let address = told.remotes[0].address.unwrap();
    told.enrichment = Some(Enrichment {
        files: vec![file("asn.mmdb", "mmdb"), file("pdns.csv", "csv")],
        notes: BTreeMap::from([(address, notes)]),
    });
    told
}

fn tor_finding() -> Finding {
    Finding {
        id: "0ab1c2d3e4f5061728394a5b6c7d8e9f".to_owned(),
        arn: Some("arn:aws:guardduty:us-east-1:123456789012:detector/d/finding/f".to_owned()),
        finding_type: "UnauthorizedAccess:EC2/TorClient".to_owned(),
        severity: Some(8.0),
        title: Some("The instance is communicating with a Tor entry node.".to_owned()),
        subject: Subject::default(),
        interfaces: Vec::new(),
        resource_type: Some("Instance".to_owned()),
        resource_role: Some("ACTOR".to_owned()),
        count: Some(3),
        sample: false,
        first_seen: Some(at("2025-06-01T01:02:03Z")),
        last_seen: Some(at("2025-06-01T05:06:07.5Z")),
        callers: Vec::new(),
        own_bytes: Some(OwnBytes { in_bytes: Some(318), out_bytes: Some(88) }),
        action: Action::NetworkConnection,
        claims: vec![tor_claim()],
        notes: texts(&["the finding names no subnet"]),
    }
}

fn tor_claim() -> Claim {
    Claim {
        kind: ClaimKind::NetworkConnection,
        remote: Some(address("203.0.113.9")),
        remote_alternative: Some(address("2001:db8:9::9")),
        remote_port: Some(9001),
        local_port: Some(49_152),
        protocol: Some(6),
        direction: ClaimDirection::Outbound,
        blocked: Some(false),
        bytes_in: Some(318),
        bytes_out: Some(88),
    }
}

fn claimed() -> Traffic {
    Traffic {
        bytes_in: 98_765_432,
        bytes_out: 1_234_567,
        packets_in: 70_000,
        packets_out: 4_000,
        flows: 3,
        first_seen: Some(at("2025-06-01T01:02:00Z")),
        last_seen: Some(at("2025-06-01T05:07:00Z")),
        ..Traffic::default()
    }
}

fn remotes() -> Vec<Remote> {
    let benign = Traffic { bytes_in: 5_100, bytes_out: 6_100, flows: 13, ..Traffic::default() };
    let probe = Traffic {
        rejected_bytes: 180,
        rejected_packets: 3,
        rejected_flows: 3,
        ..Traffic::default()
    };
    let unknown =
        Traffic { bytes_unoriented: 480, packets_unoriented: 8, flows: 1, ..Traffic::default() };
    vec![
        Remote {
            address: Some(address("192.0.2.80")),
            ports: vec![443],
            protocols: vec![6],
            traffic: benign,
            matches: vec![ListMatch {
                list: "own-ranges.txt".to_owned(),
                line: 1,
                entry: "192.0.2.0/24".to_owned(),
                label: String::new(),
                trusted: true,
            }],
            claimed: false,
        },
        Remote {
            address: Some(address("198.51.100.77")),
            ports: (20..30).collect(),
            protocols: vec![6, 17],
            traffic: probe,
            matches: Vec::new(),
            claimed: false,
        },
        Remote {
            address: Some(address("203.0.113.9")),
            ports: vec![9001],
            protocols: vec![6],
            traffic: claimed(),
            matches: vec![ListMatch {
                list: "tor-exits.txt".to_owned(),
                line: 42,
                entry: "203.0.113.0/28".to_owned(),
                label: "Tor exit".to_owned(),
                trusted: false,
            }],
            claimed: true,
        },
        Remote {
            address: None,
            ports: Vec::new(),
            protocols: vec![253],
            traffic: unknown,
            matches: Vec::new(),
            claimed: false,
        },
    ]
}

fn timeline() -> Vec<TimelineHour> {
    let hour = |start: &str, bytes_in, bytes_out, rejected_flows| TimelineHour {
        start: at(start),
        traffic: Traffic { bytes_in, bytes_out, flows: 1, rejected_flows, ..Traffic::default() },
    };
    let mut hours = vec![
        hour("2025-06-01T00:00:00Z", 2_550, 3_050, 0),
        hour("2025-06-01T01:00:00Z", 60_000_000, 1_000_000, 3),
        hour("2025-06-01T05:00:00Z", 38_765_432, 234_567, 0),
        hour("2025-06-01T22:00:00Z", 2_550, 3_050, 0),
    ];
    hours[3].traffic.bytes_unoriented = 480;
    hours
}

fn coverage() -> Coverage {
    let first = "eni-0a1b2c3d4e5f60001".to_owned();
    Coverage {
        objects: ObjectCounts {
            listed: 8,
            read: 2,
            empty: 1,
            not_a_flow_log: 1,
            denied: 1,
            truncated: 2,
            corrupt: 1,
            ..ObjectCounts::default()
        },
        records: RecordCounts {
            ok: 1_020,
            in_window: 20,
            nodata: 14,
            skipdata: 1,
            malformed: 2,
            bad_time: 1,
            transit_gateway: 5,
            bytes_missing: 4,
            unoriented: 1,
            duplicates: Some(6),
            ..RecordCounts::default()
        },
        observed: vec![
            Observed {
                interface: first.clone(),
                from: at("2025-06-01T00:00:00Z"),
                to: at("2025-06-01T08:00:00Z"),
            },
            Observed {
                interface: first.clone(),
                from: at("2025-06-01T10:30:00Z"),
                to: at("2025-06-02T00:00:00Z"),
            },
        ],
        gaps: vec![Gap {
            interface: first,
            from: at("2025-06-01T08:00:00Z"),
            to: at("2025-06-01T10:30:00Z"),
            why: "SKIPDATA".to_owned(),
        }],
        samples: vec![
            Sample {
                kind: SampleKind::Truncated,
                object: "logs/cut.log.gz".to_owned(),
                line: Some(1_200),
                reason: "the gzip stream ends in mid block".to_owned(),
            },
            Sample {
                kind: SampleKind::NotAFlowLog,
                object: "logs/index.html".to_owned(),
                line: None,
                reason: "an HTML page".to_owned(),
            },
        ],
    }
}

/// A DNS finding, of which flow logs show nothing, over logs that hold nothing.
pub(crate) fn not_observable() -> Investigation {
    let mut finding = tor_finding();
    finding.finding_type = "Trojan:EC2/DNSDataExfiltration".to_owned();
    finding.sample = true;
    finding.claims.clear();
    Investigation {
        generated_by: Tool { name: "flowproof".to_owned(), version: "0.1.0".to_owned() },
        subject: Subject { interfaces: texts(&["eni-0a1b2c3d4e5f60009"]), ..Subject::default() },
        finding: Some(finding),
        window: WindowView::default(),
        verdict: Verdict {
            status: Status::NotObservable,
            reasons: texts(&[
                "a sample finding: it describes no real traffic",
                "Queries to the Amazon resolver are never in flow logs.",
            ]),
            next_steps: Vec::new(),
            claims: Vec::new(),
            tests: Vec::new(),
            claimed_traffic: Traffic::default(),
        },
        totals: Traffic::default(),
        remotes: Vec::new(),
        timeline: Vec::new(),
        coverage: Coverage::default(),
        evidence: Vec::new(),
        baseline: None,
        peers: None,
        lists: Vec::new(),
        enrichment: None,
    }
}

/// The same text in every place that takes what others wrote.
pub(crate) fn hostile(text: &str) -> Investigation {
    let mut told = enriched();
    let evil = || text.to_owned();
    told.generated_by = Tool { name: evil(), version: evil() };
    told.subject.instance = Some(evil());
    told.subject.interfaces = vec![evil()];
    told.subject.account = Some(evil());
    told.subject.region = Some(evil());
    if let Some(finding) = &mut told.finding {
        finding.id = evil();
        finding.finding_type = evil();
        finding.title = Some(evil());
        finding.notes = vec![evil()];
    }
    told.verdict.reasons = vec![evil()];
    told.verdict.next_steps = vec![evil()];
    told.remotes.truncate(1);
    told.remotes[0].matches =
        vec![ListMatch { list: evil(), line: 7, entry: evil(), label: evil(), trusted: false }];
    told.timeline.truncate(1);
    told.window.to = Some(at("2025-06-01T02:00:00Z"));
    told.coverage.observed.truncate(1);
    told.coverage.observed[0].interface = evil();
    told.coverage.gaps[0].interface = evil();
    told.coverage.gaps[0].why = evil();
    told.coverage.samples.truncate(1);
    told.coverage.samples[0].object = evil();
    told.coverage.samples[0].reason = evil();
    told.evidence.truncate(1);
    told.evidence[0].object = evil();
    told.evidence[0].etag = Some(evil());
    told.lists.truncate(1);
    told.lists[0].path = evil();
    told.lists[0].sha256 = evil();
    if let Some(enrichment) = &mut told.enrichment {
        enrichment.files.truncate(1);
        enrichment.files[0].path = evil();
        enrichment.files[0].sha256 = evil();
        enrichment.files[0].database_type = Some(evil());
        let fields = vec![("asn".to_owned(), evil()), (evil(), evil())];
        let note = EnrichmentNote { source: evil(), prefix: evil(), fields };
        let other = EnrichmentNote {
            source: "b".to_owned(),
            fields: vec![(evil(), evil())],
            ..note.clone()
        };
        enrichment.notes.values_mut().for_each(|notes| *notes = vec![note.clone(), other.clone()]);
    }
    told
}

/// The first investigation with a usual range for its hours and with two others that talked to its
/// remote.
pub(crate) fn chapter(investigation: &Investigation) -> Chapter<'_> {
    let hours = (0..24).map(|hour| {
        let band = |low| Band { low, middle: low * 2, high: low * 3 };
        let start = at(&format!("2025-06-01T{hour:02}:00:00Z"));
        BaselineHour { start, bytes_in: band(10_000_000), bytes_out: band(200_000) }
    });
    let peer = |instance: Option<&str>, interface: &str, bytes_out| Peer {
        account: Some("123456789012".to_owned()),
        instance: instance.map(str::to_owned),
        interface: Some(interface.to_owned()),
        remote: address("203.0.113.9"),
        traffic: Traffic {
            bytes_out,
            packets_out: 31,
            flows: 2,
            first_seen: Some(at("2025-06-01T03:00:00Z")),
            last_seen: Some(at("2025-06-01T04:00:00Z")),
            ..Traffic::default()
        },
    };
    Chapter {
        investigation,
        baseline: Some(Baseline {
            from: at("2025-05-25T00:00:00Z"),
            to: at("2025-06-01T00:00:00Z"),
            method: "median and range of the same hours on 7 days".to_owned(),
            hours: hours.collect(),
        }),
        peers: Some(vec![
            peer(Some("i-0aaaabbbbcccc0002"), "eni-0a1b2c3d4e5f60003", 45_678),
            peer(None, "eni-0a1b2c3d4e5f60004", 612),
        ]),
    }
}

/// An investigation with `count` remotes over a week, some of them on lists.
pub(crate) fn crowded(count: u32) -> Investigation {
    let mut told = corroborated();
    let mut totals = Traffic::default();
    told.remotes = (0..count).map(crowded_remote).collect();
    for remote in &told.remotes {
        totals.merge(&remote.traffic).unwrap();
    }
    told.totals = totals;
    told.window.from = Some(at("2025-06-01T00:00:00Z"));
    told.window.to = Some(at("2025-06-08T00:00:00Z"));
    told.timeline = (0..168_u64)
        .map(|hour| {
            let start = Timestamp::from_second(1_748_736_000 + 3600 * hour as i64).unwrap();
            let bytes_in = 40_000_000 + (hour * 7_919 % 113) * 900_000;
            let bytes_out = 900_000 + (hour * 104_729 % 97) * 30_000;
            let rejected_flows = hour * 31 % 7;
            let traffic =
                Traffic { bytes_in, bytes_out, flows: 60, rejected_flows, ..Traffic::default() };
            TimelineHour { start, traffic }
        })
        .collect();
    told
}

/// Figures of every size, so that sorting them as text or as rounded numbers would show.
fn crowded_remote(number: u32) -> Remote {
    let mixed = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let size = mixed >> (24 + number % 40);
    let address = match number % 3 {
        0 => format!("2001:db8::{:x}:{number:x}", number % 7),
        _ => format!("10.{}.{}.{}", number % 5, number / 250, number % 250),
    };
    let list = ListMatch {
        list: "tor-exits.txt".to_owned(),
        line: u64::from(number) + 1,
        entry: address.clone(),
        label: format!("Tor exit {number}"),
        trusted: number.is_multiple_of(100),
    };
    let seen = |second: u64| Timestamp::from_second(1_748_736_000 + second as i64).ok();
    Remote {
        address: Some(self::address(&address)),
        ports: vec![443, (mixed >> 48) as u16],
        protocols: vec![if number.is_multiple_of(9) { 17 } else { 6 }],
        traffic: Traffic {
            bytes_in: size,
            bytes_out: mixed % 1_000_003,
            packets_in: size / 900,
            packets_out: mixed % 1_009,
            flows: mixed % 301 + 1,
            rejected_flows: if number.is_multiple_of(11) { mixed % 17 + 1 } else { 0 },
            rejected_bytes: if number.is_multiple_of(11) { 180 } else { 0 },
            rejected_packets: if number.is_multiple_of(11) { 3 } else { 0 },
            first_seen: seen(mixed % 300_000),
            last_seen: seen(300_000 + mixed % 300_000),
            ..Traffic::default()
        },
        matches: if number.is_multiple_of(50) { vec![list] } else { Vec::new() },
        claimed: number == 4_321,
    }
}
