//! What a state has beside records: findings, troubles, and the names of lists.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::error::StateError;
use crate::finding::{FindingKey, FindingRow};
use crate::segment::{Segment, TroubleEntry};
use crate::trouble::Trouble;

/// All of it, added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tables {
    pub(crate) findings: BTreeMap<FindingKey, FindingRow>,
    pub(crate) trouble: BTreeMap<String, Trouble>,
    pub(crate) epochs: BTreeMap<u32, String>,
}

impl Tables {
    /// Adds what a segment has. Segments come in their order.
    pub(crate) fn add(&mut self, segment: Segment) -> Result<(), StateError> {
        for row in segment.rows {
            add_row(&mut self.findings, row)?;
        }
        for entry in segment.trouble {
            self.note(entry);
        }
        self.epochs.extend(segment.epochs);
        Ok(())
    }

    /// What the rows of these would be with more added, without adding it.
    pub(crate) fn sums<'a>(
        &self,
        more: impl Iterator<Item = &'a FindingRow>,
    ) -> Result<Vec<FindingRow>, StateError> {
        more.map(|row| match self.findings.get(&row.key) {
            None => Ok(row.clone()),
            Some(total) => {
                let mut total = total.clone();
                merge(&mut total, row)?;
                Ok(total)
            }
        })
        .collect()
    }

    pub(crate) fn note(&mut self, entry: TroubleEntry) {
        match entry {
            TroubleEntry::Settled(object) => {
                self.trouble.remove(&object);
            }
            TroubleEntry::More(mut more) => {
                // How often something was tried is no evidence: the most is enough.
                let before = self.trouble.get(&more.object).map_or(0, |trouble| trouble.tried);
                more.tried = more.tried.saturating_add(before);
                self.trouble.insert(more.object.clone(), more);
            }
        }
    }
}

/// Adds a row to those that are there.
pub(crate) fn add_row(
    rows: &mut BTreeMap<FindingKey, FindingRow>,
    row: FindingRow,
) -> Result<(), StateError> {
    match rows.entry(row.key.clone()) {
        Entry::Vacant(vacant) => {
            vacant.insert(row);
        }
        Entry::Occupied(mut total) => merge(total.get_mut(), &row)?,
    }
    Ok(())
}

fn merge(total: &mut FindingRow, row: &FindingRow) -> Result<(), StateError> {
    let finding = || row.key.to_string();
    total.merge(row).map_err(|overflow| StateError::Overflow { finding: finding(), overflow })
}
