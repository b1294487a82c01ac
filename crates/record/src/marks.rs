//! Records counted by time once, for any of the windows that are to be looked at later.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The bounds of windows `[from, to)` in seconds since 1970. An end that is not there is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeMarks {
    from: Vec<i64>,
    to: Vec<i64>,
}

impl TimeMarks {
    /// The bounds of these windows.
    #[must_use]
    pub fn of(windows: impl IntoIterator<Item = (Option<i64>, Option<i64>)>) -> TimeMarks {
        let mut marks = TimeMarks::default();
        for (from, to) in windows {
            marks.from.extend(from);
            marks.to.extend(to);
        }
        for side in [&mut marks.from, &mut marks.to] {
            side.sort_unstable();
            side.dedup();
        }
        marks
    }
}

/// How many records lie between which bounds of windows.
///
/// A record from `start` to `end` overlaps `[from, to)` unless it ends before `from` or starts at `to`
/// or later; a window that ends after it begins has no record that does both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarkedTimes {
    marks: Arc<TimeMarks>,
    starts: Ranked,
    ends: Ranked,
    /// Records without times.
    untimed: u64,
}

/// Times counted by their rank: how many marks lie at them or before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Ranked {
    counts: BTreeMap<usize, u64>,
    /// The rank of the last times, those that have it, and how many of them are not in the counts yet.
    rank: usize,
    alike: Range<i64>,
    run: u64,
}

impl MarkedTimes {
    /// No records yet.
    #[must_use]
    pub fn new(marks: Arc<TimeMarks>) -> MarkedTimes {
        MarkedTimes { marks, ..MarkedTimes::default() }
    }

    /// Counts so many records, each from the same first to the same last packet.
    #[inline]
    pub fn add(&mut self, span: Option<(i64, i64)>, records: u64) {
        match span {
            Some((start, end)) => {
                self.starts.add(start, &self.marks.to, records);
                self.ends.add(end, &self.marks.from, records);
            }
            None => self.untimed += records,
        }
    }

    /// The records that overlap one of the windows that the marks were made of; `None` if they were not
    /// made of it, or it ends before it begins. Records without times are in the window alone that is
    /// open at both ends.
    #[must_use]
    pub fn in_window(&self, from: Option<i64>, to: Option<i64>) -> Option<u64> {
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return None;
        }
        let mut inside = self.ends.all();
        if let Some(from) = from {
            // Of a time before the mark the rank is at most the mark's place.
            let place = self.marks.from.binary_search(&from).ok()?;
            inside -= self.ends.counted(|rank| rank <= place);
        }
        if let Some(to) = to {
            let place = self.marks.to.binary_search(&to).ok()?;
            inside -= self.starts.counted(|rank| rank > place);
        }
        let untimed = if from.is_none() && to.is_none() { self.untimed } else { 0 };
        Some(inside + untimed)
    }
}

impl Ranked {
    #[inline]
    fn add(&mut self, time: i64, marks: &[i64], records: u64) {
        if !self.alike.contains(&time) {
            self.turn_to(time, marks);
        }
        self.run += records;
    }

    #[inline(never)]
    fn turn_to(&mut self, time: i64, marks: &[i64]) {
        *self.counts.entry(self.rank).or_default() += std::mem::take(&mut self.run);
        self.rank = marks.partition_point(|mark| *mark <= time);
        let before = self.rank.checked_sub(1).map_or(i64::MIN, |place| marks[place]);
        self.alike = before..marks.get(self.rank).copied().unwrap_or(i64::MAX);
    }

    fn all(&self) -> u64 {
        self.counted(|_| true)
    }

    fn counted(&self, is_meant: impl Fn(usize) -> bool) -> u64 {
        let counts = self.counts.iter().map(|(rank, count)| (*rank, *count));
        counts
            .chain([(self.rank, self.run)])
            .filter(|(rank, _)| is_meant(*rank))
            .map(|(_, n)| n)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bound() -> impl Strategy<Value = Option<i64>> {
        prop::option::weighted(0.8, 0_i64..12)
    }

    proptest! {
        #[test]
        fn records_are_counted_as_if_each_window_was_looked_at_by_itself(
            windows in prop::collection::vec((bound(), bound()), 1..6),
            records in prop::collection::vec(
                prop::option::weighted(0.9, (0_i64..12, 0_i64..5)), 0..30),
        ) {
            let spans: Vec<Option<(i64, i64)>> =
                records.iter().map(|it| it.map(|(start, length)| (start, start + length))).collect();
            let mut marked = MarkedTimes::new(Arc::new(TimeMarks::of(windows.iter().copied())));
            spans.iter().for_each(|span| marked.add(*span, 1));
            for (from, to) in windows {
                let overlaps = |span: &&Option<(i64, i64)>| match span {
                    Some((start, end)) => {
                        from.is_none_or(|from| *end >= from) && to.is_none_or(|to| *start < to)
                    }
                    None => from.is_none() && to.is_none(),
                };
                let twin = spans.iter().filter(overlaps).count() as u64;
                let is_backward = from.zip(to).is_some_and(|(from, to)| from > to);
                prop_assert_eq!(marked.in_window(from, to), (!is_backward).then_some(twin));
            }
        }
    }

    #[test]
    fn what_was_not_marked_is_not_told() {
        let mut marked = MarkedTimes::new(Arc::new(TimeMarks::of([(Some(5), Some(9))])));
        marked.add(Some((5, 6)), 1);
        assert_eq!(marked.in_window(Some(5), Some(9)), Some(1));
        assert_eq!(marked.in_window(None, Some(9)), Some(1));
        assert_eq!(marked.in_window(Some(4), Some(9)), None);
        assert_eq!(marked.in_window(Some(5), Some(8)), None);
    }
}
