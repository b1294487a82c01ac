//! What the shapes have in common: each fills in a draft, and a draft becomes a [`Finding`].

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::Value;

use super::machines::Machines;
use super::types::Basis;
use super::{action, additional, arn_part, caller, sequence};
use crate::value::{self, Notes, excerpt, path};
use crate::{Action, Claim, ClaimDirection, Finding, OwnBytes};

/// The instance id of all sample findings.
const SAMPLE_INSTANCE: &str = "i-99999999";

/// A first and a last time.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Times {
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
}

impl Times {
    /// The span of both.
    fn and(self, other: Times) -> Times {
        let earlier = [self.first, other.first].into_iter().flatten().min();
        Times { first: earlier, last: self.last.max(other.last) }
    }
}

/// A claim that stands elsewhere than in `service.action`.
#[derive(Debug)]
pub(super) struct Further {
    /// The claim.
    pub(super) claim: Claim,
    /// Where it stands.
    pub(super) place: &'static str,
}

/// A finding while it is read. Fields without words of their own are those of [`Finding`].
#[derive(Debug, Default)]
pub(super) struct Draft<'v> {
    pub(super) id: Option<String>,
    pub(super) arn: Option<String>,
    pub(super) finding_type: Option<String>,
    pub(super) severity: Option<f64>,
    pub(super) title: Option<String>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) resource_type: Option<String>,
    /// Whose traffic it is.
    pub(super) machines: Machines,
    /// What GuardDuty writes under `service`.
    pub(super) service: Cow<'v, Value>,
    /// Claims beside those of `service.action`.
    pub(super) further: Vec<Further>,
    /// The times of the activity, outside of `service`.
    pub(super) seen: Times,
    /// When the finding was made and changed.
    pub(super) recorded: Times,
    /// Whether it is marked as a sample outside of `service`.
    pub(super) sample: bool,
    pub(super) notes: Notes,
}

impl Draft<'_> {
    /// The finding. Nothing in it is mandatory: what is missing is noted, and the verdict says what
    /// follows from it.
    pub(super) fn finish(self) -> Finding {
        let Draft { mut machines, mut notes, service, seen, title, further, .. } = self;
        let service = service.as_ref();
        let additional = additional::read(service, title.as_deref(), &mut notes);
        let connections = action::read(service, &mut notes);
        for connection in &connections.items {
            machines.add_local_side(connection, &mut notes);
        }
        let mut claims = action::claims(&connections, &mut notes);
        let mut seen = seen;
        let mut signals = Times::default();
        if let Some(sequence) = path(service, &["detection", "sequence"]) {
            let sequence = sequence::read(sequence, &mut machines, &mut notes);
            claims.extend(sequence.claims);
            signals = sequence.times;
            seen = Times { first: seen.first.or(signals.first), last: seen.last.or(signals.last) };
        }
        let finding_type = self.finding_type.as_deref().unwrap_or_default();
        let is_traffic = may_be_traffic(&connections.action, finding_type);
        add_further(further, is_traffic, &mut claims, &mut notes);
        give_bytes(&mut claims, additional.own_bytes);
        note_the_resource(self.resource_type.as_deref(), &machines, &mut notes);
        let region = self.region.or_else(|| arn_part(self.arn.as_deref(), 3));
        let whose = machines.finish(self.account, region, &mut notes);
        let is_sample_instance = whose.subject.instance.as_deref() == Some(SAMPLE_INSTANCE);
        let times = times(service, seen, self.recorded, &mut notes).and(signals);
        Finding {
            id: or_empty(self.id, "id", &mut notes),
            arn: self.arn,
            finding_type: or_empty(self.finding_type, "type", &mut notes),
            severity: self.severity,
            title,
            subject: whose.subject,
            interfaces: whose.interfaces,
            resource_type: self.resource_type,
            resource_role: notes.read(service, "resourceRole", value::text),
            count: notes.read(service, "count", value::integer),
            sample: self.sample || additional.sample || is_sample_instance,
            first_seen: times.first,
            last_seen: times.last,
            own_bytes: additional.own_bytes,
            callers: caller::addresses(service, &mut notes),
            action: connections.action,
            claims,
            notes: notes.0,
        }
    }
}

fn or_empty(text: Option<String>, name: &str, notes: &mut Notes) -> String {
    if text.is_none() {
        notes.add(format!("the finding has no `{name}`"));
    }
    text.unwrap_or_default()
}

/// Whether what stands outside of the action can be claims of traffic: by the action, or by the type of
/// a finding without one.
fn may_be_traffic(action: &Action, finding_type: &str) -> bool {
    action.claims_traffic()
        || *action == Action::Missing && Basis::of(finding_type) == Basis::Traffic
}

/// Adds claims with remotes that the action does not name.
fn add_further(
    further: Vec<Further>,
    is_traffic: bool,
    claims: &mut Vec<Claim>,
    notes: &mut Notes,
) {
    let the_action_names_some = !claims.is_empty();
    for Further { claim, place } in further {
        // One without a remote says nothing beside claims that have one; why it has none is noted.
        let remote = claim.remotes().next();
        if remote.is_none() && the_action_names_some
            || claims.iter().any(|known| says(known, &claim))
        {
            continue;
        }
        let remote = remote.map_or_else(|| "a remote".to_owned(), |remote| remote.to_string());
        if !is_traffic {
            notes.add(format!("`{place}` names {remote}: what the finding is about is no traffic"));
            continue;
        }
        if the_action_names_some {
            notes.add(format!("`{place}` names {remote}, which the action does not"));
        }
        claims.push(claim);
    }
}

/// Whether a claim says all that another one does: the same remote, and every port, protocol and direction
/// that the other names.
fn says(claim: &Claim, other: &Claim) -> bool {
    fn covers<T: PartialEq>(has: Option<T>, asked: Option<T>) -> bool {
        asked.is_none() || has == asked
    }
    let remotes: BTreeSet<IpAddr> = claim.remotes().collect();
    let directed = other.direction == ClaimDirection::Unknown || claim.direction == other.direction;
    other.remotes().any(|remote| remotes.contains(&remote))
        && covers(claim.remote_port, other.remote_port)
        && covers(claim.local_port, other.local_port)
        && covers(claim.protocol, other.protocol)
        && directed
}

/// The counts are those of one occurrence: with several remotes nobody knows whose.
fn give_bytes(claims: &mut [Claim], own: Option<OwnBytes>) {
    if let ([claim], Some(own)) = (claims, own) {
        (claim.bytes_in, claim.bytes_out) = (own.in_bytes, own.out_bytes);
    }
}

fn note_the_resource(kind: Option<&str>, machines: &Machines, notes: &mut Notes) {
    if machines.instances() == 0 {
        notes.add("the finding names no instance");
    } else if let Some(kind) = kind.filter(|kind| !["Instance", "AttackSequence"].contains(kind)) {
        notes.add(format!(
            "the finding is about a resource of type {}; the instance it also names is taken as the \
             subject",
            excerpt(kind)
        ));
    }
}

/// The first and the last occurrence: as GuardDuty's service tells them, else as the shape around it
/// does, else when the finding was made and changed.
fn times(service: &Value, seen: Times, recorded: Times, notes: &mut Notes) -> Times {
    let mut time = |event, seen: Option<Timestamp>, (name, recorded): (_, Option<Timestamp>)| {
        notes.read(service, event, value::time).or(seen).or_else(|| {
            let instead = recorded?;
            notes.add(format!("`{event}` is missing: `{name}` is taken instead"));
            Some(instead)
        })
    };
    let first = time("eventFirstSeen", seen.first, ("createdAt", recorded.first));
    let last = time("eventLastSeen", seen.last, ("updatedAt", recorded.last));
    match (first, last) {
        (Some(one), Some(other)) if one > other => {
            notes.add("the first occurrence lies after the last: taken the other way round");
            Times { first: last, last: first }
        }
        (Some(_), Some(_)) => Times { first, last },
        (Some(_), None) | (None, Some(_)) => {
            notes.add("only one of the first and the last occurrence is known");
            Times { first, last }
        }
        (None, None) => {
            notes.add("the finding does not say when it happened");
            Times { first, last }
        }
    }
}
