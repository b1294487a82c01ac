//! Questions one after the other, and the logs read once for as many of them as there is memory for.

use std::collections::VecDeque;

use anyhow::Result;
use flowproof_engine::{Answer, Gathered, Session, SubjectQuestion, SubjectTraffic};
use flowproof_inquiry::Inquiry;

use super::Asking;
use crate::plan;
use crate::progress;
use crate::streams::Streams;

/// Objects that are kept listed, for all questions that are asked together.
const OBJECTS: u64 = 500_000;

/// A question and its answer.
pub(super) struct Told {
    /// Those that ask the same: there may be several findings about one attack, one after the other.
    pub(super) inquiries: Vec<Inquiry>,
    /// What it was asked of.
    pub(super) session: Session,
    pub(super) answer: Answer<SubjectTraffic>,
}

/// The questions that are still to be asked, in their order.
pub(super) struct Queue<'a> {
    asking: &'a Asking<'a>,
    rest: VecDeque<Inquiry>,
    /// Who asks each of the questions that are listed.
    inquiries: VecDeque<Vec<Inquiry>>,
    /// Those that are listed but not read.
    listed: Vec<(Session, SubjectQuestion)>,
    /// How many there was memory for.
    at_most: usize,
    /// Those that can be answered, from what was gathered for them if anything was.
    ready: VecDeque<(Session, SubjectQuestion)>,
    gathered: Option<Gathered>,
    /// The answers to the first of them.
    answers: VecDeque<Answer<SubjectTraffic>>,
}

impl<'a> Queue<'a> {
    pub(super) fn new(asking: &'a Asking<'a>, inquiries: Vec<Inquiry>) -> Queue<'a> {
        Queue {
            asking,
            rest: inquiries.into(),
            inquiries: VecDeque::new(),
            listed: Vec::new(),
            at_most: usize::MAX,
            ready: VecDeque::new(),
            gathered: None,
            answers: VecDeque::new(),
        }
    }

    /// The next question, answered.
    pub(super) async fn next(&mut self, streams: &mut Streams) -> Result<Option<Told>> {
        if self.ready.is_empty() {
            self.list(streams).await?;
            self.gather(streams).await?;
        }
        if self.answers.is_empty() {
            self.answer(streams).await?;
        }
        let asked = self.ready.pop_front().zip(self.inquiries.pop_front());
        Ok(asked.zip(self.answers.pop_front()).map(|(((session, _), inquiries), answer)| Told {
            inquiries,
            session,
            answer,
        }))
    }

    /// Lists the objects of as many questions as can be kept listed.
    async fn list(&mut self, streams: &mut Streams) -> Result<()> {
        let mut objects: u64 =
            self.listed.iter().map(|(session, _)| session.found().objects()).sum();
        while objects < OBJECTS
            && let Some(inquiry) = self.rest.pop_front()
        {
            let question = inquiry.question();
            match (self.listed.last(), self.inquiries.back_mut()) {
                (Some((_, last)), Some(inquiries)) if *last == question => inquiries.push(inquiry),
                _ => {
                    let (session, is_new) = self.open(&inquiry, streams).await?;
                    objects += if is_new { session.found().objects() } else { 0 };
                    self.listed.push((session, question));
                    self.inquiries.push_back(vec![inquiry]);
                }
            }
        }
        Ok(())
    }

    /// What a question is asked of, and whether that had to be listed.
    async fn open(&self, inquiry: &Inquiry, streams: &mut Streams) -> Result<(Session, bool)> {
        let Asking { args, inputs, book, .. } = *self.asking;
        let window = inquiry.searched_window();
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
            let _shown = progress::show(session, self.asking.common, streams);
            Gathered::for_first(&self.listed, self.at_most).await?
        };
        if count < self.listed.len() {
            self.at_most = count;
        }
        self.gathered = gathered;
        self.ready.extend(self.listed.drain(..count));
        Ok(())
    }

    /// Answers the first of the questions that are ready.
    async fn answer(&mut self, streams: &mut Streams) -> Result<()> {
        let ready = self.ready.make_contiguous();
        let Some((session, question)) = ready.first() else { return Ok(()) };
        let _shown = progress::show(session, self.asking.common, streams);
        let matcher = self.asking.lists.matcher.as_deref();
        match &self.gathered {
            Some(gathered) => self.answers.extend(gathered.answer_first(ready, matcher).await?),
            None => self.answers.push_back(session.subject(question, matcher).await?),
        }
        Ok(())
    }
}
