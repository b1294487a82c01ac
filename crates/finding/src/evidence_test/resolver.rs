//! Whether the subject used the remote as a resolver. Which names it asked for is never in records.

use flowproof_evidence::{Conversation, Overflow, PortSide};

use super::{Look, NOTHING_THERE, several, total};

pub(super) fn look(port: u16, place: &[&Conversation]) -> Result<Look, Overflow> {
    if place.is_empty() {
        return Ok(Look::none(NOTHING_THERE));
    }
    if place.iter().all(|conversation| conversation.port.is_none()) {
        return Ok(Look::none("the records have no ports"));
    }
    let asks = |c: &&Conversation| {
        c.port.is_some_and(|service| service.side == PortSide::Remote && service.port == port)
    };
    let those: Vec<_> = place.iter().copied().filter(asks).collect();
    let total = total(&those)?;
    let said = format!(
        "{} bytes out and {} bytes back on port {port}, in {}",
        total.bytes_out,
        total.bytes_in,
        several(total.flows, "flow")
    );
    let figures =
        [("bytes_out", total.bytes_out), ("bytes_in", total.bytes_in), ("flows", total.flows)];
    Ok(Look::new(total.bytes_out > 0 || total.packets_out > 0, said, &figures))
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{REMOTE, accepted, ours, refs, talk, theirs};
    use super::*;

    #[test]
    fn what_was_sent_to_the_resolvers_port_is_told() {
        let there = [
            talk(REMOTE, 17, theirs(53), accepted((88, 1), (318, 1))),
            talk(REMOTE, 6, theirs(53), accepted((100, 2), (200, 2))),
            talk(REMOTE, 6, theirs(443), accepted((5000, 9), (9000, 9))),
        ];
        let seen = look(53, &refs(&there)).unwrap();
        assert_eq!(seen.said, "188 bytes out and 518 bytes back on port 53, in 4 flows");
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(look(853, &refs(&there)).unwrap().answer, TestAnswer::NotShown);
    }

    #[test]
    fn a_query_that_came_in_is_not_one_that_went_out() {
        let there = [talk(REMOTE, 17, ours(53), accepted((88, 1), (318, 1)))];
        assert_eq!(look(53, &refs(&there)).unwrap().answer, TestAnswer::NotShown);
        let portless = [talk(REMOTE, 17, None, accepted((88, 1), (318, 1)))];
        assert_eq!(look(53, &refs(&portless)).unwrap().answer, TestAnswer::NotLookedAt);
        assert_eq!(look(53, &[]).unwrap().answer, TestAnswer::NotLookedAt);
    }
}
