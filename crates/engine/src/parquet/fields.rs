//! The fields of rows that are added up where they stand.

use arrow::array::{Array, AsArray, TimestampNanosecondArray, UInt64Array};
use arrow::datatypes::{TimestampNanosecondType, UInt64Type};
use flowproof_record::FieldId;

use super::coded::Coded;
use super::rows::RowReader;
use super::sheet::{Sheet, Values};
use crate::orient::RawEnds;
use crate::scan::{Record, RecordFields};
use crate::totals::FlowKind;

/// Stands for a text that is missing.
const MISSING: &[u8] = b"-";
const SECOND: i64 = 1_000_000_000;

/// The fields of rows whose texts are stored once each.
pub(super) struct RowFields<'s> {
    interface: &'s Coded,
    ends: [&'s Coded; 2],
    numbers: [Vec<u64>; 2],
    rejected: Vec<bool>,
    direction: Option<&'s Coded>,
    counters: [&'s UInt64Array; 2],
    times: [&'s TimestampNanosecondArray; 2],
}

impl<'s> RowFields<'s> {
    /// `None` if a column stands otherwise than most files have it.
    pub(super) fn of(reader: &RowReader, sheet: &'s Sheet) -> Option<RowFields<'s>> {
        let coded = |id| match reader.column(sheet, id) {
            Some(Values::Coded(coded)) => Some(coded),
            _ => None,
        };
        let array = |id| reader.column(sheet, id).and_then(Values::array);
        let counter = |id| array(id)?.as_primitive_opt::<UInt64Type>();
        let time = |id| array(id)?.as_primitive_opt::<TimestampNanosecondType>();
        let optional = |id| match (reader.layout().has(id), coded(id)) {
            (false, _) => Some(None),
            (true, None) => None,
            (true, coded) => Some(coded),
        };
        let ends = [coded(FieldId::SRCADDR)?, coded(FieldId::DSTADDR)?];
        Some(RowFields {
            interface: coded(FieldId::INTERFACE_ID)?,
            numbers: ends.map(Coded::numbers),
            ends,
            rejected: optional(FieldId::ACTION)?.map(rejected).unwrap_or_default(),
            direction: optional(FieldId::FLOW_DIRECTION)?,
            counters: [counter(FieldId::BYTES)?, counter(FieldId::PACKETS)?],
            times: [time(FieldId::START)?, time(FieldId::END)?],
        })
    }
}

fn rejected(actions: &Coded) -> Vec<bool> {
    let rejected = actions.find(false, |text| text == "REJECT");
    actions.by_row(false, |key| rejected[key])
}

fn text(column: &Coded, row: usize) -> &[u8] {
    column.get(row).map_or(MISSING, str::as_bytes)
}

#[inline(always)]
fn time(times: &TimestampNanosecondArray, row: usize) -> Option<i64> {
    times.is_valid(row).then(|| times.values()[row])
}

impl RecordFields for RowFields<'_> {
    fn interface(&self, at: usize) -> &[u8] {
        text(self.interface, at)
    }

    #[inline(always)]
    fn is_same_interface(&self, one: usize, other: usize) -> bool {
        self.interface.key(one) == self.interface.key(other)
    }

    #[inline(always)]
    fn numbers(&self, at: usize) -> [u64; 2] {
        [self.numbers[0][at], self.numbers[1][at]]
    }

    fn ends(&self, at: usize) -> RawEnds<'_> {
        RawEnds { numbers: self.numbers(at), texts: self.ends.map(|end| text(end, at)) }
    }

    #[inline(always)]
    fn tell_direction(&self) -> bool {
        self.direction.is_some()
    }

    fn direction(&self, at: usize) -> Option<&[u8]> {
        self.direction.map(|direction| text(direction, at))
    }

    #[inline(always)]
    fn is_rejected(&self, at: usize) -> bool {
        // Empty if the file has no actions.
        self.rejected.get(at) == Some(&true)
    }

    #[inline(always)]
    fn second(&self, at: usize) -> Option<i64> {
        let [starts, ends] = self.times;
        time(starts, at).or_else(|| time(ends, at)).map(|time| time / SECOND)
    }

    fn span(&self, at: usize) -> Option<[i64; 2]> {
        let [start, end] = self.times.map(|times| time(times, at));
        Some([start? / SECOND, end? / SECOND])
    }

    #[inline(always)]
    fn record(&self, at: usize, kind: FlowKind) -> Record {
        let counter = |column: &UInt64Array| match column.is_valid(at) {
            true => column.values()[at],
            false => 0,
        };
        let [start, end] = self.times.map(|times| time(times, at));
        Record {
            kind,
            counters: self.counters.map(counter),
            // A record without any time moves neither end.
            times: [start.or(end).unwrap_or(i64::MAX), end.or(start).unwrap_or(i64::MIN)],
        }
    }
}
