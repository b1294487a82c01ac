//! Whose traffic a finding is about.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flowproof_evidence::{InterfaceIdentity, Subject};
use serde_json::Value;

use super::{action, text_at};
use crate::value::{self, Notes, field, items, path};

/// The subject and which of its interfaces has which address.
pub(super) struct Whose {
    pub(super) subject: Subject,
    pub(super) interfaces: Vec<InterfaceIdentity>,
}

/// Reads instance, interfaces and private addresses. `connections` are the parts of the action that
/// name the subject's side of a contact.
pub(super) fn read(
    json: &Value,
    resource: &Value,
    connections: &[&Value],
    notes: &mut Notes,
) -> Whose {
    let details = field(resource, "instanceDetails");
    let instance = details.and_then(|details| text_at(details, &["instanceId"]));
    note_what_is_odd(resource, details.is_some(), instance.is_some(), notes);
    let mut known = Known::default();
    for interface in items(details.and_then(|details| field(details, "networkInterfaces"))) {
        known.add_interface(interface, notes);
    }
    for connection in connections {
        known.add_local_side(connection, notes);
    }
    let arn = text_at(json, &["arn"]);
    let subject = Subject {
        instance: instance.clone(),
        interfaces: known.interfaces.keys().cloned().collect(),
        addresses: known.addresses.into_iter().collect(),
        account: account(json, arn.as_deref(), notes),
        region: text_at(json, &["region"]).or_else(|| arn_part(arn.as_deref(), 3)),
    };
    let identity = |(interface, addresses): (String, BTreeSet<IpAddr>)| InterfaceIdentity {
        interface,
        instance: instance.clone(),
        addresses: addresses.into_iter().collect(),
    };
    Whose { subject, interfaces: known.interfaces.into_iter().map(identity).collect() }
}

fn note_what_is_odd(resource: &Value, details: bool, instance: bool, notes: &mut Notes) {
    let kind = text_at(resource, &["resourceType"]);
    match kind.as_deref() {
        Some("Instance") | None if !instance => notes.add("the finding names no instance"),
        Some("Instance") | None => {}
        Some(kind) if details => notes.add(format!(
            "the finding is about a resource of type {kind}; the instance it also names is taken as \
             the subject"
        )),
        Some(_) => {}
    }
}

/// Interfaces and addresses as they are met.
#[derive(Default)]
struct Known {
    interfaces: BTreeMap<String, BTreeSet<IpAddr>>,
    addresses: BTreeSet<IpAddr>,
    /// Public addresses: they never appear in an interface's records, so they are no join key.
    public: BTreeSet<IpAddr>,
}

impl Known {
    fn add_interface(&mut self, interface: &Value, notes: &mut Notes) {
        let mut own: BTreeSet<IpAddr> =
            notes.read(interface, "privateIpAddress", value::address).into_iter().collect();
        own.extend(listed(interface, "privateIpAddresses", "privateIpAddress", notes));
        own.extend(listed(interface, "ipv6Addresses", "ipv6Address", notes));
        self.addresses.extend(&own);
        self.public.extend(notes.read(interface, "publicIp", value::address));
        match text_at(interface, &["networkInterfaceId"]) {
            Some(id) => self.interfaces.entry(id).or_default().extend(own),
            None => notes.add("an interface of the instance is named without its id"),
        }
    }

    fn add_local_side(&mut self, connection: &Value, notes: &mut Notes) {
        let interface = text_at(connection, &["localNetworkInterface"]);
        let local = action::local_addresses(connection, notes);
        let own: Vec<_> = local.into_iter().filter(|&own| self.is_own(own, notes)).collect();
        self.addresses.extend(&own);
        if let Some(id) = interface {
            self.interfaces.entry(id).or_default().extend(own);
        }
    }

    /// Whether a local address is one that the interface's records would show: a private one, an IPv6
    /// one (which is never translated), or one that the interfaces list as their own.
    fn is_own(&self, address: IpAddr, notes: &mut Notes) -> bool {
        let own = self.addresses.contains(&address)
            || match address {
                IpAddr::V6(_) => true,
                IpAddr::V4(four) => four.is_private() || is_shared(four.octets()),
            };
        if !own && !self.public.contains(&address) {
            notes.add(format!("the local address {address} is not private and was left out"));
        }
        own
    }
}

/// 100.64.0.0/10, which VPCs may use too.
fn is_shared(octets: [u8; 4]) -> bool {
    octets[0] == 100 && octets[1] & 0b1100_0000 == 64
}

/// Addresses of a list, whose items are addresses or objects with one under `inner`.
fn listed(interface: &Value, name: &str, inner: &str, notes: &mut Notes) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for item in items(field(interface, name)) {
        let address = if item.is_object() {
            notes.read(item, inner, value::address)
        } else {
            let address = value::address(item);
            if address.is_none() {
                notes.add(format!("`{name}` holds something that is no address"));
            }
            address
        };
        addresses.extend(address);
    }
    addresses
}

fn account(json: &Value, arn: Option<&str>, notes: &mut Notes) -> Option<String> {
    let given = path(json, &["accountId"]);
    let mut account = given
        .and_then(value::text)
        .filter(|account| !account.is_empty())
        .or_else(|| arn_part(arn, 4))?;
    let digits = account.bytes().all(|byte| byte.is_ascii_digit());
    if digits && account.len() < 12 && given.is_some_and(Value::is_number) {
        notes.add("`accountId` was a number: its leading zeros were put back");
        account = format!("{account:0>12}");
    }
    if !digits || account.len() != 12 {
        notes.add("the account id is not 12 digits");
    }
    Some(account)
}

/// A part of `arn:partition:guardduty:region:account:...`.
fn arn_part(arn: Option<&str>, index: usize) -> Option<String> {
    let mut parts = arn?.split(':');
    (parts.next() == Some("arn")).then_some(())?;
    parts.nth(index - 1).filter(|part| !part.is_empty()).map(str::to_owned)
}
