//! Groups of records and their totals.

use datafusion::common::HashMap;

use crate::totals::{FlowKind, Totals};

/// What the records of a group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Group {
    /// The interface's number.
    pub(super) interface: Option<u32>,
    /// The number of the hour or day.
    pub(super) time: Option<i64>,
    /// The code of a direction that may be known at the end.
    pub(super) code: Option<u32>,
}

/// What of a record is added up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    pub(crate) kind: FlowKind,
    /// Bytes and packets.
    pub(crate) counters: [u64; 2],
    /// The first and the last nanosecond.
    pub(crate) times: [i64; 2],
}

/// Totals by group. A group may be begun anew, and then has several.
#[derive(Debug, Default)]
pub(super) struct Groups {
    places: HashMap<Group, usize>,
    groups: Vec<Group>,
    totals: Vec<Totals>,
}

impl Groups {
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The place of a group.
    pub(super) fn place(&mut self, group: Group) -> usize {
        match self.places.get(&group) {
            Some(place) => *place,
            None => self.begin(group),
        }
    }

    fn begin(&mut self, group: Group) -> usize {
        self.places.insert(group, self.groups.len());
        self.groups.push(group);
        self.totals.push(Totals::default());
        self.groups.len() - 1
    }

    /// Reads totals for nothing but to have them at hand.
    #[inline(always)]
    pub(super) fn touch(&self, places: impl Iterator<Item = usize>) {
        let mut all = 0;
        let mut last = usize::MAX;
        for place in places {
            if place != last {
                all ^= self.totals[place].begin();
                last = place;
            }
        }
        std::hint::black_box(all);
    }

    /// Adds a record to the group at this place.
    #[inline(always)]
    pub(super) fn add(&mut self, place: usize, record: Record) {
        if self.totals[place].take_in(record.kind, record.counters, record.times).is_none() {
            self.add_anew(place, record);
        }
    }

    /// Adds a record that is too much for the totals at this place. What has their place still adds
    /// there; what comes to the group now does not.
    #[cold]
    fn add_anew(&mut self, place: usize, record: Record) {
        let place = self.begin(self.groups[place]);
        // Nothing is too much for totals of nothing.
        let _ = self.totals[place].take_in(record.kind, record.counters, record.times);
    }

    /// All groups with their totals; there are none then.
    pub(super) fn take(&mut self) -> (Vec<Group>, Vec<Totals>) {
        self.places.clear();
        (std::mem::take(&mut self.groups), std::mem::take(&mut self.totals))
    }
}

/// Where the groups of one interface are that were met last: one for each relation of a record to the
/// interface's pair, and one for records without a code, as [`Seen`](crate::orient::Seen) has them.
#[derive(Debug, Default)]
pub(super) struct Slots([Slot; 8]);

/// The place of a group and its time, as far as they fit; 0 stands for none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slot {
    time: u32,
    place_and_one: u32,
}

impl Slots {
    #[inline(always)]
    pub(super) fn of(&mut self, relation: u8) -> &mut Slot {
        &mut self.0[usize::from(relation) % 8]
    }
}

impl Slot {
    /// The place, if it is that of a group of this time.
    #[inline(always)]
    pub(super) fn get(self, time: Option<i64>) -> Option<usize> {
        let same = i64::from(self.time) == time.unwrap_or(0);
        (same && self.place_and_one != 0).then(|| self.place_and_one as usize - 1)
    }

    pub(super) fn set(&mut self, time: Option<i64>, place: usize) {
        let numbers = (u32::try_from(time.unwrap_or(0)), u32::try_from(place + 1));
        *self = match numbers {
            (Ok(time), Ok(place_and_one)) => Slot { time, place_and_one },
            _ => Slot::default(),
        };
    }
}
