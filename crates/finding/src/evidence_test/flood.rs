//! Packets sent at the remote, and how fast.

use std::collections::BTreeMap;

use flowproof_evidence::{Conversation, Overflow};
use jiff::Timestamp;

use super::{Look, NOTHING_THERE, Protocols, ports_text, scene};

pub(super) fn question(
    protocols: Protocols,
    ports: &[u16],
    packets: u64,
    per_second: u64,
) -> String {
    let protocol = match protocols {
        Protocols::Only(6) => "TCP".to_owned(),
        Protocols::Only(17) => "UDP".to_owned(),
        Protocols::Only(number) => format!("protocol {number}"),
        Protocols::Unusual => "protocols other than TCP, UDP and ICMP".to_owned(),
    };
    let port = match ports {
        [] => String::new(),
        _ => format!(" to {}", ports_text(ports)),
    };
    format!(
        "whether at least {packets} packets of {protocol} went out{port}, in the busiest hour at \
         least {per_second} a second"
    )
}

/// `enough`: packets, and packets a second.
pub(super) fn look(
    protocols: Protocols,
    ports: &[u16],
    enough: [u64; 2],
    place: &[&Conversation],
) -> Result<Look, Overflow> {
    if place.is_empty() {
        return Ok(Look::none(NOTHING_THERE));
    }
    if place.iter().all(|conversation| conversation.protocol.is_none()) {
        return Ok(Look::none("the records do not tell the protocol"));
    }
    let fits = |c: &&Conversation| c.protocol.is_some_and(|p| protocols.hold(p)) && on(ports, c);
    let those: Vec<_> = place.iter().copied().filter(fits).collect();
    let total = scene::total(&those)?;
    if total.packets_out == 0 && total.bytes_out > 0 {
        return Ok(Look::none("the records have no packet counts"));
    }
    let mut hours: BTreeMap<Option<Timestamp>, Vec<&Conversation>> = BTreeMap::new();
    for conversation in those {
        hours.entry(conversation.hour).or_default().push(conversation);
    }
    let mut fastest = 0;
    for conversations in hours.values() {
        fastest = fastest.max(per_second(conversations)?);
    }
    let said = format!(
        "{} packets and {} bytes of that kind went out, {fastest} packets a second in the busiest \
         hour, against {} packets back",
        total.packets_out, total.bytes_out, total.packets_in
    );
    let figures = [
        ("packets_out", total.packets_out),
        ("bytes_out", total.bytes_out),
        ("packets_in", total.packets_in),
        ("packets_per_second", fastest),
    ];
    let [packets, rate] = enough;
    Ok(Look::new(total.packets_out >= packets && fastest >= rate, said, &figures))
}

impl Protocols {
    fn hold(self, protocol: u8) -> bool {
        match self {
            Protocols::Only(only) => protocol == only,
            Protocols::Unusual => !matches!(protocol, 1 | 6 | 17 | 58),
        }
    }
}

fn on(ports: &[u16], conversation: &Conversation) -> bool {
    ports.is_empty() || conversation.port.is_some_and(|port| ports.contains(&port.port))
}

/// Packets out a second, rounded down, over the time that an hour's records span.
fn per_second(conversations: &[&Conversation]) -> Result<u64, Overflow> {
    let total = scene::total(conversations)?;
    let seconds = total.first_seen.zip(total.last_seen).map_or(1, |(first, last)| {
        u64::try_from(last.as_second() - first.as_second()).unwrap_or(0)
    });
    Ok(total.packets_out / seconds.max(1))
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{REMOTE, accepted, later, refs, talk, theirs};
    use super::*;

    const UDP: Protocols = Protocols::Only(17);

    /// 30,000 packets in a minute are 500 a second; the hour after has 6,000, 100 a second.
    fn flood() -> [Conversation; 2] {
        let first = talk(REMOTE, 17, theirs(80), accepted((1_800_000, 30_000), (0, 0)));
        let mut second = later(&first, 1);
        (second.traffic.packets_out, second.traffic.bytes_out) = (6_000, 360_000);
        [first, second]
    }

    #[test]
    fn many_packets_fast_are_a_flood() {
        let there = flood();
        let seen = look(UDP, &[80], [36_000, 500], &refs(&there)).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(
            seen.said,
            "36000 packets and 2160000 bytes of that kind went out, 500 packets a second in the \
             busiest hour, against 0 packets back"
        );
        for enough in [[36_001, 500], [36_000, 501]] {
            let seen = look(UDP, &[80], enough, &refs(&there)).unwrap();
            assert_eq!(seen.answer, TestAnswer::NotShown, "{enough:?}");
        }
    }

    #[test]
    fn other_protocols_and_ports_are_not_part_of_it() {
        let there = flood();
        let answer = |protocols, ports: &'static [u16]| {
            look(protocols, ports, [1, 1], &refs(&there)).unwrap().answer
        };
        assert_eq!(answer(UDP, &[]), TestAnswer::Shown);
        assert_eq!(answer(UDP, &[53]), TestAnswer::NotShown);
        assert_eq!(answer(Protocols::Only(6), &[]), TestAnswer::NotShown);
        assert_eq!(answer(Protocols::Unusual, &[]), TestAnswer::NotShown);
        let igmp = talk(REMOTE, 2, None, accepted((60, 2), (0, 0)));
        let seen = look(Protocols::Unusual, &[], [2, 0], &[&igmp]).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
    }

    #[test]
    fn without_protocol_or_packet_counts_nothing_is_said() {
        let mut there = flood();
        there.iter_mut().for_each(|conversation| conversation.traffic.packets_out = 0);
        let seen = look(UDP, &[], [1, 1], &refs(&there)).unwrap();
        assert_eq!(seen.answer, TestAnswer::NotLookedAt);
        there.iter_mut().for_each(|conversation| conversation.protocol = None);
        let seen = look(UDP, &[], [1, 1], &refs(&there)).unwrap();
        assert_eq!(seen.answer, TestAnswer::NotLookedAt);
        assert_eq!(look(UDP, &[], [1, 1], &[]).unwrap().answer, TestAnswer::NotLookedAt);
    }
}
