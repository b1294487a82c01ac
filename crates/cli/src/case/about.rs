//! `case.json`: who made the case, how, and what is in it.

use std::collections::BTreeMap;

use flowproof_report::Tool;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::asked::Asked;

/// The file's name.
pub(super) const NAME: &str = "case.json";

/// The name of the form, its first value.
pub(super) const SCHEMA: &str = "flowproof.case/1";

/// What is told of a case as a whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) schema: String,
    pub(super) tool: MadeBy,
    /// When the run began.
    pub(super) run_at: Timestamp,
    /// What the run ended with, see the exit codes of `investigate`.
    pub(super) exit_code: u8,
    pub(super) command_line: Vec<String>,
    /// Options that came from the environment.
    pub(super) environment: BTreeMap<String, String>,
    /// What both of them came to.
    pub(super) asked: Asked,
    pub(super) answers: Vec<AnswerRow>,
    /// Every file of the folder but this one and the manifest.
    pub(super) files: Vec<FileRow>,
}

/// The program that made a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MadeBy {
    name: String,
    version: String,
}

impl MadeBy {
    pub(super) fn this() -> MadeBy {
        let Tool { name, version } = Tool::flowproof();
        MadeBy { name, version }
    }
}

/// One answer, and where its records are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AnswerRow {
    /// The finding's id; none if none was given.
    pub(super) finding: Option<String>,
    pub(super) instance: Option<String>,
    /// As in the result.
    pub(super) verdict: String,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
    pub(super) slack_seconds: u64,
    pub(super) records: u64,
    pub(super) csv: String,
    pub(super) parquet: String,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileRow {
    /// Within the folder.
    pub(super) path: String,
    pub(super) what: What,
    /// As it was named to the run that took it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) given_as: Option<String>,
    pub(super) bytes: u64,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// The report for people.
    Report,
    /// The answers for programs.
    Result,
    /// The objects that they stand on.
    Sources,
    /// Records that an answer's totals are made of.
    Records,
    /// Findings as they were given.
    Finding,
    /// A threat list, a trusted list and an inventory, as they were given.
    List,
    Trusted,
    Inventory,
}

impl What {
    /// The folder for files of this kind that were given.
    pub(super) fn folder(self) -> &'static str {
        match self {
            What::Finding => "findings",
            What::List => "lists",
            What::Trusted => "trusted",
            What::Inventory => "inventory",
            What::Records => "records",
            What::Report | What::Result | What::Sources => "",
        }
    }
}
