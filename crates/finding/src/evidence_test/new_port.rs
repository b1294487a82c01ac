//! Whether the port was in use in the days before.

use std::collections::{BTreeMap, BTreeSet};

use flowproof_evidence::{Baseline, PortSide, ServicePort};

use super::{Look, several};
use crate::{Claim, ClaimDirection};

/// Hours of a day that must be known before it can say that a port was not in use.
const MOST_OF_A_DAY: u64 = 18;

pub(super) fn look(enough_days: u64, claims: &[Claim], baseline: Option<&Baseline>) -> Look {
    let Some(baseline) = baseline else {
        return Look::none("no baseline was looked at: whether the port is unusual is not known");
    };
    let ports: BTreeSet<_> = claims.iter().filter_map(port).collect();
    if ports.is_empty() {
        return Look::none("the finding does not name the port");
    }
    // Days are counted back from where the baseline ends.
    let end = baseline.window.to.map_or(0, |to| to.as_second());
    let day = |second: i64| (end - 1 - second).div_euclid(24 * 3600);
    let mut hours: BTreeMap<i64, u64> = BTreeMap::new();
    baseline.hours.iter().for_each(|h| *hours.entry(day(h.start.as_second())).or_default() += 1);
    let known = hours.values().filter(|hours| **hours >= MOST_OF_A_DAY).count() as u64;
    if known < enough_days {
        return Look::none(&format!(
            "the baseline knows most of {}: too few to call a port unusual",
            several(known, "day")
        ));
    }
    let used = baseline.ports.iter().filter(|used| {
        ports.iter().any(|&(protocol, port)| {
            let same = protocol.zip(used.protocol).is_none_or(|(a, b)| a == b);
            same && used.port == port
        })
    });
    let (mut days, mut flows) = (0, 0_u64);
    for used in used {
        days = used.days.max(days);
        flows = flows.saturating_add(used.flows);
    }
    let said = if flows == 0 {
        format!("the port was not in use in the {} known before", several(known, "day"))
    } else {
        format!("the port was in use before: on {days} of {}", several(known, "known day"))
    };
    Look::new(flows == 0, said, &[("days_known", known), ("days_used", days), ("flows", flows)])
}

/// The port that a claim's direction points at.
fn port(claim: &Claim) -> Option<(Option<u8>, ServicePort)> {
    let (side, port) = match claim.direction {
        ClaimDirection::Inbound => (PortSide::Local, claim.local_port?),
        ClaimDirection::Outbound => (PortSide::Remote, claim.remote_port?),
        ClaimDirection::Unknown => match claim.remote_port {
            Some(port) => (PortSide::Remote, port),
            None => (PortSide::Local, claim.local_port?),
        },
    };
    Some((claim.protocol, ServicePort { side, port }))
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{baseline, theirs};
    use super::*;
    use crate::ClaimKind;
    use flowproof_evidence::BaselinePort;

    fn claim() -> Claim {
        Claim {
            kind: ClaimKind::NetworkConnection,
            remote: Some("203.0.113.9".parse().unwrap()),
            remote_alternative: None,
            remote_port: Some(6667),
            local_port: Some(49152),
            protocol: Some(6),
            direction: ClaimDirection::Outbound,
            blocked: None,
            bytes_in: None,
            bytes_out: None,
        }
    }

    fn used(protocol: u8, port: Option<ServicePort>) -> BaselinePort {
        BaselinePort { protocol: Some(protocol), port: port.unwrap(), days: 3, flows: 40 }
    }

    #[test]
    fn a_port_that_was_never_used_is_new() {
        let mut before = baseline(&[0; 5]);
        let own = Some(ServicePort { side: PortSide::Local, port: 6667 });
        before.ports = vec![used(6, theirs(443)), used(17, theirs(6667)), used(6, own)];
        let seen = look(5, &[claim()], Some(&before));
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(seen.said, "the port was not in use in the 5 days known before");
        before.ports.push(used(6, theirs(6667)));
        let seen = look(5, &[claim()], Some(&before));
        assert_eq!(seen.answer, TestAnswer::NotShown);
        assert_eq!(seen.said, "the port was in use before: on 3 of 5 known days");
    }

    #[test]
    fn without_a_baseline_of_enough_days_or_a_port_nothing_is_said() {
        let answer = |claim, before: Option<&Baseline>| look(5, &[claim], before).answer;
        assert_eq!(answer(claim(), None), TestAnswer::NotLookedAt);
        assert_eq!(answer(claim(), Some(&baseline(&[0; 4]))), TestAnswer::NotLookedAt);
        let portless = Claim { remote_port: None, ..claim() };
        assert_eq!(answer(portless, Some(&baseline(&[0; 5]))), TestAnswer::NotLookedAt);
    }
}
