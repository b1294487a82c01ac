//! [`Parents`]: which prefix lies directly around which.

use alloc::vec::Vec;

use crate::bits::{Bits, Prefix};

/// For each of the sorted prefixes the narrowest other one that holds it, if any.
///
/// Few prefixes of a list lie within another. So there is a bit for each, and a number only for those
/// whose bit is set: the set bits before it tell where.
#[derive(Default)]
pub(crate) struct Parents {
    /// None at all where nothing nests.
    words: Vec<Word>,
    parents: Vec<u32>,
}

struct Word {
    nested: u64,
    /// Set bits of all words before this one.
    before: u32,
}

impl Parents {
    pub(crate) fn of<A: Bits>(prefixes: &[Prefix<A>]) -> Self {
        let mut parents = Self { words: Vec::new(), parents: Vec::new() };
        // The prefixes that hold the place where the sweep is, the widest first.
        let mut open: Vec<u32> = Vec::new();
        for (index, prefix) in prefixes.iter().enumerate() {
            while open.pop_if(|at| !prefixes[*at as usize].holds(prefix.network)).is_some() {}
            parents.push(index, open.last().copied());
            open.push(index as u32);
        }
        if parents.parents.is_empty() {
            return Self::default();
        }
        parents.parents.shrink_to_fit();
        parents.words.shrink_to_fit();
        parents
    }

    fn push(&mut self, index: usize, parent: Option<u32>) {
        let before = self.parents.len() as u32;
        if index.is_multiple_of(64) {
            self.words.push(Word { nested: 0, before });
        }
        if let Some(parent) = parent {
            self.words[index / 64].nested |= 1 << (index % 64);
            self.parents.push(parent);
        }
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<u32> {
        let word = self.words.get(index as usize / 64)?;
        let bit = 1 << (index % 64);
        if word.nested & bit == 0 {
            return None;
        }
        let before = word.before + (word.nested & (bit - 1)).count_ones();
        Some(self.parents[before as usize])
    }
}
