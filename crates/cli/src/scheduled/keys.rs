//! Objects that are named on standard input: keys, or events that say which objects are new.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result};
use flowproof_report::{counted, printable};
use flowproof_source::{NoticeError, Noticed, read_notices};

use crate::inputs::Inputs;
use crate::streams::Streams;

/// What was named.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Objects to read, as `s3://bucket/key`.
    pub(super) keys: Vec<String>,
    /// What could not be understood. It is told, and makes the answer partial.
    pub(super) refused: u64,
}

/// Reads keys and events. Those of objects that lie outside of the logs are passed over: anybody may be
/// able to send events.
pub(super) fn read(
    path: &Path,
    wheres: &[String],
    inputs: &Inputs,
    streams: &mut Streams,
) -> Result<Named> {
    let reader = inputs.open(path).with_context(|| path.display().to_string())?;
    let mut found = Found::default();
    read_notices(BufReader::new(reader), |noticed| {
        found.add(noticed, wheres);
        ControlFlow::Continue(())
    })
    .with_context(|| path.display().to_string())?;
    if let Some(first) = &found.refused.1 {
        let parts = counted(found.refused.0, "part", "parts");
        streams.warn(&format!("{}: {parts} not understood; first: {first}", path.display()));
    }
    if let Some(first) = &found.elsewhere.1 {
        let objects = counted(found.elsewhere.0, "object", "objects");
        let first = printable(first);
        streams.warn(&format!("{objects} outside of --logs passed over; first: {first}"));
    }
    if found.removed > 0 {
        let objects = counted(found.removed, "object", "objects");
        streams.note(&format!("{objects} said to be removed: nothing to read"));
    }
    Ok(Named { keys: found.keys.into_iter().collect(), refused: found.refused.0 })
}

#[derive(Debug, Default)]
struct Found {
    keys: BTreeSet<String>,
    removed: u64,
    /// How many, and the first.
    elsewhere: (u64, Option<String>),
    refused: (u64, Option<NoticeError>),
}

impl Found {
    fn add(&mut self, noticed: Result<Noticed, NoticeError>, wheres: &[String]) {
        match noticed {
            Ok(Noticed::New(notice)) => {
                let key = format!("s3://{}/{}", notice.bucket, notice.key);
                if wheres.iter().any(|place| is_within(&key, place)) {
                    self.keys.insert(key);
                } else {
                    self.elsewhere.0 += 1;
                    self.elsewhere.1.get_or_insert(key);
                }
            }
            Ok(Noticed::Removed { .. }) => self.removed += 1,
            Ok(_) => {}
            Err(error) => {
                self.refused.0 += 1;
                self.refused.1.get_or_insert(error);
            }
        }
    }
}

/// Whether a key is a place's own, or lies in the folder that it names.
fn is_within(key: &str, place: &str) -> bool {
    let Some(rest) = key.strip_prefix(place) else { return false };
    rest.is_empty() || place.ends_with('/') || rest.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_within_its_own_place_and_folders() {
        for (place, within) in [
            ("s3://logs", true),
            ("s3://logs/", true),
            ("s3://logs/a", true),
            ("s3://logs/a/", true),
            ("s3://logs/a/b.log", true),
            ("s3://logs/a/b", false),
            ("s3://log", false),
            ("s3://logs/b", false),
        ] {
            assert_eq!(is_within("s3://logs/a/b.log", place), within, "{place}");
        }
    }
}
