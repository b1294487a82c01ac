//! Where the subject's interfaces left records, and where not.

use std::collections::BTreeMap;

use flowproof_evidence::{Gap, IntervalSet, Observed};
use jiff::Timestamp;

use super::moved::MOVED;
use super::{SubjectQuestion, SubjectTraffic};
use crate::orient::AddressBook;
use crate::scan::{InterfaceTimes, NO_INTERFACE};

/// Records may be late by this many seconds.
const LATE: i64 = 60;

/// Why a gap is one.
const NO_RECORD: &str = "no record";
const SKIPDATA: &str = "SKIPDATA";

/// The subject's share of a coverage.
#[derive(Debug, Default)]
pub(super) struct SubjectCoverage {
    pub(super) observed: Vec<Observed>,
    pub(super) gaps: Vec<Gap>,
    /// SKIPDATA records of the subject's interfaces, and of interfaces that are not told.
    pub(super) skipdata: u64,
    /// The subject's interfaces that several flow logs covered at one time.
    pub(super) several: Vec<SeveralFlowLogs>,
}

/// An interface that several flow logs covered at one time.
#[derive(Debug)]
pub(super) struct SeveralFlowLogs {
    interface: String,
    flow_logs: String,
}

impl SeveralFlowLogs {
    /// What must be said of it, where copies are kept or so many were dropped.
    pub(super) fn note(&self, dropped: Option<u64>) -> Option<String> {
        let SeveralFlowLogs { interface, flow_logs } = self;
        match dropped {
            None => Some(format!(
                "figures may be counted more than once: {flow_logs} logged {interface} at one time"
            )),
            Some(0) => Some(format!(
                "{flow_logs} logged {interface} at one time, and have no record in common: if their \
                 aggregation intervals differ, flows are in the figures of each"
            )),
            Some(_) => None,
        }
    }
}

/// The observed stretches and the gaps of each of the subject's interfaces.
///
/// An interface leaves at least one record for each aggregation interval, somewhere within it. The
/// time for which no record can vouch is a gap, if it is longer than the minute that records may be
/// late by.
pub(super) fn observed(
    question: &SubjectQuestion,
    book: &AddressBook,
    traffic: &SubjectTraffic,
    times: &BTreeMap<String, InterfaceTimes>,
) -> SubjectCoverage {
    let untold = times.get(NO_INTERFACE).map_or(0, |times| times.skipped_records);
    let mut coverage = SubjectCoverage { skipdata: untold, ..SubjectCoverage::default() };
    for interface in &traffic.observations.subject.interfaces {
        if let Some(times) = times.get(interface) {
            coverage.skipdata += times.skipped_records;
            coverage.add(interface, times, question);
            coverage.add_moved(interface, times, question, book);
            let flow_logs = times.overlapping_flow_logs();
            if !flow_logs.is_empty() {
                let flow_logs = flow_logs.join(" and ");
                coverage.several.push(SeveralFlowLogs { interface: interface.clone(), flow_logs });
            }
        }
    }
    if traffic.observations.subject.interfaces.is_empty() {
        coverage.skipdata = times.values().map(|times| times.skipped_records).sum();
    }
    coverage.observed.sort();
    coverage.gaps.sort();
    coverage
}

impl SubjectCoverage {
    fn add(&mut self, interface: &str, times: &InterfaceTimes, question: &SubjectQuestion) {
        let tolerance = 2 * times.aggregation_seconds();
        for (start, end) in joined(&times.observed, tolerance) {
            let (Some(from), Some(to)) = (at(start), at(end)) else { continue };
            self.observed.push(Observed { interface: interface.to_owned(), from, to });
        }
        if times.observed.is_empty() {
            // Never observed: that is more than a gap, and the verdict says so by itself.
            return self.add_skipped(interface, times, question);
        }
        let (from, to) = bounds(times, question);
        for (start, end) in times.vouched().gaps(from, to, LATE) {
            self.gap(interface, start, end, NO_RECORD);
        }
        if to - from <= LATE && !times.vouched().covers_any(from, to) {
            self.gap(interface, from, to, NO_RECORD);
        }
        self.add_skipped(interface, times, question);
    }

    /// The time in which the book knows that the interface was not the subject's.
    fn add_moved(
        &mut self,
        interface: &str,
        times: &InterfaceTimes,
        question: &SubjectQuestion,
        book: &AddressBook,
    ) {
        let Some(instance) = &question.subject.instance else { return };
        let Some(timeline) = book.timeline(interface) else { return };
        let (from, to) = bounds(times, question);
        for (start, end) in timeline.without(instance, from, to) {
            self.gap(interface, start, end, MOVED);
        }
    }

    fn add_skipped(&mut self, interface: &str, times: &InterfaceTimes, question: &SubjectQuestion) {
        for (start, end) in times.skipped.iter() {
            if question.window.overlaps_seconds(start, end) {
                self.gap(interface, start, end, SKIPDATA);
            }
        }
    }

    fn gap(&mut self, interface: &str, start: i64, end: i64, why: &str) {
        if let (Some(from), Some(to)) = (at(start), at(end)) {
            let interface = interface.to_owned();
            self.gaps.push(Gap { interface, from, to, why: why.to_owned() });
        }
    }
}

/// The window in seconds; an open one reaches from the interface's first record to its last.
fn bounds(times: &InterfaceTimes, question: &SubjectQuestion) -> (i64, i64) {
    let first = times.observed.iter().map(|piece| piece.0).min().unwrap_or_default();
    let last = times.observed.iter().map(|piece| piece.1).max().unwrap_or_default();
    let window = question.window;
    let from = window.from.map_or(first, |from| from.as_second());
    (from, window.to.map_or(last, |to| to.as_second()))
}

/// The pieces of a set with the holes closed that are no longer than `tolerance`.
fn joined(set: &IntervalSet, tolerance: i64) -> Vec<(i64, i64)> {
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (start, end) in set.iter() {
        match joined.last_mut() {
            Some(last) if start - last.1 <= tolerance => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}
