//! When each interface left records: the raw matter of coverage.

use std::collections::BTreeMap;

use arrow::array::{Array, RecordBatch, TimestampNanosecondArray};
use datafusion::common::Result;
use flowproof_evidence::IntervalSet;
use flowproof_record::FieldId;
use serde::{Deserialize, Serialize};

use super::CoverageScope;
use crate::table::{text_column, time_column};

/// A record longer than this says nothing of the time in between: AWS's longest aggregation interval
/// is 600 seconds, and records may be late by 60.
const LONGEST_RECORD: i64 = 660;
/// An interface whose records are all shorter is taken to have intervals of 60 seconds.
const LONGER_THAN_A_MINUTE: i64 = 90;

/// What an idle record lacks of its interval at most.
const IDLE_LACKS: i64 = 30;

/// What records without an interface id are noted under: whose they are is not known.
pub(crate) const NO_INTERFACE: &str = "";

/// The fields that coverage looks at.
pub(super) const TIME_FIELDS: [FieldId; 4] =
    [FieldId::INTERFACE_ID, FieldId::START, FieldId::END, FieldId::LOG_STATUS];

/// The aggregation intervals that AWS offers, in seconds.
const INTERVALS: [i64; 2] = [60, 600];

/// When one interface left records, in seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PackedTimes", into = "PackedTimes")]
pub(crate) struct InterfaceTimes {
    /// OK and NODATA records, from their start to their end.
    pub(crate) observed: IntervalSet,
    /// The time that these may vouch for, for each of [`INTERVALS`]: a record lies somewhere in its
    /// aggregation interval, which therefore reaches from one interval before the record's end, at
    /// the earliest, to one interval after its start, at the latest.
    vouched: [IntervalSet; 2],
    /// SKIPDATA records.
    pub(crate) skipped: IntervalSet,
    /// How many there are.
    pub(crate) skipped_records: u64,
    /// Flow log id -> the first start and the last end of OK records in its objects.
    flow_logs: BTreeMap<String, (i64, i64)>,
    /// The longest NODATA or SKIPDATA record: it spans the whole aggregation interval.
    longest_idle: i64,
    /// The longest OK record: it spans the interval or less.
    longest_ok: i64,
}

/// [`InterfaceTimes`] as they are serialized.
#[derive(Serialize, Deserialize)]
struct PackedTimes {
    observed: Vec<(i64, i64)>,
    vouched: [Vec<(i64, i64)>; 2],
    skipped: Vec<(i64, i64)>,
    skipped_records: u64,
    flow_logs: BTreeMap<String, (i64, i64)>,
    longest_idle: i64,
    longest_ok: i64,
}

/// No record has such a time.
#[derive(Debug, thiserror::Error)]
#[error("a time that no record can have")]
struct NoTime;

impl From<InterfaceTimes> for PackedTimes {
    fn from(times: InterfaceTimes) -> PackedTimes {
        PackedTimes {
            observed: times.observed.iter().collect(),
            vouched: times.vouched.map(|vouched| vouched.iter().collect()),
            skipped: times.skipped.iter().collect(),
            skipped_records: times.skipped_records,
            flow_logs: times.flow_logs,
            longest_idle: times.longest_idle,
            longest_ok: times.longest_ok,
        }
    }
}

impl TryFrom<PackedTimes> for InterfaceTimes {
    type Error = NoTime;

    fn try_from(packed: PackedTimes) -> Result<InterfaceTimes, NoTime> {
        // Records' times are counted in nanoseconds; what they vouch for reaches a little further.
        const FURTHEST: i64 = i64::MAX / 1_000_000_000 + 2 * INTERVALS[1];
        let is_time = |time: i64| (-FURTHEST..=FURTHEST).contains(&time);
        let is_span = |(start, end): &(i64, i64)| is_time(*start) && is_time(*end);
        let spans = |spans: Vec<(i64, i64)>| {
            let mut set = IntervalSet::default();
            spans.iter().for_each(|(start, end)| set.insert(*start, *end));
            spans.iter().all(is_span).then_some(set).ok_or(NoTime)
        };
        let [short, long] = packed.vouched;
        let lengths = [packed.longest_idle, packed.longest_ok];
        if !packed.flow_logs.values().all(is_span) || lengths.iter().any(|length| *length < 0) {
            return Err(NoTime);
        }
        Ok(InterfaceTimes {
            observed: spans(packed.observed)?,
            vouched: [spans(short)?, spans(long)?],
            skipped: spans(packed.skipped)?,
            skipped_records: packed.skipped_records,
            flow_logs: packed.flow_logs,
            longest_idle: packed.longest_idle,
            longest_ok: packed.longest_ok,
        })
    }
}

impl InterfaceTimes {
    pub(crate) fn merge(&mut self, other: &InterfaceTimes) {
        self.observed.merge(&other.observed);
        for (ours, theirs) in self.vouched.iter_mut().zip(&other.vouched) {
            ours.merge(theirs);
        }
        self.skipped.merge(&other.skipped);
        self.skipped_records += other.skipped_records;
        for (flow_log, (start, end)) in &other.flow_logs {
            self.note_flow_log(flow_log, *start, *end);
        }
        self.longest_idle = self.longest_idle.max(other.longest_idle);
        self.longest_ok = self.longest_ok.max(other.longest_ok);
    }

    /// The length of the interface's aggregation interval, 60 or 600 seconds, as its records show
    /// it. The shorter one is taken where they do not: it finds more gaps, never fewer.
    pub(crate) fn aggregation_seconds(&self) -> i64 {
        INTERVALS[self.interval_idx()]
    }

    fn interval_idx(&self) -> usize {
        let longest = if self.longest_idle > 0 { self.longest_idle } else { self.longest_ok };
        usize::from(longest > LONGER_THAN_A_MINUTE)
    }

    /// The time in which the interface may be said to have been observed.
    pub(crate) fn vouched(&self) -> &IntervalSet {
        &self.vouched[self.interval_idx()]
    }

    fn note_flow_log(&mut self, flow_log: &str, start: i64, end: i64) {
        match self.flow_logs.get_mut(flow_log) {
            Some(span) => *span = (span.0.min(start), span.1.max(end)),
            None => {
                self.flow_logs.insert(flow_log.to_owned(), (start, end));
            }
        }
    }

    /// Flow logs that covered the interface at one time: its flows are in each of them.
    pub(crate) fn overlapping_flow_logs(&self) -> Vec<&str> {
        let overlaps = |id: &String, span: &(i64, i64)| {
            let mut others = self.flow_logs.iter().filter(|(other, _)| *other != id);
            others.any(|(_, other)| span.0 <= other.1 && other.0 <= span.1)
        };
        let overlapping = self.flow_logs.iter().filter(|(id, span)| overlaps(id, span));
        overlapping.map(|(id, _)| id.as_str()).collect()
    }

    fn observe(&mut self, start: i64, end: i64) {
        self.observed.insert(start, end);
        for (vouched, interval) in self.vouched.iter_mut().zip(INTERVALS) {
            vouched.insert(start.min(end - interval), end.max(start + interval));
        }
    }
}

/// Notes the times of a batch's records for the interfaces in scope. `flow_log` is the flow log that a
/// row is of.
pub(super) fn note_times<'a>(
    batch: &RecordBatch,
    scope: &CoverageScope,
    flow_log: impl Fn(usize) -> Option<&'a str>,
    times: &mut BTreeMap<String, InterfaceTimes>,
) -> Result<()> {
    let interface = text_column(batch, FieldId::INTERFACE_ID)?;
    let status = text_column(batch, FieldId::LOG_STATUS)?;
    let (starts, ends) = (time_column(batch, FieldId::START)?, time_column(batch, FieldId::END)?);
    for row in 0..batch.num_rows() {
        if starts.is_null(row) && ends.is_null(row) {
            continue;
        }
        let id = if interface.is_valid(row) { interface.value(row) } else { NO_INTERFACE };
        let times = match times.get_mut(id) {
            Some(times) => times,
            None if id == NO_INTERFACE || scope.includes(id) => {
                times.entry(id.to_owned()).or_default()
            }
            None => continue,
        };
        let at = |row: usize,
                  first: &TimestampNanosecondArray,
                  other: &TimestampNanosecondArray| {
            let nanoseconds = if first.is_valid(row) { first.value(row) } else { other.value(row) };
            nanoseconds / 1_000_000_000
        };
        let (start, end) = (at(row, starts, ends), at(row, ends, starts));
        let status = status.is_valid(row).then(|| status.value(row));
        times.note(status, start, end);
        if let (Some(flow_log), None | Some("OK")) = (flow_log(row), status) {
            times.note_flow_log(flow_log, start, end);
        }
    }
    Ok(())
}

impl InterfaceTimes {
    fn note(&mut self, status: Option<&str>, start: i64, end: i64) {
        let length = end - start;
        match status {
            Some("SKIPDATA") => {
                self.skipped.insert(start, end);
                self.skipped_records += 1;
                self.longest_idle = self.longest_idle.max(length);
            }
            _ if length > LONGEST_RECORD => {}
            Some("NODATA") => {
                // It spans its interval, but for some seconds, and vouches for no other time.
                self.observed.insert(start, end);
                let interval = INTERVALS.into_iter().find(|interval| *interval >= length);
                let lacks = interval.map_or(0, |interval| interval - length);
                let lacks = if lacks <= IDLE_LACKS { lacks } else { 0 };
                let vouched = self.vouched.iter_mut();
                vouched.for_each(|vouched| vouched.insert(start - lacks, end + lacks));
                self.longest_idle = self.longest_idle.max(length);
            }
            _ => {
                self.observe(start, end);
                self.longest_ok = self.longest_ok.max(length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_records_tell_the_interval_before_busy_ones_do() {
        let mut times = InterfaceTimes::default();
        assert_eq!(times.aggregation_seconds(), 60, "unsure: the shorter");
        times.note(Some("OK"), 1000, 1400);
        assert_eq!(times.aggregation_seconds(), 600);
        times.note(Some("NODATA"), 2000, 2058);
        assert_eq!(times.aggregation_seconds(), 60);
    }

    #[test]
    fn an_idle_record_vouches_for_its_own_time_alone() {
        let mut times = InterfaceTimes::default();
        for start in (0..600).step_by(60).chain((1_680..2_400).step_by(60)) {
            times.note(Some("NODATA"), start, start + 59);
        }
        let holes = |times: &InterfaceTimes| times.vouched().gaps(0, 2_400, 60);
        let before = holes(&times);
        assert_eq!(before, [(600, 1_679)]);
        // One that is longer makes no other vouch for more.
        times.note(Some("NODATA"), 1_680, 1_772);
        assert_eq!((times.aggregation_seconds(), holes(&times)), (600, before));
        times.note(Some("OK"), 1_100, 1_159);
        assert!(holes(&times).is_empty(), "a busy record lies somewhere in its ten minutes");
    }

    #[test]
    fn a_record_of_years_vouches_for_nothing() {
        let mut times = InterfaceTimes::default();
        times.note(Some("NODATA"), 946_684_800, 1_748_736_060);
        assert!(times.observed.is_empty());
        times.note(Some("SKIPDATA"), 946_684_800, 1_748_736_060);
        assert!(!times.skipped.is_empty(), "what says that records are lost is believed");
    }

    #[test]
    fn times_come_back_from_bytes_as_they_were() {
        let mut times = InterfaceTimes::default();
        times.note(Some("OK"), 1_748_736_000, 1_748_736_060);
        times.note(Some("NODATA"), 1_748_739_000, 1_748_739_598);
        times.note(Some("SKIPDATA"), 1_748_740_000, 1_748_740_060);
        times.note(None, i64::MAX / 1_000_000_000, i64::MAX / 1_000_000_000);
        times.note(None, i64::MIN / 1_000_000_000, i64::MIN / 1_000_000_000);
        times.note_flow_log("fl-0123456789abcdef0", 1_748_736_000, 1_748_740_060);
        let bytes = postcard::to_allocvec(&times).unwrap();
        assert_eq!(postcard::from_bytes::<InterfaceTimes>(&bytes).unwrap(), times);
    }

    #[test]
    fn times_that_no_record_has_are_refused() {
        let mut times = InterfaceTimes::default();
        times.skipped.insert(i64::MIN, 0);
        let bytes = postcard::to_allocvec(&times).unwrap();
        assert!(postcard::from_bytes::<InterfaceTimes>(&bytes).is_err());
    }
}
