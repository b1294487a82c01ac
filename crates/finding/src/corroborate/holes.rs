//! What keeps the records from being the whole story.

use std::collections::BTreeSet;
use std::net::IpAddr;

use flowproof_evidence::{Coverage, Observations};

use super::unlogged;
use super::words::{listed, several};
use crate::Finding;

/// Whether the subject left any record in the window. An interval that AWS lost (SKIPDATA) is none.
pub(super) fn has_records(observations: &Observations) -> bool {
    let traffic = observations.conversations.iter().any(|c| !c.traffic.is_empty());
    traffic || !observations.coverage.observed.is_empty()
}

/// Everything that is missing for "nothing of it is there" to mean anything. Empty if the records
/// are complete.
pub(super) fn all(finding: &Finding, observations: &Observations) -> Vec<String> {
    let coverage = &observations.coverage;
    let mut holes = times(finding, observations);
    holes.extend(interfaces(finding, observations));
    holes.extend(gaps(coverage));
    holes.extend(skipdata(coverage));
    holes.extend(unread(coverage));
    holes.extend(directions(observations));
    holes.extend(finding.claims.iter().filter_map(|claim| {
        unlogged::never(claim).or_else(|| unlogged::perhaps(claim)).map(str::to_owned)
    }));
    if finding.claims.iter().any(|claim| claim.blocked == Some(true)) && !any_rejects(observations)
    {
        holes.push(
            "the finding says that it was blocked, and there is no REJECT among the subject's records: \
             a flow log set to log ACCEPT alone looks the same"
                .to_owned(),
        );
    }
    if only_rejects(observations) {
        holes.push(
            "all records of the subject are REJECTs: a flow log set to log nothing else looks the \
             same"
                .to_owned(),
        );
    }
    holes
}

/// Why the figures of what was seen may be too small, in one sentence.
pub(super) fn lower_bound(observations: &Observations) -> Option<String> {
    let coverage = &observations.coverage;
    let mut causes = gaps(coverage);
    causes.extend(skipdata(coverage));
    causes.extend(unread(coverage));
    causes.extend(directions(observations));
    if coverage.records.bytes_missing > 0 {
        let count = several(coverage.records.bytes_missing, "record");
        causes.push(format!("{count} without a byte count"));
    }
    // Damaged text may also have made a figure larger.
    let what = if coverage.objects.corrupt > 0 { "unverified" } else { "a lower bound" };
    (!causes.is_empty()).then(|| format!("the figures are {what}: {}", causes.join("; ")))
}

fn times(finding: &Finding, observations: &Observations) -> Vec<String> {
    let window = &observations.window;
    let mut holes = Vec::new();
    let (Some(from), Some(to)) = (window.from, window.to) else {
        holes.push("the window has no end: it cannot be said to be covered".to_owned());
        return holes;
    };
    match finding.first_seen.zip(finding.last_seen) {
        None => holes.push("the finding does not say when it happened".to_owned()),
        Some((first, last)) if first < from || last > to => holes.push(format!(
            "the finding's time, {first} to {last}, is not all inside the window {from} to {to}"
        )),
        Some(_) => {}
    }
    holes
}

fn interfaces(finding: &Finding, observations: &Observations) -> Vec<String> {
    let named = named(finding, observations);
    if named.is_empty() {
        return vec![
            "the subject's interfaces are not known: one of them may not have been logged".into(),
        ];
    }
    let observed: BTreeSet<&str> =
        observations.coverage.observed.iter().map(|o| o.interface.as_str()).collect();
    let missing: Vec<_> = named.difference(&observed).copied().collect();
    let mut holes = Vec::new();
    if !missing.is_empty() {
        holes.push(format!("no record of {} in the window", listed(&missing)));
    }
    if finding.interfaces.is_empty() {
        holes
            .push("the finding does not name the subject's interfaces: there may be others".into());
    }
    holes.extend(unplaced(finding, observations));
    holes
}

/// Addresses of the subject that no named interface is known to have, and that no record shows.
fn unplaced(finding: &Finding, observations: &Observations) -> Option<String> {
    let owned = finding.interfaces.iter().flat_map(|interface| interface.addresses.iter().copied());
    let seen = observations.conversations.iter().filter_map(|conversation| conversation.local);
    let placed: BTreeSet<IpAddr> = owned.chain(seen).map(|a| a.to_canonical()).collect();
    let subjects = finding.subject.addresses.iter().chain(&observations.subject.addresses);
    let unplaced: BTreeSet<String> = subjects
        .map(IpAddr::to_canonical)
        .filter(|address| !placed.contains(address))
        .map(|address| address.to_string())
        .collect();
    let unplaced: Vec<&str> = unplaced.iter().map(String::as_str).collect();
    (!unplaced.is_empty()).then(|| {
        format!("the interface of {} is not known: it may not be logged", listed(&unplaced))
    })
}

/// The subject's interfaces, as the finding names them and as the records and the user add.
pub(super) fn named<'a>(finding: &'a Finding, observations: &'a Observations) -> BTreeSet<&'a str> {
    let all = finding.subject.interfaces.iter().chain(&observations.subject.interfaces);
    all.map(String::as_str).collect()
}

fn gaps(coverage: &Coverage) -> Vec<String> {
    const SHOWN: usize = 3;
    let mut sorted: Vec<_> = coverage.gaps.iter().collect();
    sorted.sort();
    let mut holes: Vec<_> = sorted
        .iter()
        .take(SHOWN)
        .map(|gap| {
            format!("gap at {} from {} to {} ({})", gap.interface, gap.from, gap.to, gap.why)
        })
        .collect();
    if sorted.len() > SHOWN {
        holes.push(several((sorted.len() - SHOWN) as u64, "more gap"));
    }
    holes
}

/// What AWS lost.
pub(super) fn skipdata(coverage: &Coverage) -> Option<String> {
    let lost = coverage.records.skipdata;
    (lost > 0).then(|| format!("{} of SKIPDATA: AWS lost records there", several(lost, "interval")))
}

/// What was there and could not be read or placed in time.
pub(super) fn unread(coverage: &Coverage) -> Vec<String> {
    let (objects, records) = (&coverage.objects, &coverage.records);
    let counts = [
        (objects.denied, "object", "denied"),
        (objects.kms_denied, "object", "denied by its key in KMS"),
        (objects.archived, "object", "in cold storage"),
        (objects.vanished, "object", "gone before it was read"),
        (objects.unreachable, "object", "not handed out by the store"),
        (objects.truncated, "object", "cut off"),
        (objects.corrupt, "object", "damaged"),
        (objects.unsupported, "object", "in a form that is not read"),
        (objects.not_read, "object", "not read to the end"),
        (records.malformed, "line", "malformed"),
        (records.bad_time, "record", "with impossible times"),
        (records.time_missing, "record", "without times"),
    ];
    let present = counts.into_iter().filter(|&(count, ..)| count > 0);
    present.map(|(count, noun, what)| format!("{} {what}", several(count, noun))).collect()
}

fn directions(observations: &Observations) -> Vec<String> {
    let unknown = observations.conversations.iter().filter(|c| {
        let traffic = &c.traffic;
        let sideless = c.remote.is_none() && !traffic.is_empty();
        sideless || traffic.bytes_unoriented > 0 || traffic.packets_unoriented > 0
    });
    let mut holes = Vec::new();
    if unknown.count() > 0 {
        holes.push("some of the subject's records do not tell which side is the remote".to_owned());
    }
    let conflicts = observations.coverage.records.direction_conflicts;
    if conflicts > 0 {
        let count = several(conflicts, "record");
        holes.push(format!("{count} whose direction contradicts the interface's own address"));
    }
    holes
}

fn any_rejects(observations: &Observations) -> bool {
    observations.conversations.iter().any(|c| c.traffic.rejected_flows > 0)
}

fn only_rejects(observations: &Observations) -> bool {
    let mut any = false;
    let accepted = observations.conversations.iter().any(|conversation| {
        any |= conversation.traffic.rejected_flows > 0;
        conversation.traffic.flows > 0
    });
    any && !accepted
}
