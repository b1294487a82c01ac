//! Bytes over time, as bars.

use flowproof_evidence::{Gap, TimelineHour};
use jiff::Timestamp;

use super::page::Page;
use crate::Investigation;
use crate::format::{counted, human_bytes};

/// Rows that the timeline takes at most.
const ROWS: i64 = 48;

/// Hours in a row, the smallest that fits is taken. They divide a day, so that days line up.
const HOURS_PER_ROW: [i64; 8] = [1, 2, 3, 4, 6, 8, 12, 24];

const HOUR_SECONDS: i64 = 3600;

/// One row: equally many hours each. Sums are wider than the counters, so they cannot wrap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Row {
    bytes_in: u128,
    bytes_out: u128,
    bytes_unoriented: u128,
    records: u128,
    rejected: u128,
    gap: bool,
}

/// The hours folded into rows.
#[derive(Debug, PartialEq, Eq)]
struct Folded {
    /// Hours in the whole timeline.
    hours: i64,
    /// Hours in each row.
    row_hours: i64,
    /// The first row's number: its start is `first * row_hours` hours after 1970.
    first: i64,
    rows: Vec<Row>,
}

pub(super) fn write(investigation: &Investigation, page: &mut Page) {
    let window = &investigation.window;
    let Some(mut folded) = fold(&investigation.timeline, window.from, window.to) else {
        page.heading("Timeline: none, no record with a time was found");
        return;
    };
    folded.mark_gaps(&investigation.coverage.gaps);
    let scale = folded.rows.iter().map(|row| row.bytes_in.max(row.bytes_out)).max().unwrap_or(0);
    page.heading(&title(&folded, scale));
    let bar = (page.width().saturating_sub(64) / 2).clamp(8, 30);
    page.line(&format!("  {:<16}  {:>9} {:<bar$}  {:>9}", "from", "in", "", "out"));
    for (index, row) in folded.rows.iter().enumerate() {
        page.line(&line(folded.start(index), row, scale, bar));
    }
    if folded.rows.iter().any(|row| row.gap) {
        page.line("  gap: part of it was not observed, see Coverage");
    }
}

fn title(folded: &Folded, scale: u128) -> String {
    let hours = counted(folded.hours.unsigned_abs(), "hour", "hours");
    let rows = match folded.row_hours {
        1 => format!("{hours}, a row each"),
        merged => format!("{hours}, merged into rows of {merged} hours"),
    };
    format!("Timeline (UTC; {rows}; a full bar is {})", human_bytes(scale))
}

fn line(start: Timestamp, row: &Row, scale: u128, width: usize) -> String {
    let start = start.strftime("%Y-%m-%d %H:%M");
    let [bytes_in, bytes_out] = [row.bytes_in, row.bytes_out]
        .map(|bytes| if row.records == 0 { "-".to_owned() } else { human_bytes(bytes) });
    let [bar_in, bar_out] = [row.bytes_in, row.bytes_out].map(|bytes| bar(bytes, scale, width));
    let notes = notes(row);
    format!(
        "  {start:<16}  {bytes_in:>9} {bar_in:<width$}  {bytes_out:>9} {bar_out:<width$}  {notes}"
    )
}

/// What bars cannot show.
fn notes(row: &Row) -> String {
    let mut notes = Vec::new();
    if row.bytes_unoriented > 0 {
        notes.push(format!("{} unoriented", human_bytes(row.bytes_unoriented)));
    }
    if row.rejected > 0 {
        notes.push(format!("{} rejected", crate::format::thousands(row.rejected)));
    }
    if row.gap {
        notes.push("gap".to_owned());
    }
    notes.join(", ")
}

/// A bar of eighths of a block. Anything but zero leaves a mark, however small.
fn bar(value: u128, scale: u128, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let all_eighths = width as u128 * 8;
    let eighths = value.saturating_mul(all_eighths).div_ceil(scale.max(1)).min(all_eighths);
    // At most 8 * width, so both fit.
    let (whole, rest) = ((eighths / 8) as usize, (eighths % 8) as usize);
    format!("{}{}", "█".repeat(whole), EIGHTHS[rest])
}

/// Folds hours into at most [`ROWS`] rows that cover the window and every hour with records. Empty
/// hours are kept: silence tells as much as traffic does. `None` if there is no hour at all.
fn fold(hours: &[TimelineHour], from: Option<Timestamp>, to: Option<Timestamp>) -> Option<Folded> {
    let starts = || hours.iter().map(|hour| hour_of(hour.start));
    let first = starts().min()?.min(from.map_or(i64::MAX, hour_of));
    let last = starts().max()?.max(to.map_or(i64::MIN, last_hour_before));
    let count = last - first + 1;
    let row_hours = row_hours(first, last);
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

/// The fewest hours a row that keep within [`ROWS`]: a divisor of a day, else whole days.
fn row_hours(first: i64, last: i64) -> i64 {
    let fits = |hours: &i64| last.div_euclid(*hours) - first.div_euclid(*hours) < ROWS;
    HOURS_PER_ROW.into_iter().find(fits).unwrap_or_else(|| {
        // One row is spared, because the first row may begin before the first hour.
        let days = (last - first) / (24 * (ROWS - 1)) + 1;
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

    fn mark_gaps(&mut self, gaps: &[Gap]) {
        for gap in gaps {
            let first = self.row_of(hour_of(gap.from));
            let last = self.row_of(last_hour_before(gap.to));
            for (row, index) in self.rows.iter_mut().zip(0..) {
                row.gap |= (first..=last).contains(&index);
            }
        }
    }

    fn start(&self, index: usize) -> Timestamp {
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

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * HOUR_SECONDS).unwrap()
    }

    fn hour(hour: i64, bytes_in: u64) -> TimelineHour {
        let traffic = Traffic { bytes_in, flows: 1, ..Traffic::default() };
        TimelineHour { start: at(hour), traffic }
    }

    #[test]
    fn empty_hours_of_the_window_get_a_row() {
        let folded = fold(&[hour(480_002, 7)], Some(at(480_000)), Some(at(480_024))).unwrap();
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
        let folded = fold(&hours, Some(at(monday)), Some(at(monday + 168))).unwrap();
        assert_eq!((folded.row_hours, folded.rows.len()), (4, 42));
        assert_eq!((folded.rows[0].bytes_in, folded.rows[1].bytes_in), (0, 7));
    }

    #[test]
    fn hours_within_the_slack_are_shown_beside_those_of_the_window() {
        let folded = fold(&[hour(99, 1)], Some(at(100)), Some(at(102))).unwrap();
        assert_eq!((folded.first, folded.rows.len()), (99, 3));
    }

    #[test]
    fn a_gap_marks_the_rows_that_it_touches() {
        let mut folded = fold(&[hour(10, 1)], Some(at(8)), Some(at(14))).unwrap();
        let why = "SKIPDATA".to_owned();
        let gap = Gap { interface: "eni-1".into(), from: at(9), to: at(11), why };
        let outside = Gap { from: at(2), to: at(8), ..gap.clone() };
        folded.mark_gaps(&[gap, outside]);
        let marked: Vec<bool> = folded.rows.iter().map(|row| row.gap).collect();
        assert_eq!(marked, [false, true, true, false, false, false]);
    }

    #[test]
    fn the_smallest_volume_leaves_a_mark_and_the_largest_fills_the_bar() {
        assert_eq!(bar(0, 1_000_000, 4), "");
        assert_eq!(bar(1, 1_000_000, 4), "▏");
        assert_eq!(bar(500_000, 1_000_000, 4), "██");
        assert_eq!(bar(1_000_000, 1_000_000, 4), "████");
        assert_eq!(bar(0, 0, 4), "");
    }

    proptest! {
        #[test]
        fn folding_keeps_every_byte_within_the_rows_allowed(
            hours in proptest::collection::vec((-200_000_i64..200_000, any::<u64>()), 1..30),
            from in proptest::option::of(-100_000_000_i64..10),
            to in proptest::option::of(10_i64..60_000_000),
        ) {
            let timeline: Vec<_> = hours.iter().map(|(at, bytes)| hour(*at, *bytes)).collect();
            let folded = fold(&timeline, from.map(at), to.map(at)).unwrap();
            prop_assert!(folded.rows.len() as i64 <= ROWS);
            let told: u128 = folded.rows.iter().map(|row| row.bytes_in).sum();
            prop_assert_eq!(told, hours.iter().map(|(_, bytes)| u128::from(*bytes)).sum::<u128>());
        }
    }
}
