//! Who else talked to a remote.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::Traffic;

/// All that one interface in the logs had with one remote, whether it is the subject's or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The remote's address.
    pub remote: IpAddr,
    /// The interface that logged the records; `None` where the format lacks it or it is `-`.
    pub interface: Option<String>,
    /// The instance that it belongs to, where that is known.
    pub instance: Option<String>,
    /// What the records add up to. Legs of one contact that a NAT gateway, a load balancer or a
    /// transit gateway logged as well are rows of their own: rows must not be added up.
    pub traffic: Traffic,
}
