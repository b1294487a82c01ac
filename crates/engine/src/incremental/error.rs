//! Why a run could not go on.

use flowproof_state::StateError;

use crate::error::EngineError;

/// Why a run of a scheduled scan could not go on. What was committed before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IncrementError {
    /// The state could not be read or added to.
    #[error(transparent)]
    State(#[from] StateError),
    /// The objects could not be listed or read at all.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// None of the places could be listed; the first, and why.
    #[error("{0}")]
    NoPlace(String),
    /// An object cannot be told from another the next time: it has no name, or others' records.
    #[error("{object} cannot be remembered: {reason}")]
    Nameless {
        /// The object.
        object: String,
        /// Why.
        reason: &'static str,
    },
    /// So many objects ended their batch that something else must be wrong.
    #[error(
        "reading failed for {failed} objects of {read} in this run; the last: {object}: {reason}"
    )]
    TooMany {
        /// How many failed.
        failed: usize,
        /// How many were read.
        read: u64,
        /// The last object that failed.
        object: String,
        /// Why.
        reason: String,
    },
}

impl IncrementError {
    /// Whether fewer objects at once may do, so that the one it is about is found.
    pub(super) fn is_of_objects(&self) -> bool {
        matches!(
            self,
            IncrementError::Engine(EngineError::Query(_) | EngineError::Overflow(_))
                | IncrementError::State(StateError::Overflow { .. })
        )
    }

    /// Whether a sum does not fit in 64 bits, whichever part of a plan says so.
    pub(super) fn is_overflow(&self) -> bool {
        self.is_of_objects() && self.to_string().contains("64 bits")
    }
}
