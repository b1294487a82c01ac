//! Where findings are told, each time exactly once where the target allows it.
//!
//! A target has a [`Cursor`] in the state: the last bulletin that it has. It moves after the target has
//! taken the bulletin, so a run that dies between the two tells it again, in the same words. A file is
//! looked through from where it ended before, and a folder for the file of that bulletin, so that neither
//! has anything twice. A command and standard output may hear a bulletin again; its `event_id`s are the same.

mod bucket;
mod command;
mod file;
mod folder;
mod rendered;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use flowproof_report::{AsffOwner, Bulletin};
use flowproof_source::is_in_bucket;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notes::LastBulletin;

use crate::exit::UsageError;
use crate::inputs::Inputs;
pub(crate) use rendered::{Format, Rendered};

/// How far a target has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The last bulletin that it has.
    pub(crate) bulletin: u64,
    /// How long its file was then.
    #[serde(default)]
    pub(crate) bytes: u64,
}

/// A format and where it goes.
#[derive(Debug)]
pub(crate) struct Sink {
    /// As it was typed: the name of its cursor.
    pub(crate) name: String,
    pub(crate) format: Format,
    to: To,
}

#[derive(Debug)]
enum To {
    File(PathBuf),
    Folder(PathBuf),
    Bucket(bucket::Bucket),
    Command(String),
}

/// What a target was told.
#[derive(Debug)]
pub(crate) struct Told {
    /// How far it has come.
    pub(crate) cursor: Cursor,
    /// How many findings it has now that it had not.
    pub(crate) findings: u64,
    /// Why others were left out.
    pub(crate) why: Option<String>,
}

/// What makes the names of files: which state it is, and which bulletin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Naming<'a> {
    pub(crate) state: &'a str,
    pub(crate) bulletin: u64,
    /// When it was made: a state that was restored makes others of the same number.
    pub(crate) at: Timestamp,
}

impl Naming<'_> {
    /// What the names of all files of the bulletin begin with.
    fn stem(&self) -> String {
        let state = &self.state[..self.state.len().min(12)];
        let at = self.at.strftime("%Y%m%dT%H%M%S%3fZ");
        format!("flowproof-{state}-{:08}-{at}", self.bulletin)
    }

    /// The name of a part, if there are several.
    fn file(&self, part: Option<usize>, format: Format) -> String {
        let part = part.map(|part| format!("-{:03}", part + 1)).unwrap_or_default();
        format!("{}{part}.{}", self.stem(), format.extension())
    }
}

impl Sink {
    /// Reads `FORMAT=TARGET`.
    pub(crate) fn parse(text: &str, inputs: &Inputs) -> Result<Sink> {
        let usage = |what: String| UsageError(format!("--emit {text}: {what}"));
        let Some((format, target)) = text.split_once('=') else {
            bail!(usage("write FORMAT=TARGET, such as jsonl=findings.jsonl".to_owned()));
        };
        let format: Format = format.parse().map_err(usage)?;
        let to = if let Some(command) = target.strip_prefix('|') {
            if command.trim().is_empty() {
                bail!(usage("there is no command after the |".to_owned()));
            }
            To::Command(command.trim().to_owned())
        } else if is_in_bucket(target) {
            To::Bucket(bucket::Bucket::new(target, inputs)?)
        } else if target.is_empty() || target == "-" {
            bail!(usage(
                "standard output has the answer; name a file, a folder or a command".to_owned()
            ));
        } else if target.ends_with(std::path::is_separator) || PathBuf::from(target).is_dir() {
            To::Folder(PathBuf::from(target))
        } else {
            To::File(PathBuf::from(target))
        };
        Ok(Sink { name: text.to_owned(), format, to })
    }

    /// Whether it has to be said whose findings are told.
    pub(crate) fn needs_owner(&self) -> bool {
        self.format == Format::Asff
    }

    /// Tells a bulletin; how far the target has come then.
    pub(crate) async fn tell(
        &self,
        bulletin: &Bulletin,
        owner: Option<&AsffOwner>,
        state: &str,
        cursor: Cursor,
    ) -> Result<Told> {
        let naming = Naming { state, bulletin: bulletin.number, at: bulletin.at };
        let (rendered, left_out) = Rendered::of(bulletin, self.format, owner)?;
        let bytes = match &self.to {
            To::File(path) => file::tell(path, &rendered, cursor)?,
            To::Folder(path) => folder::tell(path, &rendered, self.format, naming).map(|()| 0)?,
            To::Bucket(bucket) => bucket.tell(&rendered, self.format, naming).await.map(|()| 0)?,
            To::Command(line) => command::tell(line, &rendered, bulletin).await.map(|()| 0)?,
        };
        let findings = (bulletin.findings.len() - left_out.len()) as u64;
        let why = left_out.into_iter().next().map(|(_, why)| why);
        let cursor = Cursor { bulletin: bulletin.number, bytes };
        Ok(Told { cursor, findings, why })
    }

    /// Whether the target has a bulletin though its cursor does not say so: the run died before it could.
    pub(crate) async fn has_already(&self, state: &str, last: LastBulletin) -> Result<bool> {
        let naming = Naming { state, bulletin: last.number, at: last.at };
        match &self.to {
            To::Folder(path) => folder::has(path, self.format, naming),
            To::Bucket(bucket) => bucket.has(self.format, naming).await,
            To::File(_) | To::Command(_) => Ok(false),
        }
    }

    /// How long the file is that the target is, if it is one: what is there was not told by this scan.
    pub(crate) fn length(&self) -> Option<u64> {
        let To::File(path) = &self.to else { return None };
        std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|there| there.len())
    }

    /// The file or folder on this machine that the target is.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.to {
            To::File(path) | To::Folder(path) => Some(path),
            To::Bucket(_) | To::Command(_) => None,
        }
    }
}
