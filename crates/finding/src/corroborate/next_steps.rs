//! What to do after a verdict. Short, and only what helps.

use super::contact::Contact;
use super::scene::Tested;
use super::{Outcome, Status};
use crate::{Action, ClaimDirection, Finding, types};

type Steps = Vec<String>;

fn steps(steps: &[&str]) -> Steps {
    steps.iter().map(|&step| step.to_owned()).collect()
}

pub(super) fn sample() -> Steps {
    steps(&["nothing to investigate: archive the sample finding"])
}

pub(super) fn no_remote() -> Steps {
    steps(&[
        "investigate the subject without the finding: its remotes, matched against threat lists \
         (--instance, --list)",
    ])
}

/// For an action or type that flow logs never show.
pub(super) fn never_observable(finding: &Finding) -> Steps {
    let resource = |name: &str| finding.finding_type.contains(name);
    let mut next = match &finding.action {
        Action::DnsRequest { .. } => query(finding),
        Action::Other { name } if name.eq_ignore_ascii_case("AWS_API_CALL") => {
            steps(&["look for the call and its source address in CloudTrail"])
        }
        Action::Other { name } if name.to_ascii_uppercase().starts_with("KUBERNETES_") => {
            steps(&["look for the call in the cluster's audit log"])
        }
        Action::Other { name } if name.to_ascii_uppercase().starts_with("RDS_") => {
            steps(&["look for the login in the database's own log"])
        }
        _ if resource(":EC2/") && !resource("File") => query(finding),
        _ if resource(":IAM") || resource(":S3/") => steps(&["look for the calls in CloudTrail"]),
        _ => steps(&["follow the finding's own details: flow logs are not where its traces are"]),
    };
    if finding.subject.instance.is_some() {
        next.push(
            "look at what else the instance did in the window: contacts with listed remotes (--list)"
                .to_owned(),
        );
    }
    next
}

fn query(finding: &Finding) -> Steps {
    steps(types::steps::query(&finding.finding_type))
}

/// For a subject without a record.
pub(super) fn unrecorded() -> Steps {
    steps(&[
        "check that a flow log covers the interface, and that --logs names its account and Region",
        "do not wait for GuardDuty to show it: it reads its own copy of the traffic and needs no flow \
         log of yours",
    ])
}

/// For records that may be in what could not be read.
pub(super) fn unread() -> Steps {
    steps(&["get at the objects or lines that could not be read, then ask again"])
}

/// For claims that were compared with records.
pub(super) fn judged(
    finding: &Finding,
    status: Status,
    contacts: &[Contact<'_>],
    tested: &Tested,
    unchecked: bool,
    holes: bool,
) -> Steps {
    match status {
        Status::Corroborated => corroborated(finding),
        Status::Contradicted => steps(&[
            "check that the flow log records all traffic and not only ACCEPT or REJECT",
            "look for the remote in the records of NAT gateways and load balancers in front of the \
             subject",
        ]),
        _ => inconclusive(contacts, tested, unchecked, holes),
    }
}

fn corroborated(finding: &Finding) -> Steps {
    let outbound = finding.claims.iter().any(|c| c.direction == ClaimDirection::Outbound);
    steps(types::steps::corroborated(&finding.finding_type, outbound))
}

fn inconclusive(contacts: &[Contact<'_>], tested: &Tested, unchecked: bool, holes: bool) -> Steps {
    let any = |outcomes: &[Outcome]| contacts.iter().any(|c| outcomes.contains(&c.outcome));
    let mut next = Steps::new();
    if any(&[Outcome::Seen]) && tested.speaks_against() {
        next.push(
            "weigh the figures yourself: GuardDuty does not tell its thresholds, and ours may differ"
                .to_owned(),
        );
    }
    if any(&[Outcome::HandshakeOnly]) {
        next.push(
            "read the host's or the service's own log: flow logs show that nothing was transferred, \
             not why"
                .to_owned(),
        );
    }
    if any(&[Outcome::PortsUnknown, Outcome::Unoriented, Outcome::CountersMissing]) || unchecked {
        next.push(
            "log more fields from now on: ports, protocol, bytes, packets, action, flow-direction"
                .to_owned(),
        );
    }
    if any(&[Outcome::Unoriented]) {
        next.push("name the subject's addresses (--inventory, --address)".to_owned());
    }
    if any(&[Outcome::RejectedOnly]) {
        next.push(
            "see that the security group or network ACL rule that blocked it stays".to_owned(),
        );
    }
    if any(&[Outcome::Elsewhere, Outcome::OutOfTime]) {
        next.push("judge the traffic with the same remote by what is shown of it".to_owned());
    }
    if holes && any(&[Outcome::NotSeen, Outcome::OutOfTime]) {
        next.push(
            "get at what is missing, or widen the window (--from, --to, --slack), then ask again"
                .to_owned(),
        );
    }
    if any(&[Outcome::NoRemote]) {
        next.extend(no_remote());
    }
    if next.is_empty() {
        next.push("look at the subject's other remotes in the same window (--list)".to_owned());
    }
    next
}
