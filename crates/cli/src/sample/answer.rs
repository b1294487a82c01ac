//! What is in a sample, added up while it is written.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::line::{Body, Flow};
use super::story::Story;

/// What some records of the subject add up to, as the subject's interface sees them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SampleTotals {
    /// Bytes of accepted records to the interface.
    pub bytes_in: u64,
    /// Bytes of accepted records from the interface.
    pub bytes_out: u64,
    /// Packets of accepted records to the interface.
    pub packets_in: u64,
    /// Packets of accepted records from the interface.
    pub packets_out: u64,
    /// Accepted records.
    pub flows: u64,
    /// Rejected records.
    pub rejected_flows: u64,
    /// Bytes of rejected records.
    pub rejected_bytes: u64,
    /// Packets of rejected records.
    pub rejected_packets: u64,
    /// The earliest start; `None` if there are no records.
    pub first_seen: Option<Timestamp>,
    /// The latest end.
    pub last_seen: Option<Timestamp>,
}

impl SampleTotals {
    pub(super) fn add(&mut self, flow: &Flow, start: i64, end: i64) {
        if !flow.is_accepted {
            self.rejected_flows += 1;
            self.rejected_bytes += flow.bytes;
            self.rejected_packets += flow.packets;
        } else if flow.is_egress {
            self.flows += 1;
            self.bytes_out += flow.bytes;
            self.packets_out += flow.packets;
        } else {
            self.flows += 1;
            self.bytes_in += flow.bytes;
            self.packets_in += flow.packets;
        }
        let (start, end) = (time(start), time(end));
        self.first_seen = Some(self.first_seen.map_or(start, |first| first.min(start)));
        self.last_seen = Some(self.last_seen.map_or(end, |last| last.max(end)));
    }
}

/// What was written, and the answer to the finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleSummary {
    /// The folder that everything is in.
    pub dir: PathBuf,
    /// Records with traffic.
    pub ok: u64,
    /// NODATA records.
    pub nodata: u64,
    /// SKIPDATA records.
    pub skipdata: u64,
    /// Objects.
    pub files: u64,
    /// Bytes of all objects, inflated.
    pub text_bytes: u64,
    /// Bytes of all objects, gzipped.
    pub stored_bytes: u64,
    /// The subject's traffic with the remote that the finding names.
    pub claimed: SampleTotals,
    /// All of the subject's traffic.
    pub totals: SampleTotals,
    /// GuardDuty's own counts in the finding: bytes in and out of the newest interval.
    pub newest: (u64, u64),
}

impl SampleSummary {
    /// Records in all.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.ok + self.nodata + self.skipdata
    }

    /// The folder to give as `--logs`.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }
}

/// Counts over everything that is written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counted {
    ok: u64,
    nodata: u64,
    skipdata: u64,
    files: u64,
    text_bytes: u64,
    stored_bytes: u64,
}

impl Counted {
    pub(super) fn add_record(&mut self, body: &Body) {
        match body {
            Body::Flow(_) => self.ok += 1,
            Body::NoData => self.nodata += 1,
            Body::SkipData => self.skipdata += 1,
        }
    }

    pub(super) fn add_object(&mut self, text_bytes: u64, stored_bytes: u64) {
        self.files += 1;
        self.text_bytes += text_bytes;
        self.stored_bytes += stored_bytes;
    }

    /// Adds what was counted elsewhere.
    pub(super) fn merge(&mut self, other: Counted) {
        self.ok += other.ok;
        self.nodata += other.nodata;
        self.skipdata += other.skipdata;
        self.files += other.files;
        self.text_bytes += other.text_bytes;
        self.stored_bytes += other.stored_bytes;
    }

    pub(super) fn summary(self, dir: &Path, story: &Story<'_>) -> SampleSummary {
        SampleSummary {
            dir: dir.to_owned(),
            ok: self.ok,
            nodata: self.nodata,
            skipdata: self.skipdata,
            files: self.files,
            text_bytes: self.text_bytes,
            stored_bytes: self.stored_bytes,
            claimed: story.claimed,
            totals: story.all,
            newest: story.newest,
        }
    }
}

/// An instant by its seconds since 1970.
pub(super) fn time(seconds: i64) -> Timestamp {
    // Samples would have to be seven thousand years long to leave the calendar.
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}
