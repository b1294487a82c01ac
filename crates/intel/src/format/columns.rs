//! What the name of a column says of what is in it.

use crate::note::Indicator;

/// What a column of indicators holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Addresses. What is none is damaged.
    Addresses,
    /// Indicators of several kinds, or of the one that is named, among which there are addresses.
    Indicators(Option<Indicator>),
}

/// The name as it is compared: `"Dst IP"` is `dst_ip`.
pub(crate) fn normal(name: &str) -> String {
    let name =
        name.trim_start_matches('#').trim_matches(|sign: char| sign == '"' || sign.is_whitespace());
    name.to_lowercase().replace([' ', '-'], "_")
}

/// Whether a column with this name holds the lengths or masks of prefixes without their addresses.
pub(crate) fn is_prefix_length(name: &str) -> bool {
    matches!(
        name.replace('_', "").as_str(),
        "prefixlen"
            | "prefixlength"
            | "masklen"
            | "masklength"
            | "mask"
            | "netmask"
            | "subnetmask"
            | "cidrlength"
            | "bits"
    )
}

/// What a column with this name holds, if it may be the one to read, and its rank: of several, the
/// one of the lowest rank is read.
pub(crate) fn indicators(name: &str) -> Option<(u8, Holds)> {
    use Holds::{Addresses, Indicators};
    Some(match name {
        "ip" | "ips" | "ip_address" | "ipaddress" | "ip_addr" | "ipaddr" | "ipv4" | "ipv6"
        | "ip_v4" | "ip_v6" | "ipv4_address" | "ipv6_address" => (0, Addresses),
        "dst_ip" | "dstip" | "dest_ip" | "destip" | "destination_ip" | "destination.ip"
        | "src_ip" | "srcip" | "source_ip" | "sourceip" | "source.ip" | "remote_ip"
        | "remoteip" | "attacker_ip" | "c2_ip" | "host_ip" | "server_ip" | "client_ip"
        | "malicious_ip" => (1, Addresses),
        "cidr" | "ip_cidr" | "ip_or_cidr" | "prefix" | "ip_prefix" | "network" | "netblock"
        | "subnet" | "ip_range" | "iprange" => (2, Addresses),
        "address" | "addr" | "ip:port" | "ip_port" => (3, Addresses),
        "ioc_value" | "indicator" | "indicators" | "indicator_value" | "observable"
        | "observable_value" | "value" | "ioc" | "iocs" | "entity" => (4, Indicators(None)),
        "host" | "hostname" | "domain" | "domain_name" | "fqdn" => {
            (5, Indicators(Some(Indicator::Domain)))
        }
        "url" | "uri" => (5, Indicators(Some(Indicator::Url))),
        "md5" | "md5_hash" | "sha1" | "sha1_hash" | "sha256" | "sha256_hash" | "hash" => {
            (6, Indicators(Some(Indicator::Hash)))
        }
        "email" => (6, Indicators(Some(Indicator::Email))),
        "asn" => (6, Indicators(Some(Indicator::Asn))),
        _ => return None,
    })
}

/// From this rank on, a column of addresses under an unknown name is the better one.
pub(super) const OTHER_KINDS: u8 = 5;

/// A column that names the kind of each indicator.
pub(super) fn is_type(name: &str) -> bool {
    matches!(name, "ioc_type" | "type" | "indicator_type" | "observable_type" | "kind")
}

/// Whether a column tells what an indicator is about: 0 if it does, 1 if it says something where no
/// other column does.
pub(super) fn label(name: &str) -> Option<u8> {
    Some(match name {
        "malware" | "malware_family" | "malwarefamily" | "malware_printable" | "malware_name"
        | "threat" | "threat_type" | "threat_name" | "family" | "description" | "desc"
        | "comment" | "comments" | "note" | "notes" | "label" | "labels" | "name" | "title"
        | "reason" | "ioc" | "signature" | "campaign" | "actor" | "threat_actor" => 0,
        "tag" | "tags" | "category" | "categories" | "type" | "classification" | "source"
        | "info" => 1,
        _ => return None,
    })
}

/// A column that tells how sure the list is.
pub(super) fn is_confidence(name: &str) -> bool {
    matches!(
        name,
        "confidence" | "confidence_level" | "confidence_score" | "score" | "abuseconfidencescore"
    )
}

/// A column that tells from when on an entry is valid.
pub(super) fn is_valid_from(name: &str) -> bool {
    matches!(name, "valid_from" | "validfrom")
}

/// A column that tells until when an entry is valid.
pub(super) fn is_valid_until(name: &str) -> bool {
    matches!(
        name,
        "valid_until"
            | "validuntil"
            | "valid_to"
            | "expires"
            | "expires_at"
            | "expiry"
            | "expiration"
            | "expiration_date"
    )
}

/// Whether the name has a meaning here, so that a row with it can only be a header.
pub(super) fn is_known(name: &str) -> bool {
    indicators(name).is_some()
        || is_type(name)
        || label(name).is_some()
        || is_confidence(name)
        || is_valid_from(name)
        || is_valid_until(name)
}
