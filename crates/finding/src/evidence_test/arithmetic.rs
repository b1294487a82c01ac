//! Sums that never wrap.

use flowproof_evidence::{Conversation, Overflow, Traffic};

/// Adds counters up; `counter` names them if they do not fit.
pub(super) fn sum(
    counters: impl Iterator<Item = u64>,
    counter: &'static str,
) -> Result<u64, Overflow> {
    let mut total = 0_u64;
    for more in counters {
        total = total.checked_add(more).ok_or(Overflow { counter })?;
    }
    Ok(total)
}

/// What conversations add up to.
pub(super) fn total(conversations: &[&Conversation]) -> Result<Traffic, Overflow> {
    let mut total = Traffic::default();
    for conversation in conversations {
        total.merge(&conversation.traffic)?;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_beyond_64_bits_is_an_error() {
        assert_eq!(sum([u64::MAX, 0].into_iter(), "packets_out"), Ok(u64::MAX));
        let overflow = Overflow { counter: "packets_out" };
        assert_eq!(sum([u64::MAX, 1].into_iter(), "packets_out"), Err(overflow));
    }
}
