//! What single connections add up to: figures that sums over records cannot give.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ServicePort;

/// Connections of one interface with one remote about one service port that began in one hour.
///
/// A connection is all records with the same interface, local and remote address, protocol, local
/// and remote port, whatever their direction; a client that takes the same port again later is not
/// told apart, so counts are lower bounds. Records of unknown direction belong to none. Records
/// without ports (ICMP) make one connection for each pair of addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionTotals {
    /// The interface that logged the records; `None` where the format lacks it or it is `-`.
    pub interface: Option<String>,
    /// The other side.
    pub remote: Option<IpAddr>,
    /// The IANA protocol number.
    pub protocol: Option<u8>,
    /// The service port, by the rule of [`ServicePort`].
    pub port: Option<ServicePort>,
    /// The hour in which the connections' first records start; `None` where the format lacks times.
    pub hour: Option<Timestamp>,
    /// Connections with a record that is not REJECT.
    pub connections: u64,
    /// Connections whose records are all REJECT.
    pub rejected_connections: u64,
    /// Of `connections`: those with `tcp-flags` in at least one record.
    pub with_flags: u64,
    /// Of `connections`: those in which the remote sent a SYN without ACK, which opens.
    pub opened_by_remote: u64,
    /// Of `connections`: those in which the interface sent a SYN without ACK.
    pub opened_by_subject: u64,
    /// Of `connections`: those in which either side sent SYN and ACK together, which answers.
    pub answered: u64,
    /// The longest time from a connection's first `start` to its last `end`, in whole seconds.
    pub longest_seconds: Option<u64>,
    /// The most bytes that one connection carried towards the interface, REJECT left out.
    pub most_bytes_in: u64,
    /// The most bytes that one connection carried from the interface, REJECT left out.
    pub most_bytes_out: u64,
    /// The earliest `start`.
    pub first_seen: Option<Timestamp>,
    /// The latest `end`.
    pub last_seen: Option<Timestamp>,
}
