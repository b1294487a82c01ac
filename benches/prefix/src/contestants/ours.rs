//! Our map, asked one by one and in batches.

use flowproof_prefix::{IpNet, PrefixMap};

use super::Build;
use crate::address::Address;
use crate::contestant::{Contestant, Entry, NONE};

const BATCH: usize = 1024;

pub(super) struct Single(PrefixMap<u32>);

pub(super) struct Batch(PrefixMap<u32>);

fn map<A: Address>(entries: &[Entry<A>]) -> PrefixMap<u32> {
    let net = |entry: &Entry<A>| {
        let net = IpNet::new(entry.prefix.ip(), entry.length).expect("the length fits the family");
        (net, entry.value)
    };
    entries.iter().map(net).collect()
}

fn value(found: Option<&u32>) -> u32 {
    found.copied().unwrap_or(NONE)
}

impl<A: Address> Build<A> for Single {
    fn build(entries: &[Entry<A>]) -> Self {
        Self(map(entries))
    }
}

impl<A: Address> Build<A> for Batch {
    fn build(entries: &[Entry<A>]) -> Self {
        Self(map(entries))
    }
}

macro_rules! ours {
    ($bits:ty, $lookup:ident, $lookup_batch:ident) => {
        impl Contestant<$bits> for Single {
            fn lookup(&self, address: $bits) -> u32 {
                value(self.0.$lookup(address))
            }
        }

        impl Contestant<$bits> for Batch {
            fn lookup(&self, address: $bits) -> u32 {
                value(self.0.$lookup(address))
            }

            fn answers(&self, addresses: &[$bits]) -> Vec<u32> {
                let mut found = vec![None; addresses.len()];
                for (asked, found) in addresses.chunks(BATCH).zip(found.chunks_mut(BATCH)) {
                    self.0.$lookup_batch(asked, found);
                }
                found.into_iter().map(value).collect()
            }

            fn sum(&self, addresses: &[$bits]) -> u64 {
                let mut found = [None; BATCH];
                let batch = |asked: &[$bits]| {
                    let found = &mut found[..asked.len()];
                    self.0.$lookup_batch(asked, found);
                    found.iter().map(|found| u64::from(value(*found))).sum::<u64>()
                };
                addresses.chunks(BATCH).map(batch).sum()
            }
        }
    };
}

ours!(u32, lookup_v4, lookup_batch_v4);
ours!(u128, lookup_v6, lookup_batch_v6);
