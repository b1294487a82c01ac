//! Answers, compared before anything is timed.

use std::fmt;

use crate::address::Address;
use crate::contestant::{Contestant, Entry, Group, Kind, NONE};
use crate::queries::Mix;
use crate::sets::Set;

/// How many addresses of a mix the linear scan is asked about.
const SCANNED: usize = 2000;

/// Somebody gave another answer.
#[derive(Debug)]
pub(crate) struct Disagreement(String);

impl fmt::Display for Disagreement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Disagreement {}

/// The value of the longest prefix that holds an address, by looking at all entries.
fn linear<A: Address>(entries: &[Entry<A>], address: A) -> u32 {
    let holding = entries.iter().filter(|entry| address.first_of(entry.length) == entry.prefix);
    holding.max_by_key(|entry| entry.length).map_or(NONE, |entry| entry.value)
}

/// The right answers to a mix: the reference's, some of them checked by the linear scan.
pub(crate) fn right_answers<A: Address>(
    set: &Set<A>,
    mix: &Mix<A>,
    reference: &impl Contestant<A>,
) -> Result<Vec<u32>, Disagreement> {
    let right = reference.answers(&mix.addresses);
    let step = mix.addresses.len().div_ceil(SCANNED);
    for (address, got) in mix.addresses.iter().zip(&right).step_by(step) {
        let scanned = linear(&set.entries, *address);
        if *got != scanned {
            return Err(disagreement(set, mix, "the reference", *address, *got, scanned));
        }
    }
    Ok(right)
}

/// Compares all of a contestant's answers to a mix; returns their sum.
pub(crate) fn compare<A: Address>(
    set: &Set<A>,
    mix: &Mix<A>,
    kind: &Kind<A>,
    contestant: &dyn Contestant<A>,
    right: &[u32],
) -> Result<u64, Disagreement> {
    let mut sum = 0;
    let answers = contestant.answers(&mix.addresses);
    for ((address, right), got) in mix.addresses.iter().zip(right).zip(answers) {
        let right = expected(set, kind.group, *right);
        if got != right {
            return Err(disagreement(set, mix, kind.name, *address, got, right));
        }
        sum += u64::from(got);
    }
    Ok(sum)
}

/// Who knows only single addresses says nothing where a network is the right answer.
fn expected<A: Address>(set: &Set<A>, group: Group, right: u32) -> u32 {
    let single = set.entry(right).is_some_and(|entry| entry.length == A::BITS);
    if group == Group::ExactOnly && !single { NONE } else { right }
}

fn disagreement<A: Address>(
    set: &Set<A>,
    mix: &Mix<A>,
    name: &str,
    address: A,
    got: u32,
    right: u32,
) -> Disagreement {
    let told = |value| match set.entry(value) {
        Some(entry) => format!("{}/{}", entry.prefix.ip(), entry.length),
        None => "nothing".into(),
    };
    Disagreement(format!(
        "{}, {}: for {} {name} has {}, right is {}",
        set.name,
        mix.name,
        address.ip(),
        told(got),
        told(right)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contestants::{self, ranges::Ranges};
    use crate::random::Random;
    use crate::sets::within;

    /// Prefixes of every length from /20 on, crowded under 203.0.112.0/20 and 2001:db8::/20.
    fn crowded<A: Address>(network: u128) -> Set<A> {
        let mut random = Random::seeded(1);
        let prefix = |random: &mut Random| {
            let length = 20 + random.below(usize::from(A::BITS) - 19) as u8;
            (within(A::of_bits(network), 20, random).first_of(length), length)
        };
        let mut prefixes: Vec<(A, u8)> = (0..600).map(|_| prefix(&mut random)).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        random.shuffle(&mut prefixes);
        Set::of("crowded", prefixes)
    }

    /// The edges of every entry and their neighbours, and addresses within.
    fn edges<A: Address>(set: &Set<A>) -> Mix<A> {
        let mut random = Random::seeded(2);
        let around = |entry: &Entry<A>| {
            let (first, last): (u128, u128) =
                (entry.prefix.into(), entry.prefix.last_of(entry.length).into());
            let inner = within(entry.prefix, entry.length, &mut random).into();
            [first - 1, first, inner, last, last + 1].map(A::of_bits)
        };
        Mix { name: "edges", addresses: set.entries.iter().flat_map(around).collect() }
    }

    fn all_agree<A: Address>(kinds: &[Kind<A>], network: u128) {
        let set: Set<A> = crowded(network);
        let mix = edges(&set);
        let right = right_answers(&set, &mix, &Ranges::of(&set.entries)).unwrap();
        for (address, right) in mix.addresses.iter().zip(&right) {
            assert_eq!(linear(&set.entries, *address), *right, "{}", address.ip());
        }
        for kind in kinds {
            let contestant = (kind.build)(&set.entries);
            let sum = compare(&set, &mix, kind, &*contestant, &right).unwrap();
            assert_eq!(contestant.sum(&mix.addresses), sum, "{}", kind.name);
        }
    }

    #[test]
    fn all_agree_at_the_edges_of_nested_ipv4_prefixes() {
        all_agree(&contestants::v4(), 0xcb00_7000);
    }

    #[test]
    fn all_agree_at_the_edges_of_nested_ipv6_prefixes() {
        all_agree(&contestants::v6(), 0x2001_0db8 << 96);
    }

    #[test]
    fn a_wrong_answer_is_told_with_its_address() {
        let set: Set<u32> = crowded(0xcb00_7000);
        let mix = edges(&set);
        let mut right = right_answers(&set, &mix, &Ranges::of(&set.entries)).unwrap();
        right[7] = if right[7] == 0 { 1 } else { 0 };
        let kinds = contestants::v4();
        let contestant = (kinds[0].build)(&set.entries);
        let told = compare(&set, &mix, &kinds[0], &*contestant, &right).unwrap_err().to_string();
        assert!(told.contains(&mix.addresses[7].ip().to_string()), "{told}");
    }
}
