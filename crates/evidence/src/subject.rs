//! Whose traffic is under investigation.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The instance or the interfaces under investigation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subject {
    /// The EC2 instance id, for example `i-0aaaabbbbcccc0001`.
    pub instance: Option<String>,
    /// Network interface ids, sorted.
    pub interfaces: Vec<String>,
    /// The subject's own private addresses, sorted. A public or Elastic address is not among them:
    /// it never appears in the interface's records.
    pub addresses: Vec<IpAddr>,
    /// The AWS account id, 12 digits as text.
    pub account: Option<String>,
    /// The AWS Region, for example `us-east-1`.
    pub region: Option<String>,
}

impl Subject {
    /// Whether nothing says whose traffic is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.instance.is_none() && self.interfaces.is_empty() && self.addresses.is_empty()
    }
}

/// What is known of one network interface: whose it is and which addresses are its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InterfaceIdentity {
    /// The interface id, `eni-...`.
    pub interface: String,
    /// The instance that it belongs to.
    pub instance: Option<String>,
    /// Its private IPv4 and its IPv6 addresses.
    pub addresses: Vec<IpAddr>,
}
