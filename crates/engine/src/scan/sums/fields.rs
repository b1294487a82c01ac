//! The fields of records that are added up where they stand.

use std::collections::BTreeMap;
use std::ops::Range;

use flowproof_record::{FieldId, RecordGroup, RecordTexts};

use super::SECOND;
use super::groups::Record;
use crate::orient::RawEnds;
use crate::totals::FlowKind;

/// The fields of many records, whatever these are written in. Texts that are missing are `-`.
pub(crate) trait RecordFields {
    /// The text of the interface.
    fn interface(&self, at: usize) -> &[u8];
    /// Whether two records are of one interface; `false` may also mean that this takes a longer look.
    fn is_same_interface(&self, one: usize, other: usize) -> bool;
    /// The numbers of source and destination, as [`RecordGroup::numbers`] has them.
    fn numbers(&self, at: usize) -> [u64; 2];
    /// Source and destination.
    fn ends(&self, at: usize) -> RawEnds<'_>;
    /// Whether the records tell their direction themselves.
    fn tell_direction(&self) -> bool;
    /// The direction that the record tells, if it does.
    fn direction(&self, at: usize) -> Option<&[u8]>;
    fn is_rejected(&self, at: usize) -> bool;
    /// The second of its first packet.
    fn second(&self, at: usize) -> Option<i64>;
    /// The seconds of its first and its last packet, if it tells both.
    fn span(&self, at: usize) -> Option<[i64; 2]>;
    /// What of the record is added up.
    fn record(&self, at: usize, kind: FlowKind) -> Record;
}

/// Records of one interface that follow one another.
#[derive(Debug)]
pub(super) struct Run {
    /// Their places among the records that are added up.
    pub(super) places: Range<usize>,
    /// The place of the interface.
    pub(super) interface: usize,
}

/// Finds the runs of the records with these numbers.
#[inline(always)]
pub(super) fn find_runs(fields: &impl RecordFields, records: &[usize], runs: &mut Vec<Run>) {
    runs.clear();
    let mut begin = 0;
    for (place, pair) in records.windows(2).enumerate() {
        if !fields.is_same_interface(pair[0], pair[1]) {
            runs.push(Run { places: begin..place + 1, interface: 0 });
            begin = place + 1;
        }
    }
    if begin < records.len() {
        runs.push(Run { places: begin..records.len(), interface: 0 });
    }
}

/// Takes in the times of a run.
pub(super) fn widen(
    fields: &impl RecordFields,
    records: &[usize],
    run: &Run,
    spans: &mut BTreeMap<usize, [i64; 2]>,
) {
    for [start, end] in records[run.places.clone()].iter().filter_map(|at| fields.span(*at)) {
        let span = spans.entry(run.interface).or_insert([i64::MAX, i64::MIN]);
        *span = [span[0].min(start), span[1].max(end)];
    }
}

/// The fields of records as they stand in text.
pub(super) struct TextFields<'a> {
    interface: RecordTexts<'a>,
    texts: [RecordTexts<'a>; 2],
    addresses: [&'a [u64]; 2],
    action: RecordTexts<'a>,
    direction: Option<RecordTexts<'a>>,
    counters: [&'a [u64]; 2],
    times: [&'a [u64]; 2],
}

impl<'a> TextFields<'a> {
    /// `None` if the format lacks one of them, which is rare.
    pub(super) fn of(records: &RecordGroup<'a>) -> Option<TextFields<'a>> {
        let (source, destination) = (FieldId::SRCADDR, FieldId::DSTADDR);
        Some(TextFields {
            interface: records.texts(FieldId::INTERFACE_ID)?,
            texts: [records.texts(source)?, records.texts(destination)?],
            addresses: [records.numbers(source)?, records.numbers(destination)?],
            action: records.texts(FieldId::ACTION)?,
            direction: records.texts(FieldId::FLOW_DIRECTION),
            counters: [records.numbers(FieldId::BYTES)?, records.numbers(FieldId::PACKETS)?],
            times: [records.numbers(FieldId::START)?, records.numbers(FieldId::END)?],
        })
    }
}

impl RecordFields for TextFields<'_> {
    #[inline(always)]
    fn interface(&self, at: usize) -> &[u8] {
        self.interface.get(at)
    }

    #[inline(always)]
    fn is_same_interface(&self, one: usize, other: usize) -> bool {
        is_same(self.interface.get(one), self.interface.get(other))
    }

    #[inline(always)]
    fn numbers(&self, at: usize) -> [u64; 2] {
        [self.addresses[0][at], self.addresses[1][at]]
    }

    #[inline(always)]
    fn ends(&self, at: usize) -> RawEnds<'_> {
        RawEnds { numbers: self.numbers(at), texts: [self.texts[0].get(at), self.texts[1].get(at)] }
    }

    #[inline(always)]
    fn tell_direction(&self) -> bool {
        self.direction.is_some()
    }

    #[inline(always)]
    fn direction(&self, at: usize) -> Option<&[u8]> {
        self.direction.as_ref().map(|direction| direction.get(at))
    }

    #[inline(always)]
    fn is_rejected(&self, at: usize) -> bool {
        // It is `ACCEPT` or `REJECT`.
        self.action.get(at).first() == Some(&b'R')
    }

    #[inline(always)]
    fn second(&self, at: usize) -> Option<i64> {
        Some(self.times[0][at] as i64)
    }

    #[inline(always)]
    fn span(&self, at: usize) -> Option<[i64; 2]> {
        Some(self.times.map(|times| times[at] as i64))
    }

    /// Times of good records have 32 bits.
    #[inline(always)]
    fn record(&self, at: usize, kind: FlowKind) -> Record {
        Record {
            kind,
            counters: self.counters.map(|numbers| numbers[at]),
            times: self.times.map(|numbers| numbers[at] as i64 * SECOND),
        }
    }
}

/// Whether two texts are the same, without a call where they are as long as interface ids are.
#[inline(always)]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    match (one.split_first_chunk::<16>(), other.split_first_chunk::<16>()) {
        (Some((a, _)), Some((b, _))) if one.len() == other.len() && one.len() <= 32 => {
            a == b && one.last_chunk::<16>() == other.last_chunk::<16>()
        }
        _ => one == other,
    }
}
