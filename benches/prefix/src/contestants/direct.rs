//! Tables that the address is an index of: DIR-24-8 (Gupta, Lin, McKeown, 1998) has one of the first
//! 24 bits and small ones of the last 8; DIR-16-8-8 goes in three steps.

use super::Build;
use super::ranges::Ranges;
use crate::contestant::{Contestant, Entry};

/// Marks a slot that leads to a block of 256 more; other slots are a value plus 1, or 0 for none.
const BLOCK: u32 = 1 << 31;

pub(super) struct Direct<const FIRST_BITS: u32> {
    slots: Vec<u32>,
    blocks: Vec<u32>,
}

impl<const FIRST_BITS: u32> Direct<FIRST_BITS> {
    /// Puts a value into all slots from one address to another. `block` is the block to do it in,
    /// `None` the first table; a slot of it stands for `2^shift` addresses.
    fn fill(&mut self, block: Option<u32>, shift: u32, (first, last): (u32, u32), value: u32) {
        for slot in first >> shift..=last >> shift {
            let low = slot << shift;
            let high = low | ((1 << shift) - 1);
            if first <= low && high <= last {
                *self.slot(block, slot) = value;
            } else {
                let deeper = self.deeper(block, slot);
                self.fill(Some(deeper), shift - 8, (first.max(low), last.min(high)), value);
            }
        }
    }

    fn slot(&mut self, block: Option<u32>, slot: u32) -> &mut u32 {
        match block {
            None => &mut self.slots[slot as usize],
            Some(block) => &mut self.blocks[(block << 8 | slot & 255) as usize],
        }
    }

    /// The block that a slot leads to, made if need be.
    fn deeper(&mut self, block: Option<u32>, slot: u32) -> u32 {
        let new = (self.blocks.len() >> 8) as u32;
        let slot = self.slot(block, slot);
        if *slot & BLOCK != 0 {
            return *slot & !BLOCK;
        }
        let value = std::mem::replace(slot, BLOCK | new);
        self.blocks.resize(self.blocks.len() + 256, value);
        new
    }
}

impl<const FIRST_BITS: u32> Build<u32> for Direct<FIRST_BITS> {
    fn build(entries: &[Entry<u32>]) -> Self {
        let mut table = Self { slots: vec![0; 1 << FIRST_BITS], blocks: Vec::new() };
        for (first, last, value) in Ranges::of(entries).held() {
            table.fill(None, 32 - FIRST_BITS, (first, last), value + 1);
        }
        table.blocks.shrink_to_fit();
        table
    }
}

impl<const FIRST_BITS: u32> Contestant<u32> for Direct<FIRST_BITS> {
    fn lookup(&self, address: u32) -> u32 {
        let mut shift = 32 - FIRST_BITS;
        let mut slot = self.slots[(address >> shift) as usize];
        while shift > 0 && slot & BLOCK != 0 {
            shift -= 8;
            slot = self.blocks[((slot & !BLOCK) << 8 | address >> shift & 255) as usize];
        }
        // 0 becomes `NONE`.
        slot.wrapping_sub(1)
    }
}
