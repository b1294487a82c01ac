//! What the subject did before the window, to compare with.

use std::time::Duration;

use flowproof_engine::SubjectQuestion;
use flowproof_evidence::Window;
use flowproof_finding::TIME_TOLERANCE;
use jiff::Timestamp;

use crate::Inquiry;

impl Inquiry {
    /// What is to be asked of the time before the window; `None` if the window has no beginning. Its window is also
    /// the one that a session has to be opened over.
    #[must_use]
    pub fn question_before(&self, span: Duration) -> Option<SubjectQuestion> {
        let question = self.question();
        // What is near enough to be the finding's own is no baseline for it.
        let apart = self.slack.max(TIME_TOLERANCE);
        let to = question.window.from?.checked_sub(apart).unwrap_or(Timestamp::MIN);
        let from = to.checked_sub(span).unwrap_or(Timestamp::MIN);
        Some(SubjectQuestion {
            window: Window { from: Some(from), to: Some(to) },
            ports_of_any_remote: true,
            connections: false,
            minutes: false,
            ..question
        })
    }
}
