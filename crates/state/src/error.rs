//! What can go wrong with a state as a whole.

use flowproof_evidence::Overflow;

use crate::place::PlaceError;

/// Why a state cannot be opened, read or added to, by what the caller can do about it.
///
/// Whichever it is, what was committed before is still there and whole, unless a file is damaged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The place could not be read or written. After a commit it may be unknown whether it came
    /// through: open the state anew, and it is there as before or as after.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Another run is at work. Nothing was done; run later.
    #[error("{place}: another run is at work: {holder}")]
    Busy {
        /// Where the state is.
        place: String,
        /// What the holder of the lock says of itself.
        holder: String,
    },
    /// Another run has committed since this one read the head. Nothing of this commit is there: throw
    /// the work away and open the state anew.
    #[error("{place}: another run has committed meanwhile; nothing of this commit was kept")]
    Conflict {
        /// Where the state is.
        place: String,
    },
    /// There is no state, and the mode does not say to start one.
    #[error("{place}: there is no state here")]
    Missing {
        /// Where it was looked for.
        place: String,
    },
    /// The head is gone, but segments are there: restore the head, or start elsewhere. To take this for
    /// an empty state would be to read and count everything once more.
    #[error(
        "{file} is missing, but {segments} segments are there: the state is damaged, not empty"
    )]
    HeadMissing {
        /// The head.
        file: String,
        /// How many segments are there.
        segments: usize,
    },
    /// A newer version of this program wrote the file: use that.
    #[error("{file} was written by a newer version (format {version}; this one reads {known})")]
    Newer {
        /// The file.
        file: String,
        /// Its format.
        version: u32,
        /// The newest format that this version reads.
        known: u32,
    },
    /// A file is not what was written: restore it.
    #[error("{file} is damaged: {reason}")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The state was made with other settings, so what it adds up means something else: use those, or
    /// adopt the new ones.
    #[error("{place}: the state has other settings: {}", .differences.join("; "))]
    Settings {
        /// Where the state is.
        place: String,
        /// Each setting that differs, with both values.
        differences: Vec<String>,
    },
    /// The state was opened for reading alone.
    #[error("{place}: the state was opened for reading alone")]
    ReadOnly {
        /// Where the state is.
        place: String,
    },
    /// A total would exceed 64 bits. Nothing of the commit is there.
    #[error("{finding}: {overflow}")]
    Overflow {
        /// Whose total.
        finding: String,
        /// Which counter.
        overflow: Overflow,
    },
    /// The delta would make the state count something twice, or for no object. Nothing of it is there.
    #[error("the commit was refused: {reason}")]
    Refused {
        /// What is wrong with it.
        reason: String,
    },
}

impl StateError {
    /// A file that is not what was written.
    pub(crate) fn damaged(file: impl Into<String>, reason: impl Into<String>) -> StateError {
        StateError::Damaged { file: file.into(), reason: reason.into() }
    }
}

/// Why the bytes of a file cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// They have a newer format.
    Newer(u32),
    /// They are not what was written.
    Damaged(String),
}

impl Unreadable {
    /// The error, now that the file is known, and the newest format that can be read.
    pub(crate) fn at(self, file: String, known: u32) -> StateError {
        match self {
            Unreadable::Newer(version) => StateError::Newer { file, version, known },
            Unreadable::Damaged(reason) => StateError::Damaged { file, reason },
        }
    }
}

impl From<String> for Unreadable {
    fn from(reason: String) -> Unreadable {
        Unreadable::Damaged(reason)
    }
}
