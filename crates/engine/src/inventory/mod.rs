//! What `aws ec2 describe-network-interfaces` and `describe-instances` print and AWS Config delivers:
//! which interface belongs to which instance, from when on, and which addresses are its own.

mod config;
mod error;
mod inflate;
mod merge;
mod shape;
mod time;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use flowproof_evidence::InterfaceIdentity;

use crate::orient::Sighting;
use merge::Merge;

pub use error::InventoryError;

/// The interfaces that an account has, or had when it was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// One for each interface id, sorted by it. Its addresses are its private IPv4 and its IPv6
    /// addresses, sorted; a public IPv4 address is never among them, as no record shows it. Of an
    /// interface that moved, the instance is the last.
    pub interfaces: Vec<InterfaceIdentity>,
    /// What is doubtful or was left out, one sentence each, for people.
    pub notes: Vec<String>,
    /// What was told of interfaces with a time.
    sightings: BTreeMap<String, BTreeSet<Sighting>>,
}

impl Inventory {
    /// This inventory and a later one. Where both know an interface, it has the addresses of both.
    ///
    /// An interface can be moved, so both may be right about its instance. Times of attachment, and
    /// those at which AWS Config looked, tell when: an [`AddressBook`](crate::AddressBook) then knows
    /// which instance it had when. Without such times it belongs to the instance of the later inventory,
    /// if that names any, and a note tells that the two disagree.
    #[must_use]
    pub fn merge(self, later: Inventory) -> Inventory {
        Inventory::merge_all([self, later])
    }

    /// All of these as one, as by [`Inventory::merge`], each later than those before.
    #[must_use]
    pub fn merge_all(inventories: impl IntoIterator<Item = Inventory>) -> Inventory {
        let (mut merge, mut notes) = (Merge::default(), Vec::new());
        for mut inventory in inventories {
            notes.append(&mut inventory.notes);
            merge.inventory(inventory);
        }
        merge.finish(notes)
    }

    /// Whether it tells of an interface.
    pub(crate) fn knows(&self, interface: &str) -> bool {
        let place = self.interfaces.binary_search_by(|it| it.interface.as_str().cmp(interface));
        place.is_ok() || self.sightings.contains_key(interface)
    }

    /// What was told with a time, by interface.
    pub(crate) fn sightings(&self) -> impl Iterator<Item = (&str, &BTreeSet<Sighting>)> {
        self.sightings.iter().map(|(interface, told)| (interface.as_str(), told))
    }
}

/// Reads an inventory: the JSON of the two commands, or a snapshot or a history of AWS Config, one
/// document, a list of documents or several after one another, as pages and accounts give them, plain or
/// gzip. Keys may begin with a small letter, too.
///
/// Instances without an interface (terminated ones) are passed over, and so are resources of other
/// types in AWS Config. An interface that occurs again is handled as by [`Inventory::merge`].
///
/// ```
/// use flowproof_engine::read_inventory;
///
/// let inventory = read_inventory(
///     br#"{"NetworkInterfaces": [{
///         "NetworkInterfaceId": "eni-0a1b2c3d4e5f60001",
///         "Attachment": {"InstanceId": "i-0aaaabbbbcccc0001"},
///         "PrivateIpAddresses": [
///             {"PrivateIpAddress": "10.0.1.5", "Association": {"PublicIp": "203.0.113.80"}}
///         ]
///     }]}"#,
/// )?;
/// let interface = &inventory.interfaces[0];
/// assert_eq!(interface.instance.as_deref(), Some("i-0aaaabbbbcccc0001"));
/// assert_eq!(interface.addresses, ["10.0.1.5".parse::<std::net::IpAddr>()?]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When the input is not such JSON from beginning to end, or damaged gzip data; half an inventory is none. A single
/// address or entry in it that cannot be read is no error: a note tells of it.
pub fn read_inventory(bytes: &[u8]) -> Result<Inventory, InventoryError> {
    let mut merge = Merge::default();
    let text = inflate::inflated(bytes)?;
    let left_out = shape::each_interface(&text, &mut |mention| merge.mention(mention))?;
    let mut notes = left_out.notes();
    if merge.is_empty() {
        notes.push("the inventory names no network interface".to_owned());
    }
    Ok(merge.finish(notes))
}
