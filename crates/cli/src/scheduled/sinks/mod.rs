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

use std::path::PathBuf;

use anyhow::{Result, bail};
use flowproof_report::{AsffOwner, Bulletin};
use flowproof_source::is_in_bucket;
use serde::{Deserialize, Serialize};

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

/// What makes the names of files: which state it is, and which bulletin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Naming<'a> {
    pub(crate) state: &'a str,
    pub(crate) bulletin: u64,
}

impl Naming<'_> {
    /// What the names of all files of the state begin with.
    fn series(&self) -> String {
        format!("flowproof-{}-", &self.state[..self.state.len().min(12)])
    }

    /// What the names of all files of a bulletin begin with.
    fn stem(&self, bulletin: u64) -> String {
        format!("{}{bulletin:08}", self.series())
    }

    /// The name of a part, if there are several.
    fn file(&self, part: Option<usize>, format: Format) -> String {
        let part = part.map(|part| format!("-{:03}", part + 1)).unwrap_or_default();
        format!("{}{part}.{}", self.stem(self.bulletin), format.extension())
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
    ) -> Result<(Cursor, Vec<String>)> {
        let naming = Naming { state, bulletin: bulletin.number };
        let (rendered, notes) = Rendered::of(bulletin, self.format, owner)?;
        let bytes = match &self.to {
            To::File(path) => file::tell(path, &rendered, cursor)?,
            To::Folder(path) => folder::tell(path, &rendered, self.format, naming).map(|()| 0)?,
            To::Bucket(bucket) => bucket.tell(&rendered, self.format, naming).await.map(|()| 0)?,
            To::Command(line) => command::tell(line, &rendered, bulletin).await.map(|()| 0)?,
        };
        Ok((Cursor { bulletin: bulletin.number, bytes }, notes))
    }

    /// The last bulletin between two that the target has though its cursor does not say so: the run died
    /// before it could.
    pub(crate) async fn has_already(
        &self,
        state: &str,
        after: u64,
        up_to: u64,
    ) -> Result<Option<u64>> {
        let naming = Naming { state, bulletin: up_to };
        match &self.to {
            To::Folder(path) => folder::has(path, self.format, naming, after),
            To::Bucket(bucket) => bucket.has(self.format, naming, after).await,
            To::File(_) | To::Command(_) => Ok(None),
        }
    }
}
