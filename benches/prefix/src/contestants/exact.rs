//! A hash map of the single addresses. Networks are unknown to it.

use std::collections::HashMap;

use super::Build;
use super::hashing::Quick;
use crate::contestant::{Contestant, Entry, NONE};

pub(super) struct Exact(HashMap<u32, u32, Quick>);

impl Build<u32> for Exact {
    fn build(entries: &[Entry<u32>]) -> Self {
        let single = entries.iter().filter(|entry| entry.length == 32);
        Self(single.map(|entry| (entry.prefix, entry.value)).collect())
    }
}

impl Contestant<u32> for Exact {
    fn lookup(&self, address: u32) -> u32 {
        self.0.get(&address).copied().unwrap_or(NONE)
    }
}
