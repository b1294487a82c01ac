//! A finding, as far as flow logs are concerned.

use std::collections::BTreeSet;
use std::net::IpAddr;

use flowproof_evidence::{InterfaceIdentity, Subject};
use jiff::Timestamp;

use crate::{Claim, FindingSummary};

/// The action that a finding reports.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// `NETWORK_CONNECTION`.
    NetworkConnection,
    /// `PORT_PROBE`.
    PortProbe,
    /// `DNS_REQUEST`. It names a domain and never an address.
    DnsRequest {
        /// The domain asked for.
        domain: Option<String>,
    },
    /// Any other, for example `AWS_API_CALL`.
    Other {
        /// Its name as the finding spells it.
        name: String,
    },
    /// The finding reports none.
    Missing,
}

impl Action {
    /// Whether the action is one that claims traffic.
    pub(crate) fn claims_traffic(&self) -> bool {
        matches!(self, Action::NetworkConnection | Action::PortProbe)
    }
}

/// Bytes of one occurrence, as the finding itself counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnBytes {
    /// Bytes towards the subject.
    pub in_bytes: Option<u64>,
    /// Bytes from the subject.
    pub out_bytes: Option<u64>,
}

/// One GuardDuty finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The finding's id; empty if it has none.
    pub id: String,
    /// Its ARN.
    pub arn: Option<String>,
    /// Its type, for example `UnauthorizedAccess:EC2/TorClient`; empty if it has none.
    pub finding_type: String,
    /// Its severity, from 1.0 (low) to 10.0.
    pub severity: Option<f64>,
    /// Its title.
    pub title: Option<String>,
    /// Whose traffic it is about, with the account and the Region.
    pub subject: Subject,
    /// The subject's interfaces and their addresses, as far as the finding tells, by interface id.
    pub interfaces: Vec<InterfaceIdentity>,
    /// What the finding is about, for example `Instance` or `AccessKey`.
    pub resource_type: Option<String>,
    /// `ACTOR` or `TARGET`. The claim's direction says more: this is known to be wrong at times.
    pub resource_role: Option<String>,
    /// Occurrences gathered in this finding. Only the newest one's remote is in it.
    pub count: Option<u64>,
    /// Whether it is a sample that GuardDuty made on request: no traffic stands behind it.
    pub sample: bool,
    /// The first occurrence.
    pub first_seen: Option<Timestamp>,
    /// The last occurrence; never before `first_seen`.
    pub last_seen: Option<Timestamp>,
    /// The finding's own byte counts.
    pub own_bytes: Option<OwnBytes>,
    /// The action it reports.
    pub action: Action,
    /// Addresses from which a call or login came that the finding reports, sorted. Nobody claims
    /// traffic of the subject's with them, but somebody here may have had some.
    pub callers: Vec<IpAddr>,
    /// What it says about traffic: one claim per remote it names.
    pub claims: Vec<Claim>,
    /// What was missing, unreadable or assumed.
    pub notes: Vec<String>,
}

impl Finding {
    /// All addresses of all remotes that it claims contact with.
    #[must_use]
    pub fn remotes(&self) -> BTreeSet<IpAddr> {
        self.claims.iter().flat_map(Claim::remotes).collect()
    }

    /// The finding as results show it.
    #[must_use]
    pub fn summary(&self) -> FindingSummary<'_> {
        FindingSummary::new(self)
    }
}
