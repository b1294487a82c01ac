//! Attack sequences: findings that stand for several others.

use super::steps::SEQUENCE;
use super::{DataSource, Expectation, FindingType};
use crate::EvidenceTest;

pub(super) const TYPES: &[FindingType] = &[FindingType {
    name: "AttackSequence:EC2/CompromisedInstanceGroup",
    source: DataSource::Several,
    severity: "Critical",
    about: "Several signals together say that a group of instances is compromised.",
    shows: "accepted traffic with the endpoints that the sequence names",
    never: &[
        "the signals from DNS logs, from runtime monitoring and from malware scans",
        "which endpoint belongs to which instance: each is looked for at all of them",
    ],
    payload: true,
    tests: &[
        Expectation {
            test: EvidenceTest::Sessions,
            decides: false,
            why: "an answered opening shows that the two really spoke, and who began",
        },
        Expectation {
            test: EvidenceTest::Listed,
            decides: false,
            why: "endpoints that are on lists of yours as well weigh more",
        },
        Expectation {
            test: EvidenceTest::Peers,
            decides: false,
            why: "a group may be larger than the sequence says",
        },
    ],
    next_steps: SEQUENCE,
}];
