//! Which addresses and which instance belong to which interface.

use std::net::IpAddr;
use std::sync::Arc;

use datafusion::common::HashMap;
use flowproof_evidence::InterfaceIdentity;
use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::ends::Ends;
use super::ends::family_of;
use super::texts::Sought;
use super::timeline::{Life, Timeline};
use crate::inventory::Inventory;

/// What is known of interfaces before the records are read, and what they then taught.
#[derive(Debug, Clone, Default)]
pub struct AddressBook {
    /// Shared by copies of the book until one of them is added to.
    interfaces: Arc<HashMap<String, Arc<Entry>>>,
    /// Whether an interface's instance may depend on the time.
    has_timelines: bool,
    /// All inventories that were added, as one: the times of two may tell together what neither tells alone.
    told: Arc<Inventory>,
}

/// What a book answers with.
#[cfg(test)]
impl PartialEq for AddressBook {
    fn eq(&self, other: &Self) -> bool {
        (&self.interfaces, self.has_timelines) == (&other.interfaces, other.has_timelines)
    }
}

/// One interface of the book.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct Entry {
    /// The instance that has it at all times, unless there is a timeline.
    instance: Option<String>,
    timeline: Option<Arc<Timeline>>,
    pub(crate) life: Life,
    /// Own addresses in the one spelling that batches have: mostly one or two.
    addresses: Vec<Sought>,
    /// Those of them that the records taught.
    learned: Vec<String>,
    /// Whether an address was taken as the interface's own only because it is the private one of two.
    pub(crate) assumed: bool,
}

/// All of a book, to be serialized. The same book always is the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PackedBook {
    /// By interface id.
    entries: Vec<(String, PackedEntry)>,
    has_timelines: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PackedEntry {
    instance: Option<String>,
    timeline: Option<Timeline>,
    life: Life,
    addresses: Vec<String>,
    learned: Vec<String>,
    assumed: bool,
}

impl PackedEntry {
    fn of(entry: &Entry) -> PackedEntry {
        let Entry { instance, timeline, life, addresses, learned, assumed } = entry.clone();
        PackedEntry {
            instance,
            timeline: timeline.map(Arc::unwrap_or_clone),
            life,
            addresses: addresses.into_iter().map(|address| address.text).collect(),
            learned,
            assumed,
        }
    }

    fn into_entry(self) -> Entry {
        Entry {
            instance: self.instance,
            timeline: self.timeline.map(Arc::new),
            life: self.life,
            addresses: self.addresses.iter().map(|address| Sought::new(address)).collect(),
            learned: self.learned,
            assumed: self.assumed,
        }
    }
}

impl Entry {
    /// Its own addresses.
    pub(super) fn sought(&self) -> &[Sought] {
        &self.addresses
    }

    /// Its instance at the start of a record, in seconds since 1970 if it is told.
    pub(crate) fn instance_at(&self, start: Option<i64>) -> Option<&str> {
        match &self.timeline {
            None => self.instance.as_deref(),
            Some(timeline) => timeline.at(start?),
        }
    }

    /// Whether it is the instance's, or was for some time.
    fn is_ever_of(&self, instance: &str) -> bool {
        match &self.timeline {
            None => self.instance.as_deref() == Some(instance),
            Some(timeline) => timeline.has(instance),
        }
    }

    pub(crate) fn owns(&self, address: &str) -> bool {
        self.addresses.iter().any(|own| own.text == address)
    }

    /// Whether the address was known to be the interface's own before its records were read.
    pub(crate) fn knows(&self, address: &str) -> bool {
        self.owns(address) && !self.learned.iter().any(|learned| learned == address)
    }

    fn add(&mut self, address: &str) {
        if !self.owns(address) {
            self.addresses.push(Sought::new(address));
        }
    }

    /// Whether the book says nothing of this interface's addresses in a family, see [`Ends::families`].
    pub(super) fn lacks_family(&self, family: usize) -> bool {
        !self.addresses.iter().any(|address| family_of(&address.text) == family)
    }
}

impl AddressBook {
    /// Adds what is known of an interface to what the book has. Its instance takes the place of what the
    /// book has, unless that has the same one for some time.
    pub fn add(&mut self, identity: &InterfaceIdentity) {
        let entry = self.entry(&identity.interface);
        if let Some(instance) = identity.instance.as_ref().filter(|of| !entry.is_ever_of(of)) {
            entry.instance = Some(instance.clone());
            entry.timeline = None;
        }
        let addresses = identity.addresses.iter().map(|a| a.to_canonical().to_string());
        addresses.for_each(|address| entry.add(&address));
    }

    /// Adds what an inventory tells, with the times at which interfaces moved from instance to instance. Of several, one
    /// after the other, the book knows what they are as one ([`Inventory::merge`]), each later than those before.
    pub fn add_inventory(&mut self, inventory: &Inventory) {
        let told = Arc::unwrap_or_clone(std::mem::take(&mut self.told));
        let told = if told == Inventory::default() {
            inventory.clone()
        } else {
            told.merge(inventory.clone())
        };
        let is_new = |id: &str| inventory.knows(id);
        told.interfaces.iter().filter(|it| is_new(&it.interface)).for_each(|it| self.add(it));
        for (interface, sightings) in told.sightings().filter(|(id, _)| is_new(id)) {
            let timeline = Timeline::of(sightings).map(Arc::new);
            self.has_timelines |= timeline.is_some();
            let entry = self.entry(interface);
            entry.life = Life::of(sightings);
            entry.timeline = timeline.or(entry.timeline.take());
        }
        self.told = Arc::new(told);
    }

    /// Adds an address that the records taught. `assumed` if it is only the likelier of two.
    pub(crate) fn learn(&mut self, interface: &str, address: IpAddr, assumed: bool) {
        let entry = self.entry(interface);
        entry.learned.push(address.to_string());
        entry.add(&address.to_string());
        entry.assumed |= assumed;
    }

    /// All of the book.
    pub(crate) fn pack(&self) -> PackedBook {
        let packed = |(id, entry): (&String, &Arc<Entry>)| (id.clone(), PackedEntry::of(entry));
        let mut entries: Vec<_> = self.interfaces.iter().map(packed).collect();
        entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        PackedBook { entries, has_timelines: self.has_timelines }
    }

    /// The book of which all is given.
    pub(crate) fn unpack(packed: PackedBook) -> AddressBook {
        let entries = packed.entries.into_iter();
        let interfaces = entries.map(|(id, entry)| (id, Arc::new(entry.into_entry()))).collect();
        AddressBook {
            interfaces: Arc::new(interfaces),
            has_timelines: packed.has_timelines,
            told: Arc::default(),
        }
    }

    fn entry(&mut self, interface: &str) -> &mut Entry {
        let interfaces = Arc::make_mut(&mut self.interfaces);
        Arc::make_mut(interfaces.entry(interface.to_owned()).or_default())
    }

    pub(crate) fn get(&self, interface: &str) -> Option<&Arc<Entry>> {
        self.interfaces.get(interface)
    }

    /// The interfaces that are an instance's, or were for some time.
    pub fn interfaces_of<'a>(&'a self, instance: &'a str) -> impl Iterator<Item = &'a str> {
        let of = self.interfaces.iter().filter(|(_, entry)| entry.is_ever_of(instance));
        of.map(|(id, _)| id.as_str())
    }

    /// The instances of an interface that moved.
    pub(crate) fn timeline(&self, interface: &str) -> Option<&Timeline> {
        self.get(interface)?.timeline.as_deref()
    }

    /// Whether an interface's instance may depend on the time.
    pub(crate) fn has_timelines(&self) -> bool {
        self.has_timelines
    }

    /// Whether the book knows nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.interfaces.is_empty()
    }
}
