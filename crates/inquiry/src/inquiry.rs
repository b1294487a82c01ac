//! What is asked: from a finding, or a subject that somebody names, to a question about traffic.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use flowproof_engine::SubjectQuestion;
use flowproof_evidence::{Subject, Window};
use flowproof_finding::{ClaimDirection, Finding, window as finding_window};
use jiff::Timestamp;

/// How far around the window records are looked for, if nobody says: 15 minutes.
pub const DEFAULT_SLACK: Duration = Duration::from_secs(15 * 60);

/// A window that holds no time: an end that was asked for lies beyond the finding's own other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the window would begin at {from} and end at {to}: an end that is not given is the finding's own, give both"
)]
pub struct EmptyWindow {
    /// The beginning.
    pub from: Timestamp,
    /// The end, which is not after it.
    pub to: Timestamp,
}

/// A finding to judge, or a subject to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Inquiry {
    pub(crate) finding: Option<Finding>,
    pub(crate) subject: Subject,
    pub(crate) asked: Window,
    pub(crate) slack: Duration,
    pub(crate) named: BTreeSet<IpAddr>,
    pub(crate) baseline: Option<Duration>,
    pub(crate) peers: bool,
}

impl Inquiry {
    /// Does the traffic bear this finding out?
    #[must_use]
    pub fn of(finding: Finding) -> Inquiry {
        Inquiry { finding: Some(finding), ..Inquiry::about(Subject::default()) }
    }

    /// What did this subject do? Its verdict is never that a claim was borne out, since there is none.
    #[must_use]
    pub fn about(subject: Subject) -> Inquiry {
        Inquiry {
            finding: None,
            subject,
            asked: Window::ALWAYS,
            slack: DEFAULT_SLACK,
            named: BTreeSet::new(),
            baseline: None,
            peers: false,
        }
    }

    /// Adds what is known of the subject to what the finding says of it. Another instance than the finding's is meant
    /// instead of that: the finding's interfaces and addresses are then left out.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Inquiry {
        self.subject = subject;
        self
    }

    /// The time that coverage is judged over. An end that is left open is the finding's own.
    #[must_use]
    pub fn window(mut self, window: Window) -> Inquiry {
        self.asked = window;
        self
    }

    /// How far around the window records are looked for. What is less than
    /// [`TIME_TOLERANCE`](flowproof_finding::TIME_TOLERANCE) may leave out traffic that is the finding's, which a verdict
    /// of [`Contradicted`](flowproof_finding::Status::Contradicted) then says.
    #[must_use]
    pub fn slack(mut self, slack: Duration) -> Inquiry {
        self.slack = slack;
        self
    }

    /// Addresses that stand for a name which the finding claims.
    #[must_use]
    pub fn named(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Inquiry {
        self.named.extend(addresses.into_iter().map(|address| address.to_canonical()));
        self
    }

    /// Compares with so much time before the window: another reading, of that time.
    #[must_use]
    pub fn baseline(mut self, span: Duration) -> Inquiry {
        self.baseline = Some(span);
        self
    }

    /// Tells who else had traffic with the claimed remotes: another reading.
    #[must_use]
    pub fn peers(mut self) -> Inquiry {
        self.peers = true;
        self
    }

    /// The finding that is judged.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        self.finding.as_ref()
    }

    /// The time that coverage is judged over: as asked, else the finding's own.
    #[must_use]
    pub fn judged_window(&self) -> Window {
        let core = self.finding.as_ref().and_then(|finding| finding_window(finding, self.slack));
        let core = core.map_or(Window::ALWAYS, |window| window.core);
        Window { from: self.asked.from.or(core.from), to: self.asked.to.or(core.to) }
    }

    /// Whether [`Inquiry::judged_window`] is a window.
    ///
    /// # Errors
    ///
    /// [`EmptyWindow`] if it ends before it begins, since only one end was asked for.
    pub fn check_window(&self) -> Result<(), EmptyWindow> {
        let Window { from, to } = self.judged_window();
        match (from, to) {
            (Some(from), Some(to)) if to <= from && self.asked != Window::ALWAYS => {
                Err(EmptyWindow { from, to })
            }
            _ => Ok(()),
        }
    }

    /// The time of the records that are to be looked at, which is what a session has to be opened over.
    #[must_use]
    pub fn searched_window(&self) -> Window {
        let window = self.judged_window();
        Window {
            from: window.from.map(|from| from.checked_sub(self.slack).unwrap_or(Timestamp::MIN)),
            to: window.to.map(|to| to.checked_add(self.slack).unwrap_or(Timestamp::MAX)),
        }
    }

    /// What is asked of the logs.
    #[must_use]
    pub fn question(&self) -> SubjectQuestion {
        let mut question =
            SubjectQuestion { window: self.judged_window(), ..SubjectQuestion::default() };
        if let Some(finding) = &self.finding {
            if self.other_instance().is_none() {
                question.subject = finding.subject.clone();
                question.identities.clone_from(&finding.interfaces);
            }
            question.claimed = finding.remotes();
            let (remote, local) = claimed_ports(finding);
            question.claimed_remote_ports = remote;
            question.claimed_local_ports = local;
            let needs = finding.needs();
            question.connections = needs.connections;
            question.minutes = needs.minutes;
        }
        self.add_subject(&mut question.subject);
        question
    }

    /// All addresses whose peers may be asked for: those claimed, those that called, and those named.
    #[must_use]
    pub fn remotes(&self) -> BTreeSet<IpAddr> {
        let mut remotes = self.named.clone();
        if let Some(finding) = &self.finding {
            remotes.extend(finding.remotes());
            remotes.extend(&finding.callers);
        }
        remotes
    }

    /// The finding's instance, if another one is named.
    #[must_use]
    pub fn other_instance(&self) -> Option<&str> {
        let of_finding = self.finding.as_ref()?.subject.instance.as_deref()?;
        let named = self.subject.instance.as_deref()?;
        (named != of_finding).then_some(of_finding)
    }

    fn add_subject(&self, subject: &mut Subject) {
        let named = &self.subject;
        subject.instance = named.instance.clone().or(subject.instance.take());
        subject.account = subject.account.take().or_else(|| named.account.clone());
        subject.region = subject.region.take().or_else(|| named.region.clone());
        subject.interfaces.extend(named.interfaces.iter().cloned());
        subject.interfaces.sort();
        subject.interfaces.dedup();
        subject.addresses.extend(&named.addresses);
        subject.addresses.sort();
        subject.addresses.dedup();
    }
}

/// The ports that each claim's direction points at: the remote's for outbound, ours for inbound.
fn claimed_ports(finding: &Finding) -> (BTreeSet<u16>, BTreeSet<u16>) {
    let (mut remote, mut local) = (BTreeSet::new(), BTreeSet::new());
    for claim in &finding.claims {
        if claim.direction != ClaimDirection::Inbound {
            remote.extend(claim.remote_port);
        }
        if claim.direction != ClaimDirection::Outbound {
            local.extend(claim.local_port);
        }
    }
    (remote, local)
}
