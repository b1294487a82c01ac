//! What a test gives.

use serde::Serialize;

/// What the records answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TestAnswer {
    /// They show it.
    Shown,
    /// They were looked at and do not show it.
    NotShown,
    /// They were not looked at, or lack what the test needs. It speaks for nothing.
    NotLookedAt,
}

/// One figure of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Its name with its unit, for example `bytes_out`.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
}

/// A test and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestResult {
    /// The test's name, for example `flood`.
    pub test: &'static str,
    /// Whether the verdict depends on it. If not, it only tells more.
    pub decides: bool,
    /// What the records answer.
    pub answer: TestAnswer,
    /// The answer in words.
    pub said: String,
    /// The figures behind it; none if nothing was looked at.
    pub figures: Vec<Figure>,
}

/// What a test gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) answer: TestAnswer,
    pub(crate) said: String,
    pub(crate) figures: Vec<Figure>,
}

impl Look {
    pub(super) fn new(shown: bool, said: String, figures: &[(&'static str, u64)]) -> Look {
        let figure = |&(name, value)| Figure { name, value };
        let answer = if shown { TestAnswer::Shown } else { TestAnswer::NotShown };
        Look { answer, said, figures: figures.iter().map(figure).collect() }
    }

    pub(super) fn none(why: &str) -> Look {
        let answer = TestAnswer::NotLookedAt;
        Look { answer, said: why.to_owned(), figures: Vec::new() }
    }
}

pub(super) const NOTHING_THERE: &str = "there is no traffic in the claimed place to look at";
pub(super) const NO_CONNECTIONS: &str = "single connections were not looked at";
