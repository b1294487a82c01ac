//! One finding, or one question about a subject, answered.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flowproof_evidence::{
    Baseline, Completeness, Coverage, EnrichmentFile, EnrichmentNote, ListSource, ObjectEvidence,
    Peer, Remote, Subject, TimelineHour, Traffic,
};
use flowproof_finding::{Finding, Verdict};
use jiff::Timestamp;
use serde::Serialize;

/// All that is said of one investigation. Every format tells this and computes nothing new.
#[derive(Debug, Clone, PartialEq)]
pub struct Investigation {
    /// The program that made it.
    pub generated_by: Tool,
    /// Whose traffic it is.
    pub subject: Subject,
    /// The finding under investigation; `None` if the subject was given by hand.
    pub finding: Option<Finding>,
    /// The time that was asked about.
    pub window: WindowView,
    /// What the records say of the finding, with the claimed traffic as far as they show it.
    pub verdict: Verdict,
    /// All of the subject's traffic in the window.
    pub totals: Traffic,
    /// All of it by remote. Formats that show a selection choose it themselves and say so.
    pub remotes: Vec<Remote>,
    /// All of it by hour of the records' `start`; hours without a record may be left out.
    pub timeline: Vec<TimelineHour>,
    /// What was read and what could not be.
    pub coverage: Coverage,
    /// The objects that the answer stands on.
    pub evidence: Vec<ObjectEvidence>,
    /// What the subject did before the window; `None` if nobody asked.
    pub baseline: Option<Baseline>,
    /// Who had traffic with the claimed remotes, the subject among them; `None` if nobody asked.
    pub peers: Option<Vec<Peer>>,
    /// The lists that remotes were matched against.
    pub lists: Vec<ListSource>,
    /// What other sources say of the remotes; `None` if none was asked. It changes nothing else.
    pub enrichment: Option<Enrichment>,
}

impl Investigation {
    /// Of this subject, with this verdict, and nothing else to tell yet: made by this program, over all of
    /// time, without records. The other fields are filled in as they are known:
    /// `Investigation { coverage, ..Investigation::new(subject, verdict) }`.
    #[must_use]
    pub fn new(subject: Subject, verdict: Verdict) -> Investigation {
        Investigation {
            generated_by: Tool::flowproof(),
            subject,
            finding: None,
            window: WindowView::default(),
            verdict,
            totals: Traffic::default(),
            remotes: Vec::new(),
            timeline: Vec::new(),
            coverage: Coverage::default(),
            evidence: Vec::new(),
            baseline: None,
            peers: None,
            lists: Vec::new(),
            enrichment: None,
        }
    }

    /// Whether it stands on all the data that was asked for. `flowproof investigate` ends with 0, 3 or 4 by that.
    pub fn completeness(&self) -> Completeness {
        self.coverage.completeness()
    }

    /// Interfaces of the subject without any record. Their silence must not pass for quiet.
    pub(crate) fn silent_interfaces(&self) -> Vec<&str> {
        let seen: BTreeSet<&str> = self.coverage.observed.iter().map(|it| &*it.interface).collect();
        let all = self.subject.interfaces.iter().map(String::as_str);
        all.filter(|interface| !seen.contains(interface)).collect()
    }
}

/// What other sources say of remotes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enrichment {
    /// The sources, in the order in which they were named.
    pub files: Vec<EnrichmentFile>,
    /// The notes about each remote that has any: by source, the most specific first.
    pub notes: BTreeMap<IpAddr, Vec<EnrichmentNote>>,
}

impl Enrichment {
    /// The notes about a remote; none about one that is not known.
    #[must_use]
    pub fn of(&self, remote: &Remote) -> &[EnrichmentNote] {
        let notes = remote.address.and_then(|address| self.notes.get(&address));
        notes.map_or(&[], Vec::as_slice)
    }
}

/// A program by name and version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// The program's name.
    pub name: String,
    /// Its version, for example `0.1.0`.
    pub version: String,
}

impl Tool {
    /// Flowproof, at the version that all of its crates share.
    #[must_use]
    pub fn flowproof() -> Tool {
        Tool { name: "flowproof".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// The time that was asked about, `[from, to)`, and how far around it records were looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct WindowView {
    /// The first instant inside; `None` is the beginning of the logs.
    pub from: Option<Timestamp>,
    /// The first instant after; `None` is the end of the logs.
    pub to: Option<Timestamp>,
    /// Seconds by which the window was widened at both ends to find records.
    pub slack_seconds: u64,
}
