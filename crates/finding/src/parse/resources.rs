//! Lists of resources, each with a type, an id and details: ASFF's `Resources`, OCSF's `resources` and
//! those of attack sequences.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::Value;

use super::machines::{Machines, addresses, is_never_public};
use super::text_at;
use crate::value::{self, Notes, excerpt, field, items};

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Instance,
    Interface,
    Other(String),
}

/// One resource of a list.
struct Resource<'v> {
    kind: Kind,
    /// The id as it is given: an ARN, an id or a key of the list.
    given: Option<String>,
    /// The instance's or interface's id.
    id: Option<String>,
    details: Cow<'v, Value>,
}

/// Adds the instances and interfaces of a list. Returns what the finding is about, in GuardDuty's word
/// where it has one.
pub(super) fn read(list: &[Value], machines: &mut Machines, notes: &mut Notes) -> Option<String> {
    let resources: Vec<_> = list.iter().filter_map(|resource| one(resource, notes)).collect();
    // An instance may name its interfaces by their keys in the list.
    let interfaces: BTreeMap<&str, &str> = resources
        .iter()
        .filter(|resource| resource.kind == Kind::Interface)
        .filter_map(|resource| Some((resource.given.as_deref()?, resource.id.as_deref()?)))
        .collect();
    for resource in &resources {
        match resource.kind {
            Kind::Instance => add_instance(resource, &interfaces, machines, notes),
            Kind::Interface => add_interface(resource, machines, notes),
            Kind::Other(_) => {}
        }
    }
    about(&resources)
}

fn about(resources: &[Resource<'_>]) -> Option<String> {
    let others: BTreeSet<&str> =
        resources
            .iter()
            .filter_map(|resource| {
                if let Kind::Other(kind) = &resource.kind { Some(kind.as_str()) } else { None }
            })
            .collect();
    if others.iter().any(|kind| squeezed(kind).ends_with("accesskey")) {
        return Some("AccessKey".to_owned());
    }
    let machine = resources.iter().any(|resource| !matches!(resource.kind, Kind::Other(_)));
    let first = others.first().map(|kind| (*kind).to_owned());
    if machine { Some("Instance".to_owned()) } else { first }
}

/// The ids that other parts of a finding refer to resources by.
pub(super) fn ids(list: &[Value]) -> impl Iterator<Item = String> {
    list.iter()
        .filter_map(|resource| text_at(resource, &["uid"]).or_else(|| text_at(resource, &["id"])))
}

fn one<'v>(resource: &'v Value, notes: &mut Notes) -> Option<Resource<'v>> {
    if !resource.is_object() {
        notes.add("a resource is no object and was left out");
        return None;
    }
    let given = text_at(resource, &["uid"]).or_else(|| text_at(resource, &["id"]));
    let named = text_at(resource, &["type"]).or_else(|| text_at(resource, &["resourceType"]));
    let kind = kind(named.as_deref(), given.as_deref(), notes);
    let details = details(resource, &kind, notes);
    let names = ["uid", "id", "uid_alt", "name"];
    let own = match kind {
        Kind::Instance => ("i-", "instanceId"),
        Kind::Interface => ("eni-", "networkInterfaceId"),
        Kind::Other(_) => return Some(Resource { kind, given, id: None, details }),
    };
    let mut candidates = names.iter().filter_map(|name| text_at(resource, &[name]));
    let id = candidates.find_map(|text| machine_id(&text, own.0));
    let id = id.or_else(|| text_at(&details, &[own.1]).and_then(|text| machine_id(&text, own.0)));
    if id.is_none() {
        let what = if kind == Kind::Instance { "an instance" } else { "an interface" };
        notes.add(format!("{what} is named without its id"));
    }
    Some(Resource { kind, given, id, details })
}

/// What a resource is, by its type, or by its id if the type does not tell of a machine.
fn kind(named: Option<&str>, given: Option<&str>, notes: &mut Notes) -> Kind {
    let squeezed = squeezed(named.unwrap_or_default());
    if squeezed.ends_with("ec2instance") {
        return Kind::Instance;
    }
    if squeezed.ends_with("ec2networkinterface") {
        return Kind::Interface;
    }
    let by_id = [("i-", Kind::Instance), ("eni-", Kind::Interface)];
    let machine =
        by_id.into_iter().find(|(prefix, _)| is_unmistakable(given.unwrap_or_default(), prefix));
    let named = named.unwrap_or("unknown");
    match machine {
        Some((_, kind)) => {
            notes.add(format!(
                "a resource of type {} is taken for what its id says",
                excerpt(named)
            ));
            kind
        }
        None => Kind::Other(named.to_owned()),
    }
}

/// Whether an id can only be that of an instance or interface: the prefix and 8 or more hexadecimal
/// digits.
fn is_unmistakable(text: &str, prefix: &str) -> bool {
    let id = machine_id(text, prefix);
    let digits = id.as_deref().and_then(|id| id.strip_prefix(prefix));
    digits.is_some_and(|digits| {
        digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// `AwsEc2Instance`, `AWS::EC2::Instance` and `EC2_INSTANCE` are one type.
fn squeezed(kind: &str) -> String {
    kind.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// `i-0abc` out of `arn:aws:ec2:us-east-1:123456789012:instance/i-0abc` or out of itself.
fn machine_id(text: &str, prefix: &str) -> Option<String> {
    let last = text.rsplit(['/', ':']).next()?.trim();
    let rest = last.strip_prefix(prefix)?;
    let whole = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    whole.then(|| last.to_owned())
}

/// The details of the resource's own kind. OCSF has them as JSON text.
fn details<'v>(resource: &'v Value, kind: &Kind, notes: &mut Notes) -> Cow<'v, Value> {
    let given = field(resource, "details").or_else(|| field(resource, "data"));
    let Some(all) = given.and_then(value::embedded) else {
        if given.is_some_and(|given| given.as_str().is_some_and(|text| !text.trim().is_empty())) {
            notes.add("the details of a resource are not JSON and were left out");
        }
        return Cow::Owned(Value::Null);
    };
    let name = match kind {
        Kind::Instance => "ec2instance",
        Kind::Interface => "ec2networkinterface",
        Kind::Other(_) => return all,
    };
    let of_kind = |object: &Value| {
        let members = object.as_object()?;
        members.iter().find(|(key, _)| squeezed(key).ends_with(name)).map(|(key, _)| key.clone())
    };
    match (of_kind(&all), all) {
        (Some(key), Cow::Borrowed(all)) => Cow::Borrowed(&all[&key]),
        (Some(key), Cow::Owned(mut all)) => Cow::Owned(all[&key].take()),
        (None, all) => all,
    }
}

fn add_instance(
    resource: &Resource<'_>,
    interfaces: &BTreeMap<&str, &str>,
    machines: &mut Machines,
    notes: &mut Notes,
) {
    let instance = resource.id.as_deref();
    let details = resource.details.as_ref();
    let mut own = addresses_of_instance(details, machines, notes);
    let named = interfaces_of_instance(details, interfaces, notes);
    if let Some(instance) = instance {
        machines.add_instance(instance, !named.is_empty());
    }
    for interface in &named {
        // The addresses are those of the only interface, else it is not told whose each is.
        let own = if named.len() == 1 { std::mem::take(&mut own) } else { Vec::new() };
        machines.add_interface(interface, instance, own);
    }
    machines.add_own(own);
}

/// The instance's addresses that its records can show. ASFF does not tell private addresses from
/// public ones.
fn addresses_of_instance(
    details: &Value,
    machines: &mut Machines,
    notes: &mut Notes,
) -> Vec<IpAddr> {
    let mut all = addresses(details, "ipV4Addresses", "ipV4Address", notes);
    all.extend(addresses(details, "ipV6Addresses", "ipV6Address", notes));
    let (own, public): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|&address| is_never_public(address));
    for address in &public {
        notes.add(format!(
            "{address} is taken for a public address of the instance and was left out"
        ));
    }
    machines.add_public(public);
    own
}

fn interfaces_of_instance(
    details: &Value,
    interfaces: &BTreeMap<&str, &str>,
    notes: &mut Notes,
) -> BTreeSet<String> {
    let objects = items(field(details, "networkInterfaces")).iter();
    let keys = items(field(details, "ec2NetworkInterfaceUids")).iter();
    let texts = objects
        .map(|interface| text_at(interface, &["networkInterfaceId"]))
        .chain(keys.map(value::text));
    let mut named = BTreeSet::new();
    for text in texts {
        let id = text.as_deref().and_then(|text| {
            machine_id(text, "eni-").or_else(|| interfaces.get(text).map(|&id| id.to_owned()))
        });
        match id {
            Some(id) => {
                named.insert(id);
            }
            None => notes.add("an interface of the instance is named without its id"),
        }
    }
    named
}

fn add_interface(resource: &Resource<'_>, machines: &mut Machines, notes: &mut Notes) {
    let details = resource.details.as_ref();
    let attached = text_at(details, &["attachment", "instanceId"]);
    let instance = attached.and_then(|text| machine_id(&text, "i-"));
    let id = resource.id.as_deref();
    machines.add_described_interface(details, instance.as_deref(), id, notes);
}
