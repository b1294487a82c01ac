//! What a user of the crate leans on, and the examples, run as they stand.

#![allow(clippy::unwrap_used)] // helpers of tests, which Clippy cannot tell

use flowproof_finding::{Finding, FindingError, Verdict};

#[allow(dead_code, unreachable_pub)] // Its `main` reads a file and standard input.
#[path = "../../examples/own_evidence.rs"]
mod own_evidence;

#[test]
fn the_principal_types_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    fn error<E: std::error::Error + Send + Sync + 'static>() {}
    shared::<Finding>();
    shared::<Verdict>();
    error::<FindingError>();
}

const FINDING: &str = r#"{"id": "f1", "type": "UnauthorizedAccess:EC2/TorClient",
    "resource": {"resourceType": "Instance", "instanceDetails": {
        "instanceId": "i-0aaaabbbbcccc0001", "networkInterfaces": [
            {"networkInterfaceId": "eni-0a1b2c3d4e5f60001", "privateIpAddress": "10.0.1.5"}]}},
    "service": {"eventFirstSeen": "2025-06-01T09:05:00Z", "eventLastSeen": "2025-06-01T09:50:00Z",
        "action": {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": {
            "connectionDirection": "OUTBOUND", "protocol": "TCP",
            "remoteIpDetails": {"ipAddressV4": "203.0.113.9"}, "remotePortDetails": {"port": 9001}}}}}"#;

fn told(totals: &str) -> String {
    let mut out = Vec::new();
    own_evidence::run(FINDING.as_bytes(), totals.as_bytes(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_example_judges_a_finding_by_what_another_program_added_up() {
    let seen = "eni-0a1b2c3d4e5f60001 203.0.113.9 9001 2025-06-01T09:00:00Z 1200 10 8400 12\n";
    assert_eq!(
        told(seen),
        "UnauthorizedAccess:EC2/TorClient: corroborated\n  the claimed traffic is in the records\n  \
         TCP to 203.0.113.9 port 9001: accepted, 8400 bytes out, 1200 bytes in, 1 flow, from \
         2025-06-01T09:00:00Z to 2025-06-01T10:00:00Z, on eni-0a1b2c3d4e5f60001\n"
    );
    let other = "eni-0a1b2c3d4e5f60001 198.51.100.7 443 2025-06-01T09:00:00Z 1200 10 8400 12\n";
    assert!(told(other).starts_with("UnauthorizedAccess:EC2/TorClient: contradicted\n"));
    assert!(told("").starts_with("UnauthorizedAccess:EC2/TorClient: not observable\n"));
    // What was seen at another time is no sign that the instance was quiet then.
    for day in ["2025-05-31", "2025-06-02"] {
        let elsewhere = format!("eni-0a1b2c3d4e5f60001 198.51.100.7 443 {day}T09:00:00Z 1 1 1 1\n");
        let told = told(&elsewhere);
        assert!(told.starts_with("UnauthorizedAccess:EC2/TorClient: inconclusive\n"), "{told}");
    }
}
