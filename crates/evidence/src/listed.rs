//! Which remotes are on lists.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ListMatch;

/// A remote of the subject and the list entries that hold it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListedRemote {
    /// The remote's address.
    pub remote: IpAddr,
    /// Every entry that holds it, most specific first; at least one.
    pub matches: Vec<ListMatch>,
}
