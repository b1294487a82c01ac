//! Many connections to a login service, and perhaps one that is far larger than the rest.

use flowproof_evidence::{ConnectionTotals, Conversation, Overflow, ServicePort};

use super::{Look, NO_CONNECTIONS, NOTHING_THERE, ports_text, several, sum, total};

/// How many times the average a connection must carry to stand out, and how much at the least: a
/// failed login exchanges some kilobytes of keys.
const FAT_TIMES: u128 = 10;
const FAT_BYTES: u64 = 20_000;

pub(super) fn look(
    ports: &[u16],
    enough: u64,
    place: &[&Conversation],
    connections: Option<&[&ConnectionTotals]>,
) -> Result<Look, Overflow> {
    if place.is_empty() {
        return Ok(Look::none(NOTHING_THERE));
    }
    let on = |port: Option<ServicePort>| port.is_some_and(|port| ports.contains(&port.port));
    let there: Vec<_> = place.iter().copied().filter(|c| on(c.port)).collect();
    let traffic = total(&there)?;
    let Some(connections) = connections else {
        // Each connection leaves at least one record.
        if traffic.flows < enough {
            let said = format!(
                "there are no more than {} on {}: fewer than {enough} connections",
                several(traffic.flows, "record"),
                ports_text(ports)
            );
            return Ok(Look::new(false, said, &[("flows", traffic.flows)]));
        }
        return Ok(Look::none(NO_CONNECTIONS));
    };
    let those: Vec<_> = connections.iter().filter(|totals| on(totals.port)).collect();
    let count = sum(those.iter().map(|totals| totals.connections), "connections")?;
    let (bytes_in, bytes_out) = those.iter().fold((0, 0), |(bytes_in, bytes_out), totals| {
        (totals.most_bytes_in.max(bytes_in), totals.most_bytes_out.max(bytes_out))
    });
    let fat = fat(traffic.bytes()?, count, bytes_in.max(bytes_out));
    let hint =
        if fat { "; it is far larger than the rest: a login may have succeeded" } else { "" };
    let said = format!(
        "{} on {}; the largest carried {bytes_in} bytes in, {bytes_out} bytes out{hint}",
        several(count, "connection"),
        ports_text(ports)
    );
    let figures = [
        ("connections", count),
        ("largest_bytes_in", bytes_in),
        ("largest_bytes_out", bytes_out),
        ("larger_than_the_rest", u64::from(fat)),
    ];
    Ok(Look::new(count >= enough, said, &figures))
}

/// Whether the largest connection stands out from the average of all others, both ways together.
fn fat(all: u64, count: u64, largest: u64) -> bool {
    let others = u128::from(all.saturating_sub(largest));
    let largest = u128::from(largest);
    count > 1
        && largest >= u128::from(FAT_BYTES)
        && largest * u128::from(count - 1) >= FAT_TIMES * others
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{REMOTE, accepted, connections, ours, refs, talk};
    use super::*;
    use flowproof_evidence::Traffic;

    /// 20 failed logins of 3,000 bytes in and 2,000 out each: 60,000 and 40,000 in all.
    fn guesses() -> (Conversation, ConnectionTotals) {
        let traffic = Traffic { flows: 40, ..accepted((40_000, 300), (60_000, 300)) };
        let totals = ConnectionTotals {
            most_bytes_in: 3_000,
            most_bytes_out: 2_000,
            ..connections(ours(22), 20)
        };
        (talk(REMOTE, 6, ours(22), traffic), totals)
    }

    #[test]
    fn many_alike_are_guesses() {
        let (there, totals) = guesses();
        let seen = look(&[22], 10, &[&there], Some(&[&totals])).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(
            seen.said,
            "20 connections on port 22; the largest carried 3000 bytes in, 2000 bytes out"
        );
        let few = look(&[22], 21, &[&there], Some(&[&totals])).unwrap();
        assert_eq!(few.answer, TestAnswer::NotShown);
    }

    /// One of 21 took 900,000 bytes out. The others had 100,000 together, 5,000 each on average, so
    /// ten times that is passed.
    #[test]
    fn a_fat_one_among_them_is_pointed_out() {
        let (mut there, mut totals) = guesses();
        there.traffic.bytes_out += 900_000;
        (totals.connections, totals.most_bytes_out) = (21, 900_000);
        let seen = look(&[22], 10, &[&there], Some(&[&totals])).unwrap();
        assert!(seen.said.ends_with("a login may have succeeded"), "{}", seen.said);
        // 49,999 bytes are less than ten times the 5,000 of each of the other 20.
        there.traffic.bytes_out = 40_000 + 49_999;
        totals.most_bytes_out = 49_999;
        let seen = look(&[22], 10, &[&there], Some(&[&totals])).unwrap();
        assert!(!seen.said.contains("succeeded"), "{}", seen.said);
        there.traffic.bytes_out = 40_000 + 50_000;
        totals.most_bytes_out = 50_000;
        let seen = look(&[22], 10, &[&there], Some(&[&totals])).unwrap();
        assert!(seen.said.contains("succeeded"), "{}", seen.said);
    }

    #[test]
    fn few_records_are_few_connections_and_many_may_be_one_long_one() {
        let few = talk(REMOTE, 6, ours(22), accepted((900, 10), (900, 10)));
        let seen = look(&[22], 10, &[&few], None).unwrap();
        assert_eq!(seen.answer, TestAnswer::NotShown);
        assert_eq!(
            seen.said,
            "there are no more than 2 records on port 22: fewer than 10 connections"
        );
        let (many, _) = guesses();
        assert_eq!(look(&[22], 10, &[&many], None).unwrap().answer, TestAnswer::NotLookedAt);
    }

    #[test]
    fn only_the_services_own_ports_count() {
        let (there, mut totals) = guesses();
        totals.port = ours(2222);
        let seen = look(&[22], 10, &[&there], Some(&[&totals])).unwrap();
        assert_eq!(seen.answer, TestAnswer::NotShown);
        assert_eq!(look(&[22], 10, &refs(&[]), None).unwrap().answer, TestAnswer::NotLookedAt);
    }
}
