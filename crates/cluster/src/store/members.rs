//! The executors that have joined, with their versions.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::Join;

/// Executors that are remembered; above that the one goes that joined least recently.
const MAX_MEMBERS: usize = 4096;

/// Bytes of an id, and of a version.
const MAX_TEXT: usize = 128;

/// Who has joined.
#[derive(Debug, Default)]
pub(super) struct Members {
    joined: Mutex<HashMap<String, (Instant, String)>>,
}

/// Why an executor cannot join.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotJoined {
    #[error("an executor's id and version have 1 to {MAX_TEXT} bytes")]
    Text,
    #[error(
        "the executor is Flowproof {theirs}, this scheduler is Flowproof {ours}; they must be the same"
    )]
    Version { theirs: String, ours: String },
}

impl Members {
    /// Takes an executor in, if its version is `ours`.
    pub(super) fn join(&self, join: Join, ours: &str) -> Result<(), NotJoined> {
        let is_fine = |text: &str| (1..=MAX_TEXT).contains(&text.len());
        if !is_fine(&join.id) || !is_fine(&join.version) {
            return Err(NotJoined::Text);
        }
        if join.version != ours {
            return Err(NotJoined::Version { theirs: join.version, ours: ours.to_owned() });
        }
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        if joined.len() >= MAX_MEMBERS && !joined.contains_key(&join.id) {
            let oldest = joined.iter().min_by_key(|(_, (when, _))| *when).map(|(id, _)| id.clone());
            oldest.map(|id| joined.remove(&id));
        }
        joined.insert(join.id, (Instant::now(), join.version));
        Ok(())
    }

    /// The version with which an executor has joined.
    pub(super) fn version(&self, id: &str) -> Option<String> {
        let joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        joined.get(id).map(|(_, version)| version.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(id: &str, version: &str) -> Join {
        Join { id: id.to_owned(), version: version.to_owned() }
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let members = Members::default();
        let error = members.join(join("a", "9.9.9"), "0.1.0").unwrap_err().to_string();
        assert!(error.contains("9.9.9") && error.contains("0.1.0"), "{error}");
        assert_eq!(members.version("a"), None);
        members.join(join("a", "0.1.0"), "0.1.0").unwrap();
        assert_eq!(members.version("a").as_deref(), Some("0.1.0"));
    }

    #[test]
    fn members_are_bounded_and_the_first_goes_first() {
        let members = Members::default();
        for number in 0..=MAX_MEMBERS {
            members.join(join(&number.to_string(), "1"), "1").unwrap();
        }
        assert_eq!(members.version("0"), None);
        assert!(members.version("1").is_some());
        let long = "x".repeat(MAX_TEXT + 1);
        for (id, version) in [("", "1"), (&*long, "1"), ("a", ""), ("a", &*long)] {
            assert_eq!(members.join(join(id, version), "1"), Err(NotJoined::Text));
        }
    }
}
