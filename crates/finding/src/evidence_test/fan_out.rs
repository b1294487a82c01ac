//! To how many remotes the subject sent on one port.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flowproof_evidence::{Conversation, PortSide};

use super::{Look, may_hide, several};
use crate::corroborate::bare_headers;

pub(super) fn question(port: Option<u16>, bare: bool, remotes: u64) -> String {
    let port = port.map_or_else(|| "the claimed port".to_owned(), |port| format!("port {port}"));
    let how = if bare { ", with no payload exchanged" } else { "" };
    format!("whether the subject sent to at least {remotes} remotes on {port}{how}")
}

/// Bytes and packets, accepted ones, each way.
type Exchanged = (u128, u128);

pub(super) fn look(
    ports: &BTreeSet<u16>,
    bare: bool,
    enough: u64,
    in_time: &[&Conversation],
) -> Look {
    if ports.is_empty() {
        return Look::none("the finding does not name the remotes' port");
    }
    if !in_time.is_empty() && in_time.iter().all(|conversation| conversation.port.is_none()) {
        return Look::none("the records have no ports");
    }
    let mut remotes: BTreeMap<IpAddr, Exchanged> = BTreeMap::new();
    let mut rejected = BTreeSet::new();
    for conversation in in_time.iter().filter(|conversation| is_tried(ports, conversation)) {
        let Some(remote) = conversation.remote else { continue };
        let exchanged = remotes.entry(remote).or_default();
        let traffic = &conversation.traffic;
        exchanged.0 += u128::from(traffic.bytes_in) + u128::from(traffic.bytes_out);
        exchanged.1 += u128::from(traffic.packets_in) + u128::from(traffic.packets_out);
        if traffic.rejected_flows > 0 {
            rejected.insert(remote);
        }
    }
    let is_bare = |(remote, (bytes, packets)): (&IpAddr, &Exchanged)| {
        *bytes <= bare_headers(Some(*remote)) * packets
    };
    let tried = remotes.len() as u64;
    let without_payload = remotes.iter().filter(|remote| is_bare(*remote)).count() as u64;
    let counted = if bare { without_payload } else { tried };
    let said = format!(
        "the subject sent to {} on {}, to {without_payload} of them no payload; {} rejected",
        several(tried, "remote"),
        super::ports_text(&ports.iter().copied().collect::<Vec<_>>()),
        several(rejected.len() as u64, "remote"),
    );
    let highest = ports.last().copied().unwrap_or_default();
    if counted < enough && in_time.iter().any(|c| may_hide(c, highest)) {
        return Look::none(&format!(
            "{said}; some may be among conversations told by the subject's port"
        ));
    }
    let figures = [
        ("remotes", tried),
        ("remotes_without_payload", without_payload),
        ("remotes_rejected", rejected.len() as u64),
    ];
    Look::new(counted >= enough, said, &figures)
}

/// Whether the subject sent to one of the remote's ports, with or without success.
fn is_tried(ports: &BTreeSet<u16>, conversation: &Conversation) -> bool {
    let there = conversation
        .port
        .is_some_and(|port| port.side == PortSide::Remote && ports.contains(&port.port));
    let traffic = &conversation.traffic;
    let sent = traffic.bytes_out > 0 || traffic.packets_out > 0 || traffic.rejected_flows > 0;
    there && sent
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

    #[test]
    fn every_remote_that_was_sent_to_on_the_port_counts_once() {
        let all = mail();
        let twice: Vec<_> = all.iter().chain(&all).collect();
        let seen = look(&[25].into(), false, 5, &twice);
        assert_eq!(
            seen.said,
            "the subject sent to 5 remotes on port 25, to 2 of them no payload; 1 remote rejected"
        );
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(look(&[25].into(), false, 6, &twice).answer, TestAnswer::NotShown);
    }

    #[test]
    fn a_sweep_counts_those_without_payload() {
        let all = mail();
        assert_eq!(look(&[25].into(), true, 2, &refs(&all)).answer, TestAnswer::Shown);
        assert_eq!(look(&[25].into(), true, 3, &refs(&all)).answer, TestAnswer::NotShown);
    }

    #[test]
    fn a_high_port_may_hide_behind_a_lower_one_of_the_subjects_own() {
        let hidden = [talk("192.0.2.1", 6, ours(40_000), accepted((60, 1), (40, 1)))];
        let answer = |port| look(&[port].into(), true, 1, &refs(&hidden)).answer;
        assert_eq!(answer(50_050), TestAnswer::NotLookedAt);
        assert_eq!(answer(445), TestAnswer::NotShown);
    }

    #[test]
    fn without_a_port_on_either_side_nothing_is_said() {
        let all = mail();
        assert_eq!(look(&BTreeSet::new(), true, 1, &refs(&all)).answer, TestAnswer::NotLookedAt);
        let portless = [talk("192.0.2.1", 6, None, rejected())];
        assert_eq!(look(&[25].into(), true, 1, &refs(&portless)).answer, TestAnswer::NotLookedAt);
    }
}
