//! Records whose direction will only be known at the end.
//!
//! An interface's own address is learned from all of its records together, so while they are read
//! nothing can be said of the first one's direction. But whatever the own address will turn out to
//! be, it is in every record of the interface that teaches it, hence in the first: it is one of the
//! first record's two addresses, or none is learned. So it is enough to keep of each record how its
//! ends relate to those two. That is a small code, by which totals can be grouped; at the end each
//! code has a direction.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use arrow::array::UInt32Array;
use datafusion::common::HashMap;
use serde::{Deserialize, Serialize};

use super::AddressBook;
use super::batch::Side;
use super::texts::Sought;

/// How a record's ends relate to the two addresses of its interface's first record, `a` and `b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// Neither end is one of them.
    None,
    /// From the first of them to the second, or to another.
    FromA,
    ToA,
    FromB,
    ToB,
    /// From the one to the other.
    FromAToB,
    FromBToA,
}

/// Codes of one interface and address family.
pub(super) const RELATIONS: [Relation; 7] = [
    Relation::None,
    Relation::FromA,
    Relation::ToA,
    Relation::FromB,
    Relation::ToB,
    Relation::FromAToB,
    Relation::FromBToA,
];

/// The numbers of relations, by one bit for each end that is `a`, then `b`.
static NUMBERS: [u8; 16] = {
    let mut numbers = [0; 16];
    let mut bits = 0;
    while bits < 16 {
        let (a, b) = ((bits & 1 != 0, bits & 2 != 0), (bits & 4 != 0, bits & 8 != 0));
        numbers[bits] = Relation::of(a, b) as u8;
        bits += 1;
    }
    numbers
};

impl Relation {
    /// From which ends, source and destination, are `a` and `b`.
    const fn of(a: (bool, bool), b: (bool, bool)) -> Relation {
        match (a, b) {
            ((true, _), (_, true)) => Relation::FromAToB,
            ((_, true), (true, _)) => Relation::FromBToA,
            ((true, _), _) => Relation::FromA,
            ((_, true), _) => Relation::ToA,
            (_, (true, _)) => Relation::FromB,
            (_, (_, true)) => Relation::ToB,
            _ => Relation::None,
        }
    }

    /// The number of the relation, without a branch.
    #[inline(always)]
    pub(super) fn number(a: (bool, bool), b: (bool, bool)) -> u8 {
        let bit = |end: bool, place: u32| usize::from(end) << place;
        NUMBERS[bit(a.0, 0) | bit(a.1, 1) | bit(b.0, 2) | bit(b.1, 3)]
    }

    /// The local side if the own address is `a`, and if it is `b`.
    fn sides(self) -> [Option<Side>; 2] {
        match self {
            Relation::None => [None, None],
            Relation::FromA => [Some(Side::Source), None],
            Relation::ToA => [Some(Side::Destination), None],
            Relation::FromB => [None, Some(Side::Source)],
            Relation::ToB => [None, Some(Side::Destination)],
            Relation::FromAToB => [Some(Side::Source), Some(Side::Destination)],
            Relation::FromBToA => [Some(Side::Destination), Some(Side::Source)],
        }
    }
}

/// The addresses of the first record of an interface in one family, and the first of its codes.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) a: Sought,
    pub(super) b: Sought,
    first_code: u32,
}

impl Pair {
    pub(super) fn first_code(&self) -> u32 {
        self.first_code
    }

    /// The code of a record of which these ends, source and destination, are `a` and `b`.
    #[inline]
    pub(super) fn code(&self, a: (bool, bool), b: (bool, bool)) -> u32 {
        self.first_code + u32::from(Relation::number(a, b))
    }
}

/// The pair of one run of codes, for another process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingPair {
    pub(crate) interface: String,
    pub(crate) a: String,
    pub(crate) b: String,
}

/// The codes here of another process's codes.
#[derive(Debug, Default)]
pub(crate) struct PendingCodes {
    /// The first code here of each run of codes there.
    first_codes: Vec<u32>,
}

impl PendingCodes {
    /// The code here of a code there; `None` if there is no such code there.
    pub(crate) fn get(&self, code: u32) -> Option<u32> {
        let code = code as usize;
        let first = self.first_codes.get(code / RELATIONS.len())?;
        // Less than there are relations, and the whole run has codes.
        Some(first + (code % RELATIONS.len()) as u32)
    }
}

/// What all threads share: the first records, whoever met them.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    interfaces: HashMap<String, [Option<Pair>; 2]>,
    /// The interface and the pair of each run of codes.
    pairs: Vec<(String, Pair)>,
    /// The places of pairs that others met, by hashes of what they are: of many others' pairs, many are
    /// alike.
    of_others: HashMap<u64, usize>,
    hashes: RandomState,
}

impl Inner {
    /// A further run of codes; `None` if there are no codes left.
    fn push(&mut self, interface: &str, a: &str, b: &str) -> Option<Pair> {
        let first_code = u32::try_from(self.pairs.len() * RELATIONS.len()).ok()?;
        // The whole run has codes.
        first_code.checked_add(RELATIONS.len() as u32)?;
        let pair = Pair { a: Sought::new(a), b: Sought::new(b), first_code };
        self.pairs.push((interface.to_owned(), pair.clone()));
        Some(pair)
    }

    fn first_code_of(&mut self, PendingPair { interface, a, b }: &PendingPair) -> Option<u32> {
        let hash = self.hashes.hash_one((interface, a, b));
        if let Some(place) = self.of_others.get(&hash) {
            let (other, pair) = &self.pairs[*place];
            if other == interface && pair.a.text == *a && pair.b.text == *b {
                return Some(pair.first_code);
            }
        }
        let first_code = self.push(interface, a, b)?.first_code;
        // Where two have one hash, the earlier is not found again: it gets a second run at worst.
        self.of_others.insert(hash, self.pairs.len() - 1);
        Some(first_code)
    }
}

impl Pending {
    /// The pair of an interface; these two if it has none yet. `None` if there are no codes left.
    pub(super) fn pair(
        &self,
        interface: &str,
        family: usize,
        source: &str,
        destination: &str,
    ) -> Option<Pair> {
        // A thread that panicked in here left whole values behind: each is put in one move.
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = inner.interfaces.get(interface).and_then(|pairs| pairs[family].clone())
        {
            return Some(pair);
        }
        let pair = inner.push(interface, source, destination)?;
        inner.interfaces.entry(interface.to_owned()).or_default()[family] = Some(pair.clone());
        Some(pair)
    }

    /// The pair of each run of codes, in the order of the codes.
    pub(crate) fn pairs(&self) -> Vec<PendingPair> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = |(interface, pair): &(String, Pair)| PendingPair {
            interface: interface.clone(),
            a: pair.a.text.clone(),
            b: pair.b.text.clone(),
        };
        inner.pairs.iter().map(pair).collect()
    }

    /// Takes in the pairs of another process, whose interfaces began with other records than here: each
    /// has a run of codes of its own, and no record that is met here gets one of them. `None` if there
    /// are no codes left.
    pub(crate) fn take_in(&self, pairs: &[PendingPair]) -> Option<PendingCodes> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let first_codes = pairs.iter().map(|pair| inner.first_code_of(pair));
        Some(PendingCodes { first_codes: first_codes.collect::<Option<_>>()? })
    }

    /// What a code turned out to mean.
    pub(crate) fn resolve(&self, code: u32, book: &AddressBook) -> Resolved {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let code = code as usize;
        let Some((interface, pair)) = inner.pairs.get(code / RELATIONS.len()) else {
            return Resolved::default();
        };
        let Some(entry) = book.get(interface) else { return Resolved::default() };
        let [if_a, if_b] = RELATIONS[code % RELATIONS.len()].sides();
        let side = match (entry.owns(&pair.a.text), entry.owns(&pair.b.text)) {
            (true, false) => if_a,
            (false, true) => if_b,
            _ => None,
        };
        Resolved { side, assumed: side.is_some() && entry.assumed }
    }
}

/// What a code turned out to mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) side: Option<Side>,
    pub(crate) assumed: bool,
}

/// A column of codes.
pub(crate) fn column(codes: &[Option<u32>]) -> UInt32Array {
    codes.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::IpAddr;

    #[test]
    fn relations_stand_at_their_own_places() {
        for (place, relation) in RELATIONS.iter().enumerate() {
            assert_eq!(*relation as usize, place);
        }
    }

    #[test]
    fn pairs_of_others_have_codes_of_their_own_and_are_no_interfaces_pair() {
        let (here, there) = (Pending::default(), Pending::default());
        let own = here.pair("eni-1", 0, "10.0.0.1", "10.0.0.2").unwrap();
        there.pair("eni-2", 0, "10.0.0.5", "10.0.0.6").unwrap();
        there.pair("eni-1", 0, "10.0.0.1", "10.0.0.3").unwrap();
        let codes = here.take_in(&there.pairs()).unwrap();
        let got: Vec<_> = [0, 6, 7, 13, 14].map(|code| codes.get(code)).into();
        assert_eq!(got, [Some(7), Some(13), Some(14), Some(20), None]);
        assert_eq!(here.pair("eni-1", 0, "-", "-").unwrap().first_code(), own.first_code());
        assert_eq!(here.pair("eni-2", 0, "10.0.0.7", "10.0.0.6").unwrap().first_code(), 21);
        // What was taken in before is not taken in again; what is alike in part is.
        assert_eq!(here.take_in(&there.pairs()).unwrap().get(7), Some(14));
        there.pair("eni-3", 0, "10.0.0.1", "10.0.0.3").unwrap();
        assert_eq!(here.take_in(&there.pairs()).unwrap().get(14), Some(28));
        let mut book = AddressBook::default();
        book.learn("eni-1", "10.0.0.3".parse().unwrap(), false);
        let side = here.resolve(14 + Relation::FromB as u32, &book).side;
        assert_eq!(side, Some(Side::Source));
    }

    proptest! {
        /// Whatever is learned of the first record's addresses, the code tells what a second look at
        /// the record would.
        #[test]
        fn a_code_tells_what_a_second_reading_would(
            records in prop::collection::vec((0u8..4, 0u8..4), 1..20), own in 0u8..4,
        ) {
            let address = |n: u8| format!("10.0.0.{n}");
            let shared = Pending::default();
            let mut book = AddressBook::default();
            let (first_a, first_b) = match records.iter().find(|(a, b)| a != b) {
                Some(first) => *first,
                None => return Ok(()),
            };
            let own = if own % 2 == 0 { first_a } else { first_b };
            let mut coded = Vec::new();
            for (source, destination) in records.iter().filter(|(a, b)| a != b) {
                let (source, destination) = (address(*source), address(*destination));
                let pair = shared.pair("eni-1", 0, &source, &destination).unwrap();
                let ends = |own: &Sought| (source == own.text, destination == own.text);
                let code = pair.code(ends(&pair.a), ends(&pair.b));
                coded.push((code, source, destination));
            }
            let own = address(own);
            book.learn("eni-1", own.parse::<IpAddr>().unwrap(), true);
            for (code, source, destination) in coded {
                let expected = match (source == own, destination == own) {
                    (true, false) => Some(Side::Source),
                    (false, true) => Some(Side::Destination),
                    _ => None,
                };
                let resolved = shared.resolve(code, &book);
                prop_assert_eq!(resolved, Resolved { side: expected, assumed: expected.is_some() });
            }
        }
    }
}
