//! When the subject's interfaces were another instance's.

use std::collections::BTreeMap;

use flowproof_evidence::Gap;
use jiff::Timestamp;

use super::SubjectQuestion;
use super::rows::Row;
use super::sql::moved_interfaces;
use crate::orient::AddressBook;

/// Why such a stretch is a gap.
pub(super) const MOVED: &str = "records of another instance";

/// Stretches in which records of the subject's interfaces name another instance. They are left out of
/// its figures, and nothing is known of the subject there. Stretches that the book knows are told by the
/// coverage, whether there are records in them or not.
pub(super) fn moved(
    question: &SubjectQuestion,
    book: &AddressBook,
    others: &[Row],
    notes: &mut Vec<String>,
) -> Vec<Gap> {
    let Some(instance) = &question.subject.instance else { return Vec::new() };
    let flows: u64 = others.iter().map(|row| row.traffic.flows + row.traffic.rejected_flows).sum();
    let by_book = moved_interfaces(&question.subject, book).next().is_some();
    if flows > 0 {
        notes.push(match by_book {
            true => format!(
                "{flows} records of the subject's interfaces are left out: they name another instance than \
                 {instance}, or began when by the inventory their interface was not its"
            ),
            false => format!(
                "{flows} records of the subject's interfaces name another instance than {instance}, and \
                 are left out: the interface moved, or the field is wrong"
            ),
        });
    }
    let mut stretches: BTreeMap<&String, (Timestamp, Timestamp)> = BTreeMap::new();
    for row in others {
        let seen = row.traffic.first_seen.zip(row.traffic.last_seen);
        let (Some(interface), Some((first, last))) = (&row.interface, seen) else { continue };
        let timeline = book.timeline(interface);
        if timeline.is_some_and(|it| it.at(first.as_second()) != Some(instance)) {
            continue;
        }
        let stretch = stretches.entry(interface).or_insert((first, last));
        *stretch = (stretch.0.min(first), stretch.1.max(last));
    }
    let gap = |(interface, (from, to)): (&String, _)| Gap {
        interface: interface.clone(),
        from,
        to,
        why: MOVED.to_owned(),
    };
    stretches.into_iter().map(gap).collect()
}
