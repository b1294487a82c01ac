//! What the partitions of a scan read.

use flowproof_source::Location;

use super::ScanContext;

/// Something that a partition reads as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// An object, by its place in the listing.
    Object(usize),
    /// A part of a holder.
    Part(Part),
}

/// One of `of` parts of a holder: a run of its row groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) holder: usize,
    pub(crate) part: usize,
    pub(crate) of: usize,
}

impl Part {
    /// The row groups of the part, of so many.
    pub(crate) fn row_groups(self, all: usize) -> std::ops::Range<usize> {
        let bound = |part: usize| all * part / self.of;
        bound(self.part)..bound(self.part + 1)
    }
}

/// Deals tasks out so that partitions have about the same number of bytes: the largest first, each
/// to the partition that has least. The same listing is always dealt out in the same way. Holders are
/// parted, so that a large one keeps all partitions busy.
pub(super) fn deal_out(context: &ScanContext, partitions: usize) -> Vec<Vec<Task>> {
    let mut tasks = all(context, partitions);
    tasks.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    let mut hands = vec![(0u64, Vec::new()); partitions.clamp(1, tasks.len().max(1))];
    for (bytes, task) in tasks {
        // There is at least one hand.
        if let Some(least) = hands.iter_mut().min_by_key(|(bytes, _)| *bytes) {
            least.0 += bytes.max(1);
            least.1.push(task);
        }
    }
    hands.into_iter().map(|(_, hand)| hand).collect()
}

/// Every task with its bytes.
fn all(context: &ScanContext, partitions: usize) -> Vec<(u64, Task)> {
    let mut tasks = Vec::with_capacity(context.objects.len());
    for (idx, object) in context.objects.iter().enumerate() {
        let is_held = matches!(object.location, Location::Within { .. });
        if !is_held && context.wants_object(idx) {
            tasks.push((object.size, Task::Object(idx)));
        }
    }
    for (holder, held) in context.holders.iter().enumerate() {
        let mut places = held.places.iter().flatten();
        if places.any(|place| context.wants_object(*place)) {
            let of = partitions.min(held.row_groups).max(1);
            let bytes = held.object.size / of as u64;
            tasks.extend((0..of).map(|part| (bytes, Task::Part(Part { holder, part, of }))));
        }
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowproof_source::Object;
    use std::sync::Arc;

    fn object(size: u64) -> Object {
        Object {
            key: String::new(),
            location: Location::Local(String::new().into()),
            size,
            etag: None,
            layout: None,
        }
    }

    fn dealt(sizes: &[u64], partitions: usize) -> Vec<Vec<Task>> {
        let objects = Arc::new(sizes.iter().copied().map(object).collect());
        deal_out(&ScanContext { objects, ..ScanContext::of(object(0)) }, partitions)
    }

    #[test]
    fn objects_are_dealt_out_by_bytes_and_each_once() {
        let tasks = |places: &[usize]| places.iter().copied().map(Task::Object).collect::<Vec<_>>();
        let sizes = [10, 90, 40, 50, 0];
        assert_eq!(dealt(&sizes, 2), [tasks(&[1, 0]), tasks(&[3, 2, 4])]);
        assert_eq!(dealt(&sizes, 9).len(), 5, "no partition without an object");
        assert_eq!(dealt(&[], 4), [Vec::<Task>::new()]);
    }

    #[test]
    fn parts_have_every_row_group_once() {
        for (all, of) in [(7, 3), (3, 3), (1, 1), (0, 1), (24, 2)] {
            let parts = (0..of).map(|part| Part { holder: 0, part, of });
            let groups: Vec<usize> = parts.flat_map(|part| part.row_groups(all)).collect();
            assert_eq!(groups, (0..all).collect::<Vec<_>>());
        }
    }
}
