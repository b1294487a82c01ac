//! Since when a list has each of its entries, so that those it has gained can be looked for in objects
//! that were read before.
//!
//! Births are numbers of epochs: an object that was read in epoch `e` was matched with the entries born up to
//! then. An entry that leaves a list and comes back keeps its first birth, so that nothing counts twice; in objects
//! that were read while it was away it is not looked for.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use flowproof_engine::entry_name;
use flowproof_intel::List;
use flowproof_state::State;
use sha2::{Digest, Sha256};

/// Births of the entries of a list, by a digest of their canonical spelling.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Births(BTreeMap<[u8; 8], u32>);

/// The bytes of one birth in a file.
const BIRTH: usize = 12;

impl Births {
    /// Those that are kept in the state under this name.
    pub(super) async fn kept(state: &State, sha256: &str) -> Result<Births> {
        let Some(bytes) = state.kept(sha256).await? else {
            bail!("the state does not have the file {sha256} any more");
        };
        Births::decode(&bytes).with_context(|| format!("kept/{sha256}"))
    }

    /// Adds the entries of a list that were never on it, born in this epoch; whether there are any.
    pub(super) fn add(&mut self, list: &List, epoch: u32) -> bool {
        let before = self.0.len();
        for entry in &list.entries {
            self.0.entry(digest(&entry_name(entry))).or_insert(epoch);
        }
        self.0.len() > before
    }

    /// The list with nothing but the entries born after an epoch.
    pub(super) fn gained(&self, list: &List, epoch: u32) -> List {
        let is_young = |name: String| self.0.get(&digest(&name)).is_some_and(|born| *born > epoch);
        let mut gained = list.clone();
        gained.entries.retain(|entry| is_young(entry_name(entry)));
        gained
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let births = self.0.iter();
        births.flat_map(|(name, born)| name.iter().copied().chain(born.to_le_bytes())).collect()
    }

    fn decode(bytes: &[u8]) -> Result<Births> {
        let births = bytes.chunks(BIRTH).map(|birth| {
            let (name, born) = birth.split_first_chunk().context("it ends too early")?;
            let born = born.try_into().map(u32::from_le_bytes).context("it ends too early")?;
            Ok((*name, born))
        });
        Ok(Births(births.collect::<Result<_>>()?))
    }
}

fn digest(name: &str) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowproof_intel::ListRole;

    fn list(text: &str) -> List {
        List::from_bytes("a", ListRole::Threat, text.as_bytes()).unwrap()
    }

    fn gained(births: &Births, list: &List, epoch: u32) -> Vec<String> {
        births.gained(list, epoch).entries.iter().map(entry_name).collect()
    }

    #[test]
    fn entries_are_gained_once_however_they_are_spelled_and_whether_they_come_back() {
        let mut births = Births::default();
        assert!(births.add(&list("203.0.113.9\n2001:DB8::1\n"), 0));
        assert!(!births.add(&list("203.0.113.9/32\n2001:db8:0::1\n"), 1));
        assert!(births.add(&list("198.51.100.7\n"), 2));
        let all = list("203.0.113.9\n198.51.100.7\n2001:db8::1\n192.0.2.0/24\n");
        assert!(births.add(&all, 5));
        assert!(!births.add(&all, 7));
        assert_eq!(gained(&births, &all, 0), ["198.51.100.7", "192.0.2.0/24"]);
        assert_eq!(gained(&births, &all, 2), ["192.0.2.0/24"]);
        assert_eq!(gained(&births, &all, 5), [] as [&str; 0]);
        let kept = Births::decode(&births.encode()).unwrap();
        assert_eq!(kept, births);
        assert!(Births::decode(&births.encode()[1..]).is_err());
    }
}
