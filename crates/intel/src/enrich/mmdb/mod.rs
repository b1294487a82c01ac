//! MaxMind DB files: a binary tree over the bits of addresses, and a record for each prefix in it.
//!
//! ```text
//!   search tree      node_count nodes of two numbers, the next node for a 0 bit and for a 1 bit:
//!                      below node_count    a node
//!                      node_count          nothing is known of these addresses
//!                      above               the record at (number - node_count - 16) of the data section
//!   16 zero bytes
//!   data section     records (data.rs)
//!   "\xAB\xCD\xEFMaxMind.com"
//!   metadata         a record of the same kind
//! ```
//!
//! The whole of a file is checked when it is opened: every number of the tree, and every record that
//! the tree leads to. So what is damaged is refused then, and no look-up can fail.

use std::net::IpAddr;

use flowproof_prefix::canonical_prefix;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::Timestamp;

use super::value::Value;

mod data;
#[cfg(test)]
pub(super) mod encoder;
mod fields;
mod metadata;
#[cfg(test)]
mod tests;

use metadata::Metadata;

/// Zero bytes between the tree and the data.
const SEPARATOR: usize = 16;

/// What is wrong with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Damage {
    #[error("it has no metadata at its end")]
    NoMetadata,
    #[error("its metadata has no usable {0}")]
    Metadata(&'static str),
    #[error("it ends within its search tree or within a record")]
    CutOff,
    #[error("node {0} of its search tree leads nowhere")]
    Node(usize),
    #[error("the record at byte {0} of its data section cannot be read")]
    Value(usize),
    #[error("a record of it has too many values")]
    TooLarge,
}

/// A database that has been checked.
#[derive(Debug)]
pub(super) struct Database {
    bytes: Vec<u8>,
    metadata: Metadata,
    /// Where the data section begins and ends.
    data: (usize, usize),
    /// How many distinct records the tree leads to.
    pub(super) records: u64,
}

impl Database {
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, Damage> {
        let (metadata, end) = Metadata::of(&bytes)?;
        let tree = metadata.tree_size().ok_or(Damage::CutOff)?;
        let start = tree.checked_add(SEPARATOR).filter(|start| *start <= end);
        let data = (start.ok_or(Damage::CutOff)?, end);
        let mut database = Self { bytes, metadata, data, records: 0 };
        database.records = database.check()?;
        Ok(database)
    }

    /// What kind of database it says it is, as `GeoLite2-ASN`.
    pub(super) fn database_type(&self) -> &str {
        &self.metadata.database_type
    }

    /// When it was made, if it says so.
    pub(super) fn built(&self) -> Option<Timestamp> {
        self.metadata.built
    }

    /// The prefix that holds the whole of `asked`, and the fields of its record.
    pub(super) fn look_up(&self, asked: IpNet) -> Option<(IpNet, Vec<(String, String)>)> {
        let (prefix, offset) = self.find(canonical_prefix(asked))?;
        // Every record that the tree leads to was read when the database was opened.
        let record = data::value(self.section(), offset).ok()?;
        Some((prefix, fields::of(record)))
    }

    fn section(&self) -> &[u8] {
        &self.bytes[self.data.0..self.data.1]
    }

    fn find(&self, asked: IpNet) -> Option<(IpNet, usize)> {
        let (bits, unused, depth) = match (asked, self.metadata.ip_version) {
            (IpNet::V4(net), 4) => (u128::from(net.addr().to_bits()) << 96, 0, net.prefix_len()),
            // IPv4 stands below 96 zero bits.
            (IpNet::V4(net), _) => (net.addr().to_bits().into(), 96, 96 + net.prefix_len()),
            (IpNet::V6(_), 4) => return None,
            (IpNet::V6(net), _) => (net.addr().to_bits(), 0, net.prefix_len()),
        };
        let mut number = 0;
        for step in 0..=depth {
            if number >= self.metadata.node_count {
                let prefix = wider(asked, step.saturating_sub(unused))?;
                return Some((prefix, self.offset(number)?));
            }
            if step < depth {
                number = self.number(number, bits << step >> 127 != 0)?;
            }
        }
        None
    }

    /// Where the record is, if the number leads to one.
    fn offset(&self, number: usize) -> Option<usize> {
        number.checked_sub(self.metadata.node_count)?.checked_sub(SEPARATOR)
    }

    /// One number of a node. None beyond the end of the tree.
    fn number(&self, node: usize, right: bool) -> Option<usize> {
        let size = usize::from(self.metadata.record_size) / 4;
        let node = self.bytes.get(node * size..(node + 1) * size)?;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all << 8 | usize::from(*byte));
        Some(match (self.metadata.record_size, right) {
            // The byte in the middle has the highest bits of both numbers.
            (28, false) => usize::from(node[3] >> 4) << 24 | number(&node[..3]),
            (28, true) => usize::from(node[3] & 0xf) << 24 | number(&node[4..]),
            (_, false) => number(&node[..size / 2]),
            (_, true) => number(&node[size / 2..]),
        })
    }

    /// Looks at every number and every record; tells how many distinct records there are.
    fn check(&self) -> Result<u64, Damage> {
        let count = self.metadata.node_count;
        let mut offsets = Vec::new();
        for node in 0..count {
            for right in [false, true] {
                let number = self.number(node, right).ok_or(Damage::CutOff)?;
                if number > count {
                    let offset = self.offset(number).filter(|at| *at < self.section().len());
                    // No number has more than 32 bits.
                    offsets.push(offset.ok_or(Damage::Node(node))? as u32);
                }
            }
        }
        offsets.sort_unstable();
        offsets.dedup();
        for offset in &offsets {
            let value = data::value(self.section(), *offset as usize)?;
            if !matches!(value, Value::Map(_)) {
                return Err(Damage::Value(*offset as usize));
            }
        }
        Ok(offsets.len() as u64)
    }
}

/// The prefix of `length` bits around `net`.
fn wider(net: IpNet, length: u8) -> Option<IpNet> {
    Some(match net.addr() {
        IpAddr::V4(address) => IpNet::V4(Ipv4Net::new(address, length).ok()?.trunc()),
        IpAddr::V6(address) => IpNet::V6(Ipv6Net::new(address, length).ok()?.trunc()),
    })
}
