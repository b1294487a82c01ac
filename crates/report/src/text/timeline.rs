//! Bytes over time, as bars.

use jiff::Timestamp;

use super::page::Page;
use crate::Investigation;
use crate::fold::{Folded, Row, fold};
use crate::format::{counted, human_bytes};

/// Rows that the timeline takes at most.
const ROWS: i64 = 48;

pub(super) fn write(investigation: &Investigation, page: &mut Page) {
    let window = &investigation.window;
    let timeline = &investigation.timeline;
    let folded = fold(timeline, window.from, window.to, ROWS).filter(|_| !timeline.is_empty());
    let Some(mut folded) = folded else {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_volume_leaves_a_mark_and_the_largest_fills_the_bar() {
        assert_eq!(bar(0, 1_000_000, 4), "");
        assert_eq!(bar(1, 1_000_000, 4), "▏");
        assert_eq!(bar(500_000, 1_000_000, 4), "██");
        assert_eq!(bar(1_000_000, 1_000_000, 4), "████");
        assert_eq!(bar(0, 0, 4), "");
    }
}
