//! What evidence tests get to see.

use std::collections::BTreeSet;
use std::net::IpAddr;

use flowproof_evidence::{
    Baseline, ConnectionTotals, Conversation, ListedRemote, MinuteTotals, Peer,
};

use crate::{Claim, ClaimDirection};

/// A finding's claims and the records that may bear on them, sorted by how near they are.
pub(crate) struct Scene<'a> {
    /// The finding's claims.
    pub(crate) claims: &'a [Claim],
    /// All remotes of the claims.
    pub(crate) remotes: BTreeSet<IpAddr>,
    /// Conversations in the claimed place of any claim; each once.
    pub(crate) place: Vec<&'a Conversation>,
    /// Conversations with any claimed remote, near the finding's time.
    pub(crate) with_remotes: Vec<&'a Conversation>,
    /// All conversations of the subject near the finding's time.
    pub(crate) in_time: Vec<&'a Conversation>,
    /// Single connections in the claimed place, near the finding's time.
    pub(crate) connections: Option<Vec<&'a ConnectionTotals>>,
    /// The busiest minutes in the claimed place.
    pub(crate) minutes: Option<Vec<&'a MinuteTotals>>,
    /// Whether records of the subject are known to be missing.
    pub(crate) lossy: bool,
    /// Whether records are known to be counted more than once.
    pub(crate) doubled: bool,
    pub(crate) baseline: Option<&'a Baseline>,
    pub(crate) listed: Option<&'a [ListedRemote]>,
    pub(crate) peers: Option<&'a [Peer]>,
    /// The subject's own interfaces.
    pub(crate) own: &'a [String],
    /// Addresses that the finding names without claiming traffic, or that the asker named.
    pub(crate) named: &'a BTreeSet<IpAddr>,
}

impl Scene<'_> {
    /// The remote ports that outbound claims name.
    pub(super) fn claimed_remote_ports(&self) -> BTreeSet<u16> {
        let outbound = self.claims.iter().filter(|c| c.direction != ClaimDirection::Inbound);
        outbound.filter_map(|claim| claim.remote_port).collect()
    }

    /// The protocol that all claims name, if it is one.
    pub(super) fn claimed_protocol(&self) -> Option<u8> {
        let first = self.claims.first()?.protocol?;
        self.claims.iter().all(|claim| claim.protocol == Some(first)).then_some(first)
    }

    /// Every address that the question is about.
    pub(super) fn asked(&self) -> BTreeSet<IpAddr> {
        self.remotes.union(self.named).copied().collect()
    }
}
