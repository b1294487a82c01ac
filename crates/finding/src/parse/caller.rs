//! From where a call or a login came: addresses that claim no traffic of the subject's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value;

use crate::value::{self, Notes, field, items, path};

/// The addresses from which the action's call or login came, sorted.
pub(super) fn addresses(service: &Value, notes: &mut Notes) -> Vec<IpAddr> {
    const CALLS: &[&str] =
        &["awsApiCallAction", "kubernetesApiCallAction", "rdsLoginAttemptAction"];
    let Some(action) = field(service, "action") else { return Vec::new() };
    let mut addresses = BTreeSet::new();
    for call in CALLS.iter().flat_map(|name| items(field(action, name))) {
        let Some(details) = path(call, &["remoteIpDetails"]) else { continue };
        for name in ["ipAddressV4", "ipAddressV6"] {
            addresses.extend(notes.read(details, name, value::address));
        }
    }
    addresses.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use crate::read_findings;

    #[test]
    fn the_address_of_an_api_call_is_a_caller_and_no_claim() {
        let json = br#"{"type": "UnauthorizedAccess:IAMUser/TorIPCaller", "service": {"action": {
            "actionType": "AWS_API_CALL", "awsApiCallAction": {"api": "GetObject",
            "remoteIpDetails": {"ipAddressV4": "203.0.113.9", "ipAddressV6": "2001:db8::9"}}}}}"#;
        let finding = read_findings(json).unwrap().findings.remove(0);
        let callers: Vec<_> = finding.callers.iter().map(ToString::to_string).collect();
        assert_eq!(callers, ["203.0.113.9", "2001:db8::9"]);
        assert!(finding.claims.is_empty());
    }
}
