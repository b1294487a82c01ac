//! What `aws ec2 describe-network-interfaces` and `describe-instances` print: which interface
//! belongs to which instance, and which addresses are its own.

mod error;
mod merge;
mod shape;

#[cfg(test)]
mod tests;

use flowproof_evidence::InterfaceIdentity;

use merge::Merge;

pub use error::InventoryError;

/// The interfaces that an account has, or had when it was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// One for each interface id, sorted by it. Its addresses are its private IPv4 and its IPv6
    /// addresses, sorted; a public IPv4 address is never among them, as no record shows it.
    pub interfaces: Vec<InterfaceIdentity>,
    /// What is doubtful or was left out, one sentence each, for people.
    pub notes: Vec<String>,
}

impl Inventory {
    /// This inventory and a later one. Where both know an interface, it has the addresses of both
    /// and belongs to the instance of the later one, if that names any; a note tells where the two
    /// disagree. An interface can be moved, so both may have been right.
    #[must_use]
    pub fn merge(mut self, later: Inventory) -> Inventory {
        let mut merge = Merge::default();
        for identity in self.interfaces.into_iter().chain(later.interfaces) {
            merge.add(identity);
        }
        self.notes.extend(later.notes);
        merge.finish(self.notes)
    }
}

/// Reads an inventory: the JSON of the two commands, one document, a list of documents or several
/// after one another, as pages and accounts give them. Keys may begin with a small letter, too.
///
/// Instances without an interface (terminated ones) are passed over. An interface that occurs again
/// is handled as by [`Inventory::merge`].
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
/// When the input is not such JSON from beginning to end; half an inventory is none. A single
/// address or entry in it that cannot be read is no error: a note tells of it.
pub fn read_inventory(bytes: &[u8]) -> Result<Inventory, InventoryError> {
    let mut merge = Merge::default();
    let left_out = shape::each_interface(bytes, &mut |identity| merge.add(identity))?;
    let mut notes = left_out.notes();
    if merge.is_empty() {
        notes.push("the inventory names no network interface".to_owned());
    }
    Ok(merge.finish(notes))
}
