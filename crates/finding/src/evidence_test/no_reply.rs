//! Whether the remote sent next to nothing back.

use flowproof_evidence::{Conversation, Overflow};

use super::{Look, NOTHING_THERE, several, total};

pub(super) fn look(percent: u64, place: &[&Conversation]) -> Result<Look, Overflow> {
    if place.is_empty() {
        return Ok(Look::none(NOTHING_THERE));
    }
    let total = total(place)?;
    if total.bytes_out == 0 || total.bytes_unoriented > 0 {
        return Ok(Look::none("the records do not tell how much went out and how much came back"));
    }
    if total.bytes_in == 0 && total.packets_in > 0 {
        return Ok(Look::none("packets came back, in records without byte counts"));
    }
    let silent =
        u128::from(total.bytes_in) * 100 <= u128::from(total.bytes_out) * u128::from(percent);
    let blocked = match total.rejected_flows {
        0 => String::new(),
        count => format!("; {} rejected, which may have been the reply", several(count, "record")),
    };
    let said = format!(
        "{} bytes out in {} packets, {} bytes back in {}{blocked}",
        total.bytes_out, total.packets_out, total.bytes_in, total.packets_in
    );
    let figures = [
        ("bytes_out", total.bytes_out),
        ("bytes_in", total.bytes_in),
        ("rejected_flows", total.rejected_flows),
    ];
    Ok(Look::new(silent, said, &figures))
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{REMOTE, accepted, rejected, talk, theirs};
    use super::*;
    use flowproof_evidence::Traffic;

    fn answer(traffic: Traffic) -> TestAnswer {
        look(1, &[&talk(REMOTE, 6, theirs(80), traffic)]).unwrap().answer
    }

    #[test]
    fn a_hundredth_back_is_no_reply_and_more_is_one() {
        assert_eq!(answer(accepted((6000, 100), (0, 0))), TestAnswer::Shown);
        assert_eq!(answer(accepted((6000, 100), (60, 1))), TestAnswer::Shown);
        assert_eq!(answer(accepted((6000, 100), (61, 1))), TestAnswer::NotShown);
    }

    #[test]
    fn rejects_are_pointed_out() {
        let there = talk(REMOTE, 6, theirs(80), accepted((6000, 100), (0, 0)));
        let blocked = talk(REMOTE, 6, theirs(80), rejected());
        let seen = look(1, &[&there, &blocked]).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(
            seen.said,
            "6000 bytes out in 100 packets, 0 bytes back in 0; 1 record rejected, which may have been \
             the reply"
        );
    }

    #[test]
    fn without_both_sides_nothing_is_said() {
        assert_eq!(answer(rejected()), TestAnswer::NotLookedAt);
        assert_eq!(answer(accepted((6000, 100), (0, 3))), TestAnswer::NotLookedAt);
        let unoriented = Traffic { bytes_unoriented: 1, ..accepted((6000, 100), (0, 0)) };
        assert_eq!(answer(unoriented), TestAnswer::NotLookedAt);
        assert_eq!(look(1, &[]).unwrap().answer, TestAnswer::NotLookedAt);
    }
}
