//! Which day folders are listed in a run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How much is listed in a run of what is known already.
///
/// Objects come late, are replaced, and are copied into folders of long ago, so that all folders are to
/// be looked at again and again. What a listing of them costs grows with the keys in them. So a run lists
/// all that it can afford: folders of which nothing is known, those of the last days, and of the other
/// ones as many days as have so many keys, in turn.
#[derive(Debug, Clone, Copy)]
pub struct Frontier {
    /// How far back days are listed in every run.
    pub look_back: SignedDuration,
    /// How many known keys of earlier days are listed in a run, or one day's if those are more.
    pub most_keys: u64,
}

impl Default for Frontier {
    /// A day, so today and the day before, and 50,000 keys: about a second.
    fn default() -> Frontier {
        Frontier { look_back: SignedDuration::from_hours(24), most_keys: 50_000 }
    }
}

/// What one run skips.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) skip: BTreeSet<Date>,
    /// The last old day that is listed, if any is skipped.
    pub(super) swept: Option<Date>,
}

impl Frontier {
    /// The turn after the one that ended with the day `swept`, if these days have so many known keys.
    pub(super) fn turn(
        &self,
        days: &BTreeMap<Date, u64>,
        now: Timestamp,
        swept: Option<Date>,
    ) -> Turn {
        let recent = now.checked_sub(self.look_back).unwrap_or(Timestamp::MIN);
        let recent = TimeZone::UTC.to_datetime(recent).date();
        let old = || days.range(..recent);
        let after = |day: &Date| swept.is_some_and(|swept| *day > swept);
        let in_turn =
            old().filter(|(day, _)| after(day)).chain(old().filter(|(day, _)| !after(day)));
        let (mut turn, mut keys) = (Turn::default(), 0_u64);
        for (day, of_day) in in_turn {
            let is_first = keys == 0;
            keys = keys.saturating_add(*of_day);
            if is_first || keys <= self.most_keys {
                turn.swept = Some(*day);
            } else {
                keys = u64::MAX;
                turn.skip.insert(*day);
            }
        }
        turn.swept.take_if(|_| turn.skip.is_empty());
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const NOW: &str = "2025-06-11T00:30:00Z";

    fn days(keys: &[u64]) -> BTreeMap<Date, u64> {
        (1..).zip(keys).map(|(day, keys)| (date(2025, 6, day), *keys)).collect()
    }

    fn turn(keys: &[u64], most_keys: u64, swept: Option<i8>) -> (Vec<i8>, Option<i8>) {
        let frontier = Frontier { most_keys, ..Frontier::default() };
        let swept = swept.map(|day| date(2025, 6, day));
        let turn = frontier.turn(&days(keys), NOW.parse().unwrap(), swept);
        (turn.skip.iter().map(|day| day.day()).collect(), turn.swept.map(|day| day.day()))
    }

    #[test]
    fn nothing_is_skipped_while_all_can_be_afforded() {
        assert_eq!(turn(&[10; 11], 90, None), (vec![], None));
        assert_eq!(turn(&[], 0, None), (vec![], None));
    }

    #[test]
    fn the_last_days_are_never_skipped_and_the_others_have_their_turns() {
        // The 10th and the 11th are within 24 hours.
        assert_eq!(turn(&[10; 11], 40, None), ((5..=9).collect(), Some(4)));
        assert_eq!(turn(&[10; 11], 40, Some(4)), (vec![1, 2, 3, 4, 9], Some(8)));
        assert_eq!(turn(&[10; 11], 40, Some(8)), ((4..=8).collect(), Some(3)));
        assert_eq!(turn(&[10; 11], 40, Some(30)), ((5..=9).collect(), Some(4)));
    }

    #[test]
    fn a_day_of_more_keys_than_can_be_afforded_has_its_turn_too() {
        let keys = [10, 500, 10, 10];
        assert_eq!(turn(&keys, 40, None), (vec![2, 3, 4], Some(1)));
        assert_eq!(turn(&keys, 40, Some(1)), (vec![1, 3, 4], Some(2)));
        assert_eq!(turn(&keys, 40, Some(2)), (vec![2], Some(1)));
    }

    #[test]
    fn each_day_has_its_turn_however_the_keys_lie() {
        for seed in 0..200_u64 {
            let mut random = fastrand::Rng::with_seed(seed);
            let keys: Vec<u64> = (0..9).map(|_| random.u64(0..100)).collect();
            let (mut seen, mut swept) = (BTreeSet::new(), None);
            for _ in 0..9 {
                let (skipped, last) = turn(&keys, 60, swept);
                seen.extend((1..=9).filter(|day| !skipped.contains(day)));
                swept = last;
            }
            assert_eq!(seen.len(), 9, "{keys:?}");
        }
    }
}
