//! Shelves: the parts in which known objects are kept.

use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The part of a state in which an object is kept, as its key tells: all of a day, or a share of those
/// whose keys tell no day.
///
/// The records of a shelf are looked at together, so a shelf should be about as many objects as can be
/// listed at once. An object belongs to the same shelf for ever: on another shelf it would be new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Shelf {
    /// One of 256 shares of the objects without a day.
    Undated(u8),
    /// A day in UTC.
    Day(Date),
}

/// The number of 1970-01-01. Days before it have smaller numbers, and all are above those of shares.
const EPOCH: i32 = 1 << 30;

impl Shelf {
    /// The shelf of a day.
    #[must_use]
    pub fn of_day(day: Date) -> Shelf {
        Shelf::Day(day)
    }

    /// The shelf of a folder whose objects' keys tell no day.
    #[must_use]
    pub fn of_folder(folder: &str) -> Shelf {
        let digest: [u8; 32] = Sha256::digest(folder.as_bytes()).into();
        Shelf::Undated(digest[0])
    }

    /// Its day, if it has one.
    #[must_use]
    pub fn day(self) -> Option<Date> {
        match self {
            Shelf::Day(day) => Some(day),
            Shelf::Undated(_) => None,
        }
    }

    /// Its number in files. Numbers are in the order of shelves.
    pub(crate) fn number(self) -> u32 {
        match self {
            Shelf::Undated(share) => share.into(),
            Shelf::Day(day) => (EPOCH + days_since_1970(day)).unsigned_abs(),
        }
    }

    /// The shelf of a number, if there is one.
    pub(crate) fn from_number(number: u32) -> Option<Shelf> {
        if let Ok(share) = u8::try_from(number) {
            return Some(Shelf::Undated(share));
        }
        let days = i32::try_from(number).ok()?.checked_sub(EPOCH)?;
        let span = jiff::Span::new().try_days(days).ok()?;
        Date::constant(1970, 1, 1).checked_add(span).ok().map(Shelf::Day)
    }

    /// The group of shelves that are compacted into one segment: a month, or a sixteenth of the shares.
    pub(crate) fn group(self) -> (i32, i32) {
        match self {
            Shelf::Undated(share) => (i32::MIN, (share / 16).into()),
            Shelf::Day(day) => (day.year().into(), day.month().into()),
        }
    }
}

impl std::fmt::Display for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Shelf::Undated(share) => write!(f, "undated {share}"),
            Shelf::Day(day) => write!(f, "{day}"),
        }
    }
}

fn days_since_1970(day: Date) -> i32 {
    // Two dates are always some days apart, at most seven million.
    let span = day.since(Date::constant(1970, 1, 1));
    span.map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn numbers_are_in_the_order_of_shelves_and_lead_back() {
        let mut shelves: Vec<Shelf> = (0..=255).map(Shelf::Undated).collect();
        shelves.extend(
            [date(-9999, 1, 1), date(1969, 12, 31), date(1970, 1, 1), date(2025, 6, 1)]
                .map(Shelf::Day),
        );
        shelves.push(Shelf::Day(date(9999, 12, 31)));
        for pair in shelves.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].number() < pair[1].number(), "{pair:?}");
        }
        for shelf in shelves {
            assert_eq!(Shelf::from_number(shelf.number()), Some(shelf));
        }
        assert_eq!(Shelf::from_number(256), None);
        assert_eq!(Shelf::from_number(u32::MAX), None);
    }

    #[test]
    fn a_group_is_a_month_or_a_share_of_shares() {
        let shelf = |day| Shelf::Day(day).group();
        assert_eq!(shelf(date(2025, 6, 1)), shelf(date(2025, 6, 30)));
        assert_ne!(shelf(date(2025, 6, 1)), shelf(date(2024, 6, 1)));
        assert_eq!(Shelf::Undated(16).group(), Shelf::Undated(31).group());
        assert_ne!(Shelf::Undated(15).group(), Shelf::Undated(16).group());
    }
}
