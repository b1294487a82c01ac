//! What a finding's tests look at beyond the subject's conversations.

use crate::{EvidenceTest, Finding, types};

/// What is to be looked at for a finding, and costs a reading of its own. Without it the tests answer
/// that nobody looked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Needs {
    /// Single connections with the claimed remotes, for a test that decides.
    pub connections: bool,
    /// The busiest minutes with the claimed remotes, for a test that decides.
    pub minutes: bool,
    /// What the subject did in the days before.
    pub baseline: bool,
}

impl Finding {
    /// What the tests of its type need.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        if self.claims.is_empty() {
            return needs;
        }
        for asked in types::tests(&self.finding_type).iter() {
            match asked.test {
                EvidenceTest::BruteForce { .. }
                | EvidenceTest::LongConnection { .. }
                | EvidenceTest::Sessions => needs.connections |= asked.decides,
                EvidenceTest::Flood { .. } => needs.minutes |= asked.decides,
                EvidenceTest::NewPort { .. } | EvidenceTest::Volume { .. } => needs.baseline = true,
                _ => {}
            }
        }
        needs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_findings;

    fn needs(finding_type: &str) -> Needs {
        let text = format!(
            r#"{{"id": "f1", "type": "{finding_type}", "resource": {{"instanceDetails": {{"instanceId": "i-1"}}}},
            "service": {{"action": {{"actionType": "NETWORK_CONNECTION", "networkConnectionAction": {{
            "remoteIpDetails": {{"ipAddressV4": "203.0.113.9"}}}}}}}}}}"#
        );
        read_findings(text.as_bytes()).unwrap().findings[0].needs()
    }

    #[test]
    fn only_what_a_test_needs_is_asked_for() {
        let none = Needs::default();
        assert_eq!(needs("UnauthorizedAccess:EC2/TorClient"), none);
        assert_eq!(
            needs("UnauthorizedAccess:EC2/SSHBruteForce"),
            Needs { connections: true, ..none }
        );
        assert_eq!(needs("Backdoor:EC2/DenialOfService.Udp"), Needs { minutes: true, ..none });
        assert_eq!(needs("Behavior:EC2/TrafficVolumeUnusual"), Needs { baseline: true, ..none });
        assert_eq!(needs("Behavior:EC2/NetworkPortUnusual"), Needs { baseline: true, ..none });
        assert_eq!(needs("Trojan:EC2/DGADomainRequest.B"), none);
    }
}
