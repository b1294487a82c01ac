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
    /// How many objects have such records.
    pub objects: u64,
    /// How many of these objects were a new edition of one that had been read before. Records that are
    /// in both editions are counted in both.
    pub replaced: u64,
    /// The distinct addresses of the entry that are in the records.
    pub remotes: Remotes,
    /// The generation of the state in which the row last changed. A commit sets it.
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
        self.objects = sum(self.objects, other.objects, "objects")?;
        self.replaced = sum(self.replaced, other.replaced, "replaced")?;
        self.remotes.merge(&other.remotes);
        self.revision = self.revision.max(other.revision);
        Ok(())
    }
}

fn sum(one: u64, other: u64, counter: &'static str) -> Result<u64, Overflow> {
    one.checked_add(other).ok_or(Overflow { counter })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_would_wrap_is_an_error() {
        let most = FindingRow { objects: u64::MAX, ..FindingRow::default() };
        let one = FindingRow { objects: 1, ..FindingRow::default() };
        assert_eq!(most.clone().merge(&one), Err(Overflow { counter: "objects" }));
        let mut total = one.clone();
        total.merge(&FindingRow { revision: 9, ..one.clone() }).unwrap();
        total.merge(&FindingRow { revision: 3, ..one }).unwrap();
        assert_eq!((total.objects, total.revision), (3, 9));
    }
}
