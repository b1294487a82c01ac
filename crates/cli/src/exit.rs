//! What the process says at its end.

use std::process::ExitCode;

use flowproof_engine::{Answer, Completeness};

/// The exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Answered, on all the data asked for.
    Answered = 0,
    /// No answer: an error.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// Answered, but part of the data could not be read.
    Partial = 3,
    /// Nothing to answer from: no flow log object in the window.
    Nothing = 4,
    /// Nothing done: another run is at work on the same state.
    Busy = 5,
    /// Ended by SIGINT (`^C`) before there was an answer.
    Interrupted = 130,
    /// Ended by SIGTERM before there was an answer.
    Terminated = 143,
}

impl Exit {
    /// All of them, in order.
    pub(crate) const ALL: [Exit; 8] = [
        Exit::Answered,
        Exit::Failed,
        Exit::Usage,
        Exit::Partial,
        Exit::Nothing,
        Exit::Busy,
        Exit::Interrupted,
        Exit::Terminated,
    ];

    /// What it means, in the words of `--help` and of the documentation.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Exit::Answered => "answered, on all the data asked for",
            Exit::Failed => "no answer: an error",
            Exit::Usage => "wrong usage",
            Exit::Partial => {
                "answered, but part of the data could not be read: the answer says which"
            }
            Exit::Nothing => "nothing to answer from: no flow log object in the window",
            Exit::Busy => "nothing done: another run is at work on the same state (scan --state)",
            Exit::Interrupted => "ended by SIGINT (^C) before there was an answer",
            Exit::Terminated => "ended by SIGTERM before there was an answer",
        }
    }

    /// The exit code of an answer.
    pub(crate) fn of<T>(answer: &Answer<T>) -> Exit {
        match answer.completeness() {
            Completeness::Complete => Exit::Answered,
            Completeness::Partial => Exit::Partial,
            Completeness::Nothing => Exit::Nothing,
        }
    }

    /// The exit code of several answers: partial if any is, nothing only if all are.
    pub(crate) fn of_all(exits: &[Exit]) -> Exit {
        let nothing = exits.iter().filter(|exit| **exit == Exit::Nothing).count();
        if nothing == exits.len() && nothing > 0 {
            Exit::Nothing
        } else if nothing > 0 || exits.contains(&Exit::Partial) {
            Exit::Partial
        } else {
            Exit::Answered
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// A usage error that clap cannot see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(crate) String);

impl UsageError {
    /// Makes an option's error one of usage.
    pub(crate) fn of<E: std::fmt::Display>(option: &str) -> impl Fn(E) -> UsageError {
        move |error| UsageError(format!("{option}: {error}"))
    }
}
