//! An inquiry from its beginning to its end.

use flowproof_engine::blocking::wait_for;
use flowproof_engine::{EngineError, SessionBuilder};
use flowproof_evidence::Baseline;
use flowproof_intel::Matcher;
use flowproof_report::Investigation;

use crate::Inquiry;
use crate::judge::Beside;
use crate::told::list_source;

impl Inquiry {
    /// Reads the logs, over the time that the inquiry is about, and judges what is there. Remotes on these
    /// lists are told, and tests of a finding may ask for them.
    ///
    /// # Errors
    ///
    /// [`EngineError::Window`] where [`Inquiry::check_window`] fails, and those of opening a session and of
    /// [`Session::subject`](flowproof_engine::Session::subject). What cannot be read of
    /// the logs is no error: it is in the answer's coverage.
    pub async fn investigate(
        &self,
        logs: &SessionBuilder,
        lists: Option<&Matcher>,
    ) -> Result<Investigation, EngineError> {
        self.check_window().map_err(|_| EngineError::Window)?;
        let session = logs.clone().window(self.searched_window()).open().await?;
        let answer = session.subject(&self.question(), lists).await?;
        let remotes = if self.peers { self.remotes() } else { Default::default() };
        let peers = match remotes.is_empty() {
            true => None,
            false => Some(session.peers(&remotes).await?),
        };
        let baseline = self.compared_with(logs).await?;
        let lists = lists.map_or_else(Vec::new, |it| it.lists().iter().map(list_source).collect());
        let beside = Beside { baseline, peers, lists, enrichment: None };
        let mut investigation = self.judge(answer, beside)?;
        if self.baseline.is_some() && investigation.baseline.is_none() {
            let reason = "no baseline: the window has no beginning, or part of the data of the time before could \
                          not be read";
            investigation.verdict.reasons.push(reason.to_owned());
        }
        Ok(investigation)
    }

    /// As [`Inquiry::investigate`], for programs without an async runtime.
    ///
    /// # Errors
    ///
    /// Those of [`Inquiry::investigate`], and [`EngineError::Runtime`] if the system gives no threads.
    pub fn investigate_blocking(
        &self,
        logs: &SessionBuilder,
        lists: Option<&Matcher>,
    ) -> Result<Investigation, EngineError> {
        wait_for(self.investigate(logs, lists))
    }

    async fn compared_with(&self, logs: &SessionBuilder) -> Result<Option<Baseline>, EngineError> {
        let Some(question) = self.baseline.and_then(|span| self.question_before(span)) else {
            return Ok(None);
        };
        let session = logs.clone().window(question.window).open().await?;
        Ok(session.subject(&question, None).await?.baseline(&question.claimed)?)
    }
}
