//! Whether what was sent is spread over hours.
//!
//! Slow exfiltration hides from any look at single records: each is small. So only totals are judged.
//! Nothing is said of regularity: records come once a minute whatever the traffic does.

use std::collections::BTreeMap;

use flowproof_evidence::{Conversation, Overflow};
use jiff::Timestamp;

use super::{Look, NOTHING_THERE, several, sum};

pub(super) fn look(enough_hours: u64, place: &[&Conversation]) -> Result<Look, Overflow> {
    if place.is_empty() {
        return Ok(Look::none(NOTHING_THERE));
    }
    if place.iter().any(|conversation| conversation.hour.is_none()) {
        return Ok(Look::none("some of the records have no times"));
    }
    let mut by_hour: BTreeMap<Option<Timestamp>, Vec<u64>> = BTreeMap::new();
    for conversation in place.iter().filter(|c| c.traffic.bytes_out > 0) {
        by_hour.entry(conversation.hour).or_default().push(conversation.traffic.bytes_out);
    }
    let total = sum(by_hour.values().flatten().copied(), "bytes_out")?;
    let mut most = 0;
    for bytes in by_hour.values() {
        most = most.max(sum(bytes.iter().copied(), "bytes_out")?);
    }
    let hours = by_hour.len() as u64;
    let said = format!("{total} bytes out over {}, at most {most} in one", several(hours, "hour"));
    let spread = hours >= enough_hours && u128::from(most) * 2 < u128::from(total);
    let figures = [("bytes_out", total), ("hours", hours), ("most_in_one_hour", most)];
    Ok(Look::new(spread, said, &figures))
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{REMOTE, accepted, later, refs, talk, theirs};
    use super::*;

    /// 1,000 bytes out in each of `hours` hours, half of them on another port.
    fn drops(hours: i64) -> Vec<Conversation> {
        let port = |hour| if hour % 2 == 0 { theirs(443) } else { theirs(8443) };
        let drop =
            |hour| later(&talk(REMOTE, 6, port(hour), accepted((1000, 10), (400, 10))), hour);
        (0..hours).map(drop).collect()
    }

    #[test]
    fn many_small_hours_add_up() {
        let there = drops(4);
        let seen = look(4, &refs(&there)).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(seen.said, "4000 bytes out over 4 hours, at most 1000 in one");
        assert_eq!(look(5, &refs(&there)).unwrap().answer, TestAnswer::NotShown);
    }

    #[test]
    fn one_hour_with_half_of_it_is_no_drip() {
        let mut there = drops(4);
        there[2].traffic.bytes_out = 3000;
        assert_eq!(look(4, &refs(&there)).unwrap().answer, TestAnswer::NotShown);
        there[2].traffic.bytes_out = 2999;
        assert_eq!(look(4, &refs(&there)).unwrap().answer, TestAnswer::Shown);
    }

    #[test]
    fn without_times_nothing_is_said() {
        let mut there = drops(4);
        there[1].hour = None;
        assert_eq!(look(1, &refs(&there)).unwrap().answer, TestAnswer::NotLookedAt);
        assert_eq!(look(1, &[]).unwrap().answer, TestAnswer::NotLookedAt);
    }
}
