//! An index by the first 16 bits, and under each of them the last 16 bits of the ranges' starts, as
//! in DXR (Zec, Rizzo, Mikuc, 2012).

use super::Build;
use super::ranges::Ranges;
use crate::contestant::{Contestant, Entry};

/// The ranges under `high` are those from `index[high]` up to `index[high + 1]`. The first starts at
/// 0, also where a range comes over from the one before.
pub(super) struct Dxr {
    index: Vec<u32>,
    starts: Vec<u16>,
    values: Vec<u32>,
}

impl Build<u32> for Dxr {
    fn build(entries: &[Entry<u32>]) -> Self {
        let ranges = Ranges::of(entries);
        let mut dxr = Self { index: vec![0], starts: Vec::new(), values: Vec::new() };
        let mut place = 0;
        for high in 0..1 << 16 {
            if ranges.starts.get(place) != Some(&(high << 16)) {
                dxr.starts.push(0);
                dxr.values.push(ranges.values[place - 1]);
            }
            while let Some(start) = ranges.starts.get(place).filter(|start| **start >> 16 == high) {
                dxr.starts.push(*start as u16);
                dxr.values.push(ranges.values[place]);
                place += 1;
            }
            dxr.index.push(dxr.starts.len() as u32);
        }
        dxr.starts.shrink_to_fit();
        dxr.values.shrink_to_fit();
        dxr.index.shrink_to_fit();
        dxr
    }
}

impl Contestant<u32> for Dxr {
    fn lookup(&self, address: u32) -> u32 {
        let high = (address >> 16) as usize;
        let (begin, end) = (self.index[high] as usize, self.index[high + 1] as usize);
        let low = address as u16;
        self.values[begin + self.starts[begin..end].partition_point(|start| *start <= low) - 1]
    }
}
