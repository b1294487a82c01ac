//! What the name of a type that is not in the table tells.
//!
//! A type reads `ThreatPurpose:ResourceType/ThreatFamily.DetectionMechanism!Artifact`.

use super::Expectation;
use crate::EvidenceTest;

/// Why the query of a finding from DNS logs is not observable.
pub(super) const FROM_DNS: &str = "the finding comes from DNS logs: queries to the Amazon resolver \
                                   never appear in flow logs";

const fn tells(test: EvidenceTest) -> Expectation {
    Expectation { test, decides: false, why: "it tells more of any contact" }
}

/// What is asked of a contact that nobody knows the kind of.
pub(super) const TESTS: &[Expectation] =
    &[tells(EvidenceTest::Sessions), tells(EvidenceTest::Listed), tells(EvidenceTest::Peers)];

/// Why flow logs can never show what a type reports, judged by its name.
pub(super) fn unobservable(name: &str) -> Option<&'static str> {
    let (_, rest) = name.split_once(':')?;
    let (resource, family) = rest.split_once('/').unwrap_or((rest, ""));
    if family.contains("MaliciousFile") || family.contains("SuspiciousFile") {
        return Some("the finding is about malware on disk, which flow logs do not show");
    }
    match resource {
        "IAMUser" | "IAM" => Some("the finding is about IAM: API calls are not in flow logs"),
        "S3" => Some("the finding is about S3: calls to buckets are not in flow logs"),
        "Kubernetes" | "EKS" => {
            Some("the finding is about Kubernetes: calls to its API are not in flow logs")
        }
        "RDS" => Some("the finding is about a database: logins are not in flow logs"),
        "Runtime" | "Container" | "ECS" => {
            Some("the finding is about what ran on a host, which flow logs do not show")
        }
        "EC2" if is_dns(family) => Some(FROM_DNS),
        _ => None,
    }
}

/// Whether a family's name says that it comes from DNS logs.
fn is_dns(family: &str) -> bool {
    family.ends_with("!DNS") || family.contains("DomainRequest")
}

/// Whether a connection must have carried something: unless the name speaks of packets without an
/// answer, as those of Lambda functions do that have a twin in the table.
pub(super) fn expects_payload(name: &str) -> bool {
    const BARE: &[&str] =
        &["PortProbe", "PortSweep", "Portscan", "DenialOfService", "BlackholeTraffic"];
    !BARE.iter().any(|family| name.contains(family))
}

/// What to say of a type that nobody knows; `None` if its name says enough.
pub(crate) fn unknown(name: &str) -> Option<String> {
    if super::finding_type(name).is_some() || unobservable(name).is_some() {
        return None;
    }
    Some(match name {
        "" => "the finding has no type: it is judged by what it claims alone".to_owned(),
        _ => format!(
            "the type {} is not known: the finding is judged by what it claims alone",
            crate::value::excerpt(name)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_dns_types_of_instances_are_told_by_their_names() {
        for name in ["Trojan:EC2/Newcomer!DNS", "Impact:EC2/NewDomainRequest.Reputation"] {
            assert_eq!(unobservable(name), Some(FROM_DNS), "{name}");
        }
        assert_eq!(unobservable("Trojan:EC2/Newcomer"), None);
        assert_eq!(unobservable("Critical:Test/MaximumSeverity"), None);
        assert_eq!(unobservable(""), None);
    }

    #[test]
    fn a_name_that_speaks_of_bare_packets_needs_no_payload() {
        assert!(!expects_payload("Trojan:Lambda/BlackholeTraffic"));
        assert!(expects_payload("UnauthorizedAccess:Lambda/TorClient"));
        assert!(expects_payload(""));
    }

    #[test]
    fn the_table_and_the_names_agree_on_bare_packets() {
        for of in crate::finding_types().filter(|of| of.source == crate::DataSource::FlowLogs) {
            assert_eq!(expects_payload(of.name), of.payload, "{}", of.name);
        }
    }

    #[test]
    fn other_resources_are_named() {
        for (name, word) in [
            ("UnauthorizedAccess:IAMUser/TorIPCaller", "IAM"),
            ("AttackSequence:S3/CompromisedData", "S3"),
            ("Policy:Kubernetes/AdminAccessToDefaultServiceAccount", "Kubernetes"),
            ("Execution:EC2/MaliciousFile", "malware"),
            ("Execution:Runtime/NewBinaryExecuted", "host"),
        ] {
            let why = unobservable(name).unwrap();
            assert!(why.contains(word), "{name}: {why}");
            assert_eq!(unknown(name), None);
        }
    }

    #[test]
    fn an_unknown_type_is_said_to_be_one() {
        assert!(unknown("Trojan:EC2/Newcomer").unwrap().contains("Trojan:EC2/Newcomer"));
        assert!(unknown("").unwrap().contains("no type"));
        assert_eq!(unknown("Trojan:EC2/DropPoint"), None);
    }
}
