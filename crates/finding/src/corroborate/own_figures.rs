//! The finding's own counts beside those of the records.

use flowproof_evidence::ConnectionTotals;

use super::Outcome;
use super::contact::Contact;
use crate::{Finding, OwnBytes};

/// Sentences that compare and explain. GuardDuty's byte counts are those of one occurrence; the
/// records' are those of all of them.
pub(super) fn compare(
    finding: &Finding,
    contacts: &[Contact<'_>],
    connections: Option<&[&ConnectionTotals]>,
) -> Vec<String> {
    let mut sentences = Vec::new();
    if let (Some(own), [contact]) = (finding.own_bytes, contacts)
        && contact.outcome == Outcome::Seen
    {
        sentences.push(bytes(own, contact));
        sentences.extend(connections.and_then(largest));
    }
    sentences.extend(occurrences(finding));
    sentences
}

/// What a count above one means.
pub(super) fn occurrences(finding: &Finding) -> Option<String> {
    let count = finding.count.filter(|&count| count > 1)?;
    Some(format!(
        "the finding stands for {count} occurrences and shows only the newest one's remote: earlier \
         ones may have had others"
    ))
}

/// What single connections carried at most: nearer to one occurrence than the sum of all.
fn largest(connections: &[&ConnectionTotals]) -> Option<String> {
    let most_in = connections.iter().map(|totals| totals.most_bytes_in).max()?;
    let most_out = connections.iter().map(|totals| totals.most_bytes_out).max()?;
    Some(format!(
        "one connection with the remote carried at most {most_in} bytes in, and one at most {most_out} \
         bytes out"
    ))
}

fn bytes(own: OwnBytes, contact: &Contact<'_>) -> String {
    let sides = [
        (own.in_bytes, contact.traffic.bytes_in, "in"),
        (own.out_bytes, contact.traffic.bytes_out, "out"),
    ];
    let known: Vec<_> =
        sides.into_iter().filter_map(|(own, seen, way)| Some((own?, seen, way))).collect();
    let figures: Vec<_> =
        known.iter().map(|(own, seen, way)| format!("{own} bytes {way} against {seen}")).collect();
    let meaning = if known.iter().all(|(own, seen, _)| own == seen) {
        "they are the same"
    } else if known.iter().all(|(own, seen, _)| own <= seen) {
        "the finding counts one occurrence, the records all traffic in the claimed place"
    } else {
        "the records hold less than the one occurrence that the finding counts"
    };
    format!("the finding's own counts against the records': {}: {meaning}", figures.join(", "))
}
