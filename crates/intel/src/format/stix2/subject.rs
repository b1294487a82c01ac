//! What a comparison in a pattern is about, by its object path.

use crate::note::Indicator;

/// What a comparison is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// An address to look for.
    Address,
    /// What else must hold of the traffic: its port, its protocol. Matching is by address only.
    Condition,
    Other(Indicator),
}

/// What the object path, without quotes, is about.
pub(super) fn subject(path: &str) -> Subject {
    let (object, property) = path.split_once(':').unwrap_or((path, ""));
    let is_hash = property.starts_with("hashes") || property.contains(".hashes");
    Subject::Other(match (object, property) {
        ("ipv4-addr" | "ipv6-addr", "value")
        | ("network-traffic", "src_ref.value" | "dst_ref.value") => return Subject::Address,
        ("network-traffic", _) => return Subject::Condition,
        ("domain-name", _) => Indicator::Domain,
        ("url", _) => Indicator::Url,
        ("file" | "artifact" | "x509-certificate", _) if is_hash => Indicator::Hash,
        ("file" | "directory", _) => Indicator::File,
        ("email-addr" | "email-message", _) => Indicator::Email,
        ("autonomous-system", _) => Indicator::Asn,
        _ => Indicator::Other,
    })
}
