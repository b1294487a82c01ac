//! Times as columns hold them.

use jiff::{Timestamp, civil, tz::TimeZone};

use crate::note::RejectReason;

const UNREADABLE: RejectReason =
    RejectReason::Malformed("its time of validity is not like 2025-06-01T12:00:00Z");

/// Whole numbers from here on are milliseconds; as seconds it would be the year 5138.
const MILLISECONDS: i64 = 100_000_000_000;

/// A time with an offset, one without (it is UTC), a date, or seconds or milliseconds since 1970. None
/// where there is no end to the time.
pub(super) fn parse(cell: &str) -> Result<Option<Timestamp>, RejectReason> {
    const NONE: [&str; 6] = ["", "-", "never", "none", "null", "n/a"];
    if NONE.iter().any(|word| cell.eq_ignore_ascii_case(word)) {
        return Ok(None);
    }
    let plain = cell.strip_suffix(" UTC").unwrap_or(cell);
    let time = match plain.parse::<i64>() {
        Ok(number) if number >= MILLISECONDS => Timestamp::from_millisecond(number).ok(),
        Ok(number) => Timestamp::from_second(number).ok(),
        Err(_) => plain.parse().ok().or_else(|| utc(plain)),
    };
    time.map(Some).ok_or(UNREADABLE)
}

fn utc(text: &str) -> Option<Timestamp> {
    let time: civil::DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_ways_that_columns_hold_them() {
        let expected: Timestamp = "2025-06-01T12:30:00Z".parse().expect("a time");
        for text in [
            "2025-06-01T12:30:00Z",
            "2025-06-01T14:30:00+02:00",
            "2025-06-01 12:30:00",
            "2025-06-01 12:30:00 UTC",
            "2025-06-01T12:30",
            "1748781000",
            "1748781000000",
        ] {
            assert_eq!(parse(text), Ok(Some(expected)), "{text:?}");
        }
        let midnight = "2025-06-01T00:00:00Z".parse().expect("a time");
        assert_eq!(parse("2025-06-01"), Ok(Some(midnight)));
        assert_eq!([parse(""), parse("Never"), parse("NULL")], [Ok(None), Ok(None), Ok(None)]);
        assert_eq!(parse("01/06/2025"), Err(UNREADABLE));
        assert_eq!(parse("20250601T"), Err(UNREADABLE));
    }
}
