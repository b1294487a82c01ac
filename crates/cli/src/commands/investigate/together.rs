//! Questions one after the other, and the logs read once for as many of them as there is memory for.

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::Result;
use flowproof_engine::{Gathered, Session, SubjectQuestion};
use flowproof_finding::Finding;

use super::{Case, Inquiry, widened};
use crate::plan;
use crate::progress;
use crate::streams::Streams;

/// Objects that are kept listed, for all questions that are asked together.
const OBJECTS: u64 = 500_000;

/// A question that can be asked.
pub(super) struct Ready {
    pub(super) finding: Option<Finding>,
    pub(super) question: SubjectQuestion,
    /// What it is asked of.
    pub(super) session: Session,
    /// The records of its subject, if they were gathered.
    pub(super) gathered: Option<Arc<Gathered>>,
}

/// The questions that are still to be asked, in their order.
pub(super) struct Queue<'a> {
    inquiry: &'a Inquiry<'a>,
    rest: VecDeque<(Option<Finding>, SubjectQuestion)>,
    /// Those that are listed but not read.
    listed: Vec<(Session, SubjectQuestion)>,
    findings: VecDeque<Option<Finding>>,
    /// How many there was memory for.
    at_most: usize,
    ready: VecDeque<Ready>,
}

impl<'a> Queue<'a> {
    pub(super) fn new(inquiry: &'a Inquiry<'a>, cases: Vec<Case>) -> Queue<'a> {
        let question = |Case { finding, instance }| {
            let question = inquiry.question(finding.as_ref(), instance);
            (finding, question)
        };
        Queue {
            inquiry,
            rest: cases.into_iter().map(question).collect(),
            listed: Vec::new(),
            findings: VecDeque::new(),
            at_most: usize::MAX,
            ready: VecDeque::new(),
        }
    }

    /// The next question.
    pub(super) async fn next(&mut self, streams: &mut Streams) -> Result<Option<Ready>> {
        if self.ready.is_empty() {
            self.list(streams).await?;
            self.gather(streams).await?;
        }
        Ok(self.ready.pop_front())
    }

    /// Whether the next question is this one, as it may be of two findings about one attack.
    pub(super) fn asks_again(&self, question: &SubjectQuestion) -> bool {
        self.ready.front().is_some_and(|next| next.question == *question)
    }

    /// Lists the objects of as many questions as can be kept listed.
    async fn list(&mut self, streams: &mut Streams) -> Result<()> {
        let mut objects: u64 =
            self.listed.iter().map(|(session, _)| session.found().objects()).sum();
        while objects < OBJECTS
            && let Some((finding, question)) = self.rest.pop_front()
        {
            let (session, is_new) = self.open(&question, streams).await?;
            objects += if is_new { session.found().objects() } else { 0 };
            self.listed.push((session, question));
            self.findings.push_back(finding);
        }
        Ok(())
    }

    /// What a question is asked of, and whether that had to be listed.
    async fn open(
        &self,
        question: &SubjectQuestion,
        streams: &mut Streams,
    ) -> Result<(Session, bool)> {
        let Inquiry { args, inputs, book, slack, .. } = *self.inquiry;
        let window = widened(question.window, slack);
        for (session, _) in &self.listed {
            if let Some(session) = session.alike(window, book.clone()).await? {
                plan::tell_if_empty(&session, &args.logs, streams);
                return Ok((session, false));
            }
        }
        let session = plan::open(&args.logs, window, book.clone(), inputs, streams).await?;
        Ok((session, true))
    }

    /// Reads the logs for as many of the listed questions as there is memory for.
    async fn gather(&mut self, streams: &mut Streams) -> Result<()> {
        let Some((session, _)) = self.listed.first() else { return Ok(()) };
        let (gathered, count) = {
            let _shown = progress::show(session, self.inquiry.common, streams);
            Gathered::for_first(&self.listed, self.at_most).await?
        };
        if count < self.listed.len() {
            self.at_most = count;
        }
        let gathered = gathered.map(Arc::new);
        let findings = self.findings.drain(..count);
        for ((session, question), finding) in self.listed.drain(..count).zip(findings) {
            let gathered = gathered.clone();
            self.ready.push_back(Ready { finding, question, session, gathered });
        }
        Ok(())
    }
}
