//! Stretches of time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A stretch of time `[from, to)`. A missing end is open: everything before, everything after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first instant inside.
    pub from: Option<Timestamp>,
    /// The first instant after.
    pub to: Option<Timestamp>,
}

impl Window {
    /// All of time.
    pub const ALWAYS: Window = Window { from: None, to: None };

    /// `[from, to)`.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp) -> Window {
        Window { from: Some(from), to: Some(to) }
    }

    /// Whether a record that spans `[start, end]`, both in seconds since 1970, overlaps the window.
    ///
    /// A record that ends in the very second in which the window begins overlaps it: its last packet
    /// may have come within that second.
    #[must_use]
    pub fn overlaps_seconds(&self, start: i64, end: i64) -> bool {
        self.from.is_none_or(|from| end >= from.as_second())
            && self.to.is_none_or(|to| start < ceil_second(to))
    }
}

/// The second in which `t` lies, or the next if it is past the second's beginning.
fn ceil_second(t: Timestamp) -> i64 {
    t.as_second() + i64::from(t.subsec_nanosecond() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_record_belongs_if_its_span_overlaps_the_half_open_window() {
        let window = Window::new(at(100), at(200));
        assert!(window.overlaps_seconds(40, 100), "ends in the window's first second");
        assert!(!window.overlaps_seconds(40, 99));
        assert!(window.overlaps_seconds(199, 260), "starts in the window's last second");
        assert!(!window.overlaps_seconds(200, 260));
        assert!(window.overlaps_seconds(0, 1000), "spans the whole window");
    }

    #[test]
    fn an_open_window_takes_all() {
        assert!(Window::ALWAYS.overlaps_seconds(0, 0));
    }
}
