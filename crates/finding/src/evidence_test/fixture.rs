//! Small conversations and connections for tests.

use flowproof_evidence::{
    Baseline, ConnectionTotals, Conversation, PortSide, ServicePort, TimelineHour, Traffic, Window,
};
use jiff::{SignedDuration, Timestamp};

pub(crate) const REMOTE: &str = "203.0.113.9";
pub(crate) const HOUR: &str = "2025-06-01T00:00:00Z";

pub(crate) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub(crate) fn theirs(port: u16) -> Option<ServicePort> {
    Some(ServicePort { side: PortSide::Remote, port })
}

pub(crate) fn ours(port: u16) -> Option<ServicePort> {
    Some(ServicePort { side: PortSide::Local, port })
}

/// `(bytes, packets)` out and in, in two flows, in the first minute of [`HOUR`].
pub(crate) fn accepted(out: (u64, u64), back: (u64, u64)) -> Traffic {
    Traffic {
        bytes_out: out.0,
        packets_out: out.1,
        bytes_in: back.0,
        packets_in: back.1,
        flows: 2,
        first_seen: Some(at(HOUR)),
        last_seen: Some(at("2025-06-01T00:01:00Z")),
        ..Traffic::default()
    }
}

/// One REJECTed packet of 40 bytes.
pub(crate) fn rejected() -> Traffic {
    Traffic {
        rejected_bytes: 40,
        rejected_packets: 1,
        rejected_flows: 1,
        first_seen: Some(at(HOUR)),
        last_seen: Some(at("2025-06-01T00:01:00Z")),
        ..Traffic::default()
    }
}

/// A conversation in [`HOUR`].
pub(crate) fn talk(
    remote: &str,
    protocol: u8,
    port: Option<ServicePort>,
    traffic: Traffic,
) -> Conversation {
    Conversation {
        interface: Some("eni-0a1b2c3d4e5f60001".into()),
        local: Some("10.0.1.5".parse().unwrap()),
        remote: Some(remote.parse().unwrap()),
        protocol: Some(protocol),
        port,
        hour: Some(at(HOUR)),
        traffic,
    }
}

/// The same conversation, so many hours later.
pub(crate) fn later(conversation: &Conversation, hours: i64) -> Conversation {
    let by = SignedDuration::from_hours(hours);
    let mut made = conversation.clone();
    made.hour = made.hour.map(|hour| hour + by);
    made.traffic.first_seen = made.traffic.first_seen.map(|time| time + by);
    made.traffic.last_seen = made.traffic.last_seen.map(|time| time + by);
    made
}

pub(crate) fn refs(conversations: &[Conversation]) -> Vec<&Conversation> {
    conversations.iter().collect()
}

/// Answered connections that the subject opened with [`REMOTE`] on this port, all with flags, the
/// longest a minute long.
pub(crate) fn connections(port: Option<ServicePort>, count: u64) -> ConnectionTotals {
    ConnectionTotals {
        interface: Some("eni-0a1b2c3d4e5f60001".into()),
        remote: Some(REMOTE.parse().unwrap()),
        protocol: Some(6),
        port,
        hour: Some(at(HOUR)),
        connections: count,
        with_flags: count,
        opened_by_subject: count,
        answered: count,
        longest_seconds: Some(60),
        first_seen: Some(at(HOUR)),
        last_seen: Some(at("2025-06-01T00:01:00Z")),
        ..ConnectionTotals::default()
    }
}

/// A baseline of the days before [`HOUR`]: in the same hour of each day, these bytes went out to the
/// claimed remote, and ten times as many to all. The first value is that of the day before.
pub(crate) fn baseline(to_claimed: &[u64]) -> Baseline {
    let hour = |times: u64| {
        move |(day, &bytes_out): (usize, &u64)| TimelineHour {
            start: at(HOUR) - SignedDuration::from_hours(24 * (day as i64 + 1)),
            traffic: Traffic { bytes_out: bytes_out * times, flows: 1, ..Traffic::default() },
        }
    };
    // All other hours were quiet.
    let idle = |(day, _): (usize, &u64)| {
        let start = at(HOUR) - SignedDuration::from_hours(24 * (day as i64 + 1));
        (1..24).map(move |hours| TimelineHour {
            start: start + SignedDuration::from_hours(hours),
            traffic: Traffic::default(),
        })
    };
    let from = at(HOUR) - SignedDuration::from_hours(24 * 7);
    let known = to_claimed.iter().enumerate();
    let used = known.clone().filter(|(_, bytes)| **bytes > 0);
    Baseline {
        window: Window::new(from, at(HOUR)),
        hours: known.clone().map(hour(10)).chain(known.flat_map(idle)).collect(),
        claimed_hours: used.map(hour(1)).collect(),
        ports: Vec::new(),
    }
}
