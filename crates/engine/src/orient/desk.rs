//! What one thread knows of the interfaces that it meets.

use std::sync::Arc;

use datafusion::common::HashMap;

use super::batch::{Side, one_of};
use super::book::Entry;
use super::ends::{Ends, family_of};
use super::glance::Glance;
use super::learn::{Learner, Quiet};
use super::pending::{Pair, Pending};
use super::{AddressBook, Orientation};

/// What one thread knows of the interfaces that it meets, and what their records teach it.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    book: Arc<AddressBook>,
    pending: Option<Arc<Pending>>,
    places: HashMap<String, usize>,
    known: Vec<Known>,
    learner: Learner,
}

/// What is known of one interface.
#[derive(Debug, Default)]
struct Known {
    /// `None` for records that name none.
    interface: Option<String>,
    entry: Option<Arc<Entry>>,
    /// By family, whether the book says nothing of its addresses.
    lacks: [bool; 2],
    /// By family, the records that would teach nothing more.
    quiet: [Quiet; 2],
    /// By family, the pair of its codes.
    pairs: [Option<Pair>; 2],
}

/// What is found of one record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The side of the interface that logged it.
    pub(crate) side: Option<Side>,
    /// Its code, if its side may be known at the end and codes are asked for.
    pub(crate) code: Option<u32>,
    /// Whether the record and the book contradict one another.
    pub(crate) conflict: bool,
    /// Whether its side rests on an address that is only assumed.
    pub(crate) assumed: bool,
    /// Whether it may get a side at the end all the same, which only a second reading can tell.
    pub(crate) left_open: bool,
}

impl Desk {
    pub(crate) fn new(orientation: &Orientation) -> Desk {
        Desk {
            book: Arc::clone(&orientation.book),
            pending: orientation.pending.clone(),
            ..Desk::default()
        }
    }

    /// The place of an interface.
    pub(crate) fn place(&mut self, interface: Option<&str>) -> usize {
        // No interface has this name.
        let name = interface.unwrap_or_default();
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let entry = interface.and_then(|interface| self.book.get(interface));
        let lacks = |family| entry.is_none_or(|entry| entry.lacks_family(family));
        self.known.push(Known {
            interface: interface.map(str::to_owned),
            lacks: [lacks(0), lacks(1)],
            entry: entry.cloned(),
            ..Known::default()
        });
        self.places.insert(name.to_owned(), self.known.len() - 1);
        self.known.len() - 1
    }

    /// The interface at this place, if it has a name.
    pub(crate) fn interface(&self, place: usize) -> Option<&str> {
        self.known[place].interface.as_deref()
    }

    /// Whether the book has anything of the interface at this place.
    pub(crate) fn has_entry(&self, place: usize) -> bool {
        self.known[place].entry.is_some()
    }

    /// What is found at a glance of records of the interface at this place.
    pub(crate) fn glance(&self, place: usize) -> Glance {
        self.known[place].glance()
    }

    /// What the records taught.
    pub(crate) fn take_learner(&mut self) -> Learner {
        self.places.clear();
        self.known.clear();
        std::mem::take(&mut self.learner)
    }

    /// Looks at a record of the interface at this place. `logged` is the side that it tells itself.
    #[inline(always)]
    pub(crate) fn look(&mut self, place: usize, ends: &impl Ends, logged: Option<Side>) -> Found {
        let known = &mut self.known[place];
        let booked = known.booked(ends);
        let conflict = logged.is_some() && logged != booked && known.contradicts(ends, logged);
        let side = logged.or(booked);
        if side.is_some() {
            let assumed = logged.is_none() && known.entry.as_ref().is_some_and(|e| e.assumed);
            return Found { side, conflict, assumed, ..Found::default() };
        }
        // Where the book knows own addresses of the family, it is somebody else's traffic.
        let families = ends.families();
        let lacking = families.map(|family| family.is_some_and(|family| known.lacks[family]));
        let code = match lacking[0] {
            true => known.learn(&mut self.learner, self.pending.as_deref(), ends, families),
            false => None,
        };
        let may_be_learned = known.interface.is_some() && lacking.contains(&true);
        let left_open = code.is_none() && may_be_learned && ends.differ();
        Found { code, left_open, ..Found::default() }
    }
}

impl Known {
    /// The side that is the interface's own by the book.
    #[inline(always)]
    fn booked(&self, ends: &impl Ends) -> Option<Side> {
        let own = self.entry.as_ref()?.sought().iter().map(|own| ends.are(own));
        let (source, destination) =
            own.fold((false, false), |any, ends| (any.0 | ends.0, any.1 | ends.1));
        one_of(source, destination)
    }

    fn glance(&self) -> Glance {
        let own = self.entry.iter().flat_map(|entry| entry.sought());
        let mut own = own.filter(|own| family_of(&own.text) == 0);
        let assumed = self.entry.as_ref().is_some_and(|entry| entry.assumed);
        match (own.next(), own.next(), &self.quiet[0], &self.pairs[0]) {
            (Some(own), None, _, _) if !assumed => Glance::of_own(own),
            (None, _, Quiet::With(address), Some(pair)) => Glance::of_pair(address, pair),
            _ => Glance::default(),
        }
    }

    /// Whether what was known before the records were read speaks against the record. What was learned
    /// from records does not.
    #[cold]
    fn contradicts(&self, ends: &impl Ends, logged: Option<Side>) -> bool {
        let Some(entry) = &self.entry else { return false };
        let knows = |end: Option<&str>| end.is_some_and(|address| entry.knows(address));
        let known = one_of(knows(ends.source()), knows(ends.destination()));
        known.is_some() && logged != known
    }

    /// Learns from a record whose direction is not known; gives its code, if codes are asked for and
    /// its ends are two addresses of one family.
    #[inline(always)]
    fn learn(
        &mut self,
        learner: &mut Learner,
        pending: Option<&Pending>,
        ends: &impl Ends,
        families: [Option<usize>; 2],
    ) -> Option<u32> {
        let family = families[0].filter(|_| families[0] == families[1] && ends.differ())?;
        let quiet = self.quiet[family].covers(ends);
        if !quiet || (self.pairs[family].is_none() && pending.is_some()) {
            self.learn_texts(learner, pending, ends, family)?;
        }
        let pair = self.pairs[family].as_ref()?;
        Some(pair.code(ends.are(&pair.a), ends.are(&pair.b)))
    }

    #[inline(never)]
    fn learn_texts(
        &mut self,
        learner: &mut Learner,
        pending: Option<&Pending>,
        ends: &impl Ends,
        family: usize,
    ) -> Option<()> {
        let interface = self.interface.as_deref()?;
        let (source, destination) = (ends.source()?, ends.destination()?);
        learner.meet_texts(interface, source, destination);
        self.quiet[family] = learner.quiet(interface, family);
        if let (None, Some(pending)) = (&self.pairs[family], pending) {
            self.pairs[family] = pending.pair(interface, family, source, destination);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orient::Seen;
    use crate::orient::ends::{ColumnEnds, RawEnds};
    use crate::orient::texts::Texts;
    use crate::totals::FlowKind;
    use arrow::array::StringViewArray;
    use flowproof_evidence::InterfaceIdentity;
    use flowproof_record::RecordGroup;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    const INTERFACES: [Option<&str>; 4] =
        [None, Some("eni-1"), Some("eni-2"), Some("eni-0a1b2c3d4e5f60003")];
    const ADDRESSES: [&str; 9] = [
        "-",
        "10.0.0.1",
        "10.0.0.2",
        "10.200.100.200",
        "203.0.113.9",
        "203.0.113.111",
        "2001:db8::5",
        "2001:db8:1::6",
        "2001:db8:2::7",
    ];

    fn orientation(codes: bool) -> Orientation {
        let mut book = AddressBook::default();
        book.add(&InterfaceIdentity {
            interface: "eni-2".into(),
            addresses: vec!["10.0.0.1".parse().unwrap(), "2001:db8::5".parse().unwrap()],
            ..Default::default()
        });
        book.add(&InterfaceIdentity {
            interface: "eni-0a1b2c3d4e5f60003".into(),
            addresses: vec!["10.200.100.200".parse().unwrap(), "2001:db8:1::6".parse().unwrap()],
            ..Default::default()
        });
        book.learn("eni-2", "10.0.0.2".parse().unwrap(), true);
        let pending = codes.then(Arc::default);
        Orientation { book: Arc::new(book), pending, ..Orientation::default() }
    }

    fn raw<'a>(texts: [&'a str; 2]) -> RawEnds<'a> {
        let number = |text: &str| match text.parse::<Ipv4Addr>() {
            Ok(address) => address.to_bits().into(),
            Err(_) => RecordGroup::NONE,
        };
        RawEnds { numbers: texts.map(number), texts: texts.map(str::as_bytes) }
    }

    fn taught(learner: &Learner) -> Vec<(String, Option<bool>)> {
        let mut book = AddressBook::default();
        learner.teach(&mut book);
        let of = |interface: &'static str| {
            let entry = book.get(interface).cloned();
            let address = move |address: &&str| entry.as_ref().is_some_and(|e| e.owns(address));
            let assumed = book.get(interface).map(|entry| entry.assumed);
            ADDRESSES.iter().copied().filter(address).map(move |a| (a.to_owned(), assumed))
        };
        INTERFACES.into_iter().flatten().flat_map(of).collect()
    }

    proptest! {
        /// However the ends stand, the same is found of them; and what is passed over because it
        /// teaches nothing more teaches nothing more.
        #[test]
        fn ends_in_columns_and_in_text_are_seen_alike(
            records in prop::collection::vec((0usize..4, 0usize..9, 0usize..9, 0u8..12), 1..60),
            codes in any::<bool>(),
        ) {
            let orientations = [orientation(codes), orientation(codes)];
            let mut desks = [Desk::new(&orientations[0]), Desk::new(&orientations[1])];
            let mut naive = Learner::default();
            let text = |at: usize| Some(ADDRESSES[at]).filter(|text| *text != "-");
            let sources: StringViewArray = records.iter().map(|r| text(r.1)).collect();
            let destinations: StringViewArray = records.iter().map(|r| text(r.2)).collect();
            for (row, (interface, source, destination, logged)) in records.iter().enumerate() {
                let logged = match logged {
                    0 => Some(Side::Source),
                    1 => Some(Side::Destination),
                    _ => None,
                };
                let interface = INTERFACES[*interface];
                let columns = ColumnEnds {
                    source: Texts::of(&sources),
                    destination: Texts::of(&destinations),
                    row,
                };
                let ends = raw([ADDRESSES[*source], ADDRESSES[*destination]]);
                let place = desks[0].place(interface);
                let found = desks[0].look(place, &columns, logged);
                let place = desks[1].place(interface);
                let glance = desks[1].glance(place);
                prop_assert_eq!(desks[1].look(place, &ends, logged), found);
                if let Some(seen) = glance.look(ends.numbers).filter(|_| logged.is_none()) {
                    let side = match seen.kind {
                        FlowKind::In => Some(Side::Destination),
                        FlowKind::Out => Some(Side::Source),
                        _ => None,
                    };
                    let code = glance.code(seen.relation);
                    prop_assert_eq!(found, Found { side, code, ..Found::default() });
                    prop_assert_eq!(seen.relation == Seen::SIDE, side.is_some());
                }
                if let (None, Some(interface), Some(source), Some(destination)) =
                    (found.side, interface, text(*source), text(*destination))
                {
                    let entry = orientations[0].book.get(interface);
                    let family = usize::from(source.contains(':'));
                    if entry.is_none_or(|entry| entry.lacks_family(family)) {
                        naive.meet_texts(interface, source, destination);
                    }
                }
            }
            let expected = taught(&naive);
            for desk in &mut desks {
                prop_assert_eq!(taught(&desk.take_learner()), expected.clone());
            }
        }
    }
}
