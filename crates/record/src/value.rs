//! The checks of single values, for readers of records that are not lines of text: whatever they
//! read must mean what it means on a line.

use crate::columns::other_spelling;
use crate::field::FieldId;
use crate::line::{EARLIEST, LATEST, MILLISECONDS_FROM, check, excerpt, expected_of};

/// The number in the text of a field, or 0 for text that is as the field wants it; `None` if it is
/// not. The text is neither `-` nor empty.
#[must_use]
pub fn check_value(id: FieldId, text: &[u8]) -> Option<u64> {
    check(id.field().kind, text)
}

/// What is wrong with a value that did not pass, for people: the field, expected, got.
#[must_use]
pub fn explain_value(id: FieldId, got: &[u8]) -> String {
    let field = id.field();
    format!("{}: expected {}, got `{}`", field.name, expected_of(field.kind), excerpt(got))
}

/// The one spelling that batches have of an address, if the text is one in another. The text is a
/// good value of the field.
#[must_use]
pub fn one_spelling(id: FieldId, text: &str) -> Option<String> {
    other_spelling(id, text)
}

/// The whole seconds that a record's time means, and whether it was in milliseconds.
///
/// # Errors
///
/// What is wrong with a time outside 2000 to 2106, in words.
pub fn settle_seconds(time: u64) -> Result<(i64, bool), &'static str> {
    let milliseconds = time >= MILLISECONDS_FROM;
    let seconds = if milliseconds { time / 1000 } else { time };
    match (EARLIEST..=LATEST).contains(&seconds) {
        true => Ok((seconds as i64, milliseconds)), // At most 2^32.
        false => Err(BAD_TIME),
    }
}

/// Times of at least this, in the numbers that records have, are milliseconds and not seconds.
pub const MILLISECONDS_AT: u64 = MILLISECONDS_FROM;

/// The seconds since 1970 that a good time of a record may have: the first, and the first beyond.
pub const GOOD_SECONDS: std::ops::Range<i64> = EARLIEST as i64..LATEST as i64 + 1;

/// Why a time is refused that lies outside [`GOOD_SECONDS`].
pub const BAD_TIME: &str = "a time lies outside 2000 to 2106";
/// Why a record is refused that is over before it begins.
pub const BAD_ORDER: &str = "end lies before start";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_a_line_reads_it() {
        assert_eq!(settle_seconds(1_748_736_000), Ok((1_748_736_000, false)));
        assert_eq!(settle_seconds(1_748_736_000_999), Ok((1_748_736_000, true)));
        for bad in [0, EARLIEST - 1, LATEST + 1, MILLISECONDS_FROM - 1, MILLISECONDS_FROM, u64::MAX]
        {
            assert_eq!(settle_seconds(bad), Err(BAD_TIME), "{bad}");
        }
        assert_eq!(settle_seconds(LATEST * 1000 + 999), Ok((LATEST as i64, true)));
    }

    #[test]
    fn a_value_that_did_not_pass_is_told_with_its_field() {
        assert_eq!(check_value(FieldId::SRCPORT, b"65536"), None);
        let told = explain_value(FieldId::SRCPORT, b"65536");
        assert_eq!(told, "srcport: expected a whole number from 0 to 65535, got `65536`");
    }
}
