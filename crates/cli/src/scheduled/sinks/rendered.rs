//! A bulletin as text.

use std::str::FromStr;

use anyhow::{Result, bail};
use flowproof_report::bulletin::{self, AsffOwner, Bulletin, Generator};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Jsonl,
    Ocsf,
    Asff,
    Markdown,
    Html,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Format, String> {
        Ok(match text {
            "jsonl" => Format::Jsonl,
            "ocsf" => Format::Ocsf,
            "asff" => Format::Asff,
            "markdown" => Format::Markdown,
            "html" => Format::Html,
            _ => return Err(format!("`{text}` is no format: jsonl, ocsf, asff, markdown or html")),
        })
    }
}

impl Format {
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Format::Jsonl => "jsonl",
            Format::Ocsf => "ocsf.jsonl",
            Format::Asff => "asff.json",
            Format::Markdown => "md",
            Format::Html => "html",
        }
    }
}

/// A bulletin in one of the formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rendered {
    /// A line for each finding, each with the `event_id` that is in it.
    Lines(Vec<(String, String)>),
    /// Lines, each of which is for one request.
    Batches(Vec<String>),
    /// One page.
    Page(String),
}

impl Rendered {
    /// Writes a bulletin; and the ids of findings that are left out, each with the reason.
    pub(crate) fn of(
        told: &Bulletin,
        format: Format,
        owner: Option<&AsffOwner>,
    ) -> Result<(Rendered, Vec<(String, String)>)> {
        let generator = Generator { name: "flowproof", version: env!("CARGO_PKG_VERSION") };
        let lines = |text: String| {
            let ids = told.findings.iter().map(|finding| finding.event_id.clone());
            Rendered::Lines(ids.zip(text.lines().map(str::to_owned)).collect())
        };
        let mut left_out = Vec::new();
        let rendered = match format {
            Format::Jsonl => lines(bulletin::jsonl(told, &generator)?),
            Format::Ocsf => lines(bulletin::ocsf(told, &generator)?),
            Format::Markdown => Rendered::Page(bulletin::markdown(told)),
            Format::Html => Rendered::Page(bulletin::html(told)),
            Format::Asff => {
                let Some(owner) = owner else {
                    bail!("--asff-region and --asff-account say whose findings these are")
                };
                let asff = bulletin::asff(told, &generator, owner);
                left_out = asff.left_out;
                Rendered::Batches(asff.batches)
            }
        };
        Ok((rendered, left_out))
    }

    /// All of it, for who reads it in one go.
    pub(crate) fn text(&self) -> String {
        match self {
            Rendered::Page(page) => page.clone(),
            Rendered::Lines(lines) => lines.iter().map(|(_, line)| format!("{line}\n")).collect(),
            Rendered::Batches(batches) => batches.iter().map(|line| format!("{line}\n")).collect(),
        }
    }

    /// The files that it makes, each whole by itself.
    pub(crate) fn files(&self) -> Vec<String> {
        match self {
            Rendered::Batches(batches) => {
                batches.iter().map(|batch| format!("{batch}\n")).collect()
            }
            _ => vec![self.text()],
        }
    }
}
