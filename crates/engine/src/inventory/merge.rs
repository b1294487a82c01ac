//! Several mentions of an interface become one identity.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flowproof_evidence::InterfaceIdentity;

use super::Inventory;

/// How many instances a note names.
const NAMED: usize = 4;

/// Interfaces by their id.
#[derive(Debug, Default)]
pub(super) struct Merge {
    interfaces: BTreeMap<String, Mentions>,
}

#[derive(Debug, Default)]
struct Mentions {
    /// The instance of the latest mention that has one. A mention without an instance does not take
    /// it away: it may just not say, and the logs are older than the inventory anyway.
    instance: Option<String>,
    /// All instances that were mentioned, if they are several.
    instances: BTreeSet<String>,
    addresses: Vec<IpAddr>,
}

impl Merge {
    pub(super) fn is_empty(&self) -> bool {
        self.interfaces.is_empty()
    }

    /// Adds a mention that is later than all before.
    pub(super) fn add(&mut self, identity: InterfaceIdentity) {
        let InterfaceIdentity { interface, instance, addresses } = identity;
        let mentions = self.interfaces.entry(interface).or_default();
        mentions.addresses.extend(addresses);
        let Some(instance) = instance else { return };
        match mentions.instance.replace(instance.clone()) {
            Some(before) if before != instance => mentions.instances.extend([before, instance]),
            _ => {}
        }
    }

    /// The inventory, with the notes of moved interfaces after those given.
    pub(super) fn finish(self, mut notes: Vec<String>) -> Inventory {
        notes.extend(self.interfaces.iter().filter_map(|(id, mentions)| mentions.moved(id)));
        let identity = |(interface, mut mentions): (String, Mentions)| {
            mentions.addresses.sort_unstable();
            mentions.addresses.dedup();
            let Mentions { instance, addresses, .. } = mentions;
            InterfaceIdentity { interface, instance, addresses }
        };
        Inventory { interfaces: self.interfaces.into_iter().map(identity).collect(), notes }
    }
}

impl Mentions {
    fn moved(&self, interface: &str) -> Option<String> {
        let instance = self.instance.as_ref().filter(|_| !self.instances.is_empty())?;
        let names = |id: &String| id.escape_debug().to_string();
        let mut named: Vec<String> = self.instances.iter().take(NAMED).map(names).collect();
        if self.instances.len() > NAMED {
            named.push(format!("{} more", self.instances.len() - NAMED));
        }
        Some(format!(
            "interface {} is attached to different instances ({}); the last one named, {}, is \
             taken as its instance",
            interface.escape_debug(),
            named.join(", "),
            instance.escape_debug(),
        ))
    }
}
