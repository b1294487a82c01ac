//! Several mentions of an interface become one identity.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flowproof_evidence::InterfaceIdentity;

use super::Inventory;
use crate::orient::{Sighting, Timeline};

/// How many instances a note names.
const NAMED: usize = 4;

/// One mention of an interface. Times are in seconds since 1970.
#[derive(Debug)]
pub(super) struct Mention {
    pub(super) identity: InterfaceIdentity,
    /// When it was so, if that is told.
    pub(super) seen: Option<i64>,
    /// Since when it belonged to its instance, if that is told.
    pub(super) since: Option<i64>,
    /// Whether it was deleted then.
    pub(super) is_gone: bool,
}

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
    /// The mentions that tell a time.
    sightings: BTreeSet<Sighting>,
}

impl Merge {
    pub(super) fn is_empty(&self) -> bool {
        self.interfaces.is_empty()
    }

    /// Adds a mention.
    pub(super) fn mention(&mut self, mention: Mention) {
        let Mention { identity, seen, since, is_gone } = mention;
        let instance = identity.instance.clone();
        if let Some(told) = seen.max(since) {
            let mentions = self.interfaces.entry(identity.interface.clone()).or_default();
            mentions.sightings.insert(Sighting { told, since, instance, is_gone });
        }
        self.add(identity);
    }

    /// Adds an inventory.
    pub(super) fn inventory(&mut self, inventory: Inventory) {
        inventory.interfaces.into_iter().for_each(|identity| self.add(identity));
        for (interface, sightings) in inventory.sightings {
            self.interfaces.entry(interface).or_default().sightings.extend(sightings);
        }
    }

    /// Adds what, if no time tells more, is later than all before.
    fn add(&mut self, identity: InterfaceIdentity) {
        let InterfaceIdentity { interface, instance, addresses } = identity;
        let mentions = self.interfaces.entry(interface).or_default();
        mentions.addresses.extend(addresses);
        let Some(instance) = instance else { return };
        match mentions.instance.replace(instance.clone()) {
            Some(before) if before != instance => mentions.instances.extend([before, instance]),
            _ => {}
        }
    }

    /// The inventory, with the notes of doubtful interfaces after those given.
    pub(super) fn finish(self, notes: Vec<String>) -> Inventory {
        let mut inventory = Inventory { notes, ..Inventory::default() };
        for (interface, mut mentions) in self.interfaces {
            let timeline = Timeline::of(&mentions.sightings);
            inventory.notes.extend(mentions.doubt(&interface, timeline.as_ref()));
            let last = timeline.as_ref().and_then(|timeline| timeline.instances().last());
            let instance = last.map(str::to_owned).or(mentions.instance);
            mentions.addresses.sort_unstable();
            mentions.addresses.dedup();
            if !mentions.sightings.is_empty() {
                inventory.sightings.insert(interface.clone(), mentions.sightings);
            }
            let addresses = mentions.addresses;
            inventory.interfaces.push(InterfaceIdentity { interface, instance, addresses });
        }
        inventory
    }
}

impl Mentions {
    /// What is doubtful: several instances, of which times do not tell when each had the interface.
    fn doubt(&self, interface: &str, timeline: Option<&Timeline>) -> Option<String> {
        let instance = self.instance.as_ref().filter(|_| !self.instances.is_empty())?;
        let names = |id: &String| id.escape_debug().to_string();
        let interface = interface.escape_debug();
        if let Some(timeline) = timeline {
            let untimed = self.instances.iter().filter(|id| !timeline.has(id));
            let untimed: Vec<String> = untimed.map(names).collect();
            return (!untimed.is_empty()).then(|| {
                format!(
                    "interface {interface} is attached to different instances, and nothing tells when \
                     it was to {}: that is left out",
                    several(untimed)
                )
            });
        }
        Some(format!(
            "interface {interface} is attached to different instances ({}); the last one named, {}, is \
             taken as its instance at all times, since times do not tell them apart: AWS Config has \
             such times",
            several(self.instances.iter().map(names).collect()),
            names(instance),
        ))
    }
}

/// The first names of several.
fn several(mut names: Vec<String>) -> String {
    if names.len() > NAMED {
        let more = names.len() - NAMED;
        names.truncate(NAMED);
        names.push(format!("{more} more"));
    }
    names.join(", ")
}
