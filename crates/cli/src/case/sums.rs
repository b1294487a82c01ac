//! Adds records up once more: what a case's records come to must be the answer's totals.
//!
//! It looks at the columns that were written and knows nothing of how the answer came to its totals.

use anyhow::{Context, Result, bail};
use arrow::array::{Array, AsArray, LargeStringArray, PrimitiveArray, RecordBatch};
use arrow::datatypes::{ArrowPrimitiveType, TimestampNanosecondType, UInt64Type};
use flowproof_evidence::Traffic;
use jiff::Timestamp;

/// What of a record its totals are made of.
#[derive(Debug, Default)]
pub(super) struct Record<'a> {
    pub(super) direction: Option<&'a str>,
    pub(super) action: Option<&'a str>,
    pub(super) bytes: Option<u64>,
    pub(super) packets: Option<u64>,
    pub(super) start: Option<Timestamp>,
    pub(super) end: Option<Timestamp>,
}

impl Record<'_> {
    /// The record alone as traffic.
    fn traffic(&self) -> Traffic {
        let (bytes, packets) = (self.bytes.unwrap_or(0), self.packets.unwrap_or(0));
        let mut traffic =
            Traffic { first_seen: self.start, last_seen: self.end, ..Default::default() };
        if self.action == Some("REJECT") {
            traffic.rejected_flows = 1;
            (traffic.rejected_bytes, traffic.rejected_packets) = (bytes, packets);
            return traffic;
        }
        traffic.flows = 1;
        match self.direction {
            Some("ingress") => (traffic.bytes_in, traffic.packets_in) = (bytes, packets),
            Some("egress") => (traffic.bytes_out, traffic.packets_out) = (bytes, packets),
            _ => (traffic.bytes_unoriented, traffic.packets_unoriented) = (bytes, packets),
        }
        traffic
    }
}

/// What records come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) records: u64,
    traffic: Traffic,
    /// Whether a record lacks its start or its end.
    lacks_times: bool,
}

impl Sums {
    /// Adds one record.
    pub(super) fn add(&mut self, record: &Record<'_>) -> Result<()> {
        self.records += 1;
        self.lacks_times |= record.start.is_none() || record.end.is_none();
        Ok(self.traffic.merge(&record.traffic())?)
    }

    /// Adds the records of a batch.
    pub(super) fn add_batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let [direction, action] = [texts(batch, "direction")?, texts(batch, "action")?];
        let bytes = numbers::<UInt64Type>(batch, "bytes")?;
        let packets = numbers::<UInt64Type>(batch, "packets")?;
        let start = numbers::<TimestampNanosecondType>(batch, "start")?;
        let end = numbers::<TimestampNanosecondType>(batch, "end")?;
        for row in 0..batch.num_rows() {
            self.add(&Record {
                direction: text_at(direction, row),
                action: text_at(action, row),
                bytes: at(bytes, row),
                packets: at(packets, row),
                start: at(start, row).map(time).transpose()?,
                end: at(end, row).map(time).transpose()?,
            })?;
        }
        Ok(())
    }

    /// The first counter that is not that of the totals, in words.
    pub(super) fn difference(&self, totals: &Traffic) -> Option<String> {
        let sums = &self.traffic;
        let counters = [
            ("bytes_in", sums.bytes_in, totals.bytes_in),
            ("bytes_out", sums.bytes_out, totals.bytes_out),
            ("bytes_unoriented", sums.bytes_unoriented, totals.bytes_unoriented),
            ("packets_in", sums.packets_in, totals.packets_in),
            ("packets_out", sums.packets_out, totals.packets_out),
            ("packets_unoriented", sums.packets_unoriented, totals.packets_unoriented),
            ("flows", sums.flows, totals.flows),
            ("rejected_bytes", sums.rejected_bytes, totals.rejected_bytes),
            ("rejected_packets", sums.rejected_packets, totals.rejected_packets),
            ("rejected_flows", sums.rejected_flows, totals.rejected_flows),
        ];
        let differs = |(_, sum, total): &&(&str, u64, u64)| sum != total;
        if let Some((name, sum, total)) = counters.iter().find(differs) {
            return Some(format!("{name} is {sum} in the records and {total} in the answer"));
        }
        // Where records lack a time, the answer tells the times of those that lack neither.
        let seen = |traffic: &Traffic| (traffic.first_seen, traffic.last_seen);
        let same = self.lacks_times || seen(sums) == seen(totals);
        (!same).then(|| "first_seen or last_seen is not that of the records".to_owned())
    }
}

fn time(nanoseconds: i64) -> Result<Timestamp> {
    Ok(Timestamp::from_nanosecond(i128::from(nanoseconds))?)
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a LargeStringArray> {
    let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i64>());
    column.with_context(|| format!("the records have no column `{name}` of texts"))
}

fn numbers<'a, T: ArrowPrimitiveType>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<&'a PrimitiveArray<T>> {
    match batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<T>()) {
        Some(column) => Ok(column),
        None => bail!("the records have no column `{name}` of type {}", T::DATA_TYPE),
    }
}

fn text_at(column: &LargeStringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

fn at<T: ArrowPrimitiveType>(column: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    column.is_valid(row).then(|| column.value(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_second(second: i64) -> Option<Timestamp> {
        Some(Timestamp::from_second(second).unwrap())
    }

    fn sums(records: &[Record<'_>]) -> Sums {
        let mut sums = Sums::default();
        records.iter().for_each(|record| sums.add(record).unwrap());
        sums
    }

    fn three() -> [Record<'static>; 3] {
        let of = |direction, action, bytes| Record {
            direction,
            action,
            bytes: Some(bytes),
            packets: Some(1),
            start: at_second(100),
            end: at_second(160),
        };
        [
            of(Some("ingress"), Some("ACCEPT"), 10),
            of(Some("egress"), None, 200),
            of(Some("ingress"), Some("REJECT"), 3000),
        ]
    }

    #[test]
    fn records_come_to_their_totals_and_to_no_others() {
        let totals = Traffic {
            bytes_in: 10,
            bytes_out: 200,
            packets_in: 1,
            packets_out: 1,
            flows: 2,
            rejected_bytes: 3000,
            rejected_packets: 1,
            rejected_flows: 1,
            first_seen: at_second(100),
            last_seen: at_second(160),
            ..Traffic::default()
        };
        assert_eq!(sums(&three()).difference(&totals), None);
        let other = Traffic { bytes_in: 11, ..totals };
        let told = sums(&three()).difference(&other).unwrap();
        assert_eq!(told, "bytes_in is 10 in the records and 11 in the answer");
        let later = Traffic { last_seen: at_second(161), ..totals };
        assert!(sums(&three()).difference(&later).unwrap().contains("last_seen"));
        let unknown = [Record { bytes: Some(7), ..Record::default() }];
        let of_unknown = Traffic { bytes_unoriented: 7, flows: 1, ..Traffic::default() };
        assert_eq!(sums(&unknown).difference(&of_unknown), None);
    }

    #[test]
    fn a_sum_that_does_not_fit_is_an_error() {
        let most = || Record { bytes: Some(u64::MAX), ..Record::default() };
        let mut sums = sums(&[most()]);
        assert!(sums.add(&most()).unwrap_err().to_string().contains("64 bits"));
    }
}
