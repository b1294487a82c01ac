//! Which addresses and which instance belong to which interface.

use std::net::IpAddr;
use std::sync::Arc;

use datafusion::common::HashMap;
use flowproof_evidence::InterfaceIdentity;

#[cfg(doc)]
use super::ends::Ends;
use super::ends::family_of;
use super::texts::Sought;

/// What is known of interfaces before the records are read, and what they then taught.
#[derive(Debug, Clone, Default)]
pub struct AddressBook {
    /// Shared by copies of the book until one of them is added to.
    interfaces: Arc<HashMap<String, Arc<Entry>>>,
}

/// One interface of the book.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) instance: Option<String>,
    /// Own addresses in the one spelling that batches have: mostly one or two.
    addresses: Vec<Sought>,
    /// Those of them that the records taught.
    learned: Vec<String>,
    /// Whether an address was taken as the interface's own only because it is the private one of two.
    pub(crate) assumed: bool,
}

impl Entry {
    /// Its own addresses.
    pub(super) fn sought(&self) -> &[Sought] {
        &self.addresses
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
    /// Adds what is known of an interface to what the book has.
    pub fn add(&mut self, identity: &InterfaceIdentity) {
        let entry = self.entry(&identity.interface);
        if identity.instance.is_some() {
            entry.instance.clone_from(&identity.instance);
        }
        let addresses = identity.addresses.iter().map(|a| a.to_canonical().to_string());
        addresses.for_each(|address| entry.add(&address));
    }

    /// Adds an address that the records taught. `assumed` if it is only the likelier of two.
    pub(crate) fn learn(&mut self, interface: &str, address: IpAddr, assumed: bool) {
        let entry = self.entry(interface);
        entry.learned.push(address.to_string());
        entry.add(&address.to_string());
        entry.assumed |= assumed;
    }

    fn entry(&mut self, interface: &str) -> &mut Entry {
        let interfaces = Arc::make_mut(&mut self.interfaces);
        Arc::make_mut(interfaces.entry(interface.to_owned()).or_default())
    }

    pub(crate) fn get(&self, interface: &str) -> Option<&Arc<Entry>> {
        self.interfaces.get(interface)
    }

    /// The interfaces of an instance.
    pub fn interfaces_of<'a>(&'a self, instance: &'a str) -> impl Iterator<Item = &'a str> {
        let of = move |entry: &Entry| entry.instance.as_deref() == Some(instance);
        self.interfaces.iter().filter(move |(_, entry)| of(entry)).map(|(id, _)| id.as_str())
    }

    /// Whether the book knows nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.interfaces.is_empty()
    }
}
