//! The mixes of addresses that are looked up.

use crate::address::Address;
use crate::contestant::Entry;
use crate::random::{Random, Zipf};
use crate::sets::{Set, allocated_v6, public_v4, within};

/// Of a thousand flows, how many are with a listed remote.
const LISTED_FLOWS: usize = 5;

/// How many addresses a mix has, and how many remotes the flows are with.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) queries: usize,
    pub(crate) remotes: usize,
}

pub(crate) const FULL: Scale = Scale { queries: 1 << 20, remotes: 200_000 };
pub(crate) const SMOKE: Scale = Scale { queries: 1 << 12, remotes: 2_000 };

pub(crate) struct Mix<A> {
    pub(crate) name: &'static str,
    pub(crate) addresses: Vec<A>,
}

/// What a family's addresses look like.
pub(crate) trait Traffic: Address {
    fn uniform(random: &mut Random) -> Self;
    fn local(random: &mut Random) -> Self;
    /// A remote that nobody listed, or so it may turn out; some are neighbours of entries.
    fn remote(random: &mut Random, entries: &[Entry<Self>]) -> Self;
}

impl Traffic for u32 {
    fn uniform(random: &mut Random) -> u32 {
        random.bits() as u32
    }

    /// In 10.0.0.0/14.
    fn local(random: &mut Random) -> u32 {
        within(10 << 24, 14, random)
    }

    /// One in ten is in the same /20 as an entry.
    fn remote(random: &mut Random, entries: &[Entry<u32>]) -> u32 {
        if random.per_mille(100) {
            within(random.one_of(entries).prefix, 20, random)
        } else {
            public_v4(random)
        }
    }
}

impl Traffic for u128 {
    /// In 2000::/3.
    fn uniform(random: &mut Random) -> u128 {
        within(0x2 << 124, 3, random)
    }

    /// In a /56, as a VPC has.
    fn local(random: &mut Random) -> u128 {
        within(0x2600_1f18_0123_4500 << 64, 56, random)
    }

    /// Every second one is in the same allocation as an entry.
    fn remote(random: &mut Random, entries: &[Entry<u128>]) -> u128 {
        if random.per_mille(500) {
            within(random.one_of(entries).prefix, 32, random)
        } else {
            allocated_v6(random)
        }
    }
}

/// All mixes of a set. `listed` tells whether an entry holds an address.
pub(crate) fn mixes<A: Traffic>(
    set: &Set<A>,
    scale: Scale,
    listed: impl Fn(A) -> bool,
) -> [Mix<A>; 3] {
    let mut random = Random::seeded(7);
    let hit = |random: &mut Random| {
        let entry = random.one_of(&set.entries);
        within(entry.prefix, entry.length, random)
    };
    let uniform = (0..scale.queries).map(|_| A::uniform(&mut random)).collect();
    let hits = (0..scale.queries).map(|_| hit(&mut random)).collect();

    let unlisted = |random: &mut Random| {
        // Where a short entry holds the whole neighbourhood, it takes another try.
        loop {
            let remote = A::remote(random, &set.entries);
            if !listed(remote) {
                return remote;
            }
        }
    };
    let known: Vec<A> = (0..scale.remotes / 200).map(|_| hit(&mut random)).collect();
    let others: Vec<A> = (known.len()..scale.remotes).map(|_| unlisted(&mut random)).collect();
    let locals: Vec<A> = (0..2000).map(|_| A::local(&mut random)).collect();
    let flow = flows(&locals, &known, &others, scale.queries, &mut random);

    [
        Mix { name: "uniform", addresses: uniform },
        Mix { name: "flow", addresses: flow },
        Mix { name: "hits", addresses: hits },
    ]
}

/// Source and destination of record after record: a local address for 64 records on average, and
/// either way a remote by Zipf's law.
fn flows<A: Copy>(
    locals: &[A],
    listed: &[A],
    others: &[A],
    queries: usize,
    random: &mut Random,
) -> Vec<A> {
    let (listed_ranks, other_ranks) = (Zipf::new(listed.len()), Zipf::new(others.len()));
    let mut local = locals[0];
    let mut addresses = Vec::with_capacity(queries);
    while addresses.len() < queries {
        if random.below(64) == 0 {
            local = *random.one_of(locals);
        }
        let remote = if random.per_mille(LISTED_FLOWS) {
            listed[listed_ranks.rank(random)]
        } else {
            others[other_ranks.rank(random)]
        };
        addresses.extend(if random.per_mille(500) { [local, remote] } else { [remote, local] });
    }
    addresses
}
