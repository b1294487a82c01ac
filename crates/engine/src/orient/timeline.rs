//! To which instance an interface belonged, and from when on.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What was told of an interface at a time. Times are in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sighting {
    /// When it was told; where that is not known, since when it is so.
    pub(crate) told: i64,
    /// Since when it is so, if that is told.
    pub(crate) since: Option<i64>,
    /// The instance that the interface belongs to, if any.
    pub(crate) instance: Option<String>,
    /// Whether the interface was deleted then.
    pub(crate) is_gone: bool,
}

/// Since when and until when an interface was there, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Life {
    /// Since when it was attached, when it was first told of.
    from: Option<i64>,
    /// When it was deleted.
    to: Option<i64>,
}

impl Life {
    pub(crate) fn of(sightings: &BTreeSet<Sighting>) -> Life {
        let to = sightings.last().filter(|last| last.is_gone).map(|last| last.told);
        Life { from: sightings.first().and_then(|first| first.since), to }
    }

    /// Whether an interface whose first record began at `first` was not there from `from` to `to`. One
    /// that left records before it is said to have been attached was there before.
    pub(crate) fn is_outside(self, first: i64, from: i64, to: i64) -> bool {
        let is_over = self.to.is_some_and(|gone| gone <= from);
        let is_later = self.from.is_some_and(|attached| attached >= to && attached <= first);
        is_over || is_later
    }
}

/// The instances of an interface that moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timeline {
    /// From when on whose it is, ascending. Each holds until the next begins.
    spans: Vec<(i64, Option<String>)>,
}

impl Timeline {
    /// The timeline that sightings tell; `None` if they do not tell several instances apart, since
    /// an interface that is not known to have moved has its instance at all times.
    ///
    /// What is told later holds from the time that it names for itself, and overrules what was told
    /// before of the time after that.
    pub(crate) fn of(sightings: &BTreeSet<Sighting>) -> Option<Timeline> {
        let mut spans: Vec<(i64, Option<String>)> = Vec::new();
        for Sighting { told, since, instance, .. } in sightings {
            // Nothing tells when the first began, if it does not.
            let unsaid = if spans.is_empty() { i64::MIN } else { *told };
            let from = since.unwrap_or(unsaid);
            while spans.last().is_some_and(|last| last.0 >= from) {
                spans.pop();
            }
            if spans.last().is_none_or(|last| last.1 != *instance) {
                spans.push((from, instance.clone()));
            }
        }
        let timeline = Timeline { spans };
        (timeline.instances().collect::<BTreeSet<_>>().len() > 1).then_some(timeline)
    }

    /// The instance at a time, if any is known.
    pub(crate) fn at(&self, second: i64) -> Option<&str> {
        let begun = self.spans.partition_point(|span| span.0 <= second);
        self.spans[..begun].last()?.1.as_deref()
    }

    /// The instances in their order.
    pub(crate) fn instances(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().filter_map(|span| span.1.as_deref())
    }

    pub(crate) fn has(&self, instance: &str) -> bool {
        self.instances().any(|other| other == instance)
    }

    /// The stretches `[from, to)` of a window in which the interface is not known to be the instance's.
    pub(crate) fn without(&self, instance: &str, from: i64, to: i64) -> Vec<(i64, i64)> {
        let ends = self.spans.iter().skip(1).map(|span| span.0).chain([i64::MAX]);
        let spans = self.spans.iter().zip(ends).map(|((from, of), to)| (*from, to, of.as_deref()));
        let before = self.spans.first().map(|first| (i64::MIN, first.0, None));
        let others = before.into_iter().chain(spans).filter(|span| span.2 != Some(instance));
        let within = others.map(|(start, end, _)| (start.max(from), end.min(to)));
        within.filter(|(start, end)| start < end).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(told, since, instance)`.
    fn timeline(sightings: &[(i64, Option<i64>, Option<&str>)]) -> Option<Timeline> {
        let sighting = |(told, since, instance): &(i64, Option<i64>, Option<&str>)| Sighting {
            told: *told,
            since: *since,
            instance: instance.map(str::to_owned),
            is_gone: false,
        };
        Timeline::of(&sightings.iter().map(sighting).collect())
    }

    fn spans(sightings: &[(i64, Option<i64>, Option<&str>)]) -> Vec<(i64, Option<String>)> {
        timeline(sightings).map(|timeline| timeline.spans).unwrap_or_default()
    }

    fn span(from: i64, instance: &str) -> (i64, Option<String>) {
        (from, Some(instance.to_owned()))
    }

    #[test]
    fn an_instance_has_an_interface_until_the_next_is_attached() {
        let moved = [(50, Some(10), Some("a")), (300, Some(200), Some("b"))];
        assert_eq!(spans(&moved), [span(10, "a"), span(200, "b")]);
        let timeline = timeline(&moved).unwrap();
        let at = [9, 10, 199, 200, i64::MAX].map(|second| timeline.at(second));
        assert_eq!(at, [None, Some("a"), Some("a"), Some("b"), Some("b")]);
        assert!(timeline.has("a") && timeline.has("b") && !timeline.has("c"));
    }

    #[test]
    fn without_a_time_of_attachment_the_time_of_telling_counts_and_the_first_is_open() {
        assert_eq!(
            spans(&[(50, None, Some("a")), (300, None, Some("b"))]),
            [span(i64::MIN, "a"), span(300, "b")]
        );
        // Told late: `b` had it by then, says what was told after that.
        assert_eq!(
            spans(&[(250, None, Some("a")), (300, Some(200), Some("b"))]),
            [span(i64::MIN, "a"), span(200, "b")]
        );
    }

    #[test]
    fn a_detachment_ends_an_instance_and_nobody_has_the_interface_then() {
        let moved = [
            (50, Some(10), Some("a")),
            (100, None, None),
            (300, Some(200), Some("b")),
            (500, Some(400), Some("a")),
            (600, Some(400), Some("a")),
        ];
        let expected = [span(10, "a"), (100, None), span(200, "b"), span(400, "a")];
        assert_eq!(spans(&moved), expected);
        let timeline = timeline(&moved).unwrap();
        assert_eq!(timeline.at(150), None);
        assert_eq!(timeline.without("a", 0, 450), [(0, 10), (100, 200), (200, 400)]);
        assert_eq!(timeline.without("b", 210, 390), []);
        assert_eq!(timeline.without("c", i64::MIN, i64::MAX).len(), 5);
    }

    #[test]
    fn one_instance_alone_has_its_interface_at_all_times() {
        assert_eq!(timeline(&[]), None);
        assert_eq!(timeline(&[(50, Some(10), Some("a")), (100, None, None)]), None);
        assert_eq!(timeline(&[(50, Some(10), Some("a")), (90, Some(80), Some("a"))]), None);
        // The later tells that the other never had it.
        assert_eq!(timeline(&[(50, Some(20), Some("a")), (90, Some(10), Some("b"))]), None);
    }

    #[test]
    fn an_interface_is_outside_a_window_only_if_its_records_do_not_say_otherwise() {
        let life = Life { from: Some(100), to: Some(200) };
        let outside = |first, from, to| life.is_outside(first, from, to);
        assert!(!outside(150, 150, 160) && !outside(90, 0, 300));
        assert!(outside(190, 200, 300) && outside(100, 0, 100));
        assert!(!outside(99, 0, 100), "it was there before it is said to be");
        assert!(!Life::default().is_outside(0, i64::MIN, i64::MAX));
    }
}
