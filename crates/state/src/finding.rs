//! What the records of known objects add up to.

use flowproof_evidence::{Overflow, Traffic};
use serde::Serialize;

use crate::remotes::Remotes;

/// Whose traffic with which list entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct FindingKey {
    /// The AWS account id, if the records or the key of their object tell it.
    pub account: Option<String>,
    /// The interface that logged the records.
    pub interface: Option<String>,
    /// The instance that the interface belonged to.
    pub instance: Option<String>,
    /// The name of the list.
    pub list: String,
    /// The entry in its canonical spelling.
    pub entry: String,
}

impl std::fmt::Display for FindingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in [&self.account, &self.interface, &self.instance] {
            write!(f, "{} ", part.as_deref().unwrap_or("-"))?;
        }
        write!(f, "{} {}", self.list, self.entry)
    }
}

/// The records of one [`FindingKey`]. First and last seen are in the traffic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FindingRow {
    /// Whose traffic with what.
    pub key: FindingKey,
    /// What the records add up to.
    pub traffic: Traffic,
    /// Whether some of them came from a new edition of an object that had been read before. Records
    /// that are in both editions are counted in both.
    pub recounted: bool,
    /// The distinct addresses of the entry that are in the records.
    pub remotes: Remotes,
    /// The generation of the state in which the row last changed. A commit sets it.
    pub revision: u64,
    /// When people were last told of it.
    pub told: Option<Telling>,
}

/// When a row was told, and what of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Telling {
    /// The number of the bulletin in which it was told first.
    pub first: u64,
    /// The number of the bulletin in which it was told last.
    pub bulletin: u64,
    /// The revision of the row that was told.
    pub revision: u64,
}

impl FindingRow {
    /// Adds a row of the same key to this.
    ///
    /// # Errors
    ///
    /// [`Overflow`] if a counter would exceed 64 bits; `self` is then partly added and must be thrown
    /// away.
    pub fn merge(&mut self, other: &FindingRow) -> Result<(), Overflow> {
        self.traffic.merge(&other.traffic)?;
        self.recounted |= other.recounted;
        self.remotes.merge(&other.remotes);
        self.revision = self.revision.max(other.revision);
        self.told = match (self.told, other.told) {
            (Some(one), Some(other)) => Some(one.merged(other)),
            (one, other) => one.or(other),
        };
        Ok(())
    }

    /// Whether it has changed since it was told last, or was never told.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.told.is_none_or(|told| told.revision < self.revision)
    }
}

impl Telling {
    fn merged(self, other: Telling) -> Telling {
        let last = if self.bulletin < other.bulletin { other } else { self };
        Telling { first: self.first.min(other.first), ..last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_would_wrap_is_an_error() {
        let of = |flows| FindingRow {
            traffic: Traffic { flows, ..Traffic::default() },
            ..FindingRow::default()
        };
        assert_eq!(of(u64::MAX).merge(&of(1)), Err(Overflow { counter: "flows" }));
        let mut total = of(1);
        total.merge(&FindingRow { revision: 9, ..of(1) }).unwrap();
        total.merge(&FindingRow { revision: 3, recounted: true, ..of(1) }).unwrap();
        assert_eq!((total.traffic.flows, total.revision, total.recounted), (3, 9, true));
    }

    #[test]
    fn a_row_is_news_until_it_is_told_and_when_it_changes_again() {
        let mut row = FindingRow { revision: 4, ..FindingRow::default() };
        assert!(row.is_news());
        let told = |bulletin, revision| FindingRow {
            told: Some(Telling { first: bulletin, bulletin, revision }),
            ..FindingRow::default()
        };
        row.merge(&told(1, 4)).unwrap();
        assert!(!row.is_news());
        row.merge(&FindingRow { revision: 6, ..FindingRow::default() }).unwrap();
        assert!(row.is_news());
        row.merge(&told(2, 6)).unwrap();
        row.merge(&told(1, 4)).unwrap();
        assert!(!row.is_news());
        assert_eq!(row.told, Some(Telling { first: 1, bulletin: 2, revision: 6 }));
    }
}
