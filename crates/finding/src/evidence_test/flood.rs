//! Packets sent at the remote, and how fast.
//!
//! The rate is that of the busiest minute. Where that was not looked at, it is that of the busiest
//! hour's records from the first to the last, which is a lower bound: a short flood and a late straggler
//! in one hour look slow.

use std::collections::BTreeMap;

use flowproof_evidence::{Conversation, MinuteTotals, Overflow, ServicePort};
use jiff::Timestamp;

use super::{Look, NOTHING_THERE, Protocols, ports_text, total};

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
        "whether at least {packets} packets of {protocol} went out{port}, in the busiest minute at \
         least {per_second} a second"
    )
}

/// `enough`: packets, and packets a second.
pub(super) fn look(
    protocols: Protocols,
    ports: &[u16],
    enough: [u64; 2],
    place: &[&Conversation],
    minutes: Option<&[&MinuteTotals]>,
) -> Result<Look, Overflow> {
    if place.is_empty() {
        return Ok(Look::none(NOTHING_THERE));
    }
    if place.iter().all(|conversation| conversation.protocol.is_none()) {
        return Ok(Look::none("the records do not tell the protocol"));
    }
    let fits = |protocol: Option<u8>, port: Option<ServicePort>| {
        let right_port = ports.is_empty() || port.is_some_and(|port| ports.contains(&port.port));
        right_port && protocol.is_some_and(|protocol| protocols.hold(protocol))
    };
    let those: Vec<_> = place.iter().copied().filter(|c| fits(c.protocol, c.port)).collect();
    let total = total(&those)?;
    if total.packets_out == 0 && total.bytes_out > 0 {
        return Ok(Look::none("the records have no packet counts"));
    }
    let minute = fastest_minute(minutes.unwrap_or_default(), fits);
    let fastest = match minute {
        Some(rate) => rate,
        None => busiest_hour(&those)?,
    };
    let [packets, rate] = enough;
    let unit = if minute.is_some() { "minute" } else { "hour" };
    let said = format!(
        "{} packets and {} bytes of that kind went out, {fastest} packets a second in the busiest \
         {unit}, against {} packets back",
        total.packets_out, total.bytes_out, total.packets_in
    );
    if minute.is_none() && total.packets_out >= packets && fastest < rate {
        return Ok(Look::none(&format!("{said}; single minutes were not looked at")));
    }
    let figures = [
        ("packets_out", total.packets_out),
        ("bytes_out", total.bytes_out),
        ("packets_in", total.packets_in),
        ("packets_per_second", fastest),
    ];
    Ok(Look::new(total.packets_out >= packets && fastest >= rate, said, &figures))
}

/// The highest of the rates of the minutes: all that went out in one, to whatever port and through
/// whatever interface, over the time that its longest records took.
fn fastest_minute(
    minutes: &[&MinuteTotals],
    fits: impl Fn(Option<u8>, Option<ServicePort>) -> bool,
) -> Option<u64> {
    let mut all: BTreeMap<Timestamp, (u128, u64)> = BTreeMap::new();
    for minute in minutes.iter().filter(|minute| fits(minute.protocol, minute.port)) {
        let (packets, seconds) = all.entry(minute.start).or_default();
        *packets += u128::from(minute.packets_out);
        *seconds = minute.seconds.max(*seconds);
    }
    let rate = |(packets, seconds): &(u128, u64)| packets / u128::from((*seconds).max(1));
    let fastest = all.values().map(rate).max()?;
    Some(u64::try_from(fastest).unwrap_or(u64::MAX))
}

/// The highest of the rates of the hours.
fn busiest_hour(conversations: &[&Conversation]) -> Result<u64, Overflow> {
    let mut hours: BTreeMap<Option<Timestamp>, Vec<&Conversation>> = BTreeMap::new();
    for conversation in conversations {
        hours.entry(conversation.hour).or_default().push(conversation);
    }
    let mut fastest = 0;
    for conversations in hours.values() {
        fastest = fastest.max(per_second(conversations)?);
    }
    Ok(fastest)
}

impl Protocols {
    fn hold(self, protocol: u8) -> bool {
        match self {
            Protocols::Only(only) => protocol == only,
            Protocols::Unusual => !matches!(protocol, 1 | 6 | 17 | 58),
        }
    }
}

/// Packets out a second, rounded down, over the time that an hour's records span.
fn per_second(conversations: &[&Conversation]) -> Result<u64, Overflow> {
    let total = total(conversations)?;
    let seconds = total.first_seen.zip(total.last_seen).map_or(1, |(first, last)| {
        u64::try_from(last.as_second() - first.as_second()).unwrap_or(0)
    });
    Ok(total.packets_out / seconds.max(1))
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{HOUR, REMOTE, accepted, at, later, refs, talk, theirs};
    use super::*;
    use jiff::SignedDuration;

    const UDP: Protocols = Protocols::Only(17);

    /// 30,000 packets in a minute are 500 a second; the hour after has 6,000, 100 a second.
    fn flood() -> [Conversation; 2] {
        let first = talk(REMOTE, 17, theirs(80), accepted((1_800_000, 30_000), (0, 0)));
        let mut second = later(&first, 1);
        (second.traffic.packets_out, second.traffic.bytes_out) = (6_000, 360_000);
        [first, second]
    }

    fn peak(packets_out: u64, seconds: u64) -> MinuteTotals {
        MinuteTotals {
            interface: None,
            remote: Some(REMOTE.parse().unwrap()),
            protocol: Some(17),
            port: theirs(80),
            start: at(HOUR),
            packets_out,
            seconds,
        }
    }

    #[test]
    fn many_packets_fast_are_a_flood() {
        let there = flood();
        let seen = look(UDP, &[80], [36_000, 500], &refs(&there), None).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(
            seen.said,
            "36000 packets and 2160000 bytes of that kind went out, 500 packets a second in the \
             busiest hour, against 0 packets back"
        );
        let few = look(UDP, &[80], [36_001, 500], &refs(&there), None).unwrap();
        assert_eq!(few.answer, TestAnswer::NotShown);
    }

    #[test]
    fn the_rate_is_that_of_the_busiest_minute_if_it_was_looked_at() {
        let there = flood();
        let answer = |minutes: Option<&[&MinuteTotals]>, rate| {
            look(UDP, &[80], [36_000, rate], &refs(&there), minutes).unwrap().answer
        };
        // 24,000 packets in 40 seconds are 600 a second.
        let fast = peak(24_000, 40);
        let slow =
            MinuteTotals { start: fast.start + SignedDuration::from_mins(1), ..peak(6_000, 60) };
        assert_eq!(answer(Some(&[&slow, &fast]), 600), TestAnswer::Shown);
        assert_eq!(answer(Some(&[&slow, &fast]), 601), TestAnswer::NotShown);
        // The hour's rate of 500 is a lower bound.
        assert_eq!(answer(None, 501), TestAnswer::NotLookedAt);
        assert_eq!(answer(Some(&[]), 501), TestAnswer::NotLookedAt);
        assert_eq!(answer(Some(&[]), 500), TestAnswer::Shown);
        let other = MinuteTotals { protocol: Some(6), ..fast.clone() };
        assert_eq!(answer(Some(&[&slow, &other]), 101), TestAnswer::NotShown);
        // What went through two interfaces in one minute is one flood.
        let beside = MinuteTotals { interface: Some("eni-2".into()), ..fast.clone() };
        assert_eq!(answer(Some(&[&fast, &beside]), 1200), TestAnswer::Shown);
        assert_eq!(answer(Some(&[&fast, &beside]), 1201), TestAnswer::NotShown);
    }

    #[test]
    fn other_protocols_and_ports_are_not_part_of_it() {
        let there = flood();
        let answer = |protocols, ports: &'static [u16]| {
            look(protocols, ports, [1, 1], &refs(&there), None).unwrap().answer
        };
        assert_eq!(answer(UDP, &[]), TestAnswer::Shown);
        assert_eq!(answer(UDP, &[53]), TestAnswer::NotShown);
        assert_eq!(answer(Protocols::Only(6), &[]), TestAnswer::NotShown);
        assert_eq!(answer(Protocols::Unusual, &[]), TestAnswer::NotShown);
        let igmp = talk(REMOTE, 2, None, accepted((60, 2), (0, 0)));
        let seen = look(Protocols::Unusual, &[], [2, 0], &[&igmp], None).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
    }

    #[test]
    fn without_protocol_or_packet_counts_nothing_is_said() {
        let mut there = flood();
        there.iter_mut().for_each(|conversation| conversation.traffic.packets_out = 0);
        let seen = look(UDP, &[], [1, 1], &refs(&there), None).unwrap();
        assert_eq!(seen.answer, TestAnswer::NotLookedAt);
        there.iter_mut().for_each(|conversation| conversation.protocol = None);
        let seen = look(UDP, &[], [1, 1], &refs(&there), None).unwrap();
        assert_eq!(seen.answer, TestAnswer::NotLookedAt);
        assert_eq!(look(UDP, &[], [1, 1], &[], None).unwrap().answer, TestAnswer::NotLookedAt);
    }
}
