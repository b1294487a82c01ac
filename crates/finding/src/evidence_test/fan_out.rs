//! To how many remotes the subject sent on one port.
//!
//! Only what went out counts. A REJECT has no direction: it is told, and counts for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flowproof_evidence::{Conversation, PortSide, Traffic};

use super::{Look, may_hide, ports_text, several};
use crate::corroborate::bare_headers;

pub(super) fn question(port: Option<u16>, bare: bool, remotes: u64) -> String {
    let port =
        port.map_or_else(|| "the claimed port".to_owned(), |port| format!("port {port} (TCP)"));
    let how = if bare { ", with no payload exchanged" } else { "" };
    format!("whether the subject sent to at least {remotes} remotes on {port}{how}")
}

/// Which conversations count.
pub(super) struct Terms {
    /// The IANA protocol number; `None` for all.
    pub(super) protocol: Option<u8>,
    /// The remote's ports.
    pub(super) ports: BTreeSet<u16>,
    /// Whether only remotes count with which no payload was exchanged.
    pub(super) bare: bool,
    /// Remotes from which on it is a fan-out.
    pub(super) enough: u64,
}

pub(super) fn look(terms: &Terms, in_time: &[&Conversation]) -> Look {
    let ports = &terms.ports;
    if ports.is_empty() {
        return Look::none("the finding does not name the remotes' port");
    }
    if !in_time.is_empty() && in_time.iter().all(|conversation| conversation.port.is_none()) {
        return Look::none("the records have no ports");
    }
    let mut remotes: BTreeMap<IpAddr, Exchanged> = BTreeMap::new();
    for conversation in in_time.iter().filter(|conversation| terms.hold(conversation)) {
        if let Some(remote) = conversation.remote {
            remotes.entry(remote).or_default().add(&conversation.traffic);
        }
    }
    let count = |which: fn(&IpAddr, &Exchanged) -> bool| {
        remotes.iter().filter(|(remote, exchanged)| which(remote, exchanged)).count() as u64
    };
    let rejected = count(|_, exchanged| exchanged.rejected);
    let sent = count(|_, exchanged| exchanged.sent);
    let without_payload =
        count(|remote, exchanged| exchanged.sent && exchanged.is_bare(*remote) == Some(true));
    let unknown = count(|remote, exchanged| exchanged.is_bare(*remote).is_none());
    let counted = if terms.bare { without_payload } else { sent };
    let said = format!(
        "the subject sent to {} on {}, to {without_payload} of them no payload; {} rejected, \
         which tells no direction",
        several(sent, "remote"),
        ports_text(&ports.iter().copied().collect::<Vec<_>>()),
        several(rejected, "remote"),
    );
    if terms.bare && counted < terms.enough && unknown > 0 {
        let how_many = several(unknown, "remote");
        return Look::none(&format!("{said}; records of {how_many} have no counters"));
    }
    let highest = ports.last().copied().unwrap_or_default();
    if counted < terms.enough && in_time.iter().any(|c| may_hide(c, highest)) {
        return Look::none(&format!(
            "{said}; some may be among conversations told by the subject's port"
        ));
    }
    let figures = [
        ("remotes", sent),
        ("remotes_without_payload", without_payload),
        ("remotes_rejected", rejected),
    ];
    Look::new(counted >= terms.enough, said, &figures)
}

impl Terms {
    /// Whether the subject sent to one of the remote's ports, with or without success.
    fn hold(&self, conversation: &Conversation) -> bool {
        let there = conversation
            .port
            .is_some_and(|port| port.side == PortSide::Remote && self.ports.contains(&port.port));
        let same = self.protocol.zip(conversation.protocol).is_none_or(|(a, b)| a == b);
        let traffic = &conversation.traffic;
        let sent = traffic.bytes_out > 0 || traffic.packets_out > 0;
        // Accepted records without any counter may have gone out.
        let unknown = traffic.flows > 0 && !came_in(traffic) && !sent;
        there && same && (sent || unknown || traffic.rejected_flows > 0)
    }
}

fn came_in(traffic: &Traffic) -> bool {
    traffic.bytes_in > 0 || traffic.packets_in > 0
}

/// What was exchanged with one remote.
#[derive(Default)]
struct Exchanged {
    bytes: u128,
    packets: u128,
    accepted: bool,
    sent: bool,
    rejected: bool,
}

impl Exchanged {
    fn add(&mut self, traffic: &Traffic) {
        self.bytes += u128::from(traffic.bytes_in) + u128::from(traffic.bytes_out);
        self.packets += u128::from(traffic.packets_in) + u128::from(traffic.packets_out);
        self.accepted |= traffic.flows > 0;
        self.sent |= traffic.flows > 0
            && (traffic.bytes_out > 0 || traffic.packets_out > 0 || !came_in(traffic));
        self.rejected |= traffic.rejected_flows > 0;
    }

    /// Whether it was no more than bare headers; `None` if the records lack the counters.
    fn is_bare(&self, remote: IpAddr) -> Option<bool> {
        if self.accepted && (self.bytes == 0 || self.packets == 0) {
            return None;
        }
        Some(self.bytes <= bare_headers(Some(remote)) * self.packets)
    }
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{accepted, ours, refs, rejected, talk, theirs};
    use super::*;

    /// Three mail servers with mail, one that got no more than a SYN, one REJECTed, and a client of
    /// the subject's own port 25.
    fn mail() -> Vec<Conversation> {
        vec![
            talk("192.0.2.1", 6, theirs(25), accepted((5000, 10), (1000, 10))),
            talk("192.0.2.2", 6, theirs(25), accepted((5000, 10), (1000, 10))),
            talk("192.0.2.3", 6, theirs(25), accepted((5000, 10), (1000, 10))),
            talk("192.0.2.4", 6, theirs(25), accepted((60, 1), (40, 1))),
            talk("192.0.2.5", 6, theirs(25), rejected()),
            talk("192.0.2.6", 6, ours(25), accepted((5000, 10), (1000, 10))),
            talk("192.0.2.7", 6, theirs(443), accepted((5000, 10), (1000, 10))),
        ]
    }

    fn answer(port: u16, bare: bool, enough: u64, in_time: &[&Conversation]) -> TestAnswer {
        let terms = Terms { protocol: Some(6), ports: [port].into(), bare, enough };
        look(&terms, in_time).answer
    }

    #[test]
    fn every_remote_that_was_sent_to_on_the_port_counts_once() {
        let all = mail();
        let twice: Vec<_> = all.iter().chain(&all).collect();
        let terms = Terms { protocol: None, ports: [25].into(), bare: false, enough: 4 };
        let seen = look(&terms, &twice);
        assert_eq!(
            seen.said,
            "the subject sent to 4 remotes on port 25, to 1 of them no payload; 1 remote rejected, which \
             tells no direction"
        );
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(answer(25, false, 5, &twice), TestAnswer::NotShown);
    }

    #[test]
    fn a_sweep_counts_those_without_payload() {
        let all = mail();
        assert_eq!(answer(25, true, 1, &refs(&all)), TestAnswer::Shown);
        assert_eq!(answer(25, true, 2, &refs(&all)), TestAnswer::NotShown);
    }

    #[test]
    fn another_protocol_is_not_counted() {
        let udp = [talk("192.0.2.1", 17, theirs(25), accepted((60, 1), (40, 1)))];
        assert_eq!(answer(25, false, 1, &refs(&udp)), TestAnswer::NotShown);
    }

    #[test]
    fn records_without_counters_are_not_taken_for_bare_ones() {
        let uncounted = [
            talk("192.0.2.1", 6, theirs(445), accepted((0, 0), (0, 0))),
            talk("192.0.2.2", 6, theirs(445), accepted((60, 0), (0, 0))),
            talk("192.0.2.3", 6, theirs(445), accepted((60, 1), (0, 0))),
        ];
        assert_eq!(answer(445, true, 1, &refs(&uncounted)), TestAnswer::Shown);
        assert_eq!(answer(445, true, 2, &refs(&uncounted)), TestAnswer::NotLookedAt);
        assert_eq!(answer(445, false, 3, &refs(&uncounted)), TestAnswer::Shown);
    }

    #[test]
    fn a_high_port_may_hide_behind_a_lower_one_of_the_subjects_own() {
        let hidden = [talk("192.0.2.1", 6, ours(40_000), accepted((60, 1), (40, 1)))];
        assert_eq!(answer(50_050, true, 1, &refs(&hidden)), TestAnswer::NotLookedAt);
        assert_eq!(answer(445, true, 1, &refs(&hidden)), TestAnswer::NotShown);
    }

    #[test]
    fn without_a_port_on_either_side_nothing_is_said() {
        let all = mail();
        let portless = Terms { protocol: None, ports: BTreeSet::new(), bare: true, enough: 1 };
        assert_eq!(look(&portless, &refs(&all)).answer, TestAnswer::NotLookedAt);
        let records = [talk("192.0.2.1", 6, None, rejected())];
        assert_eq!(answer(25, true, 1, &refs(&records)), TestAnswer::NotLookedAt);
    }
}
