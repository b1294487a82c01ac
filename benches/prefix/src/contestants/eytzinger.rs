//! The ranges in the order of a search tree laid out by levels: the children of node `k` are `2k`
//! and `2k + 1`, so that the first steps of all searches share a few cache lines. Nothing is fetched
//! ahead; that would need `unsafe`.

use super::Build;
use super::ranges::Ranges;
use crate::address::Address;
use crate::contestant::{Contestant, Entry};

/// Beside each start is the value of the range that ends there. Place 0 is no node: it has the value
/// of the last range, which no start ends.
pub(super) struct Eytzinger<A> {
    starts: Vec<A>,
    values: Vec<u32>,
}

impl<A: Address> Eytzinger<A> {
    /// Lays out the subtree of `node`; returns the place in the sorted ranges that follows it.
    fn lay_out(&mut self, sorted: &Ranges<A>, node: usize, mut place: usize) -> usize {
        if node < self.starts.len() {
            place = self.lay_out(sorted, 2 * node, place);
            self.starts[node] = sorted.starts[place];
            self.values[node] = sorted.values[place - 1];
            place = self.lay_out(sorted, 2 * node + 1, place + 1);
        }
        place
    }
}

impl<A: Address> Build<A> for Eytzinger<A> {
    fn build(entries: &[Entry<A>]) -> Self {
        let sorted = Ranges::of(entries);
        let last = sorted.values[sorted.values.len() - 1];
        // The first start is in no search: every address is behind it.
        let nodes = sorted.starts.len();
        let mut tree = Self { starts: vec![A::FIRST; nodes], values: vec![last; nodes] };
        tree.lay_out(&sorted, 1, 1);
        tree
    }
}

impl<A: Address> Contestant<A> for Eytzinger<A> {
    fn lookup(&self, address: A) -> u32 {
        let mut node = 1;
        while let Some(start) = self.starts.get(node) {
            node = 2 * node + usize::from(*start <= address);
        }
        // Back to where the search last went left: the first start behind the address.
        self.values[node >> (node.trailing_ones() + 1)]
    }
}
