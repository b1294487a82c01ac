//! What can go wrong with a question as a whole. What goes wrong with objects and lines is no error:
//! it is in the answer's coverage.

use datafusion::error::DataFusionError;
use flowproof_evidence::Overflow;
use flowproof_source::SourceError;

use crate::distributed::ClusterError;

/// Why there is no answer, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The window is empty: its end is not after its beginning.
    #[error("the window ends before it begins")]
    Window,
    /// Instances are asked for, and neither the flow logs nor the address book tell whose the records are: name
    /// interfaces, or give an inventory.
    #[error("cannot attribute records to an instance: the flow logs lack instance-id")]
    NoInstances,
    /// A place could not be listed, or nothing there can be read (any more): do what the reason says.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The query is wrong, or it failed: correct it.
    #[error("{}", message_of(.0))]
    Query(#[source] Box<DataFusionError>),
    /// A total does not fit in 64 bits: ask for less at once.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// The result could not be written.
    #[error("the result could not be written")]
    Output(#[source] std::io::Error),
    /// A set cannot be collected there: correct the place, or do what the reason says.
    #[error("{place}: {reason}")]
    Collect {
        /// The folder, file or key.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The cluster did not do what it was asked: do what the reason says.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Threads could not be started.
    #[error("worker threads could not be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// The system gives no threads to wait with.
    #[error("an async runtime could not be started")]
    Runtime(#[source] std::io::Error),
}

impl EngineError {
    /// Whether less at once, or more memory, would do.
    pub(crate) fn is_lack_of_memory(&self) -> bool {
        let EngineError::Query(error) = self else { return false };
        matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
    }

    /// What stands in the way of a set.
    pub(crate) fn collect(place: impl Into<String>, reason: impl Into<String>) -> EngineError {
        EngineError::Collect { place: place.into(), reason: reason.into() }
    }
}

impl From<DataFusionError> for EngineError {
    fn from(error: DataFusionError) -> EngineError {
        let error = match error {
            DataFusionError::External(error) => match told_apart(error) {
                Ok(error) => return error,
                Err(error) => DataFusionError::External(error),
            },
            other => other,
        };
        match (of_the_run(&error), of_the_cluster(&error)) {
            (Some(error), _) => EngineError::Source(error),
            (None, Some(error)) => EngineError::Cluster(error),
            (None, None) => {
                let of_part = of_a_part(&error);
                EngineError::Query(Box::new(of_part.unwrap_or(error)))
            }
        }
    }
}

/// The error as what it was before it passed through a plan.
fn told_apart(
    error: Box<dyn std::error::Error + Send + Sync>,
) -> Result<EngineError, Box<dyn std::error::Error + Send + Sync>> {
    let error = match error.downcast::<SourceError>() {
        Ok(error) => return Ok(EngineError::Source(*error)),
        Err(error) => error,
    };
    let error = match error.downcast::<ClusterError>() {
        Ok(error) => return Ok(EngineError::Cluster(*error)),
        Err(error) => error,
    };
    error.downcast::<EngineError>().map(|error| *error)
}

/// What ended the run, if it was not the query's fault: several nodes of a plan may be told of it.
fn of_the_run(error: &DataFusionError) -> Option<SourceError> {
    match error.find_root() {
        DataFusionError::External(error) => error.downcast_ref::<SourceError>()?.of_the_run(),
        _ => None,
    }
}

/// What a cluster did not do: several partitions of a plan may be told of it.
fn of_the_cluster(error: &DataFusionError) -> Option<ClusterError> {
    let DataFusionError::External(error) = error.find_root() else { return None };
    match error.downcast_ref::<EngineError>() {
        Some(EngineError::Cluster(error)) => Some(error.clone()),
        _ => error.downcast_ref::<ClusterError>().cloned(),
    }
}

impl From<arrow::error::ArrowError> for EngineError {
    fn from(error: arrow::error::ArrowError) -> EngineError {
        EngineError::from(DataFusionError::from(error))
    }
}

/// The query's error, if it comes from a plan that was put apart.
fn of_a_part(error: &DataFusionError) -> Option<DataFusionError> {
    let DataFusionError::External(error) = error.find_root() else { return None };
    match error.downcast_ref::<EngineError>() {
        Some(EngineError::Query(error)) => {
            Some(DataFusionError::External(Box::new(FailedThere(message_of(error)))))
        }
        _ => None,
    }
}

/// Why a plan failed in a part that was run elsewhere, as a plan here would say it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct FailedThere(pub(crate) String);

/// The root of the error without DataFusion's wrapping.
pub(crate) fn message_of(error: &DataFusionError) -> String {
    match error.find_root() {
        DataFusionError::External(error) if error.is::<FailedThere>() => error.to_string(),
        root => root.strip_backtrace(),
    }
}
