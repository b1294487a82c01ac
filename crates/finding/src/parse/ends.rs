//! Connections that are told by source and target rather than by own side and remote: ASFF's `Network`
//! and OCSF's evidences.

use std::net::IpAddr;

use super::machines::{Machines, is_never_public};
use crate::value::Notes;
use crate::{Claim, ClaimDirection, ClaimKind};

/// One end of a connection.
#[derive(Debug, Default)]
pub(super) struct End {
    pub(super) four: Option<IpAddr>,
    pub(super) six: Option<IpAddr>,
    pub(super) port: Option<u16>,
    /// Ids of an instance or interface, and names.
    pub(super) ids: Vec<String>,
}

impl End {
    fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.four.into_iter().chain(self.six)
    }

    fn is_of(&self, machines: &Machines) -> bool {
        self.addresses().any(|address| machines.has_address(address))
            || self.ids.iter().any(|id| machines.has_id(id))
    }

    fn has_address(&self) -> bool {
        self.addresses().next().is_some()
    }

    fn is_private(&self) -> bool {
        self.four.is_some_and(is_never_public)
    }
}

/// A connection between two ends. The direction is relative to the subject.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) source: End,
    pub(super) target: End,
    pub(super) direction: ClaimDirection,
    pub(super) protocol: Option<u8>,
}

/// Which end is the subject's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    Source,
    Target,
}

impl Ends {
    /// The claim, if either end has an address. Which end is the subject's is told by its own
    /// addresses and ids, else by the direction, else by what is left; if nothing tells, the claim has
    /// no remote.
    pub(super) fn claim(self, machines: &Machines, notes: &mut Notes) -> Option<Claim> {
        if !self.source.has_address() && !self.target.has_address() {
            return None;
        }
        let own = self.own(machines, notes);
        let direction = self.checked_direction(own, notes);
        let Ends { source, target, protocol, .. } = self;
        let (own, remote) = match own {
            Some(Own::Source) => (source, target),
            Some(Own::Target) => (target, source),
            None => (End::default(), End::default()),
        };
        if remote.four.or(remote.six).is_none() {
            notes.add("a connection or probe names no remote address");
        }
        Some(Claim {
            kind: ClaimKind::NetworkConnection,
            remote: remote.four.or(remote.six),
            remote_alternative: remote.four.and(remote.six),
            remote_port: remote.port,
            local_port: own.port,
            protocol,
            direction,
            blocked: None,
            bytes_in: None,
            bytes_out: None,
        })
    }

    fn own(&self, machines: &Machines, notes: &mut Notes) -> Option<Own> {
        match (self.source.is_of(machines), self.target.is_of(machines)) {
            (true, false) => return Some(Own::Source),
            (false, true) => return Some(Own::Target),
            _ => {}
        }
        match self.direction {
            ClaimDirection::Outbound if self.target.has_address() => return Some(Own::Source),
            ClaimDirection::Inbound if self.source.has_address() => return Some(Own::Target),
            _ => {}
        }
        match (self.source.has_address(), self.target.has_address()) {
            (true, true) => self.the_private_one(notes),
            (source, _) => {
                let only = first(if source { &self.source } else { &self.target });
                notes
                    .add(format!("one end of a connection is named, {only}: taken for the remote"));
                Some(if source { Own::Target } else { Own::Source })
            }
        }
    }

    fn the_private_one(&self, notes: &mut Notes) -> Option<Own> {
        let ends = format!("{} and {}", first(&self.source), first(&self.target));
        let own = match (self.source.is_private(), self.target.is_private()) {
            (true, false) => Own::Source,
            (false, true) => Own::Target,
            _ => {
                notes.add(format!("which of {ends} is the remote is not told"));
                return None;
            }
        };
        notes.add(format!("of {ends} the private one is taken for the subject's"));
        Some(own)
    }

    /// The direction, unless the ends contradict it.
    fn checked_direction(&self, own: Option<Own>, notes: &mut Notes) -> ClaimDirection {
        let both = self.source.has_address() && self.target.has_address();
        let contradicted = matches!(
            (self.direction, own),
            (ClaimDirection::Outbound, Some(Own::Target))
                | (ClaimDirection::Inbound, Some(Own::Source))
        );
        if both && contradicted {
            notes.add("the direction of a connection contradicts its ends: it is left open");
            return ClaimDirection::Unknown;
        }
        self.direction
    }
}

fn first(end: &End) -> String {
    end.addresses().next().map_or_else(|| "no address".to_owned(), |address| address.to_string())
}
