//! How long the longest connection lasted.

use flowproof_evidence::ConnectionTotals;

use super::{Look, NO_CONNECTIONS};

pub(super) fn look(enough: u64, connections: Option<&[&ConnectionTotals]>) -> Look {
    let Some(all) = connections else { return Look::none(NO_CONNECTIONS) };
    let Some(longest) = all.iter().filter_map(|totals| totals.longest_seconds).max() else {
        return Look::none("there is no connection with times to look at");
    };
    let said = format!("the longest connection lasted {longest} seconds");
    Look::new(longest >= enough, said, &[("longest_seconds", longest)])
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::super::fixture::{connections, theirs};
    use super::*;

    #[test]
    fn the_longest_of_all_counts() {
        let short = connections(theirs(3333), 1);
        let long = ConnectionTotals { longest_seconds: Some(7200), ..short.clone() };
        let seen = look(7200, Some(&[&short, &long]));
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(seen.said, "the longest connection lasted 7200 seconds");
        assert_eq!(look(7201, Some(&[&short, &long])).answer, TestAnswer::NotShown);
    }

    #[test]
    fn without_connections_or_times_nothing_is_said() {
        let timeless = ConnectionTotals { longest_seconds: None, ..connections(theirs(3333), 1) };
        for connections in [None, Some(&[][..]), Some(&[&timeless][..])] {
            assert_eq!(look(1, connections).answer, TestAnswer::NotLookedAt);
        }
    }
}
