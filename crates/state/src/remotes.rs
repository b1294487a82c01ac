//! The distinct addresses of a list entry that were seen.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Serialize;

/// Distinct addresses: all of them, or no more than that they are too many to keep.
///
/// Merging is associative and commutative: what is too many for some order is too many for every order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remotes {
    /// Each of them.
    All(BTreeSet<IpAddr>),
    /// More than [`Remotes::LIMIT`].
    TooMany,
}

impl Default for Remotes {
    fn default() -> Remotes {
        Remotes::All(BTreeSet::new())
    }
}

impl Remotes {
    /// How many are kept.
    pub const LIMIT: usize = 4096;

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Remotes) {
        match (&mut *self, other) {
            (Remotes::All(mine), Remotes::All(others)) => {
                mine.extend(others);
                if mine.len() > Self::LIMIT {
                    *self = Remotes::TooMany;
                }
            }
            _ => *self = Remotes::TooMany,
        }
    }
}

impl FromIterator<IpAddr> for Remotes {
    fn from_iter<I: IntoIterator<Item = IpAddr>>(addresses: I) -> Remotes {
        let mut kept = BTreeSet::new();
        for address in addresses {
            kept.insert(address);
            if kept.len() > Self::LIMIT {
                return Remotes::TooMany;
            }
        }
        Remotes::All(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn some(range: std::ops::Range<u32>) -> Remotes {
        let start = u32::from(Ipv4Addr::new(198, 18, 0, 0));
        range.map(|n| IpAddr::from(Ipv4Addr::from(start + n))).collect()
    }

    #[test]
    fn all_are_kept_up_to_the_limit_and_none_beyond() {
        let mut half = some(0..3000);
        half.merge(&some(1000..4096));
        assert_eq!(half, some(0..4096));
        half.merge(&some(5000..5001));
        assert_eq!(half, Remotes::TooMany);
        assert_eq!(some(0..4097), Remotes::TooMany);
        half.merge(&some(0..1));
        assert_eq!(half, Remotes::TooMany, "never few again");
        let mut few = some(0..1);
        few.merge(&Remotes::TooMany);
        assert_eq!(few, Remotes::TooMany);
    }
}
