//! One investigation in a report of several, with what stands beside it.

use std::net::IpAddr;

use flowproof_evidence::{Peer as Whoever, Traffic};
use jiff::Timestamp;

use crate::Investigation;
use crate::usual::usual;

/// An investigation, and what was asked beyond it. A plain `&Investigation` is a chapter without.
#[derive(Debug, Clone)]
pub struct Chapter<'a> {
    /// What the chapter is about.
    pub investigation: &'a Investigation,
    /// What was usual at these hours; `None` if nobody asked.
    pub baseline: Option<Baseline>,
    /// Who else talked to the claimed remotes; `None` if nobody looked.
    pub peers: Option<Vec<Peer>>,
}

impl<'a> From<&'a Investigation> for Chapter<'a> {
    fn from(investigation: &'a Investigation) -> Chapter<'a> {
        let baseline = investigation.baseline.as_ref();
        Chapter {
            investigation,
            baseline: baseline.and_then(|before| usual(before, &investigation.window)),
            peers: investigation.peers.as_ref().map(|peers| others(investigation, peers)),
        }
    }
}

/// Those who are not the subject.
fn others(investigation: &Investigation, peers: &[Whoever]) -> Vec<Peer> {
    let subject = &investigation.subject;
    let is_subject = |peer: &Whoever| {
        let same = peer.instance.is_some() && peer.instance == subject.instance;
        same || peer.interface.as_ref().is_some_and(|one| subject.interfaces.contains(one))
    };
    let others = peers.iter().filter(|peer| !is_subject(peer)).map(|peer| Peer {
        account: None,
        instance: peer.instance.clone(),
        interface: peer.interface.clone(),
        remote: peer.remote,
        traffic: peer.traffic,
    });
    others.collect()
}

/// The subject's usual traffic, hour by hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The first instant of the days that it was drawn from.
    pub from: Timestamp,
    /// The first instant after them.
    pub to: Timestamp,
    /// How it was drawn up, in words.
    pub method: String,
    /// What was usual at the hours of the window. Hours may be missing.
    pub hours: Vec<BaselineHour>,
}

/// What was usual at one hour of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaselineHour {
    /// The hour's beginning, in the window.
    pub start: Timestamp,
    /// Bytes towards the subject.
    pub bytes_in: Band,
    /// Bytes from the subject.
    pub bytes_out: Band,
}

/// The range of what is usual, in bytes: `low <= middle <= high`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Band {
    /// The lower edge.
    pub low: u64,
    /// The middle, for example a median.
    pub middle: u64,
    /// The upper edge.
    pub high: u64,
}

/// The traffic of another instance or interface with a claimed remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its account, where known.
    pub account: Option<String>,
    /// Its instance, where known.
    pub instance: Option<String>,
    /// Its interface; `None` where the records name none.
    pub interface: Option<String>,
    /// The claimed remote.
    pub remote: IpAddr,
    /// What the records between the two add up to.
    pub traffic: Traffic,
}
