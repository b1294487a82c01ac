//! Findings of a scheduled scan, told to programs and to people.
//!
//! A scan that runs by the clock tells each finding once, and once more whenever its figures have
//! grown. One such report is a [`Bulletin`]. Each format is one function, from a bulletin to text in
//! memory; none reads a file, a clock or the environment, so the same bulletin always gives the same
//! bytes.
//!
//! - [`jsonl`]: the whole finding, as `docs/listed-finding.schema.json` describes it;
//! - [`ocsf`]: Detection Findings of the Open Cybersecurity Schema Framework;
//! - [`asff`]: what AWS Security Hub imports;
//! - [`markdown`] and [`html`]: a digest for people.
//!
//! Labels, names of lists and ids come from outside. None of them can act on a terminal, become markup
//! or break a table or a line.

mod asff;
mod digest;
#[cfg(test)]
mod fixture;
mod html;
mod jsonl;
mod markdown;
mod ocsf;
mod severity;
#[cfg(test)]
mod tests;
mod words;

use std::net::IpAddr;

use flowproof_evidence::Traffic;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use asff::{Asff, AsffOwner, asff};
pub use html::html;
pub use jsonl::{SCHEMA, jsonl};
pub use markdown::markdown;
pub use ocsf::{OCSF_VERSION, ocsf};
pub use severity::{Severity, UnknownSeverity};

/// One report of a scheduled scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulletin {
    /// Which report of the scan it is; each has a greater number than the one before.
    pub number: u64,
    /// When it was made.
    pub at: Timestamp,
    /// What it tells, in any order.
    pub findings: Vec<ListedFinding>,
}

/// Traffic of one interface with addresses of one list entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFinding {
    /// 64 hexadecimal digits, the same for every telling of the same finding.
    pub id: String,
    /// 64 hexadecimal digits, of this telling alone.
    pub event_id: String,
    /// Whether it was told before, with smaller figures.
    pub is_update: bool,
    /// How grave it is taken to be.
    pub severity: Severity,
    /// The account of the interface, if its records name one.
    pub account: Option<String>,
    /// The region of the interface, if it is known.
    pub region: Option<String>,
    /// The network interface, if its records name it.
    pub interface: Option<String>,
    /// The instances that the records name for the interface; none if they name none.
    pub instances: Vec<String>,
    /// The name of the list.
    pub list: String,
    /// The entry as the list has it: an address or a network.
    pub entry: String,
    /// What the list says of the entry; may be empty.
    pub label: String,
    /// The traffic with all addresses of the entry.
    pub traffic: Traffic,
    /// How many different addresses of the entry were seen. `None`: more than are kept.
    pub remotes: Option<u64>,
    /// The first few of these addresses, at most 20.
    pub addresses: Vec<IpAddr>,
    /// Whether an object of the logs was rewritten, so that records in both editions count twice.
    pub recounted: bool,
}

/// The program that made a bulletin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Generator<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version, for example `0.1.0`.
    pub version: &'a str,
}

impl ListedFinding {
    /// Bytes that were transferred. A sum too large for its type is the largest there is: it is only
    /// for the order.
    fn moved(&self) -> u64 {
        self.traffic.bytes().unwrap_or(u64::MAX)
    }

    /// Whether it is told for the first time: `new` or `updated`.
    fn status(&self) -> &'static str {
        if self.is_update { "updated" } else { "new" }
    }
}
