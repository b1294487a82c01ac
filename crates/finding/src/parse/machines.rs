//! The machines that a finding is about: instances, their interfaces and addresses.
//!
//! Every shape adds what it names; what comes out is the subject.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flowproof_evidence::{InterfaceIdentity, Subject};
use serde_json::Value;

use super::{action, listed};
use crate::value::{self, Notes, field, items};

/// The subject and which of its interfaces has which address.
pub(super) struct Whose {
    pub(super) subject: Subject,
    pub(super) interfaces: Vec<InterfaceIdentity>,
}

/// Instances, interfaces and addresses as they are met.
#[derive(Debug, Default)]
pub(super) struct Machines {
    instances: BTreeSet<String>,
    /// Instances with a list of their interfaces.
    listed: BTreeSet<String>,
    /// Whether nothing may be contradicted by looking at the interfaces that are named.
    open: bool,
    interfaces: BTreeMap<String, Interface>,
    addresses: BTreeSet<IpAddr>,
    /// Public addresses: they never appear in an interface's records, so they are no join key.
    public: BTreeSet<IpAddr>,
}

#[derive(Debug, Default)]
struct Interface {
    /// The instance that has it, where that is said.
    instance: Option<String>,
    addresses: BTreeSet<IpAddr>,
}

impl Machines {
    /// Adds an instance. `listed` tells whether its interfaces are listed with it; interfaces that
    /// stand elsewhere may be some of them only.
    pub(super) fn add_instance(&mut self, id: &str, listed: bool) {
        self.instances.insert(id.to_owned());
        if listed {
            self.listed.insert(id.to_owned());
        }
    }

    pub(super) fn add_interface(
        &mut self,
        id: &str,
        instance: Option<&str>,
        own: impl IntoIterator<Item = IpAddr>,
    ) {
        let interface = self.interfaces.entry(id.to_owned()).or_default();
        let own: Vec<_> = own.into_iter().collect();
        interface.addresses.extend(&own);
        self.addresses.extend(own);
        if let Some(instance) = instance {
            interface.instance.get_or_insert_with(|| instance.to_owned());
        }
    }

    /// Adds addresses that are known to be the subject's own, and whose interface is not known.
    pub(super) fn add_own(&mut self, own: impl IntoIterator<Item = IpAddr>) {
        self.addresses.extend(own);
    }

    pub(super) fn add_public(&mut self, public: impl IntoIterator<Item = IpAddr>) {
        self.public.extend(public);
    }

    /// Adds an interface as GuardDuty and EC2 describe them, and gives the addresses that are its own.
    pub(super) fn add_described_interface(
        &mut self,
        interface: &Value,
        instance: Option<&str>,
        id: Option<&str>,
        notes: &mut Notes,
    ) {
        let mut own: BTreeSet<IpAddr> =
            notes.read(interface, "privateIpAddress", value::address).into_iter().collect();
        own.extend(addresses(interface, "privateIpAddresses", "privateIpAddress", notes));
        own.extend(addresses(interface, "ipv6Addresses", "ipv6Address", notes));
        own.extend(addresses(interface, "ipV6Addresses", "ipV6Address", notes));
        self.add_public(notes.read(interface, "publicIp", value::address));
        match id {
            Some(id) => self.add_interface(id, instance, own),
            None => {
                self.add_own(own);
                notes.add("an interface of the instance is named without its id");
            }
        }
    }

    /// Adds the subject's side of a connection or probe.
    pub(super) fn add_local_side(&mut self, connection: &Value, notes: &mut Notes) {
        let interface = notes.read(connection, "localNetworkInterface", value::name);
        let local = action::local_addresses(connection, notes);
        let own: Vec<_> = local.into_iter().filter(|&own| self.is_own(own, notes)).collect();
        self.add_own(own.iter().copied());
        if let Some(id) = interface {
            self.add_interface(&id, None, own);
        }
    }

    /// Whether a local address is one that the interface's records would show: one that never is
    /// public, or one that the interfaces list as their own.
    fn is_own(&self, address: IpAddr, notes: &mut Notes) -> bool {
        let own = self.addresses.contains(&address) || is_never_public(address);
        if !own && !self.public.contains(&address) {
            notes.add(format!("the local address {address} is not private and was left out"));
        }
        own
    }

    /// Whether an address or an id is known to be the subject's.
    pub(super) fn has_address(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address) || self.public.contains(&address)
    }

    pub(super) fn has_id(&self, id: &str) -> bool {
        self.instances.contains(id) || self.interfaces.contains_key(id)
    }

    pub(super) fn instances(&self) -> usize {
        self.instances.len()
    }

    /// Keeps anything from being contradicted: the interfaces are not given as all of the subject's.
    pub(super) fn leave_open(&mut self) {
        self.open = true;
    }

    /// Whether neither an instance nor an interface is named.
    pub(super) fn is_empty(&self) -> bool {
        self.instances.is_empty() && self.interfaces.is_empty()
    }

    /// The subject. Several instances are one subject without an instance id: whose interfaces are
    /// whose stands in the identities.
    pub(super) fn finish(
        mut self,
        account: Option<String>,
        region: Option<String>,
        notes: &mut Notes,
    ) -> Whose {
        // An interface can name an instance that nothing else does.
        let owners = self.interfaces.values().filter_map(|interface| interface.instance.clone());
        self.instances.extend(owners.collect::<Vec<_>>());
        let names: Vec<&str> = self.instances.iter().map(String::as_str).collect();
        let only = if let [only] = names.as_slice() { Some((*only).to_owned()) } else { None };
        if names.len() > 1 {
            notes.add(format!(
                "the finding is about {} instances ({}): they are looked at together, and which of \
                 them had which contact is not told",
                names.len(),
                listed(&names)
            ));
        }
        let complete = self.interfaces_are_complete(notes);
        let subject = Subject {
            instance: only.clone(),
            interfaces: self.interfaces.keys().cloned().collect(),
            addresses: self.addresses.into_iter().collect(),
            account,
            region,
        };
        let identity = |(id, interface): (String, Interface)| InterfaceIdentity {
            interface: id,
            instance: interface.instance.or_else(|| only.clone()),
            addresses: interface.addresses.into_iter().collect(),
        };
        let interfaces = self.interfaces.into_iter().filter(|_| complete).map(identity).collect();
        Whose { subject, interfaces }
    }

    /// Whether the interfaces are all that the instances have. If they may not be, they are not given
    /// as the subject's, so that nothing is contradicted by looking at some of them.
    fn interfaces_are_complete(&self, notes: &mut Notes) -> bool {
        if self.open {
            return false;
        }
        let unlisted: Vec<&String> = self.instances.difference(&self.listed).collect();
        if unlisted.is_empty() || self.interfaces.is_empty() {
            return true;
        }
        notes.add(format!(
            "the interfaces of {} are not listed with it: there may be others",
            listed(&unlisted)
        ));
        false
    }
}

/// Whether an address is one that no public address hides: private, shared, or IPv6, which is never
/// translated.
pub(super) fn is_never_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V6(_) => true,
        IpAddr::V4(four) => four.is_private() || is_shared(four.octets()),
    }
}

/// 100.64.0.0/10, which VPCs may use too.
fn is_shared(octets: [u8; 4]) -> bool {
    octets[0] == 100 && octets[1] & 0b1100_0000 == 64
}

/// Addresses of a list, whose items are addresses or objects with one under `inner`.
pub(super) fn addresses(object: &Value, name: &str, inner: &str, notes: &mut Notes) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for item in items(field(object, name)) {
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
