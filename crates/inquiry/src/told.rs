//! What is told beside an answer: of lists, of a place where there is no flow log, and of records that do not say whose
//! they are.

use flowproof_engine::{Answer, Rows, Session, VolumeFilter};
use flowproof_evidence::{ListSource, Window};
use flowproof_intel::{List, ListRole, internal_entries};
use flowproof_report::{Remarks, counted, span, thousands};
use flowproof_source::Nearest;

/// What is told of a list beside an answer.
#[must_use]
pub fn list_source(list: &List) -> ListSource {
    ListSource {
        path: list.name.clone(),
        sha256: list.sha256.clone(),
        entries: list.entries.len() as u64,
        rejected: list.rejects.total,
        trusted: list.role == ListRole::Trusted,
    }
}

/// What is in good order and not in use: `3 domain, 1 expired`.
#[must_use]
pub fn not_in_use(list: &List) -> Option<String> {
    let others =
        list.not_addresses.iter().map(|(kind, count)| format!("{} {kind}", thousands(*count)));
    let left_out = [(list.expired, "expired"), (list.revoked, "revoked")].into_iter();
    let left_out = left_out.filter(|(count, _)| *count > 0);
    let left_out = left_out.map(|(count, why)| format!("{} {why}", thousands(count)));
    let told: Vec<String> = others.chain(left_out).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// Tells what of a list is not in use, or not as it stands.
pub fn tell_rejects(list: &List, remarks: &mut Remarks) {
    if let Some(not_in_use) = not_in_use(list) {
        remarks.note(&format!("{}: not in use: {not_in_use}", list.name));
    }
    if let Some(first) = list.rejects.samples.first() {
        let total = list.rejects.total;
        let lines = counted(total, "line", "lines");
        remarks.warn(&format!("{}: {lines} not in use; first: {first}", list.name));
    }
    if let Some(first) = list.warnings.samples.first() {
        let total = list.warnings.total;
        let entries = counted(total, "entry", "entries");
        remarks.warn(&format!("{}: {entries} not read as written; first: {first}", list.name));
    }
}

/// Tells that a threat list has entries which match flows within a VPC. Who is trusted may well be
/// within.
pub fn tell_internal(list: &List, remarks: &mut Remarks) {
    if list.role == ListRole::Trusted {
        return;
    }
    let mut internal = internal_entries(list);
    let Some(first) = internal.next() else { return };
    let entries = counted(1 + internal.count() as u64, "entry", "entries");
    let first = format!("line {}: {:?}", first.line, first.text());
    remarks
        .warn(&format!("{}: {entries} in or around internal addresses; first: {first}", list.name));
}

/// Tells it if there are no objects to read in these places, and what there is instead.
pub fn tell_if_empty(session: &Session, places: &[String], remarks: &mut Remarks) {
    if session.is_empty() {
        remarks.warn(&format!("no flow log object to read in {}", places.join(", ")));
        if let Some(nearest) = session.nearest() {
            remarks.note(&nearest_text(nearest));
        }
    }
}

/// Tells it if records of an instance that is asked for may be missing, since they do not say whose they are.
pub fn tell_untold_instances(
    session: &Session,
    filter: &VolumeFilter,
    answer: &Answer<Rows>,
    remarks: &mut Remarks,
) {
    let untold = session.untold_instances(filter, answer);
    if untold > 0 {
        let objects = counted(untold, "object", "objects");
        remarks.warn(&format!(
            "{objects} without instance-id: records of the instance there are in no row, unless an inventory \
             (--inventory) or --interface names its interfaces"
        ));
    }
}

fn nearest_text(nearest: &Nearest) -> String {
    let span = |window: &Window| span(window.from, window.to);
    let mut parts = Vec::new();
    parts.extend(nearest.before.as_ref().map(|w| format!("the nearest before: {}", span(w))));
    parts.extend(nearest.after.as_ref().map(|w| format!("the nearest after: {}", span(w))));
    if !nearest.accounts.is_empty() {
        parts.push(format!("accounts there: {}", nearest.accounts.join(", ")));
    }
    if !nearest.regions.is_empty() {
        parts.push(format!("Regions there: {}", nearest.regions.join(", ")));
    }
    if parts.is_empty() { "nothing else is there".to_owned() } else { parts.join("; ") }
}
