//! Bytes out to the claimed remotes in their busiest hour, against the same hour of the days before.
//!
//! The middle is the median and the spread the median of the distances from it (MAD): a day of backups
//! in the baseline moves neither. Unusual is what lies more than five spreads above the median, which
//! for bell-shaped figures is about 3.4 standard deviations. Days that are all alike have no spread, so
//! at least a tenth of the median and a fixed number of bytes are taken.

use std::collections::BTreeMap;

use flowproof_evidence::{Baseline, Conversation, Overflow, TimelineHour};
use jiff::{SignedDuration, Timestamp};

use super::{Look, several};

const SPREADS: u128 = 5;

pub(super) fn question(days: u64, spread: u64) -> String {
    format!(
        "whether the bytes out in the busiest hour lie more than {SPREADS} spreads above the median of \
         the same hour of the days before (at least {days} known days; the spread is the median \
         distance from the median, and at least a tenth of the median and {spread} bytes)"
    )
}

pub(super) fn look(
    enough_days: u64,
    least_spread: u64,
    place: &[&Conversation],
    baseline: Option<&Baseline>,
) -> Result<Look, Overflow> {
    let Some(baseline) = baseline else {
        let why = "no baseline was looked at: whether the volume is unusual is not known";
        return Ok(Look::none(why));
    };
    let Some((hour, bytes)) = busiest(place)? else {
        return Ok(Look::none("there is no traffic in the claimed place with an hour to compare"));
    };
    let mut before = same_hour(baseline, hour)?;
    let days = before.len() as u64;
    if days < enough_days {
        return Ok(Look::none(&format!(
            "the baseline knows the hour of {}: too few to call a volume unusual",
            several(days, "day")
        )));
    }
    let median = median(&mut before);
    let mut distances: Vec<u64> = before.iter().map(|bytes| bytes.abs_diff(median)).collect();
    let mad = self::median(&mut distances);
    let spread = mad.max(median / 10).max(least_spread);
    let limit = u128::from(median) + SPREADS * u128::from(spread);
    let said = format!(
        "{bytes} bytes out in the hour of {hour}; in the same hour of {} before the median was \
         {median} and the spread {mad}: unusual is more than {limit}",
        several(days, "day")
    );
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let figures =
        [("bytes_out", bytes), ("days", days), ("median", median), ("mad", mad), ("limit", limit)];
    Ok(Look::new(bytes > limit, said, &figures))
}

/// The hour with the most bytes out, the earliest if there are several.
fn busiest(place: &[&Conversation]) -> Result<Option<(Timestamp, u64)>, Overflow> {
    let mut hours: BTreeMap<Timestamp, u64> = BTreeMap::new();
    for conversation in place {
        if let Some(hour) = conversation.hour {
            add(hours.entry(hour).or_default(), conversation.traffic.bytes_out)?;
        }
    }
    Ok(hours.into_iter().max_by_key(|&(hour, bytes)| (bytes, std::cmp::Reverse(hour))))
}

/// Bytes out to the claimed remotes in the same hour of each known day before.
fn same_hour(baseline: &Baseline, hour: Timestamp) -> Result<Vec<u64>, Overflow> {
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    let is_same = |of: &&TimelineHour| {
        let before = hour.duration_since(of.start);
        before.is_positive() && before.as_secs() % DAY.as_secs() == 0
    };
    let known = baseline.hours.iter().filter(is_same).map(|of| (of.start, 0));
    let mut bytes: BTreeMap<Timestamp, u64> = known.collect();
    for of in baseline.claimed_hours.iter().filter(is_same) {
        // An hour with traffic is known, whether it is among the known ones or not.
        add(bytes.entry(of.start).or_default(), of.traffic.bytes_out)?;
    }
    Ok(bytes.into_values().collect())
}

fn add(total: &mut u64, more: u64) -> Result<(), Overflow> {
    *total = total.checked_add(more).ok_or(Overflow { counter: "bytes_out" })?;
    Ok(())
}

/// The middle value; of an even number the mean of the two in the middle, rounded down. 0 of none.
fn median(values: &mut [u64]) -> u64 {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() {
        0 => 0,
        odd if odd % 2 == 1 => values[middle],
        _ => u64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{REMOTE, accepted, baseline, later, refs, talk, theirs};
    use super::*;

    fn sent(bytes_out: u64) -> Conversation {
        talk(REMOTE, 6, theirs(443), accepted((bytes_out, 1000), (100, 2)))
    }

    fn answer(bytes_out: u64, to_claimed: &[u64]) -> TestAnswer {
        let before = baseline(to_claimed);
        look(5, 200_000, &[&sent(bytes_out)], Some(&before)).unwrap().answer
    }

    /// Sorted: 2, 3, 4, 5, 90 million. The median is 4; the distances are 2, 1, 0, 1 and 86, so the
    /// spread is 1 and the limit 4 + 5 = 9 million.
    #[test]
    fn the_limit_is_the_median_and_five_spreads() {
        let million = [3, 90, 2, 5, 4].map(|n| n * 1_000_000);
        let before = baseline(&million);
        let seen = look(5, 200_000, &[&sent(9_000_001)], Some(&before)).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(
            seen.said,
            "9000001 bytes out in the hour of 2025-06-01T00:00:00Z; in the same hour of 5 days before \
             the median was 4000000 and the spread 1000000: unusual is more than 9000000"
        );
        assert_eq!(answer(9_000_000, &million), TestAnswer::NotShown);
    }

    #[test]
    fn days_that_are_all_alike_still_have_a_spread() {
        // Never any before: 5 x 200,000. Always 10 million: 10 million + 5 x a tenth of it.
        assert_eq!(answer(1_000_000, &[0; 5]), TestAnswer::NotShown);
        assert_eq!(answer(1_000_001, &[0; 5]), TestAnswer::Shown);
        assert_eq!(answer(15_000_000, &[10_000_000; 7]), TestAnswer::NotShown);
        assert_eq!(answer(15_000_001, &[10_000_000; 7]), TestAnswer::Shown);
    }

    #[test]
    fn the_busiest_hour_is_compared_with_its_own_hour_of_day() {
        let first = sent(9_000_001);
        let second = later(&sent(9_000_002), 1);
        let mut before = baseline(&[0; 5]);
        before.hours.retain(|hour| hour.traffic.flows > 0);
        // The later hour is the busier one, and the baseline does not know it.
        let there = [first, second];
        let seen = look(5, 200_000, &refs(&there), Some(&before)).unwrap();
        assert_eq!(seen.answer, TestAnswer::NotLookedAt);
        assert_eq!(
            seen.said,
            "the baseline knows the hour of 0 days: too few to call a volume unusual"
        );
    }

    #[test]
    fn hours_that_are_not_before_or_not_the_same_are_no_part_of_the_baseline() {
        let mut before = baseline(&[0; 5]);
        let at = |hours: i64| TimelineHour {
            start: before.hours[0].start + SignedDuration::from_hours(hours),
            traffic: flowproof_evidence::Traffic { bytes_out: 9_000_000, ..Default::default() },
        };
        // The hour itself, the same hour a day later, and the hour after one of those before.
        let others = [at(24), at(48), at(1)];
        before.hours.extend(others.clone());
        before.claimed_hours.extend(others);
        let seen = look(5, 200_000, &[&sent(1_000_001)], Some(&before)).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert!(seen.said.contains("of 5 days before the median was 0"), "{}", seen.said);
    }

    #[test]
    fn without_a_baseline_of_enough_days_nothing_is_said() {
        assert_eq!(answer(9_000_000, &[0; 4]), TestAnswer::NotLookedAt);
        let none = look(5, 200_000, &[&sent(9_000_000)], None).unwrap();
        assert_eq!(none.answer, TestAnswer::NotLookedAt);
        let nothing = look(5, 200_000, &[], Some(&baseline(&[0; 5]))).unwrap();
        assert_eq!(nothing.answer, TestAnswer::NotLookedAt);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert_eq!(median(&mut [9, 1, 4, 7]), 5);
        assert_eq!(median(&mut [u64::MAX, u64::MAX]), u64::MAX);
        assert_eq!(median(&mut [5]), 5);
    }
}
