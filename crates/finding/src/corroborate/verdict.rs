//! What a judgement consists of.

use std::fmt;

use flowproof_evidence::Traffic;
use serde::Serialize;

use crate::{Claim, TestResult};

/// What flow logs say of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The claimed traffic is in the records: accepted, in the claimed direction and place.
    Corroborated,
    /// The subject was observed without a gap and nothing of the claim is there.
    Contradicted,
    /// Something is missing, or only part of the claim is there.
    Inconclusive,
    /// Flow logs can never show it, or the subject was never logged.
    NotObservable,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Corroborated => "corroborated",
            Status::Contradicted => "contradicted",
            Status::Inconclusive => "inconclusive",
            Status::NotObservable => "not observable",
        })
    }
}

/// What the records say of one claim. The order is from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Accepted traffic in the claimed direction and place.
    Seen,
    /// In the claimed place, and no more than bare headers.
    HandshakeOnly,
    /// Traffic with the remote, in records without ports.
    PortsUnknown,
    /// In the claimed place, in a direction that cannot be known.
    Unoriented,
    /// In the claimed place, in records without the counters that would show what was transferred.
    CountersMissing,
    /// In the claimed place, and all of it REJECTed.
    RejectedOnly,
    /// Traffic with the remote on another port, in another protocol or the other way.
    Elsewhere,
    /// Traffic with the remote, too far from the finding's time.
    OutOfTime,
    /// No record with the remote.
    NotSeen,
    /// The claim names no remote to look for.
    NoRemote,
}

/// One claim and what the records say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimResult {
    /// The claim.
    pub claim: Claim,
    /// What the records say of it.
    pub outcome: Outcome,
    /// The traffic that the outcome stands on: that in the claimed place, else that with the remote.
    pub traffic: Traffic,
}

/// The judgement of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The judgement in one word.
    pub status: Status,
    /// Why, the most important first.
    pub reasons: Vec<String>,
    /// What to do next.
    pub next_steps: Vec<String>,
    /// The claims one by one, in the finding's order.
    pub claims: Vec<ClaimResult>,
    /// The evidence tests that the finding's type asks for, in the order of the table.
    pub tests: Vec<TestResult>,
    /// All traffic with any claimed remote, wherever and whichever way; each conversation once.
    pub claimed_traffic: Traffic,
}
