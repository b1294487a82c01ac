//! From the traffic that was found to a verdict, and to all that is told of it.

use flowproof_engine::{Answer, SubjectTraffic};
use flowproof_evidence::{Baseline, ListSource, Overflow, Peer, SampleKind, Traffic};
use flowproof_finding::{Status, TIME_TOLERANCE, Verdict, corroborate_naming};
use flowproof_report::{Enrichment, Investigation, Tool, WindowView, duration};

use crate::Inquiry;

/// What is told beside the subject's traffic in the window.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// What the subject did before; tests of a finding may ask for it.
    pub baseline: Option<Baseline>,
    /// Who else had traffic with the claimed remotes.
    pub peers: Option<Vec<Peer>>,
    /// The lists that remotes were matched against.
    pub lists: Vec<ListSource>,
    /// What other sources say of the remotes.
    pub enrichment: Option<Enrichment>,
}

impl Inquiry {
    /// Judges the answer to [`Inquiry::question`], which was asked of a session over
    /// [`Inquiry::searched_window`].
    ///
    /// # Errors
    ///
    /// [`Overflow`] if a total does not fit in 64 bits.
    pub fn judge(
        &self,
        mut answer: Answer<SubjectTraffic>,
        beside: Beside,
    ) -> Result<Investigation, Overflow> {
        answer.value.observations.baseline = beside.baseline;
        answer.value.observations.peers = beside.peers;
        let verdict = self.verdict(&answer)?;
        let evidence = answer.evidence();
        let Answer { value: traffic, coverage, .. } = answer;
        let observations = traffic.observations;
        let window = self.judged_window();
        Ok(Investigation {
            generated_by: Tool::flowproof(),
            subject: observations.subject,
            finding: self.finding.clone(),
            window: WindowView {
                from: window.from,
                to: window.to,
                slack_seconds: self.slack.as_secs(),
            },
            verdict,
            totals: traffic.totals,
            remotes: traffic.remotes,
            timeline: traffic.timeline,
            coverage,
            evidence,
            baseline: observations.baseline,
            peers: observations.peers,
            lists: beside.lists,
            enrichment: beside.enrichment,
        })
    }

    fn verdict(&self, answer: &Answer<SubjectTraffic>) -> Result<Verdict, Overflow> {
        let mut verdict = match &self.finding {
            Some(finding) => corroborate_naming(finding, &answer.value.observations, &self.named)?,
            None => without_finding(answer),
        };
        if verdict.status == Status::Contradicted && self.slack < TIME_TOLERANCE {
            verdict.reasons.push(self.not_looked_at());
        }
        verdict.reasons.extend(answer.value.notes.iter().cloned());
        verdict.reasons.extend(duplicates(answer));
        Ok(verdict)
    }

    /// What may still be the finding's and was not searched.
    fn not_looked_at(&self) -> String {
        let slack = duration(self.slack.as_secs());
        format!(
            "records further than {slack} from the window were not looked at: a slack of 1h looks at all that may \
             be the finding's"
        )
    }
}

/// Objects that were read twice under two names: figures are then too large.
fn duplicates(answer: &Answer<SubjectTraffic>) -> Option<String> {
    if answer.coverage.objects.duplicate > 0 {
        return None; // They were left out.
    }
    let samples = answer.coverage.samples.iter();
    let sample = samples.filter(|sample| sample.kind == SampleKind::Duplicate).min()?;
    Some(format!("figures may be counted more than once: {}: {}", sample.object, sample.reason))
}

/// Without a finding there is no claim to judge; the figures stand for themselves.
fn without_finding(answer: &Answer<SubjectTraffic>) -> Verdict {
    let observations = &answer.value.observations;
    let seen = !observations.conversations.is_empty() || !observations.coverage.observed.is_empty();
    let (status, reason) = if seen {
        (Status::Inconclusive, "no finding was given: there is no claim to judge")
    } else {
        (Status::NotObservable, "no record of the subject in the window")
    };
    Verdict {
        status,
        reasons: vec![reason.to_owned()],
        next_steps: Vec::new(),
        claims: Vec::new(),
        tests: Vec::new(),
        claimed_traffic: Traffic::default(),
    }
}
