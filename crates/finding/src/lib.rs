//! GuardDuty findings: what they claim about traffic, and what flow logs make of the claim.
//!
//! The principal type is [`Finding`]. [`read_findings`] makes it from the bytes of a file, in the
//! shapes that people have: `GetFindings` output, EventBridge events, the S3 export (`.jsonl` and
//! `.jsonl.gz`), SNS and SQS messages, Security Hub's ASFF and OCSF, attack sequences, single findings,
//! lists and streams of any of these. A finding carries its
//! [`Claim`]s; [`corroborate`] compares them with [`flowproof_evidence::Observations`], which
//! `engine` fills from flow logs, and gives a [`Verdict`], which `report` tells. What a finding's
//! type adds to its claims stands in one table, [`finding_types`].
//!
//! Everything here is pure: bytes and values in, values out. There is no I/O and no clock.
//! Times are those of [`jiff`], which is re-exported.
//!
//! ```
//! use flowproof_evidence::Observations;
//! use flowproof_finding::{Status, corroborate, read_findings};
//!
//! let bytes = br#"{"id": "f1", "type": "Backdoor:EC2/C&CActivity.B",
//!     "resource": {"instanceDetails": {"instanceId": "i-0aaaabbbbcccc0001"}},
//!     "service": {"action": {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": {
//!         "connectionDirection": "OUTBOUND", "remoteIpDetails": {"ipAddressV4": "203.0.113.9"}}}}}"#;
//! let read = read_findings(bytes)?;
//! let finding = &read.findings[0];
//! assert_eq!(finding.claims[0].remote, Some("203.0.113.9".parse()?));
//!
//! // Without a single record of the instance nothing can be said, and that is what is said.
//! let verdict = corroborate(finding, &Observations::default())?;
//! assert_eq!(verdict.status, Status::NotObservable);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod claim;
mod corroborate;
mod error;
mod evidence_test;
mod finding;
mod needs;
mod parse;
mod read;
mod shape;
mod stream;
mod summary;
mod text;
mod types;
mod value;
mod window;

pub use jiff;

pub use claim::{Claim, ClaimDirection, ClaimKind};
pub use corroborate::{
    ClaimResult, Outcome, Status, TIME_TOLERANCE, Verdict, corroborate, corroborate_naming,
};
pub use error::FindingError;
pub use evidence_test::{EvidenceTest, Figure, Protocols, TestAnswer, TestResult};
pub use finding::{Action, Finding, OwnBytes};
pub use needs::Needs;
pub use read::{Findings, MAX_FINDINGS, REFUSED_KEPT, Refused, read_findings};
pub use stream::MAX_VALUES;
pub use summary::FindingSummary;
pub use text::MAX_TEXT_BYTES;
pub use types::{
    DataSource, Expectation, FindingType, NextSteps, explain, finding_type, finding_types,
    findings_page,
};
pub use window::{FindingWindow, window};

#[doc(hidden)] // Not part of the API: the fuzz target and the tests share it.
pub use check::check_never_panics;

#[cfg(doctest)] // What the README shows is compiled and run.
#[doc = include_str!("../README.md")]
struct Readme;
