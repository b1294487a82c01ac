//! Where a set goes, and where it must not.

use std::io;
use std::path::{Path, PathBuf};

use flowproof_source::s3::{S3, S3Store};
use flowproof_source::{bucket_and_key, is_in_bucket, key_layout};
use glob::Pattern;

use crate::error::EngineError;

/// Where a set is collected into.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CollectTarget {
    /// A folder on this machine. It is made if it is not there.
    Folder(PathBuf),
    /// A folder in a bucket.
    Bucket(BucketFolder),
}

/// A folder in a bucket: all keys that begin alike.
#[derive(Debug, Clone)]
pub struct BucketFolder {
    pub(super) store: S3Store,
    /// Empty for the whole bucket, else with `/` at its end.
    pub(super) prefix: String,
}

impl From<&Path> for CollectTarget {
    fn from(folder: &Path) -> CollectTarget {
        CollectTarget::Folder(folder.to_owned())
    }
}

impl CollectTarget {
    /// A place such as `s3://bucket/prefix`, reached through this connection.
    ///
    /// # Errors
    ///
    /// [`EngineError::Collect`] if it is no place in a bucket.
    pub fn in_bucket(place: &str, s3: &S3) -> Result<CollectTarget, EngineError> {
        let parts = bucket_and_key(place).ok().filter(|_| is_in_bucket(place));
        let (bucket, key) = parts.ok_or_else(|| {
            EngineError::collect(place, "a place in a bucket is s3://bucket or s3://bucket/prefix")
        })?;
        let end = if key.is_empty() || key.ends_with('/') { "" } else { "/" };
        let prefix = format!("{key}{end}");
        Ok(CollectTarget::Bucket(BucketFolder { store: s3.bucket(bucket), prefix }))
    }

    /// Fails if reading `wheres` again would read the set too, if reading the set would read what it
    /// was collected from, or if the folders above the set would be taken for those of flow logs.
    pub(super) fn check(&self, wheres: &[String]) -> Result<(), EngineError> {
        let refuse = |reason: &str| Err(EngineError::collect(self.to_string(), reason));
        let (path, nestings) = match self {
            CollectTarget::Folder(folder) => {
                if folder.to_str().is_some_and(|text| text.contains("://")) {
                    return refuse("a set is written to a folder or to s3://bucket/prefix");
                }
                let folder = resolved(folder)
                    .map_err(|error| EngineError::collect(self.to_string(), error.to_string()))?;
                (folder.display().to_string(), wheres.iter().map(|w| of_folder(&folder, w)).max())
            }
            CollectTarget::Bucket(folder) => {
                (folder.to_string(), wheres.iter().map(|place| folder.nesting(place)).max())
            }
        };
        match nestings {
            Some(Nesting::Inside) => refuse("it lies among the logs: the next run would read both"),
            Some(Nesting::Around) => refuse("the logs lie in it: whoever reads the set reads both"),
            _ if key_layout(&format!("{path}/any")).is_some() => {
                refuse("the folders above it are those of flow logs, and would prune the set")
            }
            _ => Ok(()),
        }
    }
}

/// As the user would write it, without a `/` at its end.
impl std::fmt::Display for CollectTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CollectTarget::Folder(folder) => folder.display().fmt(f),
            CollectTarget::Bucket(folder) => folder.fmt(f),
        }
    }
}

impl std::fmt::Display for BucketFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key("").trim_end_matches('/'))
    }
}

/// How a set lies to a place of logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nesting {
    None,
    Around,
    Inside,
}

impl Nesting {
    fn of(is_inside: bool, is_around: bool) -> Nesting {
        match (is_inside, is_around) {
            (true, _) => Nesting::Inside,
            (_, true) => Nesting::Around,
            _ => Nesting::None,
        }
    }
}

impl BucketFolder {
    /// The key of a name in the folder, as objects are called.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}/{}{name}", self.store, self.prefix)
    }

    fn nesting(&self, place: &str) -> Nesting {
        let Some((bucket, key)) = bucket_and_key(place).ok().filter(|_| is_in_bucket(place)) else {
            return Nesting::None;
        };
        if bucket != self.store.bucket() {
            return Nesting::None;
        }
        let is_folder = key.is_empty() || key.ends_with('/');
        if !is_folder && key.contains(['*', '?', '[']) {
            return self.nesting_of_pattern(key);
        }
        let logs = format!("{key}{}", if is_folder { "" } else { "/" });
        Nesting::of(self.prefix.starts_with(&logs), logs.starts_with(&self.prefix))
    }

    /// What a pattern matches may be this folder, one above it, or in it.
    fn nesting_of_pattern(&self, pattern: &str) -> Nesting {
        let folders = self.prefix.strip_suffix('/').map(|folder| folder.split('/'));
        let mut folders = folders.into_iter().flatten();
        for part in pattern.split('/') {
            match folders.next() {
                None => return Nesting::Around,
                Some(_) if part == "**" => return Nesting::Inside,
                Some(folder) if !matches(part, folder) => return Nesting::None,
                Some(_) => {}
            }
        }
        Nesting::Inside
    }
}

/// Whether a part of a pattern is this name or matches it. What is no pattern ends the listing.
fn matches(part: &str, name: &str) -> bool {
    part == name || Pattern::new(part).is_ok_and(|pattern| pattern.matches(name))
}

fn of_folder(folder: &Path, place: &str) -> Nesting {
    let Ok(logs) = Path::new(place).canonicalize() else { return Nesting::None };
    Nesting::of(folder.starts_with(&logs), logs.starts_with(folder))
}

/// The path with all links resolved, as far as it is there.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let whole = std::path::absolute(path)?;
    let there = whole.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    Ok(match there {
        Some((part, real)) => match whole.strip_prefix(part) {
            Ok(rest) if rest.as_os_str().is_empty() => real,
            Ok(rest) => real.join(rest),
            Err(_) => whole,
        },
        None => whole,
    })
}

#[cfg(test)]
mod tests {
    use flowproof_source::s3::S3Options;

    use super::*;

    fn refusal(target: &str, logs: &str) -> Option<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let s3 = runtime.block_on(S3::connect(&S3Options::default())).unwrap();
        let target = CollectTarget::in_bucket(target, &s3).unwrap();
        let checked = target.check(&["elsewhere".to_owned(), logs.to_owned()]);
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn a_set_in_a_bucket_and_its_logs_lie_beside_each_other() {
        for (target, logs) in [
            ("s3://b/p/x", "s3://b/p"),
            ("s3://b/p/x/", "s3://b/p/"),
            ("s3://b/p", "s3://b/p"),
            ("s3://b/p", "s3://b/"),
            ("s3://b/p", "s3://b"),
            ("s3://b", "s3://b"),
            ("s3://b/logs-set", "s3://b/logs*"),
            ("s3://b/p/x", "s3://b/*"),
            ("s3://b/p/x", "s3://b/?/[xy]"),
            ("s3://b/p/x", "s3://b/**/y"),
            ("s3://b/p[1]/x", "s3://b/p[1]"),
        ] {
            let refused = refusal(target, logs).unwrap_or_else(|| panic!("{target} {logs}"));
            assert!(refused.contains("among the logs"), "{refused}");
        }
        for (target, logs) in [
            ("s3://b", "s3://b/p"),
            ("s3://b/p", "s3://b/p/x/flow.log"),
            ("s3://b/p/", "s3://b/p/AWSLogs/*/vpcflowlogs"),
            ("s3://b/p/", "s3://b/*/AWSLogs"),
            ("s3://b", "s3://b/*.log"),
        ] {
            let refused = refusal(target, logs).unwrap_or_else(|| panic!("{target} {logs}"));
            assert!(refused.contains("the logs lie in it"), "{refused}");
        }
        for (target, logs) in [
            ("s3://b/p", "s3://c/p"),
            ("s3://b/px", "s3://b/p"),
            ("s3://b/p", "s3://b/px"),
            ("s3://b/set", "s3://b/AWSLogs/*"),
            ("s3://b/set", "s3://b/*.log"),
            ("s3://b/p/x", "s3://b/*/y"),
            ("s3://b/set", "b/set"),
        ] {
            assert_eq!(refusal(target, logs), None, "{target} {logs}");
        }
        let pruned = "s3://b/AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01";
        assert!(refusal(pruned, "s3://c").unwrap().contains("those of flow logs"));
    }

    #[test]
    fn what_is_no_place_in_a_bucket_is_refused() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let s3 = runtime.block_on(S3::connect(&S3Options::default())).unwrap();
        for place in ["s3://", "s3:///p", "folder", "gs://b/p"] {
            let error = CollectTarget::in_bucket(place, &s3).unwrap_err().to_string();
            assert!(error.contains("s3://bucket/prefix"), "{error}");
        }
    }
}
