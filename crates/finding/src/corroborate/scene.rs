//! The records as evidence tests see them, and the tests that a finding's type asks for.

use std::collections::BTreeSet;
use std::net::IpAddr;

use flowproof_evidence::{Conversation, Observations, Overflow};

use super::contact::{Contact, Place};
use super::holes;
use crate::evidence_test::Scene;
use crate::{EvidenceTest, Expectation, Finding, TestAnswer, TestResult, types};

/// What is asked of every finding for which addresses are named.
const FOLLOW_UP: Expectation =
    Expectation { test: EvidenceTest::FollowUp, decides: false, why: "addresses were named" };

/// The tests of a finding's type and their results.
pub(super) struct Tested {
    pub(super) results: Vec<TestResult>,
    /// Whether traffic of the claimed kind was seen with remotes other than the claimed ones.
    pub(super) seen_elsewhere: bool,
}

impl Tested {
    /// Whether a test that decides was answered with no.
    pub(super) fn speaks_against(&self) -> bool {
        self.deciding().any(|result| result.answer == TestAnswer::NotShown)
    }

    /// Whether a test that decides was not made.
    pub(super) fn is_open(&self) -> bool {
        self.deciding().any(|result| result.answer == TestAnswer::NotLookedAt)
    }

    pub(super) fn deciding(&self) -> impl Iterator<Item = &TestResult> {
        self.results.iter().filter(|result| result.decides)
    }
}

/// Puts the type's tests to the records.
pub(super) fn test(finding: &Finding, scene: &Scene<'_>) -> Result<Tested, Overflow> {
    let mut asked = types::tests(&finding.finding_type).to_vec();
    let names_addresses = !scene.named.is_empty();
    if names_addresses && !asked.iter().any(|asked| asked.test == EvidenceTest::FollowUp) {
        asked.insert(0, FOLLOW_UP);
    }
    let mut tested = Tested { results: Vec::new(), seen_elsewhere: false };
    for Expectation { test, decides, .. } in asked {
        let look = test.ask(scene)?;
        let is_fan_out = matches!(test, EvidenceTest::FanOut { .. });
        tested.seen_elsewhere |= is_fan_out && look.answer == TestAnswer::Shown;
        tested.results.push(TestResult {
            test: test.name(),
            decides,
            answer: look.answer,
            said: look.said,
            figures: look.figures,
        });
    }
    Ok(tested)
}

/// Sorts the records by how near they are to the claims.
pub(super) fn scene<'a>(
    finding: &'a Finding,
    observations: &'a Observations,
    contacts: &[Contact<'a>],
    named: &'a BTreeSet<IpAddr>,
) -> Scene<'a> {
    let near = Place::of(finding);
    let remotes = finding.remotes();
    let in_time: Vec<&Conversation> = observations
        .conversations
        .iter()
        .filter(|c| near.is_near(c.traffic.first_seen, c.traffic.last_seen))
        .collect();
    let with_remotes = in_time.iter().copied();
    let with_remotes =
        with_remotes.filter(|c| c.remote.is_some_and(|remote| remotes.contains(&remote))).collect();
    let place = place(contacts);
    let about: BTreeSet<_> = place.iter().map(|c| (c.remote, c.protocol, c.port)).collect();
    let connections = observations.connections.as_ref().map(|all| {
        let those = all.iter().filter(|totals| {
            near.is_near(totals.first_seen, totals.last_seen)
                && about.contains(&(totals.remote, totals.protocol, totals.port))
        });
        those.collect()
    });
    let minutes = observations.minutes.as_ref().map(|all| {
        let those = all.iter().filter(|peak| {
            near.is_near(Some(peak.start), Some(peak.start))
                && about.contains(&(peak.remote, peak.protocol, peak.port))
        });
        those.collect()
    });
    Scene {
        claims: &finding.claims,
        place,
        with_remotes,
        in_time,
        connections,
        minutes,
        remotes,
        lossy: holes::lower_bound(observations).is_some(),
        doubled: observations.counted_twice,
        baseline: observations.baseline.as_ref(),
        listed: observations.listed.as_deref(),
        peers: observations.peers.as_deref(),
        own: &observations.subject.interfaces,
        named,
    }
}

/// The conversations in the place of any claim. Several claims may share one: it is taken once.
fn place<'a>(contacts: &[Contact<'a>]) -> Vec<&'a Conversation> {
    let mut place: Vec<&'a Conversation> = Vec::new();
    let mut met = BTreeSet::new();
    for conversation in contacts.iter().flat_map(Contact::in_place) {
        // By where it lies in memory: two rows with the same figures are two.
        if met.insert(std::ptr::from_ref(*conversation)) {
            place.push(conversation);
        }
    }
    place
}
