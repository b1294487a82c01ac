//! Comparing a finding's claims with what the records say.
//!
//! The rules, in the order in which they are tried:
//!
//! | | if | then |
//! | --- | --- | --- |
//! | a | the finding is a sample | said first; judged as usual, but contradicted and inconclusive become not observable |
//! | b | it claims no traffic | not observable if its action or type is one that flow logs never show; else inconclusive. Addresses that it names, or that the asker names, are looked for, and what is found is told; the status stays |
//! | c | the subject left no record in the window | not observable; inconclusive if the records may be in what could not be read |
//! | d | records with a claimed remote exist | each claim gets an [`Outcome`], the best that one of its conversations supports |
//! | e | all claims are seen, and no test of the type that decides says no | corroborated |
//! | | some are seen, or a test says no | inconclusive: part of the claim is there |
//! | | there is nothing with any claimed remote, the records are complete, and the type is one that comes from flow logs or is not known | contradicted |
//! | | the same, and the type comes from DNS logs | not observable: the query may have been without a connection |
//! | | the same, and the type comes from several sources | inconclusive: the others may be right without a record |
//! | | anything else | inconclusive, and everything that is missing is named |
//! | f | records were lost, unreadable or without bytes | the figures of a corroborated claim are called a lower bound |
//! | | records lack the action | acceptance cannot be checked: at most inconclusive |
//! | g | the finding counts bytes or occurrences itself | the figures are compared and explained; the status stays |
//! | h | the type is not in the table | said; it is judged by what it claims |
//!
//! Records are complete if the window is bounded and holds the finding's time, every interface of the
//! subject was observed without a gap, nothing was lost (SKIPDATA), unreadable, malformed or without
//! usable times, every record's direction is known, and not all records are REJECTs (a flow log may
//! be set to log nothing else).
//!
//! A claim is seen in its place (rule d): outbound on the remote's port with bytes out, inbound and
//! probes on the subject's port with bytes in, either where the direction is unknown; with the same
//! protocol where both are known; and within [`TIME_TOLERANCE`] of the finding's time. A TCP
//! connection must have carried more than headers, unless the finding's type is about packets
//! without an answer.
//!
//! Which tests a type asks for, and which of them decide (rule e), stands in the table of `types/`.
//! A test whose data nobody looked at decides nothing: a corroborated verdict then says so. The same
//! holds where records were lost and the answer rests on what is not there (no reply). A sweep
//! over other remotes on the claimed port is part of its claim too: it keeps the claim from being
//! contradicted.

mod canonical;
mod contact;
mod holes;
mod judge;
mod next_steps;
mod own_figures;
mod scene;
mod unlogged;
mod verdict;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use flowproof_evidence::{Conversation, Observations, Overflow, Traffic};

use crate::evidence_test::Scene;
use crate::{Action, Claim, Finding, TestAnswer, types};
use contact::{Contact, Place};

pub(crate) use contact::bare_headers;
pub use verdict::{ClaimResult, Outcome, Status, Verdict};
pub(crate) use words::{listed, several};

/// How far from the finding's time traffic may lie and still be its traffic: GuardDuty's times and
/// the records' aggregation are both coarse.
pub const TIME_TOLERANCE: Duration = Duration::from_secs(3600);

/// Judges a finding by what the records say of its subject. The same finding and observations give
/// the same verdict, in whatever order the conversations stand, and an IPv4-mapped address in them is the IPv4
/// address that it is.
///
/// # Errors
///
/// [`Overflow`] if a total of the claimed traffic exceeds 64 bits.
pub fn corroborate(finding: &Finding, observations: &Observations) -> Result<Verdict, Overflow> {
    corroborate_naming(finding, observations, &BTreeSet::new())
}

/// Judges a finding like [`corroborate`], and looks for traffic with addresses that the finding does
/// not claim any with: those that the asker names, for example of the domain that a DNS finding is
/// about, and those from which a call came. What is found is told and never changes the status.
///
/// # Errors
///
/// [`Overflow`] if a total of the claimed traffic, or of what a test looks at, exceeds 64 bits.
pub fn corroborate_naming(
    finding: &Finding,
    observations: &Observations,
    named: &BTreeSet<IpAddr>,
) -> Result<Verdict, Overflow> {
    let observations = &*canonical::observations(observations);
    let named = named.iter().chain(&finding.callers).map(IpAddr::to_canonical).collect();
    let mut verdict = if finding.claims.is_empty() {
        without_claims(finding, observations, &named)?
    } else {
        with_claims(finding, observations, &named)?
    };
    verdict.reasons.extend(types::unlisted::unknown(&finding.finding_type));
    if finding.sample {
        mark_as_sample(&mut verdict);
    }
    Ok(verdict)
}

/// Rule a.
fn mark_as_sample(verdict: &mut Verdict) {
    verdict.reasons.insert(0, "a sample finding: it describes no real traffic".to_owned());
    if verdict.status != Status::Corroborated {
        verdict.status = Status::NotObservable;
        verdict.next_steps = next_steps::sample();
    }
}

/// Rule b.
fn without_claims(
    finding: &Finding,
    observations: &Observations,
    named: &BTreeSet<IpAddr>,
) -> Result<Verdict, Overflow> {
    let (status, mut reasons, next_steps) = unclaimed(finding);
    let scene = scene::scene(finding, observations, &[], named);
    let tests = scene::test(finding, &scene)?.results;
    let looked = tests.iter().filter(|test| test.answer != TestAnswer::NotLookedAt);
    reasons.extend(looked.map(|test| test.said.clone()));
    let claimed_traffic = Traffic::default();
    Ok(Verdict { status, reasons, next_steps, claims: Vec::new(), tests, claimed_traffic })
}

/// What follows from an action and a type without a claim.
fn unclaimed(finding: &Finding) -> judge::Judgement {
    let never = |reason: String| {
        (Status::NotObservable, vec![reason], next_steps::never_observable(finding))
    };
    if let Some(reason) = words::unobservable_action(&finding.action) {
        return never(reason);
    }
    if let Some(reason) = types::unobservable(&finding.finding_type)
        && !finding.action.claims_traffic()
    {
        return never(reason.to_owned());
    }
    let reason = match &finding.action {
        Action::NetworkConnection | Action::PortProbe => {
            "the finding's action has no details: there is no remote to look for".to_owned()
        }
        Action::Other { name } => format!(
            "the finding's action `{}` is not known: it is not clear what flow logs should show",
            crate::value::excerpt(name)
        ),
        _ => "the finding reports no action: there is no remote to look for".to_owned(),
    };
    (Status::Inconclusive, vec![reason], next_steps::no_remote())
}

/// Rules c to g.
fn with_claims(
    finding: &Finding,
    observations: &Observations,
    named: &BTreeSet<IpAddr>,
) -> Result<Verdict, Overflow> {
    let by_remote = by_remote(&observations.conversations);
    let place = Place::of(finding);
    let mut contacts = Vec::with_capacity(finding.claims.len());
    for claim in &finding.claims {
        contacts.push(Contact::find(claim, &by_remote, &place)?);
    }
    let scene: Scene<'_> = scene::scene(finding, observations, &contacts, named);
    let tested = scene::test(finding, &scene)?;
    let (status, reasons, next_steps) =
        judge::judge(finding, observations, &scene, &contacts, &tested);
    let result = |(claim, contact): (&Claim, &Contact<'_>)| ClaimResult {
        claim: claim.clone(),
        outcome: contact.outcome,
        traffic: contact.traffic,
    };
    Ok(Verdict {
        status,
        reasons,
        next_steps,
        claims: finding.claims.iter().zip(&contacts).map(result).collect(),
        tests: tested.results,
        claimed_traffic: claimed_traffic(finding.remotes(), &by_remote)?,
    })
}

type ByRemote<'o> = BTreeMap<IpAddr, Vec<&'o Conversation>>;

fn by_remote(conversations: &[Conversation]) -> ByRemote<'_> {
    let mut map = ByRemote::new();
    for conversation in conversations {
        if let Some(remote) = conversation.remote {
            map.entry(remote).or_default().push(conversation);
        }
    }
    map
}

fn claimed_traffic(
    remotes: BTreeSet<IpAddr>,
    by_remote: &ByRemote<'_>,
) -> Result<Traffic, Overflow> {
    let mut total = Traffic::default();
    for conversation in remotes.iter().filter_map(|remote| by_remote.get(remote)).flatten() {
        total.merge(&conversation.traffic)?;
    }
    Ok(total)
}

#[cfg(test)]
mod every_type;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
