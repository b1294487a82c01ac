//! The sentences of a verdict.

use std::collections::BTreeSet;
use std::net::IpAddr;

use flowproof_evidence::{Conversation, Observations, PortSide, Traffic};

use super::contact::Contact;
use super::scene::Tested;
use super::{Outcome, Status, holes};
use crate::{Action, Claim, ClaimDirection, EvidenceTest, Finding, TestAnswer, TestResult};

/// Claims that get a sentence of their own; more are only counted.
const CLAIMS_SHOWN: usize = 20;

/// Why flow logs can never show an action.
pub(super) fn unobservable_action(action: &Action) -> Option<String> {
    match action {
        Action::DnsRequest { domain } => {
            let domain = domain.as_deref().map(crate::value::excerpt);
            let domain = domain.map_or_else(String::new, |domain| format!(" for {domain}"));
            Some(format!(
                "the finding is a DNS request{domain}: queries to the Amazon resolver never appear \
                 in flow logs, and the finding names no address"
            ))
        }
        Action::Other { name } => {
            let name = name.to_ascii_uppercase();
            let what = match name.as_str() {
                "AWS_API_CALL" => "an AWS API call: such calls",
                _ if name.starts_with("KUBERNETES_") => "a Kubernetes API call: such calls",
                _ if name.starts_with("RDS_") => "a database login: logins",
                _ => return None,
            };
            Some(format!("the finding is {what} are not in flow logs"))
        }
        _ => None,
    }
}

/// The headline where complete records hold nothing of what rests on other sources as well.
pub(super) const SEVERAL_SOURCES: &str = "nothing of the claim is in the records, which are \
    complete; but the finding rests on other sources as well: flow logs alone cannot contradict it";

pub(super) fn headline(
    status: Status,
    contacts: &[Contact<'_>],
    tested: &Tested,
    absent: bool,
) -> String {
    let claims = contacts.len();
    let seen = contacts.iter().filter(|contact| contact.outcome == Outcome::Seen).count();
    match status {
        Status::Corroborated if tested.is_open() => {
            "the claimed traffic is in the records; not all that the type says of it could be tested"
        }
        Status::Corroborated => "the claimed traffic is in the records",
        Status::Contradicted => {
            "the subject was observed through the whole window and nothing of the claim is there"
        }
        _ if seen > 0 && seen < claims => {
            return format!("part of the claim is there: {seen} of {claims} claims");
        }
        _ if seen > 0 && tested.speaks_against() => {
            "traffic with the claimed remote is in the records, but not all that makes it such a finding"
        }
        _ if tested.seen_elsewhere && contacts.iter().all(|c| c.outcome == Outcome::NotSeen) => {
            "nothing with the claimed remote is in the records, but such traffic with others is"
        }
        _ if seen > 0 => "traffic as claimed is in the records, and part of it cannot be checked",
        _ if absent => "nothing of the claim is there, but the records are not complete",
        _ => "the records do not settle the claim",
    }
    .to_owned()
}

/// A sentence per claim. Claims of which nothing was seen say no more than the headline if there are
/// no others.
pub(super) fn claims(finding: &Finding, contacts: &[Contact<'_>]) -> Vec<String> {
    let mut sentences: Vec<_> = finding
        .claims
        .iter()
        .zip(contacts)
        .take(CLAIMS_SHOWN)
        .map(|(claim, contact)| format!("{}: {}", label(claim), outcome(claim, contact)))
        .collect();
    if contacts.len() > CLAIMS_SHOWN {
        sentences.push(several((contacts.len() - CLAIMS_SHOWN) as u64, "more claim"));
    }
    sentences
}

/// A sentence for each test that decides; where the claim itself was not seen, only what the records
/// show all the same. And one for the addresses that were named.
pub(super) fn tests(tested: &Tested, seen: bool) -> Vec<String> {
    let worth_saying = |result: &&TestResult| {
        let decides = result.decides && (seen || result.answer == TestAnswer::Shown);
        let follow_up = result.test == EvidenceTest::FollowUp.name();
        decides || follow_up && result.answer != TestAnswer::NotLookedAt
    };
    let sentence = |result: &TestResult| {
        let name = result.test.replace('_', " ");
        let answer = match result.answer {
            TestAnswer::Shown => "shown",
            TestAnswer::NotShown => "not shown",
            TestAnswer::NotLookedAt => "not tested",
        };
        format!("{name} {answer}: {}", result.said)
    };
    let told = tested.results.iter().filter(worth_saying);
    told.map(sentence).collect()
}

/// A claim in few words, for example `TCP to 203.0.113.9 port 443`.
fn label(claim: &Claim) -> String {
    let protocol = claim.protocol.map_or_else(|| "traffic".to_owned(), protocol_name);
    let remotes: Vec<_> = claim.remotes().map(|remote: IpAddr| remote.to_string()).collect();
    let remote =
        if remotes.is_empty() { "a remote not named".to_owned() } else { remotes.join(" or ") };
    let port = |port: Option<u16>| port.map_or_else(String::new, |port| format!(" port {port}"));
    match claim.direction {
        ClaimDirection::Outbound => {
            format!("{protocol} to {remote}{}", port(claim.remote_port))
        }
        ClaimDirection::Inbound => match claim.local_port {
            Some(local) => format!("{protocol} from {remote} to port {local}"),
            None => format!("{protocol} from {remote}"),
        },
        ClaimDirection::Unknown => {
            let own = port(claim.local_port);
            let own = if own.is_empty() { own } else { format!(" and own{own}") };
            format!("{protocol} with {remote}{}{own}", port(claim.remote_port))
        }
    }
}

fn outcome(claim: &Claim, contact: &Contact<'_>) -> String {
    let blocked = claim.blocked == Some(true);
    let figures = figures(&contact.traffic);
    match contact.outcome {
        Outcome::Seen => {
            let but = if blocked { "; the finding says that it was blocked" } else { "" };
            format!("accepted, {figures}{}{but}", on_interfaces(&contact.conversations))
        }
        Outcome::HandshakeOnly => {
            format!("a connection was opened and no payload can be shown, {figures}")
        }
        Outcome::PortsUnknown => {
            format!("seen, in records that do not tell the port, {figures}")
        }
        Outcome::Unoriented => {
            format!("seen, in records that do not tell the direction, {figures}")
        }
        Outcome::CountersMissing => {
            format!("seen, in records without byte or packet counts, {figures}")
        }
        Outcome::RejectedOnly if blocked => format!(
            "the finding says that it was blocked, and the records show REJECT only, {figures}"
        ),
        Outcome::RejectedOnly => format!("the records show REJECT only, {figures}"),
        Outcome::Elsewhere => {
            let places = places(&contact.conversations);
            format!("not as claimed; with the same remote there is {places}, {figures}")
        }
        Outcome::OutOfTime => format!("seen only away from the finding's time, {figures}"),
        Outcome::NotSeen => "no record".to_owned(),
        Outcome::NoRemote => "cannot be looked for".to_owned(),
    }
}

/// Volumes and times, for example `8400 bytes out, 1200 bytes in, 2 flows, from ... to ...`.
fn figures(traffic: &Traffic) -> String {
    let mut parts = vec![format!("{} bytes out, {} bytes in", traffic.bytes_out, traffic.bytes_in)];
    if traffic.bytes_unoriented > 0 {
        parts.push(format!("{} bytes either way", traffic.bytes_unoriented));
    }
    parts.push(several(traffic.flows, "flow"));
    if traffic.rejected_flows > 0 {
        parts.push(format!("{} rejected", traffic.rejected_flows));
    }
    if let (Some(first), Some(last)) = (traffic.first_seen, traffic.last_seen) {
        parts.push(format!("from {first} to {last}"));
    }
    parts.join(", ")
}

fn on_interfaces(conversations: &[&Conversation]) -> String {
    let ids: BTreeSet<_> = conversations.iter().filter_map(|c| c.interface.as_deref()).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    if ids.is_empty() { String::new() } else { format!(", on {}", listed(&ids)) }
}

/// Where traffic was instead of the claimed place.
fn places(conversations: &[&Conversation]) -> String {
    let place = |conversation: &&Conversation| {
        let protocol = conversation.protocol.map_or_else(|| "traffic".to_owned(), protocol_name);
        let port = match conversation.port {
            Some(port) if port.side == PortSide::Remote => {
                format!(" with its port {}", port.port)
            }
            Some(port) => format!(" with own port {}", port.port),
            None => String::new(),
        };
        format!("{protocol}{port}")
    };
    let places: BTreeSet<_> = conversations.iter().map(place).collect();
    let places: Vec<_> = places.iter().map(String::as_str).collect();
    listed(&places)
}

/// Rule c's sentence.
pub(super) fn no_record(finding: &Finding, observations: &Observations) -> String {
    let interfaces: Vec<_> = holes::named(finding, observations).into_iter().collect();
    let subject = &finding.subject;
    let instance = subject.instance.as_ref().or(observations.subject.instance.as_ref());
    let addresses = &observations.subject.addresses;
    if !interfaces.is_empty() {
        let ids = listed(&interfaces);
        format!(
            "no record of this interface in the window ({ids}): it was not logged, or its logs are \
             not among those read"
        )
    } else if !subject.addresses.is_empty() || !addresses.is_empty() {
        "no record of the subject's addresses in the window: they were not logged, or the logs are \
         not among those read"
            .to_owned()
    } else if let Some(instance) = instance {
        format!(
            "no record of {instance} in the window: the finding names no interface and no address, \
             and records without an instance-id field cannot be told to be the instance's"
        )
    } else {
        "no record of the subject: the finding does not say whose traffic it is about".to_owned()
    }
}

fn protocol_name(protocol: u8) -> String {
    match protocol {
        1 => "ICMP".to_owned(),
        6 => "TCP".to_owned(),
        17 => "UDP".to_owned(),
        58 => "ICMPv6".to_owned(),
        other => format!("protocol {other}"),
    }
}

/// `1 flow`, `2 flows`.
pub(crate) fn several(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// The first few of a list.
pub(crate) fn listed(items: &[&str]) -> String {
    const SHOWN: usize = 4;
    let shown = items.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
