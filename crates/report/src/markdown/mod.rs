//! The investigation for a ticket: short, as Markdown.
//!
//! The Markdown is CommonMark with the tables of GitHub's dialect. What logs, lists and findings hold
//! never becomes markup, a link or a mention: see [`inline`](inline::inline).

mod coverage;
mod head;
pub(crate) mod inline;
mod remotes;
pub(crate) mod sheet;
pub(crate) mod table;
mod traffic;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use crate::{Chapter, Tool};
use inline::inline;
use sheet::line;

/// How long the Markdown may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkdownOptions {
    /// Remotes shown of each investigation.
    pub remotes: usize,
}

impl Default for MarkdownOptions {
    /// 10 remotes.
    fn default() -> MarkdownOptions {
        MarkdownOptions { remotes: 10 }
    }
}

/// Writes the investigations as Markdown in UTF-8, one after the other. The same investigations and
/// options give the same bytes.
///
/// Whatever logs, lists and findings hold, nothing of it becomes markup, and the text has no control
/// character but the line feed: see [`printable`](crate::printable).
///
/// # Errors
///
/// The error of `out`.
pub fn write_markdown<'a, C: Into<Chapter<'a>>>(
    chapters: impl IntoIterator<Item = C>,
    options: &MarkdownOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut separator = "";
    for chapter in chapters {
        out.write_all(separator.as_bytes())?;
        out.write_all(one(&chapter.into(), options).as_bytes())?;
        separator = "\n---\n\n";
    }
    Ok(())
}

fn one(chapter: &Chapter<'_>, options: &MarkdownOptions) -> String {
    let investigation = chapter.investigation;
    let mut text = String::new();
    head::verdict(investigation, &mut text);
    head::facts(investigation, &mut text);
    traffic::traffic(investigation, &mut text);
    traffic::claims(investigation, &mut text);
    head::tests(investigation, &mut text);
    remotes::remotes(investigation, options.remotes, &mut text);
    remotes::peers(chapter, &mut text);
    coverage::coverage(investigation, &mut text);
    coverage::sources(investigation, &mut text);
    let Tool { name, version } = &investigation.generated_by;
    line(&mut text, &format!("Made by {} {}. Times are UTC.", inline(name), inline(version)));
    text
}
