//! A bit for each /24 in which there is an entry: 2 MB, and most addresses of flow logs need no more.

use super::Build;
use super::dxr::Dxr;
use crate::address::Address;
use crate::contestant::{Contestant, Entry, NONE};

pub(super) struct Bitmap {
    bits: Vec<u64>,
    rest: Dxr,
}

impl Build<u32> for Bitmap {
    fn build(entries: &[Entry<u32>]) -> Self {
        let mut bits = vec![0; 1 << 18];
        for entry in entries {
            for net in entry.prefix >> 8..=entry.prefix.last_of(entry.length) >> 8 {
                bits[(net >> 6) as usize] |= 1 << (net & 63);
            }
        }
        Self { bits, rest: Dxr::build(entries) }
    }
}

impl Contestant<u32> for Bitmap {
    fn lookup(&self, address: u32) -> u32 {
        let net = address >> 8;
        if self.bits[(net >> 6) as usize] >> (net & 63) & 1 == 0 {
            return NONE;
        }
        self.rest.lookup(address)
    }
}
