//! Attack sequences: signals about several resources and the endpoints that they name.
//!
//! A sequence does not claim single connections. Each endpoint with an address becomes a claim that
//! some machine of the sequence had contact with it. One that only signals of API calls or of DNS
//! requests name does not: neither is contact with a machine, so its absence contradicts nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::draft::Times;
use super::machines::Machines;
use super::{action, listed, resources, text_at};
use crate::value::{self, Notes, field, items};
use crate::{Claim, ClaimKind};

pub(super) struct Sequence {
    pub(super) claims: Vec<Claim>,
    /// From the first signal to the last.
    pub(super) times: Times,
}

/// Reads a sequence. Its machines are added to those that are known.
pub(super) fn read(sequence: &Value, machines: &mut Machines, notes: &mut Notes) -> Sequence {
    let list = items(field(sequence, "resources"));
    resources::read(list, machines, notes);
    let signals = Signals::read(items(field(sequence, "signals")), notes);
    note_missing_resources(&signals, list, notes);
    let claims = claims(items(field(sequence, "endpoints")), &signals, machines, notes);
    if !claims.is_empty() {
        notes.add(
            "an attack sequence names endpoints, not single connections: protocol, own port and time \
             of each are not told",
        );
    }
    Sequence { claims, times: signals.times }
}

/// What the signals say of endpoints, resources and time.
#[derive(Default)]
struct Signals {
    times: Times,
    /// Endpoints of signals that may be traffic.
    traffic: BTreeSet<String>,
    /// Endpoints of API calls.
    calls: BTreeSet<String>,
    /// Endpoints of requests for names.
    names: BTreeSet<String>,
    resources: BTreeSet<String>,
}

impl Signals {
    fn read(list: &[Value], notes: &mut Notes) -> Signals {
        let mut signals = Signals::default();
        for signal in list {
            let first = notes.read(signal, "firstSeenAt", value::time);
            let last = notes.read(signal, "lastSeenAt", value::time);
            for time in first.into_iter().chain(last) {
                let times = &mut signals.times;
                times.first = Some(times.first.map_or(time, |first| first.min(time)));
                times.last = times.last.max(Some(time));
            }
            let of_sort = match sort(signal, notes) {
                Sort::Calls => &mut signals.calls,
                Sort::Names => &mut signals.names,
                Sort::Traffic => &mut signals.traffic,
            };
            of_sort.extend(texts(signal, "endpointIds"));
            signals.resources.extend(texts(signal, "resourceUids"));
            signals.resources.extend(texts(signal, "resourceIds"));
        }
        if list.is_empty() {
            notes.add("the attack sequence has no signals");
        }
        signals
    }
}

fn texts(object: &Value, name: &str) -> Vec<String> {
    items(field(object, name)).iter().filter_map(value::text).collect()
}

/// What a signal is about.
#[derive(Debug, PartialEq, Eq)]
enum Sort {
    /// Calls to an API, which go to AWS and not to the machine.
    Calls,
    /// Names that were asked for. Whether there was traffic with their addresses is not told.
    Names,
    /// Traffic, or what may be.
    Traffic,
}

fn sort(signal: &Value, notes: &mut Notes) -> Sort {
    let kind = text_at(signal, &["type"]).unwrap_or_default().to_ascii_uppercase();
    let name = text_at(signal, &["name"]).unwrap_or_default();
    match kind.as_str() {
        "CLOUD_TRAIL" | "S3_DATA_EVENTS" | "EKS_AUDIT_LOGS" => Sort::Calls,
        "DNS_LOGS" => Sort::Names,
        "FLOW_LOGS" | "RUNTIME_MONITORING" => Sort::Traffic,
        "FINDING" if name.contains(':') => sort_of_finding(&name),
        _ => {
            notes.add("a signal does not say what it is: its endpoints are taken for traffic");
            Sort::Traffic
        }
    }
}

fn sort_of_finding(finding_type: &str) -> Sort {
    const CALLS: [&str; 4] = [":IAMUser/", ":IAM/", ":S3/", ":Kubernetes/"];
    const NAMES: [&str; 4] = ["!DNS", "DomainRequest", "DNSDataExfiltration", "MetadataDNSRebind"];
    let has = |needles: [&str; 4]| needles.iter().any(|needle| finding_type.contains(needle));
    if has(CALLS) {
        Sort::Calls
    } else if has(NAMES) {
        Sort::Names
    } else {
        Sort::Traffic
    }
}

fn note_missing_resources(signals: &Signals, list: &[Value], notes: &mut Notes) {
    // Where the sequence has no list of its own, as in ASFF, the keys are not comparable.
    if list.is_empty() {
        return;
    }
    let known: BTreeSet<String> = resources::ids(list).collect();
    let missing: Vec<&String> = signals.resources.difference(&known).collect();
    if !missing.is_empty() {
        let missing = listed(&missing);
        notes
            .add(format!("signals are about resources that the sequence does not list: {missing}"));
    }
}

fn claims(
    endpoints: &[Value],
    signals: &Signals,
    machines: &Machines,
    notes: &mut Notes,
) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut sorted = Sorted::default();
    for endpoint in endpoints {
        let id = text_at(endpoint, &["id"]);
        let Some(remote) = notes.read(endpoint, "ip", value::address) else {
            let domain = text_at(endpoint, &["domain"]);
            sorted.nameless.push(domain.or(id).unwrap_or_else(|| "an endpoint".to_owned()));
            continue;
        };
        let is_of = |ids: &BTreeSet<String>| id.as_ref().is_some_and(|id| ids.contains(id));
        let of_traffic = is_of(&signals.traffic);
        if machines.is_empty() {
            sorted.without_machine.push(remote.to_string());
        } else if machines.has_address(remote) {
            sorted.own.push(remote.to_string());
        } else if !of_traffic && is_of(&signals.calls) {
            sorted.callers.push(remote.to_string());
        } else if !of_traffic && is_of(&signals.names) {
            sorted.names.push(remote.to_string());
        } else {
            if !of_traffic {
                sorted.without_signal.push(remote.to_string());
            }
            let claim = claim(endpoint, remote, notes);
            if !claims.contains(&claim) {
                claims.push(claim);
            }
        }
    }
    sorted.tell(notes);
    claims
}

fn claim(endpoint: &Value, remote: std::net::IpAddr, notes: &mut Notes) -> Claim {
    let nothing = Value::Null;
    let connection = field(endpoint, "connection").unwrap_or(&nothing);
    Claim {
        kind: ClaimKind::NetworkConnection,
        remote: Some(remote),
        remote_alternative: None,
        remote_port: action::port_number(endpoint, "port", notes),
        local_port: None,
        protocol: None,
        direction: action::direction(connection, "direction", notes),
        blocked: None,
        bytes_in: None,
        bytes_out: None,
    }
}

/// Endpoints of which something has to be said.
#[derive(Default)]
struct Sorted {
    nameless: Vec<String>,
    without_machine: Vec<String>,
    own: Vec<String>,
    callers: Vec<String>,
    names: Vec<String>,
    without_signal: Vec<String>,
}

impl Sorted {
    fn tell(&self, notes: &mut Notes) {
        for (endpoints, what) in [
            (&self.nameless, "endpoints without an address cannot be looked for"),
            (
                &self.without_machine,
                "no instance or interface is named: endpoints are not looked for",
            ),
            (&self.own, "endpoints with an address of the subject are no remotes"),
            (&self.callers, "endpoints that API calls came from are not claimed as traffic"),
            (&self.names, "endpoints of names that were asked for are not claimed as traffic"),
            (
                &self.without_signal,
                "no signal names these endpoints: whether it was traffic is not told",
            ),
        ] {
            if !endpoints.is_empty() {
                notes.add(format!("{what}: {}", listed(endpoints)));
            }
        }
    }
}
