//! Attack sequences: signals about several resources and the endpoints that they name.
//!
//! A sequence does not claim single connections. Each endpoint with an address becomes a claim that
//! some machine of the sequence had contact with it. One that only signals of API calls or of DNS
//! requests name does not: neither is contact with a machine, so its absence contradicts nothing.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value;

use super::draft::Times;
use super::machines::Machines;
use super::types::Basis;
use super::{action, listed, resources, text_at};
use crate::value::{self, Notes, field, items};
use crate::{Claim, ClaimKind};

/// What a sequence says of traffic.
pub(super) struct Sequence {
    /// One claim for each endpoint that may be one of traffic.
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
    /// Endpoints of traffic.
    traffic: BTreeSet<String>,
    /// Endpoints of signals that do not say what they are.
    unknown: BTreeSet<String>,
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
            let endpoints = texts(signal, "endpointIds");
            match basis(signal) {
                Some(Basis::Calls) => signals.calls.extend(endpoints),
                Some(Basis::Names) => signals.names.extend(endpoints),
                Some(Basis::Traffic) => signals.traffic.extend(endpoints),
                None => signals.unknown.extend(endpoints),
            }
            signals.resources.extend(texts(signal, "resourceUids"));
            signals.resources.extend(texts(signal, "resourceIds"));
        }
        if list.is_empty() {
            notes.add("the attack sequence has no signals");
        }
        signals
    }

    /// What an endpoint stands on, by the signals that name it. One of traffic is enough, and one that
    /// does not say what it is may be one.
    fn basis(&self, id: Option<&str>) -> Option<Basis> {
        let is_of = |ids: &BTreeSet<String>| id.is_some_and(|id| ids.contains(id));
        if is_of(&self.traffic) {
            Some(Basis::Traffic)
        } else if is_of(&self.unknown) {
            None
        } else if is_of(&self.calls) {
            Some(Basis::Calls)
        } else if is_of(&self.names) {
            Some(Basis::Names)
        } else {
            None
        }
    }
}

fn texts(object: &Value, name: &str) -> Vec<String> {
    items(field(object, name)).iter().filter_map(value::text).collect()
}

/// What a signal stands on; `None` if it does not say.
fn basis(signal: &Value) -> Option<Basis> {
    let kind = text_at(signal, &["type"])?.to_ascii_uppercase();
    match kind.as_str() {
        "CLOUD_TRAIL" | "S3_DATA_EVENTS" | "EKS_AUDIT_LOGS" => Some(Basis::Calls),
        "DNS_LOGS" => Some(Basis::Names),
        "FLOW_LOGS" | "RUNTIME_MONITORING" => Some(Basis::Traffic),
        "FINDING" => text_at(signal, &["name"])
            .filter(|name| name.contains(':'))
            .map(|finding_type| Basis::of(&finding_type)),
        _ => None,
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
    machines: &mut Machines,
    notes: &mut Notes,
) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut known = BTreeSet::new();
    let mut founded = false;
    let mut told = Told::default();
    for endpoint in endpoints {
        let id = text_at(endpoint, &["id"]);
        let Some(remote) = notes.read(endpoint, "ip", value::address) else {
            let domain = text_at(endpoint, &["domain"]);
            told.nameless.push(domain.or(id).unwrap_or_else(|| "an endpoint".to_owned()));
            continue;
        };
        let basis = signals.basis(id.as_deref());
        if !told.allows(remote, basis, machines) {
            continue;
        }
        founded |= basis == Some(Basis::Traffic);
        let claim = claim(endpoint, remote, notes);
        if known.insert(claim.clone()) {
            claims.push(claim);
        }
    }
    told.tell(notes);
    if !founded {
        machines.leave_open();
    }
    claims
}

fn claim(endpoint: &Value, remote: IpAddr, notes: &mut Notes) -> Claim {
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
struct Told {
    nameless: Vec<String>,
    without_machine: Vec<String>,
    own: Vec<String>,
    callers: Vec<String>,
    names: Vec<String>,
    unfounded: Vec<String>,
}

impl Told {
    /// Whether an endpoint becomes a claim. What keeps it from that is told, and so is a claim without
    /// a basis.
    fn allows(&mut self, remote: IpAddr, basis: Option<Basis>, machines: &Machines) -> bool {
        let (list, allowed) = match basis {
            _ if machines.is_empty() => (&mut self.without_machine, false),
            _ if machines.has_address(remote) => (&mut self.own, false),
            Some(Basis::Traffic) => return true,
            Some(Basis::Calls) => (&mut self.callers, false),
            Some(Basis::Names) => (&mut self.names, false),
            None => (&mut self.unfounded, true),
        };
        list.push(remote.to_string());
        allowed
    }

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
                &self.unfounded,
                "no signal says what these endpoints are: they are taken for traffic",
            ),
        ] {
            if !endpoints.is_empty() {
                notes.add(format!("{what}: {}", listed(endpoints)));
            }
        }
    }
}
