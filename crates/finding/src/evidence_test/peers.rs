//! Who else in the logs talked to an address.
//!
//! Rows are counted, never added up: a gateway between an instance and the remote logs the same bytes
//! once more.

use std::collections::BTreeSet;
use std::net::IpAddr;

use flowproof_evidence::Peer;

use super::{Look, several};

pub(super) fn look(asked: &BTreeSet<IpAddr>, own: &[String], peers: Option<&[Peer]>) -> Look {
    let Some(peers) = peers else {
        return Look::none("who else talked to the address was not looked at");
    };
    if asked.is_empty() {
        return Look::none("there is no address to ask for");
    }
    let accepted = |peer: &&Peer| asked.contains(&peer.remote) && peer.traffic.flows > 0;
    let interfaces: BTreeSet<_> =
        peers.iter().filter(accepted).filter_map(|peer| peer.interface.as_deref()).collect();
    let nameless = peers.iter().filter(accepted).any(|peer| peer.interface.is_none());
    let others: Vec<_> =
        interfaces.iter().copied().filter(|id| !own.iter().any(|own| own == id)).collect();
    let unnamed = if nameless { ", and records that name no interface" } else { "" };
    let said = match others.as_slice() {
        [] if nameless => "records that name no interface talked to the address".to_owned(),
        [] => "no other interface in the logs talked to the address".to_owned(),
        some => format!(
            "{} in the logs talked to the address: {}{unnamed}",
            several(some.len() as u64, "other interface"),
            crate::corroborate::listed(some)
        ),
    };
    let figures =
        [("interfaces", interfaces.len() as u64), ("other_interfaces", others.len() as u64)];
    Look::new(!others.is_empty() || nameless, said, &figures)
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{REMOTE, accepted, rejected};
    use super::*;
    use flowproof_evidence::Traffic;

    fn peer(interface: Option<&str>, remote: &str, traffic: Traffic) -> Peer {
        let interface = interface.map(str::to_owned);
        Peer { remote: remote.parse().unwrap(), interface, instance: None, traffic }
    }

    fn asked() -> BTreeSet<IpAddr> {
        [REMOTE.parse().unwrap()].into()
    }

    #[test]
    fn other_interfaces_are_named_and_rejected_ones_are_not() {
        let traffic = accepted((10, 1), (10, 1));
        let peers = [
            peer(Some("eni-1"), REMOTE, traffic),
            peer(Some("eni-2"), REMOTE, traffic),
            peer(Some("eni-2"), REMOTE, traffic),
            peer(Some("eni-3"), REMOTE, rejected()),
            peer(Some("eni-4"), "192.0.2.1", traffic),
        ];
        let seen = look(&asked(), &["eni-1".to_owned()], Some(&peers));
        assert_eq!(seen.said, "1 other interface in the logs talked to the address: eni-2");
        assert_eq!(seen.answer, TestAnswer::Shown);
        let alone = look(&asked(), &["eni-1".to_owned()], Some(&peers[..1]));
        assert_eq!(alone.answer, TestAnswer::NotShown);
    }

    #[test]
    fn records_without_an_interface_are_somebodys() {
        let peers = [peer(None, REMOTE, accepted((10, 1), (10, 1)))];
        assert_eq!(look(&asked(), &[], Some(&peers)).answer, TestAnswer::Shown);
    }

    #[test]
    fn nobody_looked_is_not_nobody() {
        assert_eq!(look(&asked(), &[], None).answer, TestAnswer::NotLookedAt);
        assert_eq!(look(&BTreeSet::new(), &[], Some(&[])).answer, TestAnswer::NotLookedAt);
        assert_eq!(look(&asked(), &[], Some(&[])).answer, TestAnswer::NotShown);
    }
}
