//! Which of the subject's ports were probed, and what came of it.

use std::collections::BTreeSet;

use flowproof_evidence::{Conversation, PortSide};

use super::{Look, NOTHING_THERE, several};

pub(super) fn look(place: &[&Conversation]) -> Look {
    let on = |which: fn(&Conversation) -> bool| -> BTreeSet<u16> {
        let ours = place.iter().filter(|conversation| which(conversation));
        let ports = ours.filter_map(|conversation| conversation.port);
        ports.filter(|port| port.side == PortSide::Local).map(|port| port.port).collect()
    };
    let probed = on(|_| true);
    if probed.is_empty() {
        return Look::none(NOTHING_THERE);
    }
    let accepted = on(|conversation| conversation.traffic.flows > 0);
    let answered = on(|c| c.traffic.bytes_out > 0 || c.traffic.packets_out > 0);
    let remotes: BTreeSet<_> = place.iter().filter_map(|c| c.remote).collect();
    let counts = [probed.len(), accepted.len(), answered.len(), remotes.len()].map(|n| n as u64);
    let [probed, accepted, answered, remotes] = counts;
    let said = format!(
        "{} probed from {}: {accepted} let in, {answered} with an answer",
        several(probed, "port"),
        several(remotes, "remote")
    );
    let figures = [
        ("ports", probed),
        ("ports_accepted", accepted),
        ("ports_answered", answered),
        ("remotes", remotes),
    ];
    Look::new(accepted > 0, said, &figures)
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{REMOTE, accepted, ours, refs, rejected, talk, theirs};
    use super::*;

    #[test]
    fn ports_are_told_apart_by_what_came_of_the_probe() {
        let there = [
            talk(REMOTE, 6, ours(22), accepted((60, 1), (60, 1))),
            talk("198.51.100.23", 6, ours(22), accepted((0, 0), (60, 1))),
            talk(REMOTE, 6, ours(8088), accepted((0, 0), (60, 1))),
            talk(REMOTE, 6, ours(3389), rejected()),
            talk(REMOTE, 6, theirs(443), accepted((60, 1), (60, 1))),
        ];
        let seen = look(&refs(&there));
        assert_eq!(seen.said, "3 ports probed from 2 remotes: 2 let in, 1 with an answer");
        assert_eq!(seen.answer, TestAnswer::Shown);
    }

    #[test]
    fn a_probe_that_was_rejected_reached_nothing() {
        let there = [talk(REMOTE, 6, ours(22), rejected())];
        assert_eq!(look(&refs(&there)).answer, TestAnswer::NotShown);
        assert_eq!(look(&[]).answer, TestAnswer::NotLookedAt);
    }
}
