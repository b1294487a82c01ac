//! A finding as results show it.

use jiff::Timestamp;
use serde::Serialize;

use crate::{Claim, Finding};

/// The `finding` part of an investigation's JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FindingSummary<'f> {
    /// The finding's id; empty if it has none.
    pub id: &'f str,
    /// Its type; empty if it has none.
    #[serde(rename = "type")]
    pub finding_type: &'f str,
    /// Its severity.
    pub severity: Option<f64>,
    /// Its title.
    pub title: Option<&'f str>,
    /// Its ARN.
    pub arn: Option<&'f str>,
    /// Occurrences gathered in it.
    pub count: Option<u64>,
    /// Whether it is a sample.
    pub sample: bool,
    /// The first occurrence.
    pub first_seen: Option<Timestamp>,
    /// The last occurrence.
    pub last_seen: Option<Timestamp>,
    /// What it says about traffic.
    pub claims: &'f [Claim],
    /// What was missing, unreadable or assumed when it was read.
    pub notes: &'f [String],
}

impl<'f> FindingSummary<'f> {
    pub(crate) fn new(finding: &'f Finding) -> FindingSummary<'f> {
        FindingSummary {
            id: &finding.id,
            finding_type: &finding.finding_type,
            severity: finding.severity,
            title: finding.title.as_deref(),
            arn: finding.arn.as_deref(),
            count: finding.count,
            sample: finding.sample,
            first_seen: finding.first_seen,
            last_seen: finding.last_seen,
            claims: &finding.claims,
            notes: &finding.notes,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::read_findings;

    #[test]
    fn the_summary_has_the_keys_of_the_investigation_document() {
        let bytes = include_bytes!("../../../testdata/findings/getfindings-tor-outbound.json");
        let finding = read_findings(bytes).unwrap().findings.remove(0);
        assert_eq!(
            serde_json::to_value(finding.summary()).unwrap(),
            json!({
                "id": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
                "type": "UnauthorizedAccess:EC2/TorClient",
                "severity": 8.0,
                "title": "EC2 instance i-0aaaabbbbcccc0001 is communicating with a Tor entry node.",
                "arn": "arn:aws:guardduty:us-east-1:123456789012:detector/\
                        00112233445566778899aabbccddeeff/finding/a1b2c3d4e5f60718293a4b5c6d7e8f90",
                "count": 3,
                "sample": false,
                "first_seen": "2025-06-01T00:00:00Z",
                "last_seen": "2025-06-01T00:10:00Z",
                "claims": [{
                    "kind": "network_connection",
                    "remote": "203.0.113.9",
                    "remote_port": 443,
                    "local_port": 49152,
                    "protocol": 6,
                    "direction": "outbound",
                    "blocked": false,
                    "bytes_in": 1200,
                    "bytes_out": 8400
                }],
                "notes": []
            })
        );
    }
}
