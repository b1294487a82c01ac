//! Unions of time intervals.

use std::collections::BTreeMap;

/// A union of closed intervals of whole seconds.
///
/// Intervals nearer to each other than [`IntervalSet::JOIN_SECONDS`] are kept as one: flow log
/// records of neighbouring aggregation intervals leave holes of some seconds, and a busy month would
/// otherwise hold millions of pieces. "Nearer than" is a relation on the whole set, so the result
/// does not depend on the order of insertion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntervalSet {
    /// start -> end, disjoint and further apart than `JOIN_SECONDS`.
    pieces: BTreeMap<i64, i64>,
}

impl IntervalSet {
    /// Holes up to this many seconds are not kept. It is the shorter of the two aggregation
    /// intervals that AWS offers, so no hole that it hides could be told from a quiet minute.
    pub const JOIN_SECONDS: i64 = 60;

    /// Adds `[start, end]`, in seconds. An interval whose end lies before its start is ignored.
    pub fn insert(&mut self, start: i64, end: i64) {
        if end < start {
            return;
        }
        let (mut from, mut to) = (start, end);
        // Pieces are disjoint and sorted, so those that touch [from, to] are neighbours: walk back
        // from the last that starts early enough until one ends too early.
        let reach = to.saturating_add(Self::JOIN_SECONDS);
        while let Some((&s, &e)) = self.pieces.range(..=reach).next_back() {
            if e.saturating_add(Self::JOIN_SECONDS) < from {
                break;
            }
            if s <= from && e >= to {
                return; // The common case: a busy minute is covered already.
            }
            self.pieces.remove(&s);
            from = from.min(s);
            to = to.max(e);
        }
        self.pieces.insert(from, to);
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &IntervalSet) {
        for (start, end) in other.iter() {
            self.insert(start, end);
        }
    }

    /// The pieces `[start, end]` in order.
    pub fn iter(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.pieces.iter().map(|(&start, &end)| (start, end))
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether any piece reaches into `[from, to]`.
    #[must_use]
    pub fn covers_any(&self, from: i64, to: i64) -> bool {
        self.pieces.range(..=to).next_back().is_some_and(|(_, &end)| end >= from)
    }

    /// The holes of `[from, to]` that are longer than `tolerance` seconds, as `(start, end)`.
    #[must_use]
    pub fn gaps(&self, from: i64, to: i64, tolerance: i64) -> Vec<(i64, i64)> {
        let mut gaps = Vec::new();
        let mut seen_until = from;
        for (start, end) in self.iter() {
            if end < from || start > to {
                continue;
            }
            if start - seen_until > tolerance {
                gaps.push((seen_until, start));
            }
            seen_until = seen_until.max(end);
        }
        if to - seen_until > tolerance {
            gaps.push((seen_until, to));
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: seconds are covered, and covered seconds nearer than the join are one piece.
    fn naive(intervals: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let mut sorted: Vec<_> = intervals.iter().copied().filter(|(s, e)| s <= e).collect();
        sorted.sort_unstable();
        let mut out: Vec<(i64, i64)> = Vec::new();
        for (start, end) in sorted {
            match out.last_mut() {
                Some(last) if start <= last.1 + IntervalSet::JOIN_SECONDS => {
                    last.1 = last.1.max(end);
                }
                _ => out.push((start, end)),
            }
        }
        out
    }

    proptest! {
        #[test]
        fn insertion_in_any_order_matches_the_naive_union(
            intervals in prop::collection::vec((0i64..5000, 0i64..5000), 0..60),
            split in any::<prop::sample::Index>(),
        ) {
            let (left, right) = intervals.split_at(split.index(intervals.len() + 1));
            let mut a = IntervalSet::default();
            let mut b = IntervalSet::default();
            left.iter().for_each(|&(s, e)| a.insert(s, e));
            right.iter().rev().for_each(|&(s, e)| b.insert(s, e));
            b.merge(&a);
            prop_assert_eq!(b.iter().collect::<Vec<_>>(), naive(&intervals));
        }
    }

    #[test]
    fn a_stretch_is_covered_if_any_piece_reaches_into_it() {
        let mut seen = IntervalSet::default();
        seen.insert(100, 160);
        assert!(seen.covers_any(160, 200) && seen.covers_any(0, 100) && seen.covers_any(120, 130));
        assert!(!seen.covers_any(161, 200) && !seen.covers_any(0, 99));
    }

    #[test]
    fn gaps_are_the_long_holes_of_the_window() {
        let mut seen = IntervalSet::default();
        seen.insert(100, 160);
        seen.insert(1000, 1060);
        assert_eq!(seen.gaps(0, 2000, 120), vec![(160, 1000), (1060, 2000)]);
        assert_eq!(seen.gaps(120, 1050, 1000), vec![]);
        assert_eq!(IntervalSet::default().gaps(0, 500, 120), vec![(0, 500)]);
    }
}
