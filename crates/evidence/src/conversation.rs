//! What a subject's records add up to: per conversation, per remote, per hour.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Traffic;

/// Which end of a conversation a port belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortSide {
    /// The interface's own port: somebody used a service of ours.
    Local,
    /// The remote's port: we used a service of theirs.
    Remote,
}

/// The port that tells what a conversation is about, and whose it is.
///
/// A port named by a claim about this remote is taken first; otherwise it is the lower of the two,
/// since clients use high ephemeral ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServicePort {
    /// Whose port it is.
    pub side: PortSide,
    /// The port number.
    pub port: u16,
}

/// One aggregated row of a subject's traffic: all records of one interface with one remote about one
/// service port in one hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// The interface that logged the records; `None` where the format lacks it or it is `-`.
    pub interface: Option<String>,
    /// The interface's own address in the records.
    pub local: Option<IpAddr>,
    /// The other side. `None` where the direction, and so the other side, cannot be known.
    pub remote: Option<IpAddr>,
    /// The IANA protocol number, for example 6 for TCP.
    pub protocol: Option<u8>,
    /// The service port; `None` where the ports are not in the records or the direction is unknown.
    pub port: Option<ServicePort>,
    /// The hour of the records' `start`; `None` where the format lacks times.
    pub hour: Option<Timestamp>,
    /// What the records add up to.
    pub traffic: Traffic,
}

/// One threat or trusted list entry that holds an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListMatch {
    /// The list's name: its path as given.
    pub list: String,
    /// The line of the list, counted from 1.
    pub line: u64,
    /// The entry as the list wrote it, for example `203.0.113.0/24`.
    pub entry: String,
    /// What the list says of it; empty if nothing.
    pub label: String,
    /// Whether the list is a trusted one, whose word wins over threat lists.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trusted: bool,
}

/// All of a subject's traffic with one remote address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    /// The remote's address; `None` gathers records whose remote side cannot be known.
    pub address: Option<IpAddr>,
    /// Service ports seen, sorted.
    pub ports: Vec<u16>,
    /// IANA protocol numbers seen, sorted.
    pub protocols: Vec<u8>,
    /// What the records add up to.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// Every list entry that holds the address, most specific first.
    pub matches: Vec<ListMatch>,
    /// Whether the finding names this remote.
    pub claimed: bool,
}

/// One hour of a subject's traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineHour {
    /// The hour's beginning.
    pub start: Timestamp,
    /// What the records that start in it add up to.
    #[serde(flatten)]
    pub traffic: Traffic,
}
