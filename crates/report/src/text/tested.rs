//! What the tests of the finding's type gave.

use flowproof_finding::{TestAnswer, TestResult};

use super::page::Page;
use crate::Investigation;

pub(super) fn write(investigation: &Investigation, page: &mut Page) {
    let mut told = told(investigation).peekable();
    if told.peek().is_some() {
        page.heading("Tests");
    }
    for result in told {
        page.point(&format!("{}: {}", title(result), result.said));
    }
}

/// The tests that say something: what only would tell more and was not looked at is left out.
pub(crate) fn told(investigation: &Investigation) -> impl Iterator<Item = &TestResult> {
    let says = |result: &&TestResult| result.decides || result.answer != TestAnswer::NotLookedAt;
    investigation.verdict.tests.iter().filter(says)
}

/// The test with its answer, and whether the verdict hangs on it.
pub(crate) fn title(result: &TestResult) -> String {
    let weight = if result.decides { ", decides" } else { "" };
    format!("{} ({}{weight})", result.test.replace('_', " "), answer(result.answer))
}

/// The answer in a word or two.
pub(crate) fn answer(answer: TestAnswer) -> &'static str {
    match answer {
        TestAnswer::Shown => "shown",
        TestAnswer::NotShown => "not shown",
        TestAnswer::NotLookedAt => "not looked at",
    }
}
