//! What all remotes add up to, said above their table.

use flowproof_evidence::{Remote, Traffic};

use super::row::figures;
use crate::format::thousands;

/// Sums by column, wider than the counters, so that they cannot wrap.
pub(super) struct Total {
    names: Vec<&'static str>,
    sums: Vec<u128>,
}

impl Total {
    pub(super) fn of(remotes: &[&Remote], unoriented: bool) -> Total {
        let sum = |of: fn(&Traffic) -> u64| -> u128 {
            remotes.iter().map(|remote| u128::from(of(&remote.traffic))).sum()
        };
        let middle = unoriented.then(|| sum(|it| it.bytes_unoriented));
        let first = [sum(|it| it.bytes_in), sum(|it| it.bytes_out)];
        let last = [sum(|it| it.flows), sum(|it| it.rejected_flows)];
        Total {
            names: figures(unoriented),
            sums: first.into_iter().chain(middle).chain(last).collect(),
        }
    }

    /// The words that the script uses as well, while nothing is filtered.
    pub(super) fn told(&self, shown: usize, all: usize) -> String {
        let sums = self.sums.iter().zip(&self.names);
        let sums: Vec<String> =
            sums.map(|(sum, name)| format!("{} {name}", thousands(*sum))).collect();
        format!(
            "Remotes 1 to {} of {}, together {}.",
            thousands(shown as u64),
            thousands(all as u64),
            sums.join(", ")
        )
    }
}
