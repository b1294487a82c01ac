//! What the head tells of a state at a glance.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::State;
use crate::head::{SegmentEntry, Settings};
use crate::shelf::Shelf;

/// What a state consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Where it lies.
    pub place: String,
    /// What tells it from any other.
    pub id: String,
    /// How many commits it is made of.
    pub generation: u64,
    /// Distinct objects that are known.
    pub objects: u64,
    /// How often one was read in a new edition.
    pub replaced: u64,
    /// The first shelf and the last.
    pub shelves: Option<(Shelf, Shelf)>,
    /// What names the lists under which objects were read last.
    pub lists: Option<String>,
    /// Segments.
    pub segments: usize,
    /// Segments that wait for compaction.
    pub young: usize,
    /// The size of all segments, in bytes.
    pub bytes: u64,
    /// What it was made with.
    pub settings: Settings,
}

impl State {
    /// What the state consists of. Nothing is read for it.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let head = &self.head;
        let ranges = || head.segments.iter().filter_map(|entry| entry.shelves);
        let first = ranges().map(|[first, _]| first).min().and_then(Shelf::from_number);
        let last = ranges().map(|[_, last]| last).max().and_then(Shelf::from_number);
        Summary {
            place: self.locate(""),
            id: head.state.clone(),
            generation: head.generation,
            objects: head.objects,
            replaced: head.replaced,
            shelves: first.zip(last),
            lists: head.epoch.as_ref().map(|epoch| epoch.lists.clone()),
            segments: head.segments.len(),
            young: head.segments.iter().filter(|entry| entry.young).count(),
            bytes: head.segments.iter().map(|entry| entry.bytes).sum(),
            settings: head.settings.clone(),
        }
    }

    /// The days of which objects are known, and about how many: what is known of a month is shared out
    /// among its days, and days between two others may have none. Nothing is read for it.
    #[must_use]
    pub fn days(&self) -> BTreeMap<Date, u64> {
        let mut days = BTreeMap::new();
        for entry in &self.head.segments {
            let of_segment = days_of(entry);
            let share = entry.records.div_ceil(of_segment.len().max(1) as u64);
            of_segment.into_iter().for_each(|day| *days.entry(day).or_insert(0) += share);
        }
        days
    }

    /// The bytes of records that are in memory.
    #[must_use]
    pub fn loaded_bytes(&self) -> usize {
        self.loaded.size()
    }
}

/// The most days that the records of one segment are shared out among.
const MOST_DAYS: usize = 4000;

/// The days from a segment's first to its last; of very many those two. Where shelves without a day come
/// first, the first day is not known, and the last stands for all.
fn days_of(entry: &SegmentEntry) -> Vec<Date> {
    let Some([first, last]) = entry.shelves else { return Vec::new() };
    let day = |number| Shelf::from_number(number).and_then(Shelf::day);
    let Some(last) = day(last) else { return Vec::new() };
    let first = day(first).unwrap_or(last);
    let days = first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last);
    let days: Vec<Date> = days.take(MOST_DAYS).collect();
    if days.len() == MOST_DAYS { vec![first, last] } else { days }
}
