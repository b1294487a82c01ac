//! Whether the subject sent more than it got.

use flowproof_evidence::{Conversation, Overflow};

use super::{Look, NOTHING_THERE, total};

pub(super) fn look(place: &[&Conversation]) -> Result<Look, Overflow> {
    if place.is_empty() {
        return Ok(Look::none(NOTHING_THERE));
    }
    let total = total(place)?;
    let both = u128::from(total.bytes_in) + u128::from(total.bytes_out);
    if both == 0 {
        return Ok(Look::none("the records have no byte counts"));
    }
    // At most 100, since bytes out are part of both.
    let share = u64::try_from(u128::from(total.bytes_out) * 100 / both).unwrap_or(100);
    let said = format!(
        "{} bytes sent and {} received: {share} % went out",
        total.bytes_out, total.bytes_in
    );
    let figures =
        [("bytes_out", total.bytes_out), ("bytes_in", total.bytes_in), ("percent_out", share)];
    Ok(Look::new(total.bytes_out > total.bytes_in, said, &figures))
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{REMOTE, accepted, rejected, talk, theirs};
    use super::*;

    #[test]
    fn more_out_than_in_is_an_upload() {
        let there = talk(REMOTE, 6, theirs(21), accepted((9_999, 10), (1, 1)));
        let seen = look(&[&there]).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(seen.said, "9999 bytes sent and 1 received: 99 % went out");
        let even = talk(REMOTE, 6, theirs(21), accepted((50, 1), (50, 1)));
        assert_eq!(look(&[&even]).unwrap().answer, TestAnswer::NotShown);
    }

    #[test]
    fn without_bytes_nothing_is_said() {
        let blocked = talk(REMOTE, 6, theirs(21), rejected());
        assert_eq!(look(&[&blocked]).unwrap().answer, TestAnswer::NotLookedAt);
        assert_eq!(look(&[]).unwrap().answer, TestAnswer::NotLookedAt);
    }

    #[test]
    fn huge_counters_have_a_share() {
        let there = talk(REMOTE, 6, theirs(21), accepted((u64::MAX, 1), (u64::MAX, 1)));
        assert!(look(&[&there]).unwrap().said.ends_with("50 % went out"));
    }
}
