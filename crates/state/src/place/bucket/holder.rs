//! Who has a place, as the lock says it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::hex;
use crate::place::PlaceError;
use crate::place::told::{own_host, own_text};
use crate::random::random;

/// How far the clocks of two machines may be apart.
const MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// A run that has a place, until some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    /// For people.
    pub(super) holder: String,
    #[serde(flatten)]
    process: Process,
    pub(super) until: Timestamp,
    /// Tells this run from any other.
    nonce: String,
}

/// A process among those of all machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Process {
    host: Option<String>,
    pid: u32,
    /// The host's present life: another has other processes.
    boot: Option<String>,
    /// What `pid` is a number in: a container has numbers of its own.
    pids: Option<String>,
}

impl Holder {
    /// This run, until `lease` from now.
    pub(super) fn own(lease: Duration) -> Result<Holder, PlaceError> {
        let nonce = hex::encode(&random::<16>()?);
        let (holder, process) = (own_text(), Process::own());
        Ok(Holder { holder, process, until: Timestamp::default(), nonce }.renewed(lease))
    }

    /// The same, until `lease` from now.
    pub(super) fn renewed(&self, lease: Duration) -> Holder {
        let now = Timestamp::now();
        let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
        // Milliseconds are fine enough to be read, and to tell one renewal from the next.
        let until = Timestamp::from_millisecond(until.as_millisecond()).unwrap_or(until);
        Holder { until, ..self.clone() }
    }

    /// What the lock says. None if this version cannot read it.
    pub(super) fn read(text: &[u8]) -> Option<Holder> {
        serde_json::from_slice(text).ok()
    }

    pub(super) fn text(&self) -> Vec<u8> {
        // Texts, a number and a time are always JSON; an empty lock would be one all the same.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whether both are the same run.
    pub(super) fn is(&self, other: &Holder) -> bool {
        self.nonce == other.nonce
    }

    /// Whether its time is over for any clock, or its process is surely no more.
    pub(super) fn is_gone(&self) -> bool {
        let last = self.until.checked_add(MARGIN).unwrap_or(Timestamp::MAX);
        last < Timestamp::now() || self.process.is_dead()
    }
}

impl Process {
    fn own() -> Process {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        let boot = boot.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        let pids = fs::read_link("/proc/self/ns/pid").ok();
        let pids = pids.map(|link| link.to_string_lossy().into_owned());
        Process { host: own_host(), pid: std::process::id(), boot, pids }
    }

    /// Whether it was one of those that this process sees, and is no more. Not if that is unknown.
    fn is_dead(&self) -> bool {
        let own = Process::own();
        let is_known = self.host.is_some() && self.boot.is_some() && self.pids.is_some();
        let is_here = Process { pid: own.pid, ..self.clone() } == own;
        // Where other users' processes are hidden, the first one is too.
        let shows_all = is_shown(1);
        is_known && is_here && shows_all && !is_shown(self.pid)
    }
}

fn is_shown(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

#[cfg(test)]
mod tests;
