//! From what was seen of the claims to a status with its reasons: rules c, e, f and g.

use std::collections::BTreeSet;

use flowproof_evidence::Observations;

use super::contact::Contact;
use super::scene::Tested;
use super::{Outcome, Status, holes, next_steps, own_figures, unlogged, words};
use crate::evidence_test::Scene;
use crate::{Claim, DataSource, Finding, types};

/// Status, reasons and next steps.
pub(super) type Judgement = (Status, Vec<String>, Vec<String>);

/// Judges claims of which it is known what the records say.
pub(super) fn judge(
    finding: &Finding,
    observations: &Observations,
    scene: &Scene<'_>,
    contacts: &[Contact<'_>],
    tested: &Tested,
) -> Judgement {
    if !holes::has_records(observations) {
        return unrecorded(finding, observations);
    }
    if let Some(judgement) = never_logged(finding, contacts) {
        return judgement;
    }
    let holes = holes::all(finding, observations);
    let seen = contacts.iter().filter(|contact| contact.outcome == Outcome::Seen).count();
    let unchecked = observations.coverage.records.action_missing;
    let absent = contacts.iter().all(|contact| contact.outcome == Outcome::NotSeen)
        && !tested.seen_elsewhere;
    let status = if seen == contacts.len() && unchecked == 0 && !tested.speaks_against() {
        Status::Corroborated
    } else if absent && holes.is_empty() {
        nothing_there(finding)
    } else {
        Status::Inconclusive
    };
    if status == Status::NotObservable {
        return query_alone(finding);
    }

    let headline = if absent && holes.is_empty() && status == Status::Inconclusive {
        words::SEVERAL_SOURCES.to_owned()
    } else {
        words::headline(status, contacts, tested, absent)
    };
    let mut reasons = vec![headline];
    reasons.extend(words::claims(finding, contacts));
    if seen > 0 && finding.first_seen.is_none() {
        let why = "the finding does not say when it happened: traffic of any time was taken";
        reasons.push(why.to_owned());
    }
    if seen > 0 && unchecked > 0 {
        reasons.push(format!(
            "{} without an action: whether the traffic was accepted cannot be checked",
            words::several(unchecked, "record")
        ));
    }
    reasons.extend(words::tests(tested, seen > 0));
    if seen > 0 && types::source(&finding.finding_type) == Some(DataSource::DnsLogs) {
        reasons
            .push("the query itself is in no flow log: only the connection was judged".to_owned());
    }
    reasons.extend(own_figures::compare(finding, contacts, scene.connections.as_deref()));
    match status {
        Status::Corroborated => reasons.extend(holes::lower_bound(observations)),
        _ => reasons.extend(holes.iter().cloned()),
    }
    let steps =
        next_steps::judged(finding, status, contacts, tested, unchecked > 0, !holes.is_empty());
    (status, reasons, steps)
}

/// What it means that complete records hold nothing of the claim.
fn nothing_there(finding: &Finding) -> Status {
    if types::can_be_contradicted(&finding.finding_type) {
        Status::Contradicted
    } else if types::source(&finding.finding_type) == Some(DataSource::Several) {
        Status::Inconclusive
    } else {
        Status::NotObservable
    }
}

/// The judgement of a finding from elsewhere whose connection is not in complete records.
fn query_alone(finding: &Finding) -> Judgement {
    let mut reasons =
        vec!["no connection as claimed is in the records, which are complete".to_owned()];
    reasons.extend(types::unobservable(&finding.finding_type).map(str::to_owned));
    reasons.extend(own_figures::occurrences(finding));
    (Status::NotObservable, reasons, next_steps::never_observable(finding))
}

/// Not observable if nothing was seen and no flow log could hold any of the claims.
fn never_logged(finding: &Finding, contacts: &[Contact<'_>]) -> Option<Judgement> {
    let why = |(claim, contact): (&Claim, &Contact<'_>)| {
        (contact.outcome == Outcome::NotSeen).then(|| unlogged::never(claim)).flatten()
    };
    let whys: Option<BTreeSet<_>> = finding.claims.iter().zip(contacts).map(why).collect();
    let reasons = whys?.into_iter().map(str::to_owned).collect();
    Some((Status::NotObservable, reasons, next_steps::never_observable(finding)))
}

/// Rule c.
fn unrecorded(finding: &Finding, observations: &Observations) -> Judgement {
    let mut reasons = vec![words::no_record(finding, observations)];
    let lost = holes::unread(&observations.coverage);
    if lost.is_empty() {
        reasons.extend(holes::skipdata(&observations.coverage));
        return (Status::NotObservable, reasons, next_steps::unrecorded());
    }
    reasons.push("its records may be in what could not be read".to_owned());
    reasons.extend(lost);
    (Status::Inconclusive, reasons, next_steps::unread())
}
