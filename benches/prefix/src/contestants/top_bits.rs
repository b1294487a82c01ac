//! IPv6: a hash map of the first 32 bits of all that entries hold, and the ranges under each.

use std::collections::HashMap;

use super::Build;
use super::hashing::Quick;
use super::ranges::Ranges;
use crate::address::Address;
use crate::contestant::{Contestant, Entry, NONE};

/// The shortest entry that it can be given: shorter ones have too many /32s.
const SHORTEST: u8 = 20;

pub(super) struct TopBits {
    /// The ranges under the first 32 bits: from here up to there.
    places: HashMap<u32, (u32, u32), Quick>,
    starts: Vec<u128>,
    values: Vec<u32>,
}

impl Build<u128> for TopBits {
    fn build(entries: &[Entry<u128>]) -> Self {
        let ranges = Ranges::of(entries);
        let mut tops = Vec::new();
        for entry in entries {
            assert!(entry.length >= SHORTEST, "a prefix of {} bits", entry.length);
            tops.extend(top(entry.prefix)..=top(entry.prefix.last_of(entry.length)));
        }
        tops.sort_unstable();
        tops.dedup();

        let mut found = Self { places: HashMap::default(), starts: Vec::new(), values: Vec::new() };
        for top in tops {
            let begin = found.starts.len();
            let first = u128::from(top) << 96;
            let places = ranges.place(first)..=ranges.place(first.last_of(32));
            found
                .starts
                .extend(ranges.starts[places.clone()].iter().map(|start| *start.max(&first)));
            found.values.extend(&ranges.values[places]);
            found.places.insert(top, (begin as u32, found.starts.len() as u32));
        }
        found.places.shrink_to_fit();
        found.starts.shrink_to_fit();
        found.values.shrink_to_fit();
        found
    }
}

impl Contestant<u128> for TopBits {
    fn lookup(&self, address: u128) -> u32 {
        let Some((begin, end)) = self.places.get(&top(address)) else { return NONE };
        let (begin, end) = (*begin as usize, *end as usize);
        self.values[begin + self.starts[begin..end].partition_point(|start| *start <= address) - 1]
    }
}

fn top(address: u128) -> u32 {
    (address >> 96) as u32
}
