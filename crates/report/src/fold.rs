//! Hours folded into rows that fit on a page.

use flowproof_evidence::{Gap, TimelineHour};
use jiff::Timestamp;

/// Hours in a row, the smallest that fits is taken. They divide a day, so that days line up.
const HOURS_PER_ROW: [i64; 8] = [1, 2, 3, 4, 6, 8, 12, 24];

pub(crate) const HOUR_SECONDS: i64 = 3600;

/// One row: equally many hours each. Sums are wider than the counters, so they cannot wrap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) bytes_in: u128,
    pub(crate) bytes_out: u128,
    pub(crate) bytes_unoriented: u128,
    pub(crate) records: u128,
    pub(crate) rejected: u128,
    pub(crate) gap: bool,
}

/// The hours folded into rows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Folded {
    /// Hours in the whole timeline.
    pub(crate) hours: i64,
    /// Hours in each row.
    pub(crate) row_hours: i64,
    /// The first row's number: its start is `first * row_hours` hours after 1970.
    pub(crate) first: i64,
    pub(crate) rows: Vec<Row>,
}

/// Folds hours into at most `most` rows (2 or more) that cover `[from, to)` and every hour with
/// records. Empty hours are kept: silence tells as much as traffic does. `None` if nothing says where
/// to begin or to end.
pub(crate) fn fold(
    hours: &[TimelineHour],
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    most: i64,
) -> Option<Folded> {
    let starts = || hours.iter().map(|hour| hour_of(hour.start));
    let first = starts().chain(from.map(hour_of)).min()?;
    let last = starts().chain(to.map(last_hour_before)).max().filter(|last| *last >= first)?;
    let count = last - first + 1;
    let row_hours = row_hours(first, last, most);
    let first_row = first.div_euclid(row_hours);
    let rows = last.div_euclid(row_hours) - first_row + 1;
    let mut folded = Folded {
        hours: count,
        row_hours,
        first: first_row,
        rows: vec![Row::default(); usize::try_from(rows).ok()?],
    };
    for hour in hours {
        folded.add(hour);
    }
    Some(folded)
}

/// The fewest hours a row that keep within `most` rows: a divisor of a day, else whole days.
fn row_hours(first: i64, last: i64, most: i64) -> i64 {
    let fits = |hours: &i64| last.div_euclid(*hours) - first.div_euclid(*hours) < most;
    HOURS_PER_ROW.into_iter().find(fits).unwrap_or_else(|| {
        // One row is spared, because the first row may begin before the first hour.
        let days = (last - first) / (24 * (most - 1)) + 1;
        days * 24
    })
}

fn hour_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(HOUR_SECONDS)
}

/// The last hour that has an instant before `time`.
fn last_hour_before(time: Timestamp) -> i64 {
    let second = time.as_second() - i64::from(time.subsec_nanosecond() == 0);
    second.div_euclid(HOUR_SECONDS)
}

impl Folded {
    /// The row that an hour falls into; negative before the first.
    fn row_of(&self, hour: i64) -> i64 {
        hour.div_euclid(self.row_hours) - self.first
    }

    fn add(&mut self, hour: &TimelineHour) {
        let row = usize::try_from(self.row_of(hour_of(hour.start))).ok();
        // Every hour has its row: the rows were laid out to cover all of them.
        let Some(row) = row.and_then(|row| self.rows.get_mut(row)) else { return };
        row.bytes_in += u128::from(hour.traffic.bytes_in);
        row.bytes_out += u128::from(hour.traffic.bytes_out);
        row.bytes_unoriented += u128::from(hour.traffic.bytes_unoriented);
        row.records += u128::from(hour.traffic.flows);
        row.rejected += u128::from(hour.traffic.rejected_flows);
    }

    pub(crate) fn mark_gaps(&mut self, gaps: &[Gap]) {
        for gap in gaps {
            let first = self.row_of(hour_of(gap.from));
            let last = self.row_of(last_hour_before(gap.to));
            for (row, index) in self.rows.iter_mut().zip(0..) {
                row.gap |= (first..=last).contains(&index);
            }
        }
    }

    pub(crate) fn start(&self, index: usize) -> Timestamp {
        let row = self.first.saturating_add(index as i64);
        let second = row.saturating_mul(self.row_hours).saturating_mul(HOUR_SECONDS);
        // Only the first row of a timeline at the very beginning of time starts before it.
        Timestamp::from_second(second).unwrap_or(Timestamp::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowproof_evidence::Traffic;
    use proptest::prelude::*;

    const ROWS: i64 = 48;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * HOUR_SECONDS).unwrap()
    }

    fn hour(hour: i64, bytes_in: u64) -> TimelineHour {
        let traffic = Traffic { bytes_in, flows: 1, ..Traffic::default() };
        TimelineHour { start: at(hour), traffic }
    }

    #[test]
    fn empty_hours_of_the_window_get_a_row() {
        let folded = fold(&[hour(480_002, 7)], Some(at(480_000)), Some(at(480_024)), ROWS).unwrap();
        assert_eq!((folded.hours, folded.row_hours, folded.rows.len()), (24, 1, 24));
        let filled: Vec<_> =
            folded.rows.iter().enumerate().filter(|(_, row)| row.records > 0).collect();
        assert_eq!(filled.len(), 1);
        assert_eq!((filled[0].0, filled[0].1.bytes_in), (2, 7));
        assert_eq!(folded.start(2), at(480_002));
    }

    #[test]
    fn a_week_is_merged_into_rows_that_line_up_with_days() {
        let monday = 24 * 20_000;
        let hours = [hour(monday + 5, 1), hour(monday + 6, 2), hour(monday + 7, 4)];
        let folded = fold(&hours, Some(at(monday)), Some(at(monday + 168)), ROWS).unwrap();
        assert_eq!((folded.row_hours, folded.rows.len()), (4, 42));
        assert_eq!((folded.rows[0].bytes_in, folded.rows[1].bytes_in), (0, 7));
    }

    #[test]
    fn hours_within_the_slack_are_shown_beside_those_of_the_window() {
        let folded = fold(&[hour(99, 1)], Some(at(100)), Some(at(102)), ROWS).unwrap();
        assert_eq!((folded.first, folded.rows.len()), (99, 3));
    }

    #[test]
    fn a_gap_marks_the_rows_that_it_touches() {
        let mut folded = fold(&[hour(10, 1)], Some(at(8)), Some(at(14)), ROWS).unwrap();
        let why = "SKIPDATA".to_owned();
        let gap = Gap { interface: "eni-1".into(), from: at(9), to: at(11), why };
        let outside = Gap { from: at(2), to: at(8), ..gap.clone() };
        folded.mark_gaps(&[gap, outside]);
        let marked: Vec<bool> = folded.rows.iter().map(|row| row.gap).collect();
        assert_eq!(marked, [false, true, true, false, false, false]);
    }

    proptest! {
        #[test]
        fn folding_keeps_every_byte_within_the_rows_allowed(
            hours in proptest::collection::vec((-200_000_i64..200_000, any::<u64>()), 1..30),
            from in proptest::option::of(-100_000_000_i64..10),
            to in proptest::option::of(10_i64..60_000_000),
        ) {
            let timeline: Vec<_> = hours.iter().map(|(at, bytes)| hour(*at, *bytes)).collect();
            let folded = fold(&timeline, from.map(at), to.map(at), ROWS).unwrap();
            prop_assert!(folded.rows.len() as i64 <= ROWS);
            let told: u128 = folded.rows.iter().map(|row| row.bytes_in).sum();
            prop_assert_eq!(told, hours.iter().map(|(_, bytes)| u128::from(*bytes)).sum::<u128>());
        }
    }

    #[test]
    fn without_records_the_window_is_laid_out_if_it_has_both_ends() {
        let folded = fold(&[], Some(at(5)), Some(at(8)), ROWS).unwrap();
        assert_eq!((folded.first, folded.rows.len()), (5, 3));
        assert_eq!(fold(&[], Some(at(5)), None, ROWS), None);
        assert_eq!(fold(&[], None, Some(at(5)), ROWS), None);
        assert_eq!(fold(&[], Some(at(8)), Some(at(5)), ROWS), None);
    }
}
