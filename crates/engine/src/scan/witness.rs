//! Learns whose addresses are whose from all records of a text, where only some of them become rows.

use flowproof_record::{FieldId, RecordGroup, RecordSink, RecordTexts};

use super::names::Names;
use crate::orient::{Desk, Glance, Learner, Orientation, RawEnds, Side};

/// Notices all records of one object after the other and takes none.
#[derive(Debug)]
pub(super) struct Witness {
    desk: Desk,
    names: Names,
    /// By place at the desk, which records teach nothing more.
    glances: Vec<Glance>,
}

impl Witness {
    pub(super) fn new(orientation: &Orientation) -> Witness {
        Witness { desk: Desk::new(orientation), names: Names::default(), glances: Vec::new() }
    }

    /// What the records taught.
    pub(super) fn into_learner(mut self) -> Learner {
        self.desk.take_learner()
    }

    /// The place of an interface at the desk.
    #[inline(always)]
    fn place(&mut self, text: &[u8]) -> usize {
        self.names.get(text).unwrap_or_else(|| self.new_place(text))
    }

    #[inline(never)]
    fn new_place(&mut self, text: &[u8]) -> usize {
        // Records that are shown where they stand are ASCII.
        let interface = std::str::from_utf8(text).ok().filter(|text| *text != "-");
        let place = self.desk.place(interface);
        if place == self.glances.len() {
            self.glances.push(self.desk.glance(place));
            self.names.put(text, place);
        }
        place
    }

    #[inline(never)]
    fn look(&mut self, place: usize, ends: &RawEnds<'_>, logged: Option<Side>) {
        self.desk.look(place, ends, logged);
        if self.glances[place].is_blind() {
            self.glances[place] = self.desk.glance(place);
        }
    }
}

impl RecordSink for Witness {
    fn take(&mut self, _: &RecordGroup<'_>) -> bool {
        false
    }

    fn notices(&self) -> bool {
        true
    }

    fn notice(&mut self, records: &RecordGroup<'_>) {
        let Some(fields) = Fields::of(records) else { return };
        let (mut run, mut place) = (&b""[..], None);
        for &line in records.lines() {
            let interface = fields.interface.get(line);
            let at = match place {
                Some(place) if interface == run => place,
                _ => self.place(interface),
            };
            (run, place) = (interface, Some(at));
            let ends = fields.ends(line);
            if self.glances[at].look(ends.numbers).is_none() {
                self.look(at, &ends, fields.side(line));
            }
        }
    }
}

/// The fields that records teach by.
struct Fields<'a> {
    interface: RecordTexts<'a>,
    texts: [RecordTexts<'a>; 2],
    addresses: [&'a [u64]; 2],
    direction: Option<RecordTexts<'a>>,
}

impl<'a> Fields<'a> {
    /// `None` if the format lacks what nothing can be learned without.
    fn of(records: &RecordGroup<'a>) -> Option<Fields<'a>> {
        let (source, destination) = (FieldId::SRCADDR, FieldId::DSTADDR);
        Some(Fields {
            interface: records.texts(FieldId::INTERFACE_ID)?,
            texts: [records.texts(source)?, records.texts(destination)?],
            addresses: [records.numbers(source)?, records.numbers(destination)?],
            direction: records.texts(FieldId::FLOW_DIRECTION),
        })
    }

    #[inline(always)]
    fn ends(&self, line: usize) -> RawEnds<'a> {
        RawEnds {
            numbers: self.addresses.map(|numbers| numbers[line]),
            texts: self.texts.map(|texts| texts.get(line)),
        }
    }

    fn side(&self, line: usize) -> Option<Side> {
        Side::of_direction(self.direction.as_ref().map(|direction| direction.get(line)))
    }
}
