//! Whether a conversation is the one that a claim speaks of.

use std::net::IpAddr;
use std::time::Duration;

use flowproof_evidence::{Conversation, Overflow, PortSide, ServicePort, Traffic};
use jiff::Timestamp;

use super::{ByRemote, Outcome, TIME_TOLERANCE};
use crate::window::{earlier, later};
use crate::{Claim, ClaimDirection, ClaimKind, Finding, types};

/// The most bytes that a TCP packet without payload has at layer 3: 20 of IPv4 or 40 of IPv6, and 40
/// of TCP with all its usual options.
pub(crate) fn bare_headers(remote: Option<IpAddr>) -> u128 {
    if remote.is_some_and(|remote| remote.is_ipv6()) { 80 } else { 60 }
}

/// What makes traffic with a claimed remote the claimed traffic, apart from the claim itself.
pub(super) struct Place {
    /// Whether bare headers are too little.
    expects_payload: bool,
    /// The finding's time, widened by the tolerance.
    span: Option<(Timestamp, Timestamp)>,
}

impl Place {
    pub(super) fn of(finding: &Finding) -> Place {
        let widen = |(first, last)| {
            let tolerance: Duration = TIME_TOLERANCE;
            (earlier(first, tolerance), later(last, tolerance))
        };
        Place {
            expects_payload: types::expects_payload(&finding.finding_type),
            span: finding.first_seen.zip(finding.last_seen).map(widen),
        }
    }

    /// What one conversation with the claim's remote supports; `None` if it is empty.
    fn outcome(&self, claim: &Claim, conversation: &Conversation) -> Option<(Outcome, bool)> {
        if conversation.traffic.is_empty() {
            return None;
        }
        let other_protocol = matches!(
            (claim.protocol, conversation.protocol),
            (Some(claimed), Some(recorded)) if claimed != recorded
        );
        let fits = ports_fit(claim, conversation);
        Some(if !self.is_in_time(&conversation.traffic) {
            (Outcome::OutOfTime, false)
        } else if other_protocol || fits == Some(false) {
            (Outcome::Elsewhere, false)
        } else if fits.is_none() {
            (Outcome::PortsUnknown, false)
        } else {
            (self.weigh(claim, conversation), true)
        })
    }

    fn is_in_time(&self, traffic: &Traffic) -> bool {
        self.is_near(traffic.first_seen, traffic.last_seen)
    }

    /// Whether what was seen from `first` to `last` reaches into the finding's time.
    pub(super) fn is_near(&self, first: Option<Timestamp>, last: Option<Timestamp>) -> bool {
        self.span.is_none_or(|(from, to)| {
            last.is_none_or(|last| last >= from) && first.is_none_or(|first| first <= to)
        })
    }

    /// What traffic in the claimed place amounts to.
    fn weigh(&self, claim: &Claim, conversation: &Conversation) -> Outcome {
        let traffic = &conversation.traffic;
        let bytes = sum([traffic.bytes_in, traffic.bytes_out, traffic.bytes_unoriented]);
        let packets = sum([traffic.packets_in, traffic.packets_out, traffic.packets_unoriented]);
        if traffic.flows == 0 {
            Outcome::RejectedOnly
        } else if bytes == 0 && packets == 0 {
            Outcome::CountersMissing
        } else if !moved(claim.direction, traffic) {
            let unknown = traffic.bytes_unoriented > 0 || traffic.packets_unoriented > 0;
            if unknown { Outcome::Unoriented } else { Outcome::Elsewhere }
        } else if !self.needs_payload(claim, conversation) {
            Outcome::Seen
        } else if bytes == 0 || packets == 0 {
            Outcome::CountersMissing
        } else if bytes > bare_headers(conversation.remote) * packets {
            Outcome::Seen
        } else {
            Outcome::HandshakeOnly
        }
    }

    /// Whether the claimed traffic is a TCP connection that should have carried something.
    fn needs_payload(&self, claim: &Claim, conversation: &Conversation) -> bool {
        const TCP: u8 = 6;
        let protocol = conversation.protocol.or(claim.protocol);
        self.expects_payload
            && claim.kind == ClaimKind::NetworkConnection
            && protocol.is_none_or(|protocol| protocol == TCP)
    }
}

fn sum(counters: [u64; 3]) -> u128 {
    counters.into_iter().map(u128::from).sum()
}

/// Whether something went the claimed way.
fn moved(direction: ClaimDirection, traffic: &Traffic) -> bool {
    let inwards = traffic.bytes_in > 0 || traffic.packets_in > 0;
    let outwards = traffic.bytes_out > 0 || traffic.packets_out > 0;
    match direction {
        ClaimDirection::Inbound => inwards,
        ClaimDirection::Outbound => outwards,
        ClaimDirection::Unknown => inwards || outwards,
    }
}

/// Whether the conversation's port is the claim's; `None` if the records do not tell.
fn ports_fit(claim: &Claim, conversation: &Conversation) -> Option<bool> {
    let no_ports = claim.remote_port.is_none() && claim.local_port.is_none();
    let without_ports = claim.protocol.is_some_and(has_no_ports)
        || no_ports && conversation.protocol.is_some_and(has_no_ports);
    if without_ports || no_ports && claim.direction == ClaimDirection::Unknown {
        return Some(true);
    }
    let ServicePort { side, port } = conversation.port?;
    let theirs = side == PortSide::Remote && claim.remote_port == Some(port);
    let ours = side == PortSide::Local && claim.local_port == Some(port);
    Some(match claim.direction {
        ClaimDirection::Outbound if claim.remote_port.is_some() => theirs,
        ClaimDirection::Outbound => side == PortSide::Remote || ours,
        ClaimDirection::Inbound if claim.local_port.is_some() => ours,
        ClaimDirection::Inbound => side == PortSide::Local || theirs,
        ClaimDirection::Unknown => theirs || ours,
    })
}

/// Whether a protocol has no ports: all but TCP, UDP, DCCP, SCTP and UDP-Lite.
fn has_no_ports(protocol: u8) -> bool {
    !matches!(protocol, 6 | 17 | 33 | 132 | 136)
}

/// What the records say of one claim.
pub(super) struct Contact<'o> {
    pub(super) outcome: Outcome,
    pub(super) traffic: Traffic,
    /// The conversations that the outcome stands on.
    pub(super) conversations: Vec<&'o Conversation>,
}

impl<'o> Contact<'o> {
    /// The conversations in the claimed place; none if what was seen is elsewhere.
    pub(super) fn in_place(&self) -> &[&'o Conversation] {
        match self.outcome {
            Outcome::Seen
            | Outcome::HandshakeOnly
            | Outcome::Unoriented
            | Outcome::CountersMissing
            | Outcome::RejectedOnly => &self.conversations,
            _ => &[],
        }
    }

    pub(super) fn find(
        claim: &Claim,
        by_remote: &ByRemote<'o>,
        place: &Place,
    ) -> Result<Contact<'o>, Overflow> {
        let with_remote = claim.remotes().filter_map(|remote| by_remote.get(&remote)).flatten();
        let judged: Vec<_> = with_remote
            .filter_map(|&conversation| {
                let (outcome, placed) = place.outcome(claim, conversation)?;
                Some((outcome, placed, conversation))
            })
            .collect();
        let nothing = if claim.remote.is_none() { Outcome::NoRemote } else { Outcome::NotSeen };
        let outcome = judged.iter().map(|&(outcome, ..)| outcome).min().unwrap_or(nothing);
        // The figures of traffic in the claimed place are those of the whole place, so that an hour
        // of bare headers or REJECTs beside an hour of payload is not left out.
        let whole_place = judged.iter().any(|&(of_it, placed, _)| placed && of_it == outcome)
            && outcome != Outcome::Elsewhere;
        let conversations: Vec<_> = judged
            .into_iter()
            .filter(|&(of_it, placed, _)| if whole_place { placed } else { of_it == outcome })
            .map(|(.., conversation)| conversation)
            .collect();
        let mut traffic = Traffic::default();
        for conversation in &conversations {
            traffic.merge(&conversation.traffic)?;
        }
        Ok(Contact { outcome, traffic, conversations })
    }
}
