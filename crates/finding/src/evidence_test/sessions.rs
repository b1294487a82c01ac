//! Who opened the connections, and whether they were answered.
//!
//! AWS adds up the TCP flags of an interval and leaves a lone ACK out: 2 without 16 comes from the side
//! that opened, 18 from the side that answered. Only the first interval of a connection has them.

use flowproof_evidence::{ConnectionTotals, Overflow};

use super::{Look, NO_CONNECTIONS, several, sum};

pub(super) fn look(connections: Option<&[&ConnectionTotals]>) -> Result<Look, Overflow> {
    let Some(all) = connections else { return Ok(Look::none(NO_CONNECTIONS)) };
    let add = |of: fn(&ConnectionTotals) -> u64, counter| {
        sum(all.iter().map(|totals| of(totals)), counter)
    };
    let count = add(|totals| totals.connections, "connections")?;
    let rejected = add(|totals| totals.rejected_connections, "rejected_connections")?;
    let with_flags = add(|totals| totals.with_flags, "with_flags")?;
    let theirs = add(|totals| totals.opened_by_remote, "opened_by_remote")?;
    let own = add(|totals| totals.opened_by_subject, "opened_by_subject")?;
    let answered = add(|totals| totals.answered, "answered")?;
    if count == 0 && rejected == 0 {
        return Ok(Look::none("there is no connection with the claimed remotes to look at"));
    }
    if count > 0 && with_flags == 0 {
        return Ok(Look::none("the records have no tcp-flags: who opened is not known"));
    }
    if count > 0 && theirs == 0 && own == 0 && answered == 0 {
        let why = "no opening and no answer is in the records: the connections began before them, or \
                   are not TCP";
        return Ok(Look::none(why));
    }
    let blocked = if rejected > 0 { format!(", {rejected} more rejected") } else { String::new() };
    let said = format!(
        "{}: {own} opened by the subject, {theirs} by the remote, {answered} answered{blocked}",
        several(count, "connection")
    );
    let figures = [
        ("connections", count),
        ("rejected_connections", rejected),
        ("opened_by_subject", own),
        ("opened_by_remote", theirs),
        ("answered", answered),
    ];
    Ok(Look::new(answered > 0, said, &figures))
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{connections, theirs};
    use super::*;

    fn answer(totals: &ConnectionTotals) -> TestAnswer {
        look(Some(&[totals])).unwrap().answer
    }

    #[test]
    fn an_answered_opening_is_a_session() {
        let (one, two) = (connections(theirs(443), 3), connections(theirs(8443), 4));
        let two = ConnectionTotals { answered: 1, rejected_connections: 2, ..two };
        let seen = look(Some(&[&one, &two])).unwrap();
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(
            seen.said,
            "7 connections: 7 opened by the subject, 0 by the remote, 4 answered, 2 more rejected"
        );
    }

    #[test]
    fn an_opening_without_an_answer_is_none() {
        let silent = ConnectionTotals { answered: 0, ..connections(theirs(443), 3) };
        assert_eq!(answer(&silent), TestAnswer::NotShown);
        let rejected = ConnectionTotals { rejected_connections: 2, ..Default::default() };
        assert_eq!(answer(&rejected), TestAnswer::NotShown);
    }

    #[test]
    fn without_connections_flags_or_beginnings_nothing_is_said() {
        assert_eq!(look(None).unwrap().answer, TestAnswer::NotLookedAt);
        assert_eq!(look(Some(&[])).unwrap().answer, TestAnswer::NotLookedAt);
        let flagless = ConnectionTotals { with_flags: 0, ..connections(theirs(443), 3) };
        assert_eq!(answer(&flagless), TestAnswer::NotLookedAt);
        let old =
            ConnectionTotals { opened_by_subject: 0, answered: 0, ..connections(theirs(443), 3) };
        assert_eq!(answer(&old), TestAnswer::NotLookedAt);
    }
}
