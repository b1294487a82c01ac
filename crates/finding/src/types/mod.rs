//! The table of finding types: what each says about traffic, and what flow logs can show of it.
//!
//! All that depends on a type's name derives from this table: verdicts, next steps, `explain` and the
//! page `docs/findings.md`. A type that is not in it is judged by what it claims; see [`unlisted`].

mod dns;
mod explain;
mod flow;
mod page;
mod sequence;
pub(crate) mod steps;
pub(crate) mod unlisted;

use crate::EvidenceTest;

pub use explain::explain;
pub use page::findings_page;

/// Where GuardDuty takes a type of finding from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DataSource {
    /// Its own copy of the VPC flow logs. The same traffic is in ours if the interface is logged.
    FlowLogs,
    /// Queries to the Amazon resolver, which no flow log holds.
    DnsLogs,
    /// Several sources, of which flow logs are one.
    Several,
}

impl DataSource {
    /// The source in words, for example `VPC flow logs`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            DataSource::FlowLogs => "VPC flow logs",
            DataSource::DnsLogs => "DNS logs of the Amazon resolver",
            DataSource::Several => "flow logs, DNS logs, runtime and malware findings together",
        }
    }
}

/// One evidence test that a type asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expectation {
    /// The test with its thresholds.
    pub test: EvidenceTest,
    /// Whether the finding is corroborated only if the records do not answer no.
    pub decides: bool,
    /// Why the test is asked, and why its thresholds are what they are. They are ours: GuardDuty does
    /// not tell its own.
    pub why: &'static str,
}

/// What to do when the claimed traffic is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NextSteps {
    /// If the subject connected to the remote.
    pub outbound: &'static [&'static str],
    /// If the remote connected to the subject, or nobody knows.
    pub inbound: &'static [&'static str],
}

/// One type of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindingType {
    /// Its name as findings spell it.
    pub name: &'static str,
    /// Where GuardDuty takes it from.
    pub source: DataSource,
    /// The severity that it has unless the finding says otherwise.
    pub severity: &'static str,
    /// What it reports, in one sentence.
    pub about: &'static str,
    /// What flow logs should show of it.
    pub shows: &'static str,
    /// What they can never show.
    pub never: &'static [&'static str],
    /// Whether a TCP connection of its must have carried more than bare headers. A scan, a flood and a
    /// black hole are packets without an answer.
    pub payload: bool,
    /// The evidence tests it asks for, beyond contact with the remote.
    pub tests: &'static [Expectation],
    /// What to do when it is corroborated, or cannot be observed.
    pub next_steps: NextSteps,
}

/// All types in the table: first those from flow logs, then those from DNS logs, then attack
/// sequences; by name within each.
pub fn finding_types() -> impl Iterator<Item = &'static FindingType> {
    flow::TYPES.iter().chain(dns::TYPES).chain(sequence::TYPES)
}

/// The type with this name, in whatever case; `None` if the table does not have it.
#[must_use]
pub fn finding_type(name: &str) -> Option<&'static FindingType> {
    finding_types().find(|of| of.name.eq_ignore_ascii_case(name))
}

/// Whether nothing of the claim in complete records contradicts a finding of this type. What comes
/// from queries or from other sources may be true without a single record.
pub(crate) fn can_be_contradicted(name: &str) -> bool {
    match finding_type(name) {
        Some(of) => of.source == DataSource::FlowLogs,
        None => unlisted::unobservable(name).is_none(),
    }
}

/// Where a type comes from, if it is in the table or its name says that it comes from DNS logs.
pub(crate) fn source(name: &str) -> Option<DataSource> {
    let of_name = || {
        (unlisted::unobservable(name) == Some(unlisted::FROM_DNS)).then_some(DataSource::DnsLogs)
    };
    finding_type(name).map(|of| of.source).or_else(of_name)
}

/// Why flow logs can never show what a type reports, judged by the type alone.
pub(crate) fn unobservable(name: &str) -> Option<&'static str> {
    match finding_type(name) {
        Some(of) => (of.source == DataSource::DnsLogs).then_some(unlisted::FROM_DNS),
        None => unlisted::unobservable(name),
    }
}

/// The tests that a type asks for. Of a type that is not in the table, those that tell more of any
/// contact; none decides.
pub(crate) fn tests(name: &str) -> &'static [Expectation] {
    finding_type(name).map_or(unlisted::TESTS, |of| of.tests)
}

/// Whether a connection must have carried something.
pub(crate) fn expects_payload(name: &str) -> bool {
    finding_type(name).map_or_else(|| unlisted::expects_payload(name), |of| of.payload)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_forty_types_of_ec2_and_one_attack_sequence() {
        let names: BTreeSet<_> = finding_types().map(|of| of.name).collect();
        assert_eq!(names.len(), finding_types().count(), "a name stands twice");
        // The name of the attack sequence has `:EC2/` in it too.
        let ec2 = names.iter().filter(|name| name.contains(":EC2/"));
        assert_eq!(ec2.count(), 41);
        let of_source = |source| finding_types().filter(|of| of.source == source).count();
        assert_eq!(of_source(DataSource::FlowLogs), 25);
        assert_eq!(of_source(DataSource::DnsLogs), 15);
        assert_eq!(of_source(DataSource::Several), 1);
    }

    #[test]
    fn every_type_says_what_it_needs_to_say() {
        for of in finding_types() {
            assert!(!of.about.is_empty() && !of.shows.is_empty(), "{}", of.name);
            assert!(!of.never.is_empty(), "{}", of.name);
            let steps = of.next_steps;
            assert!(!steps.outbound.is_empty() && !steps.inbound.is_empty(), "{}", of.name);
            assert!(["Low", "Medium", "High", "Critical"].contains(&of.severity), "{}", of.name);
            for expectation in of.tests {
                assert!(!expectation.why.is_empty(), "{}", of.name);
                assert!(!expectation.test.question().is_empty(), "{}", of.name);
            }
        }
    }

    #[test]
    fn within_a_source_types_stand_in_order() {
        for types in [flow::TYPES, dns::TYPES, sequence::TYPES] {
            assert!(types.is_sorted_by_key(|of| of.name));
        }
    }

    #[test]
    fn a_type_from_dns_logs_can_never_be_contradicted_nor_be_decided_by_a_test() {
        for of in finding_types().filter(|of| of.source != DataSource::FlowLogs) {
            assert!(!can_be_contradicted(of.name), "{}", of.name);
            assert!(of.tests.iter().all(|expectation| !expectation.decides), "{}", of.name);
        }
        assert!(!can_be_contradicted("Trojan:EC2/Newcomer!DNS"));
        assert!(can_be_contradicted("Trojan:EC2/Newcomer"));
    }

    #[test]
    fn types_are_found_in_whatever_case() {
        let of = finding_type("unauthorizedaccess:ec2/torclient").unwrap();
        assert_eq!(of.name, "UnauthorizedAccess:EC2/TorClient");
        assert_eq!(finding_type("UnauthorizedAccess:EC2/TorClients"), None);
    }
}
