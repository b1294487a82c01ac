//! Why there is no answer, by what the caller can do about it: one exception class for each.

use flowproof_engine::{EngineError, InventoryError};
use flowproof_intel::ListError;
use flowproof_source::SourceError;
use flowproof_source::s3::S3Failure;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What was given cannot be used: correct it.
    #[error("{0}")]
    Usage(String),
    /// Data could not be reached: do what the text says.
    #[error("{0}")]
    Source(String),
    /// The SQL is wrong, or the query failed: correct it.
    #[error("{0}")]
    Query(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// Makes the error of an argument one of usage.
    pub(crate) fn of<E: std::fmt::Display>(argument: &str) -> impl Fn(E) -> Failure {
        move |error| Failure::Usage(format!("{argument}: {error}"))
    }

    /// The class in `python/flowproof/errors.py`.
    fn class_name(&self) -> &'static str {
        match self {
            Failure::Usage(_) => "UsageError",
            Failure::Source(_) => "SourceError",
            Failure::Query(_) => "QueryError",
            Failure::Other(_) => "FlowproofError",
        }
    }
}

/// The error, and the causes that it does not tell itself.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        cause = error.source();
    }
    text
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Failure {
        match error {
            SourceError::BadPattern { .. } => Failure::Usage(with_causes(&error)),
            _ => Failure::Source(with_causes(&error)),
        }
    }
}

impl From<S3Failure> for Failure {
    fn from(error: S3Failure) -> Failure {
        Failure::Source(with_causes(&error))
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Failure {
        match error {
            EngineError::Source(error) => error.into(),
            EngineError::NoInstances => Failure::Usage(format!(
                "{error}; name interfaces by interface=, or give an inventory="
            )),
            EngineError::Query(_) | EngineError::Overflow(_) => Failure::Query(with_causes(&error)),
            _ => Failure::Other(with_causes(&error)),
        }
    }
}

impl From<ListError> for Failure {
    fn from(error: ListError) -> Failure {
        match error {
            ListError::Read { .. } => Failure::Source(with_causes(&error)),
            _ => Failure::Usage(with_causes(&error)),
        }
    }
}

impl From<InventoryError> for Failure {
    fn from(error: InventoryError) -> Failure {
        Failure::Usage(with_causes(&error))
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> PyErr {
        exception(failure.class_name(), &failure.to_string())
    }
}

/// An exception of one of our classes, which are Python's: only there can one have two bases.
pub(crate) fn exception(class_name: &str, text: &str) -> PyErr {
    Python::attach(|py| {
        let class = py.import("flowproof.errors").and_then(|errors| errors.getattr(class_name));
        match class.and_then(|class| Ok(class.cast_into::<PyType>()?)) {
            Ok(class) => PyErr::from_type(class, text.to_owned()),
            Err(error) => error,
        }
    })
}
