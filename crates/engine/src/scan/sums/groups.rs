//! Groups of records and their totals.

use datafusion::common::HashMap;

use crate::totals::Totals;

/// What the records of a group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Group {
    /// The interface's number.
    pub(super) interface: Option<u32>,
    /// The first second of the hour or day.
    pub(super) time: Option<i64>,
    /// The code of a direction that may be known at the end.
    pub(super) code: Option<u32>,
}

/// Totals by group. A group may be begun anew, and then has several.
#[derive(Debug, Default)]
pub(super) struct Groups {
    places: HashMap<Group, usize>,
    groups: Vec<Group>,
    totals: Vec<Totals>,
}

/// Where the groups are that were met last: those of one interface follow one another, and have few
/// codes.
#[derive(Debug, Default)]
pub(super) struct Slots([Option<(Group, usize)>; Slots::COUNT]);

impl Slots {
    /// Codes of one interface and family are seven numbers in a row.
    const COUNT: usize = 8;

    #[inline(always)]
    fn of(&mut self, group: Group) -> &mut Option<(Group, usize)> {
        let number = group.code.map_or(Slots::COUNT - 1, |code| code as usize);
        &mut self.0[number % Slots::COUNT]
    }
}

impl Groups {
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The totals of a group.
    #[inline(always)]
    pub(super) fn totals(&mut self, group: Group, slots: &mut Slots) -> &mut Totals {
        let slot = slots.of(group);
        let place = match slot {
            Some((known, place)) if *known == group => *place,
            _ => match self.places.get(&group) {
                Some(place) => {
                    *slot = Some((group, *place));
                    *place
                }
                None => return self.begin(group, slots),
            },
        };
        &mut self.totals[place]
    }

    /// New totals for a group, which may have some already.
    #[inline(never)]
    pub(super) fn begin(&mut self, group: Group, slots: &mut Slots) -> &mut Totals {
        let place = self.groups.len();
        self.places.insert(group, place);
        *slots.of(group) = Some((group, place));
        self.groups.push(group);
        self.totals.push(Totals::default());
        &mut self.totals[place]
    }

    /// All groups with their totals; there are none then.
    pub(super) fn take(&mut self) -> (Vec<Group>, Vec<Totals>) {
        self.places.clear();
        (std::mem::take(&mut self.groups), std::mem::take(&mut self.totals))
    }
}
