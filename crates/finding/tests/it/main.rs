//! The examples, run as they stand.

#[allow(dead_code)] // Its `main` reads a file and standard input.
#[path = "../../examples/own_evidence.rs"]
mod own_evidence;

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
    assert_eq!(told(seen), "");
    let other = "eni-0a1b2c3d4e5f60001 198.51.100.7 443 2025-06-01T09:00:00Z 1200 10 8400 12\n";
    assert_eq!(told(other), "");
    assert_eq!(told(""), "");
}
