//! The sets: seeded lists of prefixes, with the lengths and the crowding that threat lists have.

use std::collections::HashSet;

use crate::address::Address;
use crate::contestant::Entry;
use crate::random::Random;

/// Distinct prefixes in no order, and their values: where in the list they are.
pub(crate) struct Set<A> {
    pub(crate) name: String,
    pub(crate) entries: Vec<Entry<A>>,
}

impl<A: Address> Set<A> {
    pub(crate) fn of(name: &str, prefixes: Vec<(A, u8)>) -> Self {
        let entries = prefixes.into_iter().enumerate().map(|(place, (prefix, length))| Entry {
            prefix,
            length,
            value: u32::try_from(place).expect("fewer than 2^32 entries"),
        });
        Self { name: name.into(), entries: entries.collect() }
    }

    /// The entry of a value, `None` for [`NONE`](crate::contestant::NONE).
    pub(crate) fn entry(&self, value: u32) -> Option<&Entry<A>> {
        self.entries.get(value as usize)
    }
}

/// How many of a thousand IPv4 entries have which length.
const LENGTHS_V4: [(u8, usize); 17] = [
    (32, 780),
    (24, 120),
    (31, 9),
    (30, 8),
    (29, 10),
    (28, 10),
    (27, 8),
    (26, 6),
    (25, 4),
    (23, 8),
    (22, 12),
    (21, 8),
    (20, 8),
    (19, 4),
    (18, 2),
    (17, 1),
    (16, 2),
];

/// Public IPv4 addresses and networks. Two in five lie in one of 2,000 networks of 4,096 addresses,
/// for listed addresses are crowded in the networks of a few hosters; the others lie anywhere.
pub(crate) fn v4(name: &str, entries: usize) -> Set<u32> {
    let mut random = Random::seeded(4);
    let crowded: Vec<u32> = (0..2000).map(|_| public_v4(&mut random).first_of(20)).collect();
    let prefixes = distinct(entries, &mut random, |random, _| {
        let length = random.weighted(&LENGTHS_V4);
        let address = if random.per_mille(400) {
            random.one_of(&crowded) + random.below(4096) as u32
        } else {
            public_v4(random)
        };
        (address.first_of(length), length)
    });
    Set::of(name, prefixes)
}

/// An address between 1.0.0.0 and 223.255.255.255 that is not private and not loopback.
pub(crate) fn public_v4(random: &mut Random) -> u32 {
    loop {
        let address = random.bits() as u32;
        let [first, second, ..] = address.to_be_bytes();
        let private = matches!((first, second), (10 | 127, _) | (172, 16..32) | (192, 168));
        if (1..224).contains(&first) && !private {
            return address;
        }
    }
}

/// How many of a thousand IPv6 entries have which length.
const LENGTHS_V6: [(u8, usize); 6] = [(128, 550), (64, 270), (48, 140), (56, 31), (32, 7), (29, 2)];

/// IPv6 addresses and networks in 2,000 allocations of 32 bits. Three in ten lie within an earlier
/// entry; half of the single addresses have a small host part, as servers do.
pub(crate) fn v6(name: &str, entries: usize) -> Set<u128> {
    let mut random = Random::seeded(6);
    let allocations: Vec<u128> =
        (0..2000).map(|_| allocated_v6(&mut random).first_of(32)).collect();
    let prefixes = distinct(entries, &mut random, |random, earlier| {
        let length = random.weighted(&LENGTHS_V6);
        let mut outer = (*random.one_of(&allocations), 32);
        if !earlier.is_empty() && random.per_mille(300) {
            outer = *random.one_of(earlier);
        }
        let mut address = within(outer.0, outer.1, random);
        if length == 128 && outer.1 <= 64 && random.per_mille(500) {
            address = address.first_of(64) | random.below(1 << 16) as u128;
        }
        (address.first_of(length), length)
    });
    Set::of(name, prefixes)
}

/// An address of the space that the registries give allocations from, all of it under 2000::/3.
pub(crate) fn allocated_v6(random: &mut Random) -> u128 {
    let (registry, length) =
        *random.one_of(&[(0x2001, 16), (0x2400, 12), (0x2600, 12), (0x2800, 12), (0x2a00, 12)]);
    loop {
        let address = within(registry << 112, length, random);
        // The cloud's own, from which the flows' local addresses are.
        if address >> 96 != 0x2600_1f18 {
            return address;
        }
    }
}

/// Any address of a prefix.
pub(crate) fn within<A: Address>(prefix: A, length: u8, random: &mut Random) -> A {
    let prefix = prefix.first_of(length);
    let hosts: u128 = prefix.last_of(length).into() - prefix.into();
    A::of_bits(prefix.into() + (random.wide_bits() & hosts))
}

/// So many different prefixes, in any order.
fn distinct<A: Address>(
    entries: usize,
    random: &mut Random,
    mut draw: impl FnMut(&mut Random, &[(A, u8)]) -> (A, u8),
) -> Vec<(A, u8)> {
    let mut known = HashSet::new();
    let mut prefixes = Vec::new();
    while prefixes.len() < entries {
        let prefix = draw(random, &prefixes);
        if known.insert(prefix) {
            prefixes.push(prefix);
        }
    }
    random.shuffle(&mut prefixes);
    prefixes
}
