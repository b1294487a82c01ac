//! What a finding says about traffic.

use std::net::IpAddr;

use serde::Serialize;

/// What sort of contact is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClaimKind {
    /// A connection with the remote, which carried something.
    NetworkConnection,
    /// The remote tried a port. An answer is enough; nothing need have been transferred.
    PortProbe,
}

/// Who connected, relative to the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimDirection {
    /// The remote to the subject.
    Inbound,
    /// The subject to the remote.
    Outbound,
    /// The finding does not say.
    Unknown,
}

/// One contact with one remote, as a finding claims it.
///
/// A remote may come with an IPv4 and an IPv6 address. They are one remote and one claim: traffic
/// with either satisfies it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Claim {
    /// What sort of contact.
    pub kind: ClaimKind,
    /// The remote's address: IPv4 where given, else IPv6. `None` if the finding names none; such a
    /// claim cannot be looked for.
    pub remote: Option<IpAddr>,
    /// The remote's IPv6 address where `remote` is IPv4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_alternative: Option<IpAddr>,
    /// The remote's port; `None` where there is none or it is 0.
    pub remote_port: Option<u16>,
    /// The subject's port; `None` where there is none or it is 0.
    pub local_port: Option<u16>,
    /// The IANA protocol number, for example 6 for TCP.
    pub protocol: Option<u8>,
    /// Who connected.
    pub direction: ClaimDirection,
    /// Whether the finding says that the contact was blocked.
    pub blocked: Option<bool>,
    /// Bytes towards the subject of one occurrence, where the finding counts them and has no other
    /// claim.
    pub bytes_in: Option<u64>,
    /// Bytes from the subject of one occurrence, under the same condition.
    pub bytes_out: Option<u64>,
}

impl Claim {
    /// The remote's addresses: none, one or two.
    pub fn remotes(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.remote.into_iter().chain(self.remote_alternative)
    }
}
