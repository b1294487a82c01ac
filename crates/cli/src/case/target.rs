//! Where a case may be put.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use glob::{MatchOptions, Pattern};

use crate::args::Investigate;
use crate::exit::UsageError;

/// A place where nothing is yet.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) place: PathBuf,
    /// Those of the empty folder that is there.
    pub(super) permissions: Option<Permissions>,
}

impl Target {
    /// Fails if something is there already, or if what is put there would be read as logs.
    pub(super) fn check(dir: &Path, args: &Investigate) -> Result<Target> {
        let refused = |why: &str| UsageError(format!("--case {}: {why}", dir.display()));
        if dir.to_string_lossy().contains("://") {
            return Err(refused("only a folder can be written to by this version").into());
        }
        let permissions = match fs::metadata(dir) {
            Ok(there) if !there.is_dir() => {
                return Err(refused("it is no folder; name one that is not there yet").into());
            }
            Ok(there) => {
                let mut entries = fs::read_dir(dir).with_context(|| dir.display().to_string())?;
                if entries.next().is_some() {
                    let why = "there is something in it already, and a case is never changed; name \
                               another folder, or remove this one";
                    return Err(refused(why).into());
                }
                Some(there.permissions())
            }
            Err(_) if dir.is_symlink() => {
                return Err(refused("it is a link that leads to no folder").into());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| dir.display().to_string()),
        };
        let Some(place) = resolved(dir) else {
            return Err(refused("the folder above it is not there; make it first").into());
        };
        if args.logs.wheres.iter().any(|logs| lies_among(&place, logs)) {
            return Err(refused("it lies among the logs: the next run would read both").into());
        }
        let output = args.output.as_deref();
        let output = output.and_then(|path| resolved(path).or_else(|| resolved(path.parent()?)));
        if output.is_some_and(|output| output.starts_with(&place)) {
            return Err(refused("--output lies in it; the case has its own report").into());
        }
        Ok(Target { place, permissions })
    }
}

/// The path with all links resolved; `None` if the folder above it is not there.
fn resolved(path: &Path) -> Option<PathBuf> {
    if let Ok(real) = path.canonicalize() {
        return Some(real);
    }
    let whole = std::path::absolute(path).ok()?;
    Some(whole.parent()?.canonicalize().ok()?.join(whole.file_name()?))
}

/// Whether what lies in a folder would be read as part of a place.
fn lies_among(folder: &Path, logs: &str) -> bool {
    if let Ok(logs) = Path::new(logs).canonicalize() {
        return folder.starts_with(logs);
    }
    let pattern = std::path::absolute(logs).ok().and_then(|path| path.to_str().map(str::to_owned));
    let Some(pattern) = pattern.and_then(|text| Pattern::new(&text).ok()) else { return false };
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::default() };
    let records = folder.join("records").join("1.parquet");
    // A pattern may name a folder, which is walked.
    records.ancestors().any(|path| pattern.matches_path_with(path, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_place_or_a_pattern_would_read_lies_among_the_logs() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("logs/2025")).unwrap();
        let at = |path: &str| root.join(path).to_str().unwrap().to_owned();
        let among = |folder: &str, logs: &str| lies_among(&root.join(folder), &at(logs));
        assert!(among("logs/case", "logs"));
        assert!(among("logs/2025/case", "logs"));
        assert!(!among("case", "logs"));
        assert!(among("logs/case", "logs/*"));
        assert!(among("logs/2025/case", "logs/*"));
        assert!(among("case", "**/*.parquet"));
        assert!(!among("case", "*.gz"));
        assert!(!among("case", "logs/*"));
        assert!(!lies_among(&root.join("case"), "-"));
        assert!(!lies_among(&root.join("case"), "s3://bucket/logs"));
    }
}
