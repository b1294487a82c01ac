//! What a finding's type tells, beyond its claims.
//!
//! A type reads `ThreatPurpose:ResourceType/ThreatFamily.DetectionMechanism!Artifact`.

/// Kinds of threat that are judged or answered differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Guessing passwords of a remote desktop, shell or management service.
    BruteForce,
    /// Trying ports of the subject.
    PortProbe,
    /// Trying many ports or many addresses.
    Scan,
    /// Flooding a target.
    DenialOfService,
    /// Talking to an address that swallows traffic.
    Blackhole,
    /// More bytes than usual, or to an unusual port.
    Unusual,
    /// Anything else.
    Other,
}

/// The first needle that a type contains decides.
const FAMILIES: &[(&str, Family)] = &[
    ("BruteForce", Family::BruteForce),
    ("PortProbe", Family::PortProbe),
    ("PortSweep", Family::Scan),
    ("Portscan", Family::Scan),
    ("DenialOfService", Family::DenialOfService),
    ("BlackholeTraffic", Family::Blackhole),
    ("TrafficVolumeUnusual", Family::Unusual),
    ("NetworkPortUnusual", Family::Unusual),
];

impl Family {
    pub(crate) fn of(finding_type: &str) -> Family {
        let mut families = FAMILIES.iter();
        families
            .find(|(needle, _)| finding_type.contains(needle))
            .map_or(Family::Other, |&(_, family)| family)
    }

    /// Whether the traffic it reports carries data. A scan, a flood and a black hole are packets
    /// without an answer, so bare headers are all that can be expected of them.
    pub(crate) fn expects_payload(self) -> bool {
        !matches!(
            self,
            Family::PortProbe | Family::Scan | Family::DenialOfService | Family::Blackhole
        )
    }
}

/// Why flow logs can never show what a type reports, judged by the type alone.
pub(crate) fn unobservable(finding_type: &str) -> Option<&'static str> {
    let (_, rest) = finding_type.split_once(':')?;
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
        "EC2" if is_dns(family) => Some(
            "the finding comes from DNS logs: queries to the Amazon resolver never appear in flow \
             logs",
        ),
        _ => None,
    }
}

/// Whether GuardDuty derives a threat family from DNS logs. Not all such types end in `!DNS`.
fn is_dns(family: &str) -> bool {
    family.ends_with("!DNS")
        || family.contains("DomainRequest")
        || family.starts_with("DNSDataExfiltration")
        || family.starts_with("MetadataDNSRebind")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifteen_dns_types_are_known() {
        for finding_type in [
            "Backdoor:EC2/C&CActivity.B!DNS",
            "CryptoCurrency:EC2/BitcoinTool.B!DNS",
            "Impact:EC2/AbusedDomainRequest.Reputation",
            "Impact:EC2/BitcoinDomainRequest.Reputation",
            "Impact:EC2/MaliciousDomainRequest.Custom",
            "Impact:EC2/MaliciousDomainRequest.Reputation",
            "Impact:EC2/SuspiciousDomainRequest.Reputation",
            "Trojan:EC2/BlackholeTraffic!DNS",
            "Trojan:EC2/DGADomainRequest.B",
            "Trojan:EC2/DGADomainRequest.C!DNS",
            "Trojan:EC2/DNSDataExfiltration",
            "Trojan:EC2/DriveBySourceTraffic!DNS",
            "Trojan:EC2/DropPoint!DNS",
            "Trojan:EC2/PhishingDomainRequest!DNS",
            "UnauthorizedAccess:EC2/MetadataDNSRebind",
        ] {
            let why = unobservable(finding_type).unwrap();
            assert!(why.contains("DNS logs"), "{finding_type}: {why}");
        }
    }

    #[test]
    fn types_from_flow_logs_are_observable() {
        for finding_type in [
            "Backdoor:EC2/C&CActivity.B",
            "Backdoor:EC2/DenialOfService.Dns",
            "DefenseEvasion:EC2/UnusualDNSResolver",
            "UnauthorizedAccess:EC2/TorClient",
            "Trojan:EC2/DropPoint",
            "Critical:Test/MaximumSeverity",
            "",
        ] {
            assert_eq!(unobservable(finding_type), None, "{finding_type}");
        }
    }

    #[test]
    fn other_resources_are_named() {
        for (finding_type, word) in [
            ("UnauthorizedAccess:IAMUser/TorIPCaller", "IAM"),
            ("AttackSequence:S3/CompromisedData", "S3"),
            ("Policy:Kubernetes/AdminAccessToDefaultServiceAccount", "Kubernetes"),
            ("Execution:EC2/MaliciousFile", "malware"),
            ("Execution:Runtime/NewBinaryExecuted", "host"),
        ] {
            let why = unobservable(finding_type).unwrap();
            assert!(why.contains(word), "{finding_type}: {why}");
        }
    }
}
