//! Time from left to right, in pixels of the drawing.

use jiff::Timestamp;

use crate::fold::{Folded, HOUR_SECONDS};
use crate::format::utc;

/// Pixels of the drawing: its width, and where the columns begin and end.
pub(super) const WIDTH: f64 = 960.0;
pub(super) const LEFT: f64 = 72.0;
pub(super) const RIGHT: f64 = 924.0;

/// Labels at most.
const LABELS: i64 = 9;

/// Hours from one label to the next, the smallest that fits is taken; above them, whole days.
const STEPS: [i64; 6] = [1, 2, 3, 6, 12, 24];

/// The stretch of time that is drawn, in seconds since 1970.
pub(super) struct Axis {
    start: i64,
    end: i64,
    columns: usize,
}

/// A label below the drawing.
#[derive(Debug, PartialEq)]
pub(super) struct Label {
    pub(super) x: f64,
    /// `06:00`; empty where labels are days apart.
    pub(super) hour: String,
    /// `2025-06-01`, where it differs from that of the label before.
    pub(super) day: String,
}

impl Axis {
    pub(super) fn of(folded: &Folded) -> Axis {
        let row_seconds = folded.row_hours.saturating_mul(HOUR_SECONDS);
        let start = folded.first.saturating_mul(row_seconds);
        let columns = folded.rows.len();
        let length = row_seconds.saturating_mul(columns as i64);
        Axis { start, end: start.saturating_add(length.max(1)), columns }
    }

    /// Where an instant is drawn; those outside are drawn at the edge.
    pub(super) fn x(&self, time: Timestamp) -> f64 {
        self.x_of(time.as_second() as f64 + f64::from(time.subsec_nanosecond()) / 1e9)
    }

    /// Whether any of `[from, to]` is drawn.
    pub(super) fn meets(&self, from: Timestamp, to: Timestamp) -> bool {
        from.as_second() <= self.end && to.as_second() >= self.start
    }

    fn x_of(&self, second: f64) -> f64 {
        let share = (second - self.start as f64) / (self.end as f64 - self.start as f64);
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    /// Where a column begins and how wide it is.
    pub(super) fn column(&self, index: usize) -> (f64, f64) {
        let width = (RIGHT - LEFT) / self.columns as f64;
        (LEFT + width * index as f64, width)
    }

    /// The instant at which a column begins.
    pub(super) fn begin(&self, index: usize) -> String {
        let seconds = (self.end - self.start) / self.columns as i64 * index as i64;
        let time = Timestamp::from_second(self.start.saturating_add(seconds));
        utc(time.unwrap_or(Timestamp::MIN))
    }

    pub(super) fn labels(&self) -> Vec<Label> {
        let hours = (self.end - self.start) / HOUR_SECONDS;
        let fits = |step: &i64| hours / step <= LABELS;
        let step = STEPS.into_iter().find(fits).unwrap_or_else(|| (hours / 24 / LABELS + 1) * 24);
        let step_seconds = step.saturating_mul(HOUR_SECONDS);
        let mut second = self.start.div_euclid(step_seconds).saturating_mul(step_seconds);
        let mut labels = Vec::new();
        let mut day_before = String::new();
        while second <= self.end {
            // Only instants outside of the years -9999 to 9999 have no name, and no label.
            if let Some(time) = Timestamp::from_second(second).ok().filter(|_| second >= self.start)
            {
                let day = time.strftime("%Y-%m-%d").to_string();
                let hour =
                    if step < 24 { time.strftime("%H:%M").to_string() } else { String::new() };
                let told = if day == day_before { String::new() } else { day.clone() };
                labels.push(Label { x: self.x_of(second as f64), hour, day: told });
                day_before = day;
            }
            second = second.saturating_add(step_seconds);
        }
        labels
    }
}

/// A length for the drawing, to a tenth of a pixel.
pub(super) fn px(length: f64) -> String {
    let tenths = format!("{length:.1}");
    tenths.strip_suffix(".0").map_or_else(|| tenths.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::at;
    use crate::fold::fold;

    fn day() -> Axis {
        let (from, to) = (at("2025-06-01T00:00:00Z"), at("2025-06-02T00:00:00Z"));
        Axis::of(&fold(&[], Some(from), Some(to), 168).unwrap())
    }

    #[test]
    fn an_instant_is_drawn_at_its_share_of_the_time() {
        let axis = day();
        assert_eq!(axis.x(at("2025-06-01T00:00:00Z")), LEFT);
        assert_eq!(axis.x(at("2025-06-01T12:00:00Z")), (LEFT + RIGHT) / 2.0);
        assert_eq!(axis.x(at("2025-06-02T00:00:00Z")), RIGHT);
        assert_eq!(axis.x(at("2024-01-01T00:00:00Z")), LEFT);
        assert_eq!(axis.x(at("2026-01-01T00:00:00Z")), RIGHT);
        assert_eq!(axis.column(12).0, (LEFT + RIGHT) / 2.0);
        assert_eq!(axis.begin(12), "2025-06-01 12:00:00Z");
    }

    #[test]
    fn labels_stand_at_even_hours_and_name_each_day_once() {
        let labels = day().labels();
        let told: Vec<_> = labels.iter().map(|it| (&*it.hour, &*it.day)).collect();
        assert_eq!(
            told,
            [
                ("00:00", "2025-06-01"),
                ("03:00", ""),
                ("06:00", ""),
                ("09:00", ""),
                ("12:00", ""),
                ("15:00", ""),
                ("18:00", ""),
                ("21:00", ""),
                ("00:00", "2025-06-02")
            ]
        );
    }

    #[test]
    fn all_of_time_has_few_labels() {
        let axis = Axis::of(&fold(&[], Some(Timestamp::MIN), Some(Timestamp::MAX), 168).unwrap());
        let labels = axis.labels();
        assert!((1..=LABELS as usize + 2).contains(&labels.len()), "{labels:?}");
    }

    #[test]
    fn lengths_are_written_short() {
        assert_eq!([px(1.0), px(1.04), px(0.25), px(10.06)], ["1", "1", "0.2", "10.1"]);
    }
}
