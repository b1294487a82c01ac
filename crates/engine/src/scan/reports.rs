//! What was told of very many objects, in few bytes for each.

use std::collections::{BTreeMap, HashMap};

use flowproof_record::{Counts, Format, FormatSource, Tally, Wrapper};
use flowproof_source::Encoding;

use super::{ObjectReport, Outcome, Sides};

/// Reports by the number of their objects. Several of one object become one ([`ObjectReport::or`]).
#[derive(Debug, Clone, Default)]
pub(crate) struct Reports {
    /// By the object's number.
    packed: Vec<Option<Box<[u8]>>>,
    /// Those with more in them than is worth packing.
    rare: BTreeMap<usize, ObjectReport>,
    formats: FormatSets,
}

/// Objects are many and their formats few: those that are alike are kept once.
#[derive(Debug, Clone, Default)]
struct FormatSets {
    sets: Vec<Vec<(FormatSource, Format)>>,
    places: HashMap<Vec<(FormatSource, Format)>, usize>,
}

impl FormatSets {
    fn place(&mut self, set: Vec<(FormatSource, Format)>) -> usize {
        if let Some(place) = self.places.get(&set) {
            return *place;
        }
        self.sets.push(set.clone());
        self.places.insert(set, self.sets.len() - 1);
        self.sets.len() - 1
    }
}

impl Reports {
    pub(crate) fn insert(&mut self, object_idx: usize, report: ObjectReport) {
        let report = match self.get(object_idx) {
            Some(before) => before.or(report),
            None => report,
        };
        self.rare.remove(&object_idx);
        if self.packed.len() <= object_idx {
            self.packed.resize(object_idx + 1, None);
        }
        self.packed[object_idx] = pack(&report, &mut self.formats);
        if self.packed[object_idx].is_none() {
            self.rare.insert(object_idx, report);
        }
    }

    pub(crate) fn get(&self, object_idx: usize) -> Option<ObjectReport> {
        match self.packed.get(object_idx)? {
            Some(bytes) => Some(unpack(bytes, &self.formats)),
            None => self.rare.get(&object_idx).cloned(),
        }
    }

    /// All there are, in the order of the numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, ObjectReport)> {
        (0..self.packed.len()).filter_map(|object_idx| Some((object_idx, self.get(object_idx)?)))
    }

    pub(crate) fn extend(&mut self, reports: impl IntoIterator<Item = (usize, ObjectReport)>) {
        reports.into_iter().for_each(|(object_idx, report)| self.insert(object_idx, report));
    }

    /// All formats that were met.
    pub(crate) fn formats(&self) -> impl Iterator<Item = &Format> {
        let rare = self.rare.values().map(|report| &report.tally.formats);
        self.formats.sets.iter().chain(rare).flatten().map(|(_, format)| format)
    }
}

/// The report in few bytes; `None` if that is not worth it.
fn pack(report: &ObjectReport, formats: &mut FormatSets) -> Option<Box<[u8]>> {
    // Named one by one, so that a new one cannot be forgotten.
    let ObjectReport {
        outcome,
        encoding,
        wrapper,
        unknown_members,
        digest,
        version_id,
        stored_bytes,
        text_bytes,
        rows,
        tally: Tally { counts, rejects, formats: met, span },
        sides,
    } = report;
    if !unknown_members.is_empty() || !rejects.is_empty() {
        return None;
    }
    let digest = match digest {
        Some(digest) => Some(sha256(digest)?),
        None => None,
    };
    let mut packed = Packer::default();
    let place = |place: Option<usize>| place.map_or(0, |place| place as u64 + 1);
    let name = outcome.name();
    packed.number(place(Outcome::NAMES.iter().position(|other| *other == name)));
    packed.text(outcome.reason());
    packed.number(place(encoding.and_then(|e| Encoding::ALL.iter().position(|other| *other == e))));
    packed.number(place(wrapper.and_then(|w| Wrapper::ALL.iter().position(|other| *other == w))));
    packed.option(digest.as_ref(), |packed, digest| packed.0.extend_from_slice(digest));
    packed.option(version_id.as_ref(), |packed, id| packed.text(id));
    [stored_bytes, text_bytes, rows].into_iter().for_each(|number| packed.number(*number));
    counted(counts).into_iter().for_each(|count| packed.number(count));
    packed.number(formats.place(met.clone()) as u64);
    packed.option(span.as_ref(), |packed, (from, to)| {
        packed.number(from.cast_unsigned());
        packed.number(to.wrapping_sub(*from).cast_unsigned());
    });
    let Sides { unoriented, conflicts, assumed, left_open } = sides;
    [*unoriented, *conflicts, *assumed, u64::from(*left_open)]
        .into_iter()
        .for_each(|number| packed.number(number));
    Some(packed.0.into_boxed_slice())
}

/// What [`pack`] made bytes of.
fn unpack(bytes: &[u8], formats: &FormatSets) -> ObjectReport {
    let mut packed = Unpacker(bytes);
    let place = |number: u64| usize::try_from(number).ok()?.checked_sub(1);
    let name = place(packed.number()).and_then(|place| Outcome::NAMES.get(place));
    let reason = packed.text();
    let outcome = name.and_then(|name| Outcome::restore(name, &reason)).unwrap_or_default();
    let encoding = place(packed.number()).and_then(|place| Encoding::ALL.get(place).copied());
    let wrapper = place(packed.number()).and_then(|place| Wrapper::ALL.get(place).copied());
    let digest = packed.option(|packed| sha256_text(packed.take(32)));
    let version_id = packed.option(Unpacker::text);
    let [stored_bytes, text_bytes, rows] = std::array::from_fn(|_| packed.number());
    let counts = of_counted(std::array::from_fn(|_| packed.number()));
    let set = usize::try_from(packed.number()).ok().and_then(|place| formats.sets.get(place));
    let span = packed.option(|packed| {
        let from = packed.number().cast_signed();
        (from, from.wrapping_add(packed.number().cast_signed()))
    });
    let [unoriented, conflicts, assumed, left_open] = std::array::from_fn(|_| packed.number());
    debug_assert!(packed.0.is_empty(), "all that was packed is unpacked");
    ObjectReport {
        outcome,
        encoding,
        wrapper,
        unknown_members: Vec::new(),
        digest,
        version_id,
        stored_bytes,
        text_bytes,
        rows,
        tally: Tally {
            counts,
            rejects: Vec::new(),
            formats: set.cloned().unwrap_or_default(),
            span,
        },
        sides: Sides { unoriented, conflicts, assumed, left_open: left_open != 0 },
    }
}

/// The counts in their order.
fn counted(counts: &Counts) -> [u64; 14] {
    let Counts {
        ok,
        nodata,
        skipdata,
        malformed,
        bad_time,
        transit_gateway,
        passed_over,
        headers,
        bytes_missing,
        action_missing,
        time_missing,
        milliseconds,
        in_range,
        selected,
    } = *counts;
    [
        ok,
        nodata,
        skipdata,
        malformed,
        bad_time,
        transit_gateway,
        passed_over,
        headers,
        bytes_missing,
        action_missing,
        time_missing,
        milliseconds,
        in_range,
        selected,
    ]
}

fn of_counted(counts: [u64; 14]) -> Counts {
    let [
        ok,
        nodata,
        skipdata,
        malformed,
        bad_time,
        transit_gateway,
        passed_over,
        headers,
        bytes_missing,
        action_missing,
        time_missing,
        milliseconds,
        in_range,
        selected,
    ] = counts;
    Counts {
        ok,
        nodata,
        skipdata,
        malformed,
        bad_time,
        transit_gateway,
        passed_over,
        headers,
        bytes_missing,
        action_missing,
        time_missing,
        milliseconds,
        in_range,
        selected,
    }
}

/// The bytes of a digest, if it is written as digests are.
fn sha256(text: &str) -> Option<[u8; 32]> {
    let hex = text.strip_prefix("sha256:")?;
    let half = |from: usize| u128::from_str_radix(hex.get(from..from + 32)?, 16).ok();
    let mut digest = [0; 32];
    digest[..16].copy_from_slice(&half(0)?.to_be_bytes());
    digest[16..].copy_from_slice(&half(32)?.to_be_bytes());
    (sha256_text(&digest) == text).then_some(digest)
}

fn sha256_text(digest: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity("sha256:".len() + 2 * digest.len());
    text.push_str("sha256:");
    for byte in digest {
        let digits = [byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)]));
        text.extend(digits);
    }
    text
}

#[derive(Debug, Default)]
struct Packer(Vec<u8>);

impl Packer {
    /// Seven bits to a byte, the low ones first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn option<T>(&mut self, value: Option<T>, pack: impl FnOnce(&mut Packer, T)) {
        self.number(u64::from(value.is_some()));
        if let Some(value) = value {
            pack(self, value);
        }
    }
}

/// Bytes of a [`Packer`], which is why there are always enough.
#[derive(Debug)]
struct Unpacker<'b>(&'b [u8]);

impl<'b> Unpacker<'b> {
    fn take(&mut self, bytes: usize) -> &'b [u8] {
        let (taken, rest) = self.0.split_at(bytes.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> u64 {
        let mut number = 0;
        let mut shift = 0;
        while let [byte] = *self.take(1) {
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        number
    }

    fn text(&mut self) -> String {
        let bytes = usize::try_from(self.number()).unwrap_or(usize::MAX);
        String::from_utf8_lossy(self.take(bytes)).into_owned()
    }

    fn option<T>(&mut self, unpack: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.number() > 0).then(|| unpack(self))
    }
}

#[cfg(test)]
pub(crate) use tests::report as any_report;

#[cfg(test)]
mod tests {
    use super::*;
    use flowproof_record::{Reject, RejectKind};
    use proptest::prelude::*;

    fn format(names: &[&str]) -> Format {
        Format::restore(names.iter().copied(), false)
    }

    /// Any report.
    pub(crate) fn report() -> impl Strategy<Value = ObjectReport> {
        let outcome = (prop::sample::select(&Outcome::NAMES[..]), "\\PC{0,9}")
            .prop_map(|(name, reason)| Outcome::restore(name, &reason).unwrap());
        let digest =
            prop_oneof![any::<[u8; 32]>().prop_map(|digest| sha256_text(&digest)), "\\PC{0,80}",];
        let formats = prop_oneof![
            Just(Vec::new()),
            Just(vec![(FormatSource::Header, format(&["srcaddr", "bytes"]))]),
            Just(vec![
                (FormatSource::Header, format(&["srcaddr", "new-field"])),
                (FormatSource::Given, format(&["bytes"])),
            ]),
        ];
        let reject = (any::<u64>(), "\\PC{0,9}").prop_map(|(line, reason)| Reject {
            kind: RejectKind::BadTime,
            line,
            reason,
        });
        let numbers = any::<([u64; 14], [u64; 3], [u64; 3])>();
        (
            (outcome, prop::option::of(prop::sample::select(&Encoding::ALL[..]))),
            prop::option::of(prop::sample::select(&Wrapper::ALL[..])),
            prop::collection::vec("[a-z]{1,3}", 0..2),
            (prop::option::of(digest), prop::option::of("\\PC{0,40}")),
            numbers,
            (formats, prop::collection::vec(reject, 0..2)),
            any::<(Option<(i64, i64)>, bool)>(),
        )
            .prop_map(|(found, wrapper, members, marks, numbers, told, rest)| {
                let (counts, [stored_bytes, text_bytes, rows], sides) = numbers;
                ObjectReport {
                    outcome: found.0,
                    encoding: found.1,
                    wrapper,
                    unknown_members: members,
                    digest: marks.0,
                    version_id: marks.1,
                    stored_bytes,
                    text_bytes,
                    rows,
                    tally: Tally {
                        counts: of_counted(counts),
                        formats: told.0,
                        rejects: told.1,
                        span: rest.0,
                    },
                    sides: Sides {
                        unoriented: sides[0],
                        conflicts: sides[1],
                        assumed: sides[2],
                        left_open: rest.1,
                    },
                }
            })
    }

    proptest! {
        #[test]
        fn reports_come_back_as_they_were(
            all in prop::collection::vec((0_usize..9, report()), 0..20),
        ) {
            let mut reports = Reports::default();
            let mut twin = BTreeMap::new();
            for (object_idx, report) in all {
                reports.insert(object_idx, report.clone());
                let both = match twin.remove(&object_idx) {
                    Some(before) => ObjectReport::or(before, report),
                    None => report,
                };
                twin.insert(object_idx, both);
            }
            for object_idx in 0..10 {
                prop_assert_eq!(reports.get(object_idx), twin.get(&object_idx).cloned());
            }
            prop_assert_eq!(reports.iter().collect::<Vec<_>>(), twin.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_most_objects_tell_takes_few_bytes() {
        let mut formats = FormatSets::default();
        let report = ObjectReport {
            outcome: Outcome::Read,
            encoding: Some(Encoding::Gzip),
            wrapper: Some(Wrapper::Plain),
            digest: Some(sha256_text(&[7; 32])),
            stored_bytes: 2_000_000,
            text_bytes: 20_000_000,
            rows: 200_000,
            tally: Tally {
                counts: Counts { ok: 200_000, in_range: 200_000, headers: 1, ..Counts::default() },
                formats: vec![(FormatSource::Header, format(&["srcaddr"]))],
                span: Some((1_748_736_000, 1_748_736_300)),
                ..Tally::default()
            },
            ..ObjectReport::default()
        };
        assert!(pack(&report, &mut formats).unwrap().len() <= 80);
    }
}
