//! What the subject had with addresses that nobody claims traffic with: those that the asker named for
//! the finding's domain, or from which a credential of the subject's was used.

use std::collections::BTreeSet;
use std::net::IpAddr;

use flowproof_evidence::{Conversation, Overflow};

use super::{Look, several, total};

pub(super) fn look(named: &BTreeSet<IpAddr>, in_time: &[&Conversation]) -> Result<Look, Overflow> {
    if named.is_empty() {
        return Ok(Look::none("no address was named to look for connections with"));
    }
    let with_them = |c: &&Conversation| c.remote.is_some_and(|remote| named.contains(&remote));
    let those: Vec<_> = in_time.iter().copied().filter(with_them).collect();
    let met: BTreeSet<_> = those.iter().filter_map(|conversation| conversation.remote).collect();
    let total = total(&those)?;
    let said = format!(
        "of {} named, the subject met {}: {} bytes out, {} bytes in, {}, {} rejected",
        if named.len() == 1 {
            "1 address".to_owned()
        } else {
            format!("{} addresses", named.len())
        },
        met.len(),
        total.bytes_out,
        total.bytes_in,
        several(total.flows, "flow"),
        total.rejected_flows
    );
    let figures = [
        ("addresses_named", named.len() as u64),
        ("addresses_met", met.len() as u64),
        ("bytes_out", total.bytes_out),
        ("bytes_in", total.bytes_in),
        ("flows", total.flows),
        ("rejected_flows", total.rejected_flows),
    ];
    Ok(Look::new(total.flows > 0, said, &figures))
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{REMOTE, accepted, refs, rejected, talk, theirs};
    use super::*;

    fn named(addresses: &[&str]) -> BTreeSet<IpAddr> {
        addresses.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn traffic_with_any_of_the_named_addresses_is_told() {
        let there = [
            talk(REMOTE, 6, theirs(443), accepted((900, 9), (4000, 9))),
            talk(REMOTE, 6, theirs(80), rejected()),
            talk("192.0.2.1", 6, theirs(443), accepted((7, 1), (7, 1))),
        ];
        let seen = look(&named(&[REMOTE, "198.51.100.1"]), &refs(&there)).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(
            seen.said,
            "of 2 addresses named, the subject met 1: 900 bytes out, 4000 bytes in, 2 flows, 1 rejected"
        );
        let none = look(&named(&["198.51.100.1"]), &refs(&there)).unwrap();
        assert_eq!(none.answer, TestAnswer::NotShown);
        assert!(none.said.starts_with("of 1 address named, the subject met 0"));
    }

    #[test]
    fn without_a_name_nothing_is_said() {
        assert_eq!(look(&named(&[]), &[]).unwrap().answer, TestAnswer::NotLookedAt);
    }
}
