//! The counts of coverage with their names, for every format alike.

use flowproof_evidence::{ObjectCounts, RecordCounts};

use crate::format::thousands;

/// Counts with what they count, as in `3 truncated`.
pub(crate) type Counts = Vec<(u64, &'static str)>;

/// Those that are not zero, as `3 truncated`.
pub(crate) fn not_zero(counts: &[(u64, &str)]) -> Vec<String> {
    let some = counts.iter().filter(|(count, _)| *count > 0);
    some.map(|(count, what)| format!("{} {what}", thousands(*count))).collect()
}

/// What became of the objects that were not read to the end.
pub(crate) fn object_counts(objects: &ObjectCounts) -> Counts {
    // Taken apart by name, so that a count added later cannot be left out here.
    let ObjectCounts {
        listed: _,
        read: _,
        empty,
        not_a_flow_log,
        unsupported,
        denied,
        kms_denied,
        archived,
        vanished,
        unreachable,
        truncated,
        corrupt,
        not_read,
        duplicate,
    } = *objects;
    vec![
        (empty, "empty"),
        (not_a_flow_log, "not a flow log"),
        (unsupported, "in a form that is not read yet"),
        (denied, "denied"),
        (kms_denied, "denied by their key in KMS"),
        (archived, "archived in cold storage"),
        (vanished, "vanished before the read"),
        (unreachable, "not handed out by the store"),
        (truncated, "truncated"),
        (corrupt, "corrupt"),
        (not_read, "not read to the end"),
        (duplicate, "left out (the same bytes as another)"),
    ]
}

/// Objects that were listed and that no count explains. There should be none.
pub(crate) fn not_accounted_for(objects: &ObjectCounts) -> u128 {
    let others = object_counts(objects).into_iter().map(|(count, _)| u128::from(count));
    let accounted = others.sum::<u128>() + u128::from(objects.read);
    u128::from(objects.listed).saturating_sub(accounted)
}

/// The counts of records but for those with traffic, and of these those in the window.
pub(crate) struct RecordTable {
    /// Records that are no traffic, or are kept apart.
    pub(crate) beside: Counts,
    /// What there is to say of those with traffic.
    pub(crate) of_those: Counts,
}

pub(crate) fn record_counts(records: &RecordCounts) -> RecordTable {
    // Taken apart by name, so that a count added later cannot be left out here.
    let RecordCounts {
        ok: _,
        nodata,
        skipdata,
        malformed,
        bad_time,
        transit_gateway,
        passed_over,
        in_window: _,
        bytes_missing,
        action_missing,
        time_missing,
        milliseconds,
        unoriented,
        direction_conflicts,
        assumed_direction,
        duplicates,
    } = *records;
    let mut beside = vec![
        (nodata, "NODATA (observed idle)"),
        (skipdata, "SKIPDATA (lost by AWS)"),
        (malformed, "malformed"),
        (bad_time, "with impossible times"),
        (transit_gateway, "of a transit gateway (kept apart)"),
        (passed_over, "passed over (they cannot be the subject's)"),
    ];
    // Where nobody looked for duplicates, "none" would be wrong.
    beside.extend(duplicates.map(|count| (count, "met before (duplicates)")));
    let of_those = vec![
        (bytes_missing, "without a byte counter"),
        (action_missing, "without an action (counted as accepted)"),
        (time_missing, "without times"),
        (milliseconds, "with times in milliseconds"),
        (unoriented, "with an unknown direction"),
        (direction_conflicts, "whose direction field and address disagree"),
        (assumed_direction, "with a direction guessed from which address is private"),
    ];
    RecordTable { beside, of_those }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_that_nobody_looked_for_are_not_counted_as_none() {
        let told = |duplicates| {
            let counts = RecordCounts { duplicates, ..RecordCounts::default() };
            let RecordTable { beside, .. } = record_counts(&counts);
            beside.into_iter().find(|(_, what)| what.contains("duplicates")).map(|(count, _)| count)
        };
        assert_eq!([None, Some(0), Some(3)].map(told), [None, Some(0), Some(3)]);
    }
}
