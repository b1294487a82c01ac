//! MaxMind DB files: a binary tree over the bits of addresses, and a record for each prefix in it.
//!
//! The format is crate `maxminddb`'s trade. Ours is what it leaves to its caller. Every way through the
//! tree is walked and every record at the end of one is read when a file is opened, so that damage which
//! a look-up could meet is refused then and no look-up can fail; and a record becomes fields.

use std::collections::HashSet;
use std::net::IpAddr;

use flowproof_prefix::canonical_prefix;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::Timestamp;
use maxminddb::{MaxMindDbError, Reader, WithinOptions};

#[cfg(test)]
pub(super) mod encoder;
mod fields;
mod record;
#[cfg(test)]
mod tests;

use record::Record;

/// Prefixes for each node of a tree. A tree without shared nodes has about one; databases share those of
/// IPv4 with a few prefixes of IPv6 (2002::/16 and the like). A damaged or hostile tree whose nodes are
/// shared on every level has more prefixes than can be walked.
const MOST_SHARED: usize = 16;

/// What is wrong with a database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Damage {
    #[error(transparent)]
    Format(#[from] MaxMindDbError),
    #[error("its search tree leads to the same nodes over and over")]
    Tree,
    #[error("the record at byte {at} of its data section cannot be read: {error}")]
    Record { at: usize, error: MaxMindDbError },
}

/// A database that has been checked.
#[derive(Debug)]
pub(super) struct Database {
    reader: Reader<Vec<u8>>,
    /// How many distinct records the tree leads to.
    pub(super) records: u64,
}

impl Database {
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, Damage> {
        let reader = Reader::from_source(bytes)?;
        let records = check(&reader)?;
        Ok(Self { reader, records })
    }

    /// What kind of database it says it is, as `GeoLite2-ASN`.
    pub(super) fn database_type(&self) -> &str {
        &self.reader.metadata().database_type
    }

    /// When it was made. None if that is no time.
    pub(super) fn built(&self) -> Option<Timestamp> {
        let seconds = self.reader.metadata().build_epoch.try_into().ok()?;
        Timestamp::from_second(seconds).ok()
    }

    /// The prefix that holds the whole of `asked`, and the fields of its record.
    pub(super) fn look_up(&self, asked: IpNet) -> Option<(IpNet, Vec<(String, String)>)> {
        let asked = canonical_prefix(asked);
        if matches!(asked, IpNet::V6(_)) && self.reader.metadata().ip_version == 4 {
            return None;
        }
        // No error can come from here: every way through the tree was walked, and every record at the
        // end of one read, when the database was opened.
        let found = self.reader.lookup(asked.addr()).ok()?;
        let network = found.network().ok()?;
        // A prefix of IPv6 that holds all of IPv4.
        let holds_all = matches!(asked, IpNet::V4(_)) && network.is_ipv6();
        let length = if holds_all { 0 } else { network.prefix() };
        if length > asked.prefix_len() {
            return None;
        }
        let Record(record) = found.decode().ok()??;
        Some((wider(asked, length)?, fields::of(record)))
    }
}

/// Walks to every prefix and reads every record; tells how many distinct records there are.
///
/// Not by `Reader::verify`: it does not ask whether a record is a map with texts as keys, and it does not
/// count the ways of IPv6 to the nodes of IPv4, so that there are trees of a hundred nodes which it never
/// comes to the end of.
fn check(reader: &Reader<Vec<u8>>) -> Result<u64, Damage> {
    let every = WithinOptions::default().include_aliased_networks().include_networks_without_data();
    let mut left = (reader.metadata().node_count as usize + 1).saturating_mul(MOST_SHARED);
    let mut read = HashSet::new();
    for network in reader.networks(every)? {
        let network = network?;
        left = left.checked_sub(1).ok_or(Damage::Tree)?;
        let Some(at) = network.offset() else { continue };
        if read.insert(at) {
            let record = network.decode::<Record<'_>>();
            record.map_err(|error| Damage::Record { at, error })?;
        }
    }
    Ok(read.len() as u64)
}

/// The prefix of `length` bits around `net`.
fn wider(net: IpNet, length: u8) -> Option<IpNet> {
    Some(match net.addr() {
        IpAddr::V4(address) => IpNet::V4(Ipv4Net::new(address, length).ok()?.trunc()),
        IpAddr::V6(address) => IpNet::V6(Ipv6Net::new(address, length).ok()?.trunc()),
    })
}
