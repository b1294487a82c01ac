//! Addresses of the subject that several interfaces had, one after the other or in several networks.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::Row;
use super::{SubjectQuestion, looks_for_addresses};
use crate::orient::AddressBook;

/// Leaves out the rows of interfaces that by the book had the subject's address before or after the
/// window only, if another had it in the window; says that, and where several are left.
pub(super) fn in_their_time(
    question: &SubjectQuestion,
    book: &AddressBook,
    rows: Vec<Row>,
    notes: &mut Vec<String>,
) -> Vec<Row> {
    if !looks_for_addresses(&question.subject) {
        return rows;
    }
    let (mut outside, mut several) = (BTreeSet::new(), BTreeSet::new());
    for holders in holders(question, book, &rows).into_values().filter(|all| all.len() > 1) {
        let is_outside = |(interface, first): &(&String, &i64)| {
            let (from, to) = (question.window.from, question.window.to);
            let from = from.map_or(i64::MIN, |from| from.as_second());
            let to = to.map_or(i64::MAX, |to| to.as_second());
            book.get(interface).is_some_and(|entry| entry.life.is_outside(**first, from, to))
        };
        let (others, within): (Vec<_>, Vec<_>) = holders.iter().partition(is_outside);
        if !within.is_empty() {
            outside.extend(others.into_iter().map(|(interface, _)| interface.clone()));
        }
        if within.len() > 1 {
            several.extend(within.into_iter().map(|(interface, _)| interface.clone()));
        }
    }
    let names = |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>().join(", ");
    if !outside.is_empty() {
        notes.push(format!(
            "what {} logged is left out: by the inventory it had the subject's address before or after the \
             window only",
            names(&outside)
        ));
    }
    if !several.is_empty() {
        notes.push(format!(
            "figures may be of several machines: by the inventory {} have the subject's address; name one \
             with --interface",
            names(&several)
        ));
    }
    let is_left = |row: &Row| row.interface.as_ref().is_none_or(|id| !outside.contains(id));
    rows.into_iter().filter(is_left).collect()
}

/// By address of the subject, the interfaces with rows that have it by the book, each with the start of
/// its first record.
fn holders(
    question: &SubjectQuestion,
    book: &AddressBook,
    rows: &[Row],
) -> BTreeMap<String, BTreeMap<String, i64>> {
    let addresses = question.subject.addresses.iter().map(|of| of.to_canonical().to_string());
    let addresses: BTreeSet<String> = addresses.collect();
    let mut holders: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for row in rows {
        let Some(interface) = &row.interface else { continue };
        let Some(entry) = book.get(interface) else { continue };
        // Without a time, it may be any.
        let seen = row.traffic.first_seen.map_or(i64::MIN, |first| first.as_second());
        for address in addresses.iter().filter(|address| entry.knows(address)) {
            let of_address = holders.entry(address.clone()).or_default();
            let first = of_address.entry(interface.clone()).or_insert(seen);
            *first = seen.min(*first);
        }
    }
    holders
}
