//! `service.action`: what happened, and the claims that follow from it.

use std::net::IpAddr;

use serde_json::Value;

use super::text_at;
use crate::value::{self, Notes, excerpt, field, items, path};
use crate::{Action, Claim, ClaimDirection, ClaimKind};

/// The action and the objects in it that describe one remote each.
pub(super) struct Connections<'v> {
    pub(super) action: Action,
    pub(super) items: Vec<&'v Value>,
    /// Whether the action as a whole was blocked.
    blocked: Option<bool>,
}

pub(super) fn read<'v>(service: &'v Value, notes: &mut Notes) -> Connections<'v> {
    let Some(json) = field(service, "action").filter(|action| action.is_object()) else {
        return Connections { action: Action::Missing, items: Vec::new(), blocked: None };
    };
    let action = named(json, notes);
    let detail = match action {
        Action::NetworkConnection => field(json, "networkConnectionAction"),
        Action::PortProbe => field(json, "portProbeAction"),
        _ => None,
    };
    let all = match action {
        Action::PortProbe => items(detail.and_then(|probe| field(probe, "portProbeDetails"))),
        _ => items(detail),
    };
    let items: Vec<_> = all.iter().filter(|item| item.is_object()).collect();
    if items.is_empty() && action.claims_traffic() {
        notes.add("the action has no details: no remote is named");
    }
    let blocked = detail.and_then(|detail| notes.read(detail, "blocked", value::truth));
    Connections { action, items, blocked }
}

/// The action by its name, or by the details it carries if it has no name.
fn named(json: &Value, notes: &mut Notes) -> Action {
    const DETAILS: &[(&str, &str)] = &[
        ("networkConnectionAction", "NETWORK_CONNECTION"),
        ("portProbeAction", "PORT_PROBE"),
        ("dnsRequestAction", "DNS_REQUEST"),
        ("awsApiCallAction", "AWS_API_CALL"),
        ("kubernetesApiCallAction", "KUBERNETES_API_CALL"),
        ("rdsLoginAttemptAction", "RDS_LOGIN_ATTEMPT"),
    ];
    let name = text_at(json, &["actionType"]).or_else(|| {
        let (detail, name) = DETAILS.iter().find(|(detail, _)| field(json, detail).is_some())?;
        notes.add(format!("`actionType` is missing: taken from `{detail}`"));
        Some((*name).to_owned())
    });
    let Some(name) = name else { return Action::Missing };
    match name.to_ascii_uppercase().as_str() {
        "NETWORK_CONNECTION" => Action::NetworkConnection,
        "PORT_PROBE" => Action::PortProbe,
        "DNS_REQUEST" => {
            Action::DnsRequest { domain: text_at(json, &["dnsRequestAction", "domain"]) }
        }
        _ => Action::Other { name },
    }
}

/// One claim per connection or probe.
pub(super) fn claims(connections: &Connections<'_>, notes: &mut Notes) -> Vec<Claim> {
    let probes = connections.action == Action::PortProbe;
    connections
        .items
        .iter()
        .map(|item| {
            let mut claim = claim(item, notes);
            claim.blocked = connections.blocked;
            if probes {
                // A probe comes from the remote; its details have no direction of their own.
                claim.kind = ClaimKind::PortProbe;
                claim.direction = ClaimDirection::Inbound;
            }
            claim
        })
        .collect()
}

fn claim(item: &Value, notes: &mut Notes) -> Claim {
    let (remote, remote_alternative) = remote(item, notes);
    let direction = direction(item, "connectionDirection", notes);
    Claim {
        kind: ClaimKind::NetworkConnection,
        remote,
        remote_alternative,
        remote_port: port(item, "remotePortDetails", notes),
        local_port: port(item, "localPortDetails", notes),
        protocol: protocol(item, "protocol", notes),
        direction,
        blocked: None,
        bytes_in: None,
        bytes_out: None,
    }
}

/// The remote's address and, if it has both, its IPv6 address.
fn remote(item: &Value, notes: &mut Notes) -> (Option<IpAddr>, Option<IpAddr>) {
    let nothing = Value::Null;
    let details = field(item, "remoteIpDetails").unwrap_or(&nothing);
    let four = notes.read(details, "ipAddressV4", value::address);
    let six = notes.read(details, "ipAddressV6", value::address);
    match (four, six) {
        (Some(four), six) => (Some(four), six.filter(|&six| six != four)),
        (None, Some(six)) => {
            notes.add("a remote has only an IPv6 address");
            (Some(six), None)
        }
        (None, None) => {
            notes.add("a connection or probe names no remote address");
            (None, None)
        }
    }
}

/// Who connected, by the word under `name`. Security Hub's own words are IN and OUT.
pub(super) fn direction(item: &Value, name: &str, notes: &mut Notes) -> ClaimDirection {
    let Some(text) = notes.read(item, name, value::text) else {
        return ClaimDirection::Unknown;
    };
    match text.to_ascii_uppercase().as_str() {
        "INBOUND" | "IN" => ClaimDirection::Inbound,
        "OUTBOUND" | "OUT" => ClaimDirection::Outbound,
        "UNKNOWN" => ClaimDirection::Unknown,
        _ => {
            notes.add(format!("unknown connection direction `{}`", excerpt(&text)));
            ClaimDirection::Unknown
        }
    }
}

/// A port. Protocols without ports carry a 0, which is none.
fn port(item: &Value, name: &str, notes: &mut Notes) -> Option<u16> {
    port_number(field(item, name)?, "port", notes)
}

/// The port under `name`, if it is not 0.
pub(super) fn port_number(item: &Value, name: &str, notes: &mut Notes) -> Option<u16> {
    let read = |value: &Value| value::integer(value).and_then(|port| u16::try_from(port).ok());
    notes.read(item, name, read).filter(|&port| port != 0)
}

/// Names that GuardDuty or people use, and IANA numbers.
const PROTOCOLS: &[(&str, u8)] = &[
    ("TCP", 6),
    ("UDP", 17),
    ("ICMP", 1),
    ("ICMPV6", 58),
    ("IPV6-ICMP", 58),
    ("IGMP", 2),
    ("GRE", 47),
    ("ESP", 50),
    ("AH", 51),
    ("SCTP", 132),
];

/// The protocol under `name`, by its name or number.
pub(super) fn protocol(item: &Value, name: &str, notes: &mut Notes) -> Option<u8> {
    let text = notes.read(item, name, value::text)?;
    let by_name = PROTOCOLS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text));
    let number = by_name.map(|&(_, number)| number).or_else(|| text.parse().ok());
    if number.is_none_or(|number| number == 0) {
        notes.add(format!("unknown protocol `{}`", excerpt(&text)));
    }
    number.filter(|&number| number != 0)
}

/// The subject's side of a connection or probe.
pub(super) fn local_addresses(item: &Value, notes: &mut Notes) -> Vec<IpAddr> {
    let Some(details) = path(item, &["localIpDetails"]) else { return Vec::new() };
    ["ipAddressV4", "ipAddressV6"]
        .iter()
        .filter_map(|name| notes.read(details, name, value::address))
        .collect()
}
