//! What can go wrong on the way to bytes, by what the caller can do about it.

use std::io;
use std::path::Path;

use crate::s3::{S3Failure, S3FailureKind};

/// Why a place could not be listed or an object not be read. Every variant names the place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Nothing is there: correct the place.
    #[error("`{place}`: no such file or folder, and no pattern that matches one")]
    NotFound {
        /// The place as it was given.
        place: String,
    },
    /// The place is a glob that cannot be read: correct the pattern.
    #[error("`{place}` is not a valid pattern: {reason}")]
    BadPattern {
        /// The place as it was given.
        place: String,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// The reader lacks the right: count the object as denied, or ask for access.
    #[error("`{place}`: access denied{}", because(.reason))]
    Denied {
        /// The place, or the key of the object.
        place: String,
        /// What the store says of it, and what may help.
        reason: Option<String>,
    },
    /// It is encrypted with a key in KMS that the reader must not use: count the object, or ask for
    /// `kms:Decrypt`.
    #[error("`{place}`: its key in KMS must not be used: {reason}")]
    KmsDenied {
        /// The key of the object.
        place: String,
        /// What the store says of it, and what may help.
        reason: String,
    },
    /// It is in an archive: count the object as archived, or have it restored.
    #[error("`{place}`: archived{}; it has to be restored before it can be read", of_class(.class))]
    Archived {
        /// The key of the object.
        place: String,
        /// The storage class, if it is known.
        class: Option<String>,
    },
    /// It became another one after it was listed, or while it was read: what was read before is
    /// not to be joined with what is there now.
    #[error("`{place}`: was replaced while it was read")]
    Changed {
        /// The key of the object.
        place: String,
    },
    /// It was listed but is gone: count the object as vanished.
    #[error("`{place}`: was listed but is gone now")]
    Vanished {
        /// The key of the object.
        place: String,
    },
    /// This version cannot read from there: fetch the objects by other means.
    #[error("`{place}`: {what} not supported in this version; copy the objects to a folder first")]
    Unsupported {
        /// The place as it was given.
        place: String,
        /// What is lacking, with its verb: `S3 is`.
        what: String,
    },
    /// A store refused or failed, as often as was tried.
    #[error("`{place}`: {failure}")]
    Store {
        /// The place, or the key of the object.
        place: String,
        /// What the store says, and what may help.
        failure: S3Failure,
    },
    /// Reading failed for another reason: try again, or mend the disk.
    #[error("`{place}`: cannot be read: {source}")]
    Io {
        /// The place, or the key of the object.
        place: String,
        /// What the system says.
        source: io::Error,
    },
}

impl SourceError {
    /// The error once more, if everything else that is read there will fail in the same way: the session
    /// is over, say. It then ends the run instead of being counted for an object.
    #[must_use]
    pub fn of_the_run(&self) -> Option<SourceError> {
        match self {
            SourceError::Store { place, failure } if failure.ends_the_run() => {
                Some(SourceError::Store { place: place.clone(), failure: failure.clone() })
            }
            _ => None,
        }
    }

    /// The place or object that the error is about.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            SourceError::NotFound { place }
            | SourceError::BadPattern { place, .. }
            | SourceError::Denied { place, .. }
            | SourceError::KmsDenied { place, .. }
            | SourceError::Archived { place, .. }
            | SourceError::Changed { place }
            | SourceError::Vanished { place }
            | SourceError::Unsupported { place, .. }
            | SourceError::Store { place, .. }
            | SourceError::Io { place, .. } => place,
        }
    }

    /// An error met at a place that the user named: what is not there was never there.
    pub(crate) fn at_place(place: &str, error: io::Error) -> SourceError {
        let place = place.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                SourceError::NotFound { place }
            }
            io::ErrorKind::PermissionDenied => SourceError::Denied { place, reason: None },
            _ => SourceError::Io { place, source: error },
        }
    }

    /// An error met at an object that a listing gave: what is not there has vanished since.
    pub(crate) fn at_object(key: &str, error: io::Error) -> SourceError {
        let place = key.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                SourceError::Vanished { place }
            }
            io::ErrorKind::PermissionDenied => SourceError::Denied { place, reason: None },
            _ => SourceError::Io { place, source: error },
        }
    }

    /// A failure of S3 met at an object that a listing gave.
    #[must_use]
    pub fn at_s3_object(key: &str, failure: S3Failure) -> SourceError {
        match failure.kind {
            S3FailureKind::NotFound => SourceError::Vanished { place: key.to_owned() },
            _ => SourceError::of_s3(key, failure),
        }
    }

    /// A failure of S3 met at a place that the user named.
    #[must_use]
    pub fn at_s3_place(place: &str, failure: S3Failure) -> SourceError {
        match failure.kind {
            S3FailureKind::NotFound => SourceError::NotFound { place: place.to_owned() },
            _ => SourceError::of_s3(place, failure),
        }
    }

    fn of_s3(place: &str, failure: S3Failure) -> SourceError {
        let place = place.to_owned();
        match failure.kind {
            S3FailureKind::Denied => SourceError::Denied { place, reason: Some(failure.text) },
            S3FailureKind::KmsDenied => SourceError::KmsDenied { place, reason: failure.text },
            S3FailureKind::Archived { class } => SourceError::Archived { place, class },
            S3FailureKind::Changed => SourceError::Changed { place },
            _ => SourceError::Store { place, failure },
        }
    }
}

fn because(reason: &Option<String>) -> String {
    reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn of_class(class: &Option<String>) -> String {
    class.as_ref().map(|class| format!(" ({class})")).unwrap_or_default()
}

/// The text of a path as keys are written: with `/` on every system.
///
/// A path that is not UTF-8 keeps its readable part; the object's location stays exact.
pub(crate) fn path_text(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_failure_is_not_found_at_a_place_and_vanished_at_an_object() {
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        assert!(matches!(SourceError::at_place("a", gone()), SourceError::NotFound { .. }));
        assert!(matches!(SourceError::at_object("a", gone()), SourceError::Vanished { .. }));
    }

    #[test]
    fn a_refused_access_is_denied_and_the_rest_is_io() {
        let refused = || io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(matches!(SourceError::at_place("a", refused()), SourceError::Denied { .. }));
        assert!(matches!(SourceError::at_object("a", refused()), SourceError::Denied { .. }));
        let other = io::Error::from(io::ErrorKind::IsADirectory);
        assert!(matches!(SourceError::at_object("a", other), SourceError::Io { .. }));
    }

    #[test]
    fn failures_of_s3_become_what_a_caller_counts() {
        let failed = |kind| S3Failure { kind, text: "S3's words".into() };
        let at_object = |kind| SourceError::at_s3_object("s3://b/k", failed(kind));
        let archived = S3FailureKind::Archived { class: Some("GLACIER".into()) };
        for (error, text) in [
            (at_object(S3FailureKind::NotFound), "`s3://b/k`: was listed but is gone now"),
            (
                at_object(S3FailureKind::KmsDenied),
                "`s3://b/k`: its key in KMS must not be used: S3's words",
            ),
            (
                at_object(archived),
                "`s3://b/k`: archived (GLACIER); it has to be restored before it can be read",
            ),
            (at_object(S3FailureKind::Changed), "`s3://b/k`: was replaced while it was read"),
            (at_object(S3FailureKind::Throttled), "`s3://b/k`: S3's words"),
        ] {
            assert_eq!((error.to_string().as_str(), error.place()), (text, "s3://b/k"));
        }
        let place = SourceError::at_s3_place("s3://b/k", failed(S3FailureKind::NotFound));
        assert!(matches!(place, SourceError::NotFound { .. }));
    }

    #[test]
    fn messages_name_the_place() {
        let error = SourceError::Unsupported { place: "s3://b/p".into(), what: "S3 is".into() };
        assert!(error.to_string().starts_with("`s3://b/p`: S3 is not supported"));
        assert_eq!(error.place(), "s3://b/p");
    }
}
