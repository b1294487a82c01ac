//! What is looked at beside a subject's conversations: single connections, busiest minutes, peers, a
//! baseline. The figures are added up by hand.

use std::collections::BTreeSet;
use std::net::IpAddr;

use flowproof_engine::{AddressBook, Answer, SessionOptions, SubjectQuestion, SubjectTraffic};
use flowproof_evidence::{
    ConnectionTotals, InterfaceIdentity, MinuteTotals, PortSide, Subject, Window,
};
use jiff::Timestamp;

use crate::support::*;

const FORMAT: &str = "version interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
                      start end action log-status tcp-flags";
const OTHER: &str = "eni-0a1b2c3d4e5f60002";

/// One record: who to whom, packets, bytes, seconds after T0 and how long, the action and the flags.
fn record(
    (eni, from, to): (&str, &str, &str),
    (packets, bytes): (u64, u64),
    (start, length): (i64, i64),
    (action, flags): (&str, u8),
) -> String {
    let ends = |text: &str| {
        let (address, port) = text.rsplit_once(':').unwrap();
        (address.to_owned(), port.to_owned())
    };
    let ((from, from_port), (to, to_port)) = (ends(from), ends(to));
    let (start, end) = (T0 + start, T0 + start + length);
    format!(
        "5 {eni} {from} {to} {from_port} {to_port} 6 {packets} {bytes} {start} {end} {action} OK {flags}"
    )
}

/// Logins at the subject's port 22: one from port 50001 that is answered and lasts, with a second record
/// in the next hour; one from 50002 that is answered; one from 50003 that is refused. Beside them the
/// subject's own traffic with another remote, and another interface's with the claimed one.
fn logins() -> tempfile::TempDir {
    let (subject, remote) = ("10.0.1.5:22", |port: u16| format!("203.0.113.9:{port}"));
    let lines = [
        record((ENI, &remote(50001), subject), (10, 1000), (3000, 50), ("ACCEPT", 2)),
        record((ENI, subject, &remote(50001)), (9, 5000), (3000, 50), ("ACCEPT", 18)),
        record((ENI, &remote(50001), subject), (4, 400), (3600, 120), ("ACCEPT", 0)),
        record((ENI, &remote(50002), subject), (3, 180), (3010, 5), ("ACCEPT", 3)),
        record((ENI, subject, &remote(50002)), (2, 120), (3010, 5), ("ACCEPT", 19)),
        record((ENI, &remote(50003), subject), (1, 40), (3020, 1), ("REJECT", 2)),
        record((ENI, "10.0.1.5:40000", "192.0.2.1:443"), (7, 700), (3000, 9), ("ACCEPT", 2)),
        record((OTHER, "10.0.1.6:40001", "203.0.113.9:22"), (5, 77), (100, 9), ("ACCEPT", 2)),
    ];
    log(FORMAT, &lines)
}

fn book() -> AddressBook {
    let mut book = AddressBook::default();
    for (interface, instance, address) in
        [(ENI, INSTANCE, "10.0.1.5"), (OTHER, "i-0aaaabbbbcccc0002", "10.0.1.6")]
    {
        book.add(&InterfaceIdentity {
            interface: interface.into(),
            instance: Some(instance.into()),
            addresses: vec![address.parse().unwrap()],
        });
    }
    book
}

fn remote() -> IpAddr {
    "203.0.113.9".parse().unwrap()
}

fn question() -> SubjectQuestion {
    SubjectQuestion {
        subject: Subject { interfaces: vec![ENI.into()], ..Subject::default() },
        claimed: BTreeSet::from([remote()]),
        claimed_local_ports: BTreeSet::from([22]),
        connections: true,
        minutes: true,
        ..SubjectQuestion::default()
    }
}

fn ask(logs: &tempfile::TempDir, book: AddressBook) -> Answer<SubjectTraffic> {
    block_on(async {
        let session = open(logs, Window::ALWAYS, SessionOptions { book, ..options() }).await;
        session.subject(&question(), None).await.unwrap()
    })
}

fn at(second: i64) -> Option<Timestamp> {
    Some(Timestamp::from_second(T0 + second).unwrap())
}

#[test]
fn connections_and_peaks_with_claimed_remotes_are_told_by_hour_and_service() {
    let logs = logins();
    // Whose addresses are whose is known before, or learned from the same records.
    for book in [book(), AddressBook::default()] {
        let observations = ask(&logs, book).value.observations;
        let connections = observations.connections.unwrap();
        let [of_hour] = &connections[..] else { panic!("{connections:?}") };
        let port = of_hour.port.unwrap();
        assert_eq!((port.side, port.port), (PortSide::Local, 22));
        let expected = ConnectionTotals {
            interface: Some(ENI.into()),
            remote: Some(remote()),
            protocol: Some(6),
            port: of_hour.port,
            hour: at(0),
            connections: 2,
            rejected_connections: 1,
            with_flags: 2,
            // 50002's flags are SYN and FIN together: SYN without ACK too.
            opened_by_remote: 2,
            opened_by_subject: 0,
            answered: 2,
            longest_seconds: Some(720),
            most_bytes_in: 1400,
            most_bytes_out: 5000,
            first_seen: at(3000),
            last_seen: at(3720),
        };
        assert_eq!(*of_hour, expected);
        let minutes = observations.minutes.unwrap();
        let peak = MinuteTotals {
            interface: Some(ENI.into()),
            remote: Some(remote()),
            protocol: Some(6),
            port: of_hour.port,
            start: at(3000).unwrap(),
            packets_out: 11,
            seconds: 50,
        };
        assert_eq!(minutes, [peak]);
    }
}

#[test]
fn what_is_not_asked_for_is_not_looked_at() {
    let logs = logins();
    block_on(async {
        let session = open(&logs, Window::ALWAYS, options()).await;
        let question = SubjectQuestion { connections: false, minutes: false, ..question() };
        let observations = session.subject(&question, None).await.unwrap().value.observations;
        assert_eq!(
            (observations.connections, observations.minutes, observations.listed),
            (None, None, None)
        );
        let nobody = SubjectQuestion { claimed: BTreeSet::new(), ..self::question() };
        let observations = session.subject(&nobody, None).await.unwrap().value.observations;
        assert_eq!(observations.connections, None, "with whom?");
    });
}

#[test]
fn peers_are_all_interfaces_that_had_traffic_with_a_remote() {
    let logs = logins();
    block_on(async {
        let session =
            open(&logs, Window::ALWAYS, SessionOptions { book: book(), ..options() }).await;
        let peers = session.peers(&BTreeSet::from([remote()])).await.unwrap();
        let told: Vec<_> = peers
            .iter()
            .map(|peer| {
                let traffic = &peer.traffic;
                let interface = peer.interface.as_deref().unwrap();
                (
                    interface,
                    peer.instance.as_deref(),
                    traffic.bytes_in,
                    traffic.bytes_out,
                    traffic.rejected_flows,
                )
            })
            .collect();
        let expected =
            [(ENI, Some(INSTANCE), 1580, 5120, 1), (OTHER, Some("i-0aaaabbbbcccc0002"), 0, 77, 0)];
        assert_eq!(told, expected);
        assert_eq!(session.peers(&BTreeSet::new()).await.unwrap(), []);
    });
}

#[test]
fn a_baseline_has_the_hours_and_ports_of_the_days_before() {
    let logs = logins();
    block_on(async {
        let session =
            open(&logs, Window::ALWAYS, SessionOptions { book: book(), ..options() }).await;
        let question = SubjectQuestion { ports_of_any_remote: true, ..question() };
        let answer = session.subject(&question, None).await.unwrap();
        let baseline = answer.baseline(&question.claimed).unwrap().unwrap();
        let hours =
            |hours: &[flowproof_evidence::TimelineHour]| -> Vec<(Option<Timestamp>, u64, u64)> {
                hours
                    .iter()
                    .map(|h| (Some(h.start), h.traffic.bytes_in, h.traffic.bytes_out))
                    .collect()
            };
        assert_eq!(hours(&baseline.claimed_hours), [(at(0), 1180, 5120), (at(3600), 400, 0)]);
        assert_eq!(hours(&baseline.hours), [(at(0), 1180, 5820), (at(3600), 400, 0)]);
        let ports: Vec<_> =
            baseline.ports.iter().map(|p| (p.port.side, p.port.port, p.days, p.flows)).collect();
        assert_eq!(ports, [(PortSide::Local, 22, 1, 5), (PortSide::Remote, 443, 1, 1)]);
    });
}
