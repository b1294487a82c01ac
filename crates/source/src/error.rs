//! What can go wrong on the way to bytes, by what the caller can do about it.

use std::io;
use std::path::Path;

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
    #[error("`{place}`: access denied")]
    Denied {
        /// The place, or the key of the object.
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
    /// The place or object that the error is about.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            SourceError::NotFound { place }
            | SourceError::BadPattern { place, .. }
            | SourceError::Denied { place }
            | SourceError::Vanished { place }
            | SourceError::Unsupported { place, .. }
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
            io::ErrorKind::PermissionDenied => SourceError::Denied { place },
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
            io::ErrorKind::PermissionDenied => SourceError::Denied { place },
            _ => SourceError::Io { place, source: error },
        }
    }
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
    fn messages_name_the_place() {
        let error = SourceError::Unsupported { place: "s3://b/p".into(), what: "S3 is".into() };
        assert!(error.to_string().starts_with("`s3://b/p`: S3 is not supported"));
        assert_eq!(error.place(), "s3://b/p");
    }
}
