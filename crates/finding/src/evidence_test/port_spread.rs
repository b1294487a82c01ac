//! How many of the remote's ports the subject tried.
//!
//! A conversation's service port is the lower of its two, so ports above the scanner's own port are
//! missed: the count is a lower bound. A client of the subject's may have the lower port as well, and a REJECT
//! tells no direction: only ports count to which bare packets went out without more than a bare answer, and
//! the rest is told. Where conversations about high ports of the subject's own may
//! hide some, too few is no answer.

use std::collections::BTreeMap;

use flowproof_evidence::{Conversation, PortSide};

use super::{Look, may_hide, several};
use crate::corroborate::bare_headers;

pub(super) fn look(enough: u64, with_remotes: &[&Conversation]) -> Look {
    if with_remotes.iter().all(|conversation| conversation.port.is_none()) {
        return Look::none("there are no records with ports to look at");
    }
    // Whether something was let through, whether it answered, and whether it was tried.
    let mut ports: BTreeMap<(Option<u8>, u16), [bool; 3]> = BTreeMap::new();
    for conversation in with_remotes {
        let Some(port) = conversation.port.filter(|port| port.side == PortSide::Remote) else {
            continue;
        };
        let of_port = ports.entry((conversation.protocol, port.port)).or_default();
        of_port[0] |= conversation.traffic.flows > 0;
        of_port[1] |= conversation.traffic.packets_in > 0 || conversation.traffic.bytes_in > 0;
        of_port[2] |= was_tried(conversation);
    }
    let count =
        |which: fn(&[bool; 3]) -> bool| ports.values().filter(|port| which(port)).count() as u64;
    let (tried, rejected) = (count(|port| port[2]), count(|port| !port[0]));
    let answered = count(|port| port[2] && port[1]);
    let others = (ports.len() as u64).saturating_sub(tried + rejected);
    let said = format!(
        "the subject tried {} of the remote, {answered} with an answer; {rejected} rejected, which tells no \
         direction, and {others} with payload",
        several(tried, "port")
    );
    if tried < enough && with_remotes.iter().any(|c| may_hide(c, u16::MAX)) {
        return Look::none(&format!("{said}; ports above the subject's own would not be seen"));
    }
    let figures =
        [("remote_ports", tried), ("ports_answered", answered), ("ports_rejected", rejected)];
    Look::new(tried >= enough, said, &figures)
}

/// Whether bare packets went out, and no more than bare ones came back.
fn was_tried(conversation: &Conversation) -> bool {
    let traffic = &conversation.traffic;
    let bytes = u128::from(traffic.bytes_in) + u128::from(traffic.bytes_out);
    let packets = u128::from(traffic.packets_in) + u128::from(traffic.packets_out);
    traffic.packets_out > 0 && bytes <= bare_headers(conversation.remote) * packets
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{REMOTE, accepted, ours, refs, rejected, talk, theirs};
    use super::*;

    #[test]
    fn distinct_ports_of_the_remote_are_counted() {
        let mut tried: Vec<_> =
            (1..=9).map(|port| talk(REMOTE, 6, theirs(port), accepted((44, 1), (0, 0)))).collect();
        tried.push(talk(REMOTE, 6, theirs(9), accepted((44, 1), (40, 1))));
        tried.push(talk(REMOTE, 6, ours(22), accepted((44, 1), (40, 1))));
        assert_eq!(look(10, &refs(&tried)).answer, TestAnswer::NotShown);
        // Neither REJECTs nor a conversation of a client of the subject's were tries of it.
        tried.push(talk(REMOTE, 6, theirs(11), rejected()));
        tried.push(talk(REMOTE, 6, theirs(12), accepted((5000, 9), (900, 8))));
        assert_eq!(look(10, &refs(&tried)).answer, TestAnswer::NotShown);
        tried.push(talk(REMOTE, 6, theirs(10), accepted((44, 1), (0, 0))));
        assert_eq!(look(11, &refs(&tried)).answer, TestAnswer::NotShown);
        let seen = look(10, &refs(&tried));
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(
            seen.said,
            "the subject tried 10 ports of the remote, 1 with an answer; 1 rejected, which tells no direction, \
             and 1 with payload"
        );
    }

    #[test]
    fn one_port_over_two_protocols_is_two() {
        let there = [
            talk(REMOTE, 6, theirs(53), accepted((44, 1), (0, 0))),
            talk(REMOTE, 17, theirs(53), accepted((44, 1), (0, 0))),
        ];
        assert_eq!(look(2, &refs(&there)).answer, TestAnswer::Shown);
    }

    #[test]
    fn conversations_about_a_high_port_of_the_subjects_own_may_hide_some() {
        let scanner = [talk(REMOTE, 6, ours(40_000), accepted((44, 1), (40, 1)))];
        assert_eq!(look(10, &refs(&scanner)).answer, TestAnswer::NotLookedAt);
        let service = [talk(REMOTE, 6, ours(443), accepted((44, 1), (40, 1)))];
        assert_eq!(look(10, &refs(&service)).answer, TestAnswer::NotShown);
    }

    #[test]
    fn without_ports_nothing_is_said() {
        let there = [talk(REMOTE, 6, None, rejected())];
        assert_eq!(look(1, &refs(&there)).answer, TestAnswer::NotLookedAt);
        assert_eq!(look(1, &[]).answer, TestAnswer::NotLookedAt);
    }
}
